"""What a correct fix of ex46 shows: a teacher that nobody changes, and steps that teach its answers."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import accuracy, needs, nll, probabilities
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import replayed

TEMPERATURE = 4.0
ALIKE = 0.99  # cosine; 1 where a step teaches the teacher's answers
OTHER = 0.1  # logits; float32 moves one by some 1e-5
FAR = 0.03  # how different the answers of both are where their difference has a direction
MOST = 1300  # parameters of a student with 16 hidden units, and some
SIZE = "count = sum(weight.numel() for weight in model.parameters())"


def heldout_loss(run):
    """Held-out cross-entropy of the student per image"""
    images, labels = run.heldout
    return nll(run.model(images), labels)


def check_the_teacher_knows_the_digits(run):
    """After the training of the student, the teacher classifies held-out digits well."""
    images, labels = run.heldout
    answers = probabilities(run.soft_targets(images))
    share, sure = accuracy(answers, labels), float(answers.max(axis=1).mean())
    assert share > 0.92, f"{share:.0%} are correct (expected: over 92 %)"
    assert 0.35 < sure < 0.85, (
        f"its largest probability at temperature 4 is {sure:.2f} on average (expected: 0.35 to 0.85)"
    )
    harder = nll(np.log(np.maximum(answers, 1e-30)) * TEMPERATURE, labels)
    assert harder < 0.3, f"at temperature 1, its cross-entropy is {harder:.2f} nats (expected: below 0.3)"


@needs("check_the_teacher_knows_the_digits")
def check_the_teacher_answers_the_same_twice(run):
    """The teacher's answer for an image is always the same, alone and beside other images."""
    images, _ = run.heldout
    usual = probabilities(run.soft_targets(images))
    for size in (128, 1, 128, 7, len(images), 300):
        rows = run.rng.permutation(len(images))[:size]
        gap = float(np.abs(probabilities(run.soft_targets(images[rows])) - usual[rows]).max())
        assert gap < 1e-3, f"for {size} images, a probability changes by up to {gap:.2g} (expected: 0)"


def check_each_step_teaches_the_answers_of_the_teacher(run):
    """At every step, the student is taught the probabilities that the teacher has at temperature 4."""
    apart = [float(np.abs(then - now).max()) for _, then, (now, _) in replayed(run)]
    if apart and min(apart) > OTHER:
        raise UndecidedError("the training asks another network than `model`")
    seen = 0
    for call in run.audit.needed().calls:
        if call.slope is None or call.slope.shape != call.output.shape or call.output.shape[1:] != (10,):
            continue
        x = call.inputs[0][: len(call.slope)]
        way = probabilities(softened(call.output)) - probabilities(run.soft_targets(x))
        slope = call.slope.astype(np.float64)
        length = np.sqrt((way**2).sum(axis=1))
        cosine = (slope * way).sum(axis=1) / np.maximum(length * np.sqrt((slope**2).sum(axis=1)), 1e-30)
        told = cosine[length > FAR]
        if len(told):
            seen += 1
            share = float(np.mean(told > ALIKE))
            assert share > 0.97, f"at step {call.step}, that is so for {share:.0%} of the images (expected: 100 %)"
    if not seen:
        raise UndecidedError("what the training teaches could not be seen")


@needs("check_the_teacher_knows_the_digits")
def check_the_student_answers_like_the_teacher(run):
    """On held-out images, the student has nearly the probabilities of the teacher."""
    images, _ = run.heldout
    p, q = probabilities(run.soft_targets(images)), probabilities(softened(run.model(images)))
    gap = float(np.mean((p * np.log(np.maximum(p, 1e-30) / np.maximum(q, 1e-30))).sum(axis=1)))
    assert gap < 0.045, f"at temperature 4, the divergence is {gap:.3f} nats (expected: below 0.045)"


def check_the_student_is_small(run):
    """The student has 16 hidden units."""
    count = int(run.ask(SIZE, {}, ["count"], needs=["model"])["count"])
    assert count <= MOST, f"it has {count:,} parameters (expected: 1,210)"


def softened(logits):
    """Logits at the temperature of the training."""
    return np.asarray(logits, dtype=np.float64) / TEMPERATURE

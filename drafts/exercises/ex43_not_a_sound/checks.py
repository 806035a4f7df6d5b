"""What a correct fix of ex43 shows: pitch and rhythm are heard, and use hears what the training heard."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import accuracy, log_probabilities, needs, nll
from bugkit.invariants import (
    check_every_row_teaches,
    check_every_step_trains_the_network_in_use,
    check_gradients_are_whole,
)

RATE, SAMPLES, KINDS = 4000, 4224, 8
PITCHES = np.array([650.0, 650.0, 450.0, 800.0, 700.0, 420.0, 230.0, 120.0])
HORNS = (4, 5, 6, 7)
SIRENS = (0, 1, 2, 3)
CLOSE = 0.02  # nats; float32 moves a log-probability by some 1e-5
LEARNED = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    heard = torch.as_tensor(classify(sounds)).log_softmax(dim=1)
    seen = torch.as_tensor(model(x)).log_softmax(dim=1)
    gaps = torch.stack([(row - heard).abs().amax(dim=1).min() for row in seen])
"""


def heldout_loss(run):
    """Cross-entropy of other sounds, per sound"""
    sounds, kinds = drawn(run, 480)
    return float(np.mean([nll(run.classify(sounds[at::4]), kinds[at::4]) for at in range(4)]))


def check_every_sound_gets_an_answer(run):
    """All logits are finite, and differ from sound to sound, loud or soft, with pauses and without."""
    for kinds in (range(KINDS), (3,), (3, 7)):
        for gain in (1.0, 0.01):
            sounds, _ = drawn(run, 40, kinds, gain)
            logits = run.classify(sounds)
            told = float(np.mean(np.isfinite(logits).all(axis=1)))
            assert told == 1, f"for {1 - told:.0%} of {len(sounds)} sounds, they are not (expected: 0 %)"
            same = len(sounds) - len(np.unique(np.round(logits, 4), axis=0))
            assert same < 2, f"{same} of {len(sounds)} different sounds get the same logits as another (expected: 0)"


@needs("check_every_sound_gets_an_answer")
def check_horns_are_told_by_their_pitch(run):
    """A horn is told by its pitch, at any loudness."""
    refuse_deaf(run, HORNS)


@needs("check_every_sound_gets_an_answer")
def check_sirens_are_told_by_their_rhythm(run):
    """Sirens and beepers are told by how their pitch changes, at any loudness."""
    refuse_deaf(run, SIRENS)


@needs("check_every_sound_gets_an_answer")
def check_loudness_is_no_matter(run):
    """The same sound ten times softer gets the same answer."""
    sounds, _ = drawn(run, 160, gain=1.0)
    loud, soft = (run.classify(gain * sounds).argmax(axis=1) for gain in (0.5, 0.05))
    share = float(np.mean(loud == soft))
    assert share > 0.93, f"{share:.0%} of the answers stay (expected: nearly all)"


def check_training_and_use_hear_the_same(run):
    """In use, the network is given what the training gave it for the same sound."""
    count, odd = 0, 0
    for call in run.audit.needed().calls[::4]:
        if call.slope is None or not call.inputs or not np.isfinite(call.inputs[0]).all():
            continue
        gaps = run.ask(LEARNED, {"x": call.inputs[0][:16]}, ["gaps"], needs=["model", "classify", "sounds"])["gaps"]
        count, odd = count + len(gaps), odd + int((gaps > CLOSE).sum())
    if not count:
        raise UndecidedError("what the network was given in training could not be seen")
    assert odd == 0, f"{odd / count:.0%} of what it was given is not what it is given in use (expected: 0 %)"


def refuse_deaf(run, kinds):
    """Nearly all sounds of these kinds have to be recognized."""
    for gain in (1.0, 0.1, 0.01):
        sounds, labels = drawn(run, 80, kinds, gain)
        right = accuracy(log_probabilities(run.classify(sounds)), labels)
        assert right > 0.9, f"at a gain of {gain:g}, {right:.1%} are recognized (expected: over 90 %)"


def drawn(run, count, kinds=range(KINDS), gain=None):
    """Sounds (N, 4224) as the notebook makes them, of these kinds in turn, and their kinds (N,)."""
    rng = run.rng
    labels = np.resize(np.array(list(kinds)), count)
    t = np.arange(SAMPLES) / RATE
    start = column(rng, count, 0, 2 * np.pi)
    turns = np.sin(2 * np.pi * column(rng, count, 1.5, 2.5) * t + start) > 0
    pitches = np.broadcast_to(PITCHES[labels][:, None], (count, SAMPLES)).copy()
    for kind, low, high in ((0, 0.7, 1.3), (1, 2.5, 4.5)):
        sweep = 250 * np.sin(2 * np.pi * column(rng, count, low, high) * t + start)
        pitches[labels == kind] += sweep[labels == kind]
    pitches[labels == 2] += 150 * turns[labels == 2]
    phase = 2 * np.pi * np.cumsum(pitches * column(rng, count, 0.9, 1.1), axis=1) / RATE
    waves = sum(np.sin(k * phase) / k for k in (1, 2, 3)) + 0.3 * rng.standard_normal((count, SAMPLES))
    waves = waves * (turns | (labels != 3)[:, None])
    return (waves * (gain or 10 ** column(rng, count, -2, 0))).astype(np.float32), labels


def column(rng, count, low, high):
    """Numbers (N, 1) between low and high."""
    return rng.uniform(low, high, size=(count, 1))

"""What a correct fix of ex44 shows: clips that stay whole, and directions that are mirrored with them."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, needs, nll, probabilities
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import trained_otherwise

SIZE = 12  # pixels of a frame
FRAMES = 6
MOVES = np.array([[0, -1], [0, 1], [-1, 0], [1, 0]])  # left, right, up, down
BATCHES = (48, 1, 6, 200, 48, 13)  # clips
CLOSE = 1e-3  # float32 moves a probability by some 1e-6


def heldout_loss(run):
    """Held-out cross-entropy per clip of the predicted probabilities"""
    clips, directions = drawn(run, 800)
    return nll(run.predict(clips), directions)


def check_a_clip_alone_gets_the_same_answer(run):
    """The answer for a clip does not depend on the other clips of the batch."""
    clips, _ = drawn(run, 200)
    for ask in (run.model, run.predict):
        usual = probabilities(ask(clips))
        if np.ptp(usual, axis=0).max() < 0.2:
            raise UndecidedError("all clips get nearly the same answer")
        for size in BATCHES:
            rows = run.rng.permutation(len(clips))[:size]
            gap = float(np.abs(probabilities(ask(clips[rows])) - usual[rows]).max())
            assert gap < CLOSE, f"among {size} clips, a probability changes by up to {gap:.2g} (expected: 0)"


@needs("check_a_clip_alone_gets_the_same_answer")
def check_the_network_sees_all_directions(run):
    """By itself, the network tells each of the four directions, with any number of clips."""
    for size in (48, 96, 13):
        tells_directions(run, run.model, size)


@needs("check_the_network_sees_all_directions")
def check_predictions_tell_all_directions(run):
    """The predicted probabilities tell each of the four directions, with any number of clips."""
    for size in (48, 300, 13):
        tells_directions(run, run.predict, size)


@needs("check_the_network_sees_all_directions")
def check_the_order_of_frames_counts(run):
    """A clip that is played backward moves in the opposite direction."""
    for size in (48, 200, 7):
        clips, directions = drawn(run, size)
        opposite = np.array([1, 0, 3, 2])[directions]
        for ask in (run.model, run.predict):
            loss = nll(ask(np.ascontiguousarray(clips[:, ::-1])), opposite)
            assert loss < 0.6, f"played backward, the loss of {size} clips is {loss:.2f} nats (expected: below 0.6)"


def check_augmented_clips_move_as_they_are_said_to(run):
    """The clips that `augment` returns move in the directions that it returns, for any number of clips."""
    for size in (48, 1, 48, 200, 12, 3, 48):
        clips, directions = drawn(run, size)
        given, told = run.augment(clips, directions)
        given, told = np.asarray(given, dtype=np.float64), np.asarray(told)
        assert given.shape[2:] == (SIZE, SIZE), f"its clips have the shape {given.shape} (expected: {clips.shape})"
        assert len(given) == len(told), f"there are {len(given)} clips and {len(told)} directions"
        odd = float(np.mean(movement(given) != told))
        assert odd == 0, f"of {size} clips, {odd:.0%} move in another direction (expected: 0 %)"


def check_each_step_teaches_how_its_clips_move(run):
    """At every step, each clip is taught the direction in which its digit moves."""
    seen = 0
    for call in run.audit.needed().calls:
        clips = call.inputs[0] if call.inputs else np.zeros(0)
        if call.slope is None or call.slope.ndim != 2 or clips.ndim != 4 or clips.shape[1] < 2:
            continue
        seen += 1
        clips = clips[: len(call.slope)].astype(np.float64)
        odd = float(np.mean(call.slope.argmin(axis=1) != movement(clips)))
        assert odd < 0.02, f"at step {call.step}, {odd:.0%} of the clips are taught another one (expected: 0 %)"
    if not seen:
        raise UndecidedError("what the training teaches could not be seen")


def check_every_step_trains_the_same_network(run):
    """At every step of the training, the network computes the same as when it is used."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def tells_directions(run, ask, size):
    """Assert that clips of each direction get it as their answer."""
    clips, directions = drawn(run, size)
    answers = log_probabilities(ask(clips))
    for way, name in enumerate(("left", "right", "up", "down")):
        chosen = directions == way
        loss = nll(answers[chosen], directions[chosen])
        assert loss < 0.6, f"of {size} clips, those moving {name} have a loss of {loss:.2f} nats (expected: below 0.6)"


def drawn(run, count):
    """Clips of held-out digits (N, T, 12, 12), and their directions (N,), equally many of each."""
    images = run.heldout[0].reshape(-1, 8, 8)
    images = images[run.rng.integers(len(images), size=count)]
    directions = run.rng.permutation(np.arange(count) % 4)
    clips = np.zeros((count, FRAMES, SIZE, SIZE), dtype=np.float32)
    inside, at = run.rng.integers(SIZE - 7, size=(count, 2)), run.rng.integers(FRAMES, size=count)
    for number, way in enumerate(directions):
        whole = np.zeros((SIZE, SIZE), dtype=np.float32)
        whole[:8, :8] = images[number]
        for frame in range(FRAMES):
            place = inside[number] + (frame - at[number]) * MOVES[way]
            clips[number, frame] = np.roll(whole, tuple(place), axis=(0, 1))
    return clips, directions


def movement(clips):
    """The direction (N,) in which clips (N, T, 12, 12) move: the one that explains each frame by the one before."""
    gaps = [
        np.abs(np.roll(clips[:, :-1], tuple(move), axis=(2, 3)) - clips[:, 1:]).sum(axis=(1, 2, 3)) for move in MOVES
    ]
    return np.argmin(gaps, axis=0)

"""What a correct fix of ex34 shows: squares for patches, and a network to which their order is no matter."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, nll, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_every_step_trains_the_network_in_use,
    check_gradients_are_whole,
)

SIDE, SIZE, PATCHES = 4, 2, 16  # patches in a row, pixels of one in both directions, patches of an image
KEPT = 8
CLOSE = 2e-3  # of a log-probability; float32 moves one by some 1e-5


def draw(rng):
    """The same task with permuted labels and other images held out."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy per image, from all of its patches"""
    images, labels = run.heldout
    return nll(run.model(squares(images)), labels)


def check_patches_are_squares(run):
    """A patch holds the four pixels of a square, and patches are in order, row by row."""
    for count in (64, 1, 7, 300):
        images = run.rng.permutation(count * 64).reshape(count, 8, 8).astype(np.float32)
        found = np.sort(np.asarray(run.patches_of(images)).reshape(count, PATCHES, SIZE**2), axis=2)
        wanted = np.sort(cut(images).reshape(count, PATCHES, SIZE**2), axis=2)
        odd = float(np.mean((found != wanted).any(axis=2)))
        assert odd == 0, f"of {count} images, {odd:.0%} of the patches hold other pixels (expected: 0 %)"


def check_the_order_of_patches_is_no_matter(run):
    """The same patches give the same logits, in whatever order their numbers are given."""
    for count, size in ((64, KEPT), (7, 15), (64, PATCHES), (1, 3), (300, KEPT), (128, 2)):
        images, kept = asked(run, count, size)
        usual = log_probabilities(run.model(images, kept))
        others = [run.rng.permuted(kept, axis=1), kept[:, ::-1].copy(), np.sort(kept, axis=1)]
        for other in others:
            gap = np.abs(log_probabilities(run.model(images, other)) - usual).max()
            assert gap < CLOSE, f"for {size} patches, a log-probability changes by up to {gap:.2g} (expected: 0)"
        if size == PATCHES:
            gap = np.abs(log_probabilities(run.model(images)) - usual).max()
            assert gap < CLOSE, f"without numbers, a log-probability changes by up to {gap:.2g} (expected: 0)"


def check_patches_that_are_not_kept_do_not_count(run):
    """The logits depend on the patches that are kept, and on no others."""
    for count, size in ((64, KEPT), (1, KEPT), (7, 12), (300, 3)):
        images, kept = asked(run, count, size)
        usual = log_probabilities(run.model(images, kept))
        mask = np.zeros((count, PATCHES), dtype=bool)
        np.put_along_axis(mask, kept, True, axis=1)
        mask = mask.reshape(count, SIDE, SIDE).repeat(SIZE, axis=1).repeat(SIZE, axis=2)
        noise = run.rng.random(images.shape).astype(np.float32)
        gap = np.abs(log_probabilities(run.model(np.where(mask, images, noise), kept)) - usual).max()
        assert gap < CLOSE, f"with others changed, a log-probability changes by up to {gap:.2g} (expected: 0)"
        moved = np.abs(log_probabilities(run.model(np.where(mask, noise, images), kept)) - usual).max(axis=1)
        share = float(np.mean(moved > 0.01))
        assert share > 0.9 or count == 1, f"with those changed, {share:.0%} of the answers change (expected: all)"


def check_the_place_of_a_patch_counts(run):
    """An image whose patches have changed places gets another answer."""
    images, _ = asked(run, 200, KEPT)
    patches = cut(images).reshape(-1, PATCHES, SIZE, SIZE)
    patches = patches[np.arange(len(patches))[:, None], [run.rng.permutation(PATCHES) for _ in patches]]
    moved = patches.reshape(-1, SIDE, SIDE, SIZE, SIZE).transpose(0, 1, 3, 2, 4).reshape(-1, 8, 8)
    gaps = np.abs(log_probabilities(run.model(moved)) - log_probabilities(run.model(images))).max(axis=1)
    share = float(np.mean(gaps > 0.05))
    assert share > 0.9, f"{share:.0%} of the answers change (expected: nearly all)"


def check_steps_show_eight_patches(run):
    """A training step shows eight patches of each image, other ones for each."""
    seen = 0
    for call in run.audit.needed().calls:
        if call.slope is None or not call.inputs or call.inputs[0].shape[1:] != (8, 8):
            continue
        seen += 1
        assert len(call.inputs) > 1, f"at step {call.step}, it shows all {PATCHES} (expected: {KEPT})"
        kept = call.inputs[1]
        counts = [len(set(row)) for row in kept.tolist()]
        assert set(counts) == {KEPT}, f"at step {call.step}, it shows {max(counts)} (expected: {KEPT})"
        different = len({tuple(sorted(row)) for row in kept.tolist()})
        assert different > 0.5 * len(kept), f"at step {call.step}, {len(kept)} images have {different} sets of patches"
    if not seen:
        raise UndecidedError("which patches the training shows could not be seen")


def squares(images):
    """Images (N, 8, 8) of rows of pixels (N, 64)."""
    return images.reshape(-1, 8, 8)


def cut(images):
    """The squares (N, 4, 4, 2, 2) of images (N, 8, 8), by row and column."""
    return images.reshape(-1, SIDE, SIZE, SIDE, SIZE).transpose(0, 1, 3, 2, 4)


def asked(run, count, size):
    """Held-out images at random (N, 8, 8), and the numbers of some patches of each (N, size), in random order."""
    images = squares(run.heldout[0])
    rows = run.rng.permutation(len(images))[:count]
    kept = np.argsort(run.rng.random((len(rows), PATCHES)), axis=1)[:, :size]
    return images[rows], kept

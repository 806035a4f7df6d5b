"""What a correct fix of ex18 shows: rounds only ever improve the centres, and they come to rest."""

import numpy as np

from bugkit.checks import redrawn

ROUNDS = 4
SETTLED = 0.02  # share of the loss that one more step may still save
IDLE = 3  # centres without images that are let pass


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_distance(run):
    """Squared distance of held-out images to their nearest centre"""
    return float(distances(run.heldout[0], final(run)).min(axis=1).mean())


def check_a_round_never_makes_it_worse(run):
    """From whatever centres a round starts, the loss after it is not higher."""
    images = run.rng.permutation(run.train[0])
    centres = images[:64]
    before = loss(images, centres)
    for number in range(1, ROUNDS + 1):
        answer = run.one_round(images, centres)
        centres = answer[0] if isinstance(answer, tuple) else answer
        after = loss(images, centres)
        assert after < 1.001 * before, (
            f"from 64 images as centres, round {number} takes the loss from {before:.3f} to {after:.3f} (less wanted)"
        )
        before = after


def check_the_centres_have_settled(run):
    """At the end each centre is the mean of the images that are nearest to it."""
    images, centres = run.train[0], final(run)
    nearest = distances(images, centres).argmin(axis=1)
    means = np.array([images[nearest == k].mean(axis=0) if k in nearest else centres[k] for k in range(len(centres))])
    before = loss(images, centres)
    after = float(np.mean(np.sum((images - means[nearest]) ** 2, axis=1)))
    assert after > (1 - SETTLED) * before, (
        f"the loss is {before:.3f}, and with the means as centres {after:.3f} (no difference wanted)"
    )


def check_no_centre_is_idle(run):
    """At the end every centre has images that are nearest to it."""
    images, centres = run.train[0], final(run)
    idle = len(centres) - len(np.unique(distances(images, centres).argmin(axis=1)))
    assert idle <= IDLE, f"{idle} of {len(centres)} centres are nearest to no image (0 wanted)"


def final(run):
    """The notebook's centres, in float64."""
    centres = run.ask("found = np.asarray(centres)", returns=["found"], needs=["centres"])["found"]
    if centres.ndim != 2 or centres.shape != (64, run.train[0].shape[1]):
        raise ValueError(f"`centres` has the shape {centres.shape}, (64, 64) wanted")
    return centres.astype(np.float64)


def loss(images, centres):
    """The mean squared distance of the images to their nearest centres."""
    return float(distances(images, centres).min(axis=1).mean())


def distances(images, centres):
    """Squared, from each image to each centre."""
    x, c = np.asarray(images, dtype=np.float64), np.asarray(centres, dtype=np.float64)
    return (x**2).sum(axis=1)[:, None] - 2 * x @ c.T + (c**2).sum(axis=1)

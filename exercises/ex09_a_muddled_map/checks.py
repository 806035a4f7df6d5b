"""What a correct fix of ex09 shows: the whole network learns, not only its last part."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import nll, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

# Twenty steps on a batch with new labels. Then, for each weight matrix, how far the loss falls when a fifth of its own
# change is applied, and no other change. Matrices that cannot learn are counted separately.
STEPS = """
def loss():
    with torch.no_grad():
        scores = model(images).double()
        if scores.min() >= 0 and (scores.sum(1) - 1).abs().max() < 1e-3:
            scores = scores.clamp_min(1e-9).log()
        return float(torch.nn.functional.cross_entropy(scores, labels))

learning = [p for p in model.parameters() if p.dim() > 1 and p.requires_grad]
fixed = [p for p in model.parameters() if p.dim() > 1 and not p.requires_grad]
fixed += [b for b in model.buffers() if b.dim() > 1 and b.is_floating_point()]
everything = [*model.parameters(), *model.buffers()]
before = [t.detach().clone() for t in everything]
old = [p.detach().clone() for p in learning]
model.train()
for _ in range(20):
    training_step(images, labels)
change = [p.detach() - o for p, o in zip(learning, old)]

def put_back():
    with torch.no_grad():
        for t, b in zip(everything, before):
            t.data.copy_(b)

put_back()
model.eval()
start = loss()
falls = []
for p, c in zip(learning, change):
    with torch.no_grad():
        p.data.add_(0.2 * c)
    falls.append(start - loss())
    put_back()
falls, stuck = torch.tensor(falls), len(fixed)
"""

FEWEST = 8  # sampled steps; fewer are too few to decide

LEARNS = "learns = np.array([p.requires_grad and p.dim() > 1 for p in model.parameters()])"

# How the scores change with each pixel of an image: (images, pixels, 10).
SENSITIVITY = """
import copy

fine = copy.deepcopy(model).double().eval()
rows = []
with torch.no_grad():
    for image in images.double():
        nudged = torch.cat([image[None], image + 1e-3 * torch.eye(len(image), dtype=torch.float64)])
        scores = fine(nudged).double()
        if scores.min() >= 0 and (scores.sum(1) - 1).abs().max() < 1e-3:
            scores = scores.clamp_min(1e-30).log()
        rows.append((scores[1:] - scores[0]) / 1e-3)
slopes = torch.stack(rows)
"""


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_all_of_the_network_learns(run):
    """Steps change every weight matrix of the network in a way that reduces the loss."""
    x, y = run.train
    for size, least in ((32, 1e-3), (20, None)):  # for the smaller batch, any effect is enough
        some = run.rng.permutation(len(y))[:size]
        asked = {"images": x[some], "labels": (y[some] + 1) % 10}
        found = run.ask(STEPS, asked, ["falls", "stuck"], needs=["model", "training_step"])
        falls, stuck = found["falls"], int(found["stuck"])
        scale = np.abs(falls).max(initial=1e-9)
        useful = int(np.count_nonzero(falls > least * scale if least else np.abs(falls) > 1e-6 * scale))
        assert useful == len(falls) > 0, f"on {size} images, {useful} of {len(falls)} change so (expected: all)"
    # A fixed matrix may rescale the pixels if the map has two coordinates: no reader could use two random ones.
    assert not stuck or _numbers_per_image(run) <= 2, (
        f"{stuck} matrices cannot learn, and more than two values per image reach the scores "
        "(expected: 0 matrices, or at most two values)"
    )


def check_every_step_changes_all_that_learns(run):
    """Every step of the training, from the first to the last, changes every trainable weight matrix."""
    calls = [call.moved for call in run.audit.needed().calls if call.moved is not None]
    learns = run.ask(LEARNS, returns=["learns"], needs=["model"])["learns"].astype(bool)
    moved = np.array([m for m in calls if len(m) == len(learns) and m.any()])
    if len(moved) < FEWEST:
        raise UndecidedError("what each step changed could not be seen")
    share = moved[:, learns].mean(axis=0).min(initial=1)
    assert share > 0.95, f"one of them changes in {share:.0%} of {len(moved)} sampled steps (expected: over 95 %)"


def _numbers_per_image(run):
    """How many independent values of an image its scores depend on, near that image; the median over some images."""
    images = run.heldout[0][:9]
    slopes = run.ask(SENSITIVITY, {"images": images}, ["slopes"], needs=["model"])["slopes"]
    values = np.linalg.svd(slopes.astype(float), compute_uv=False)
    return float(np.median((values > 1e-2 * values[:, :1]).sum(axis=1)))


def check_every_digit_is_recognised(run):
    """Every digit is recognized; none is hidden under others on the map."""
    x, y = run.heldout
    predicted = run.model(x).argmax(axis=1)
    share = [float(np.mean(predicted[y == digit] == digit)) for digit in range(10)]
    worst = int(np.argmin(share))
    assert share[worst] > 0.2, (
        f"{share[worst]:.0%} of the unseen {worst}s are classified correctly (expected: over 20 %)"
    )

"""What a correct fix of ex31 shows: the behaviors that its five bugs break."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import cross_entropy, log_probabilities, nll, probabilities, redrawn
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole

SHEET = 30  # images that are asked about at once
SIZES = (2, 3, SHEET, 64, 201)  # of other sheets
TURNS = ((1,), (2,), (1, 2))  # axes of squares (N, 8, 8) that are mirrored
SHIFTS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
BATCH = 64

MODULES = """
modules = {id(m): m for m in list(globals().values()) if isinstance(m, torch.nn.Module)}.values()
"""
TWICE = """
for module in modules:
    module.eval()
first, second = (torch.as_tensor(predict(images)) for _ in range(2))
"""
ASKED = """
def numbers():
    return [v.detach().double().flatten() for m in modules for v in m.state_dict().values()] + [torch.zeros(1)]

before = torch.cat(numbers())
predict(images)
after = torch.cat(numbers())
finite = before.isfinite().all()
moved = (torch.nan_to_num(after) - torch.nan_to_num(before)).abs().amax()
"""
COMPANY = """
torch.manual_seed(0)
first = torch.as_tensor(predict(images)).clone()
torch.manual_seed(0)
second = torch.as_tensor(predict(others))
"""
# The loss as it is asked for and as training asks for it.
LOSSES = """
told = [float(loss_of(scores, labels)), float(loss_of(scores.clone().requires_grad_(), labels))]
with torch.no_grad():
    told.append(float(loss_of(scores, labels)))
told = np.array(told)
"""


def draw(rng):
    """The digits with other numbers and other ones held out; the pixels stay, for the network looks at neighbours."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy of what `predict` returns, sheet by sheet"""
    x, y = sheets(run.heldout)
    return nll(np.concatenate([run.predict(x[i : i + SHEET]) for i in range(0, len(y), SHEET)]), y)


def check_what_is_shown_can_be_read(run):
    """The images that the network is shown in training are such as people write."""
    known = run.train[0].reshape(-1, 8, 8)
    batches = [call.inputs[0] for call in run.audit.needed().calls if call.inputs]
    strange = [strangeness(b.reshape(-1, 8, 8), known) for b in batches if b.size == len(b) * 64]
    strange = [(share, rows) for share, rows in strange if not np.isnan(share)]
    if not strange:
        raise UndecidedError("what it is shown is too far from the images to be recognized")
    shares, rows = np.transpose(strange)
    worst, mean = shares[rows >= 16].max(initial=0), np.average(shares, weights=rows)
    assert worst < 0.25, f"of one batch {worst:.0%} look like nothing in the data set (below 25 % wanted)"
    assert mean < 0.04, f"{mean:.1%} of them look like nothing in the data set (below 4 % wanted)"


def check_the_same_image_gets_the_same_answer(run):
    """In evaluation mode, the same image gets the same answer every time and everywhere on a sheet."""
    for size in SIZES:
        x = run.rng.permutation(run.train[0])[:size]
        x[size // 2] = x[0]
        answers = run.ask(MODULES + TWICE, {"images": x}, ["first", "second"], needs=["predict"])
        first, second = (log_probabilities(answers[name]) for name in ("first", "second"))
        if not np.isfinite(first).all() or (size > 2 and np.ptp(first, axis=0).max() < 1e-3):
            raise UndecidedError("its answers are the same for all images, or no numbers")
        change = max(np.abs(first - second).max(), np.abs(first[0] - first[size // 2]).max())
        change /= max(1.0, np.abs(first).max() / 20)
        assert change < 2e-3, f"on a sheet of {size} a score of the same image moves by up to {change:.2g} (0 wanted)"


def check_the_loss_is_that_of_an_image(run):
    """The loss of a batch is that of one image in it, on average, however many there are."""
    for size in (1, 2, 7, 31, BATCH, 65, 300):
        scores = run.rng.normal(size=(size, 10))
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))  # log-probabilities are scores as well
        labels = run.rng.integers(10, size=size)
        if size < 8:
            labels = scores.argsort(axis=1)[:, 4]  # neither very likely nor very unlikely
        true, arrays = cross_entropy(scores, labels), {"scores": scores.astype(np.float32), "labels": labels}
        told = run.ask(LOSSES, arrays, ["told"], needs=["loss_of"])["told"]
        worst = told[np.abs(np.log(np.maximum(told, 1e-9) / true)).argmax()]
        assert true / 2 < worst < 2 * true, (
            f"of {size} images that cost {true:.2f} nats on average it makes {worst:.3g}"
        )
    ratios = [r for r in map(followed, run.audit.calls) if r is not None]
    big = float(np.max(ratios, initial=0))
    assert big < 12, f"a training step follows a loss {big:.3g} times as large as that of one image (1 wanted)"


def check_each_image_counts_alike_in_the_loss(run):
    """The loss of a batch does not depend on the order of its images."""
    for size in (2, 7, BATCH, 65, 200):
        scores, labels = run.rng.normal(size=(size, 10)), run.rng.integers(10, size=size)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        scores[0, labels[0]] -= 20  # an image that is read quite wrongly
        told = []
        for first in (0, size // 2, size - 1):
            order = np.roll(np.arange(size), first)
            arrays = {"scores": scores[order].astype(np.float32), "labels": labels[order]}
            told.append(run.ask(LOSSES, arrays, ["told"], needs=["loss_of"])["told"])
        apart = float(np.ptp(told, axis=0).max() / np.abs(told).max())
        assert apart < 0.01, f"in other orders the loss of {size} images differs by {apart:.0%} (0 % wanted)"


def check_every_step_follows_its_own_batch(run):
    """Every step follows the gradient of its own batch."""
    calls = [call for call in run.audit.needed().calls if call.step > 0 and not np.isnan(call.left_over)]
    old = sum(call.left_over > 0 for call in calls)
    assert old == 0, f"in {old} of {len(calls)} steps that were looked at it follows older gradients, too (0 wanted)"


def check_being_asked_changes_nothing(run):
    """Being asked does not change the network."""
    x, _ = sheets(run.heldout)
    for size in (1, *SIZES):
        answer = run.ask(MODULES + ASKED, {"images": x[:size]}, ["moved", "finite"], needs=["predict"])
        if not answer["finite"]:
            raise UndecidedError("its weights are no numbers")
        moved = float(answer["moved"])
        assert moved < 1e-6, f"a question about {size} moves a number in it by {moved:.2g} (0 wanted)"


def check_an_image_is_read_by_itself(run):
    """The answer for an image does not depend on the other images on its sheet."""
    x, _ = sheets(run.heldout)
    for size in SIZES:
        two = {"images": x[:size], "others": np.concatenate([x[:1], x[1 - size :]])}
        answers = run.ask(COMPANY, two, ["first", "second"], needs=["predict"])
        first, second = (log_probabilities(answers[name]) for name in ("first", "second"))
        if not np.isfinite(first).all() or np.ptp(first, axis=0).max() < 1e-3:
            raise UndecidedError("its answers are the same for all images, or no numbers")
        change = float(np.abs(first[0] - second[0]).max()) / max(1.0, np.abs(first).max() / 20)
        assert change < 0.01, f"on another sheet of {size} a score of it moves by up to {change:.2g} (0 wanted)"


def followed(call):
    """How large the gradient that a step follows is, relative to that of the mean cross-entropy; None: not known."""
    if call.slope is None or call.slope.shape != (call.rows, 10) or call.output.shape != call.slope.shape:
        return None
    out, slope = call.output.astype(float), call.slope.astype(float)
    p = probabilities(out)
    if not np.isfinite(p).all():
        return None
    if out.min() >= 0 and np.abs(out.sum(axis=1) - 1).max() < 1e-3:  # probabilities: back through softmax
        slope = p * (slope - (slope * p).sum(axis=1, keepdims=True))
    else:
        slope = slope - p * slope.sum(axis=1, keepdims=True)  # the same for logits, right for log-probabilities
    wanted = np.linalg.norm(p - np.eye(10)[slope.argmin(axis=1)]) / len(p)
    return float(np.linalg.norm(slope) / wanted) if wanted > 1e-3 else None


def strangeness(shown, known):
    """Share of a batch that looks like a known image only after being mirrored, and rows; NaN: like none at all."""
    as_written = likeness(shown, known)
    otherwise = np.max([likeness(np.flip(shown, axes), known) for axes in TURNS], axis=0)
    alike = np.median(np.maximum(as_written, otherwise)) > 0.6
    return (float(np.mean(otherwise > as_written + 0.02)) if alike else np.nan), len(shown)


def sheets(task):
    """The images in the order in which they lie on the sheets: one digit after another."""
    x, y = task
    order = np.argsort(y, kind="stable")
    return x[order], y[order]


def likeness(squares, known):
    """Of each square the highest correlation with a known one, shifted by up to a pixel."""
    squares = standard(squares)
    return np.max([(squares @ standard(np.roll(known, shift, axis=(1, 2))).T).max(axis=1) for shift in SHIFTS], axis=0)


def standard(squares):
    """Rows (N, 64) with mean 0 and length 1."""
    rows = squares.reshape(len(squares), 64)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)

"""What a correct fix of ex31 shows: five behaviours, each of which one of its bugs breaks."""

import numpy as np

from bugkit.checks import cross_entropy, nll, redrawn

SHEET = 30  # images that are asked about at once
SOME = 200  # of the images that were shown in training
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
moved = (torch.nan_to_num(torch.cat(numbers())) - torch.nan_to_num(before)).abs().amax()
"""


def draw(rng):
    """The digits with other numbers and other ones held out; the pixels stay, for the network looks at neighbours."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy of what `predict` answers, sheet by sheet"""
    x, y = sheets(run.heldout)
    return nll(np.concatenate([run.predict(x[i : i + SHEET]) for i in range(0, len(y), SHEET)]), y)


def check_what_is_shown_can_be_read(run):
    """The images that the network is shown in training are such as people write."""
    shown = run.recorded.get("inputs")
    if shown is None or shown.size != len(shown) * 64:
        return  # nothing that looks like the images was seen
    shown = run.rng.permutation(shown.reshape(-1, 8, 8))[:SOME]
    known = run.train[0].reshape(-1, 8, 8)
    as_written = likeness(shown, known)
    if not np.median(as_written) > 0.6:
        return
    otherwise = np.max([likeness(np.flip(shown, axes), known) for axes in TURNS], axis=0)
    strange = float(np.mean(otherwise > as_written + 0.02))
    assert strange < 0.2, f"{strange:.0%} of them look like nothing in the data set (below 20 % wanted)"


def check_the_same_image_gets_the_same_answer(run):
    """At work, the same image gets the same answer every time."""
    x = run.heldout[0][:SHEET]
    answers = run.ask(MODULES + TWICE, {"images": x}, ["first", "second"], needs=["predict"])
    change = float(np.abs(np.nan_to_num(answers["first"]) - np.nan_to_num(answers["second"])).max())
    assert change < 1e-3, f"the second time a score moves by up to {change:.2g} (0 wanted)"


def check_the_loss_is_that_of_an_image(run):
    """The loss of a batch is that of one image in it, on average."""
    scores = run.rng.normal(size=(BATCH, 10))
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))  # log-probabilities are scores as well
    labels = run.rng.integers(10, size=BATCH)
    true, told = cross_entropy(scores, labels), float(np.mean(run.loss_of(scores.astype(np.float32), labels)))
    assert true / 2 < told < 2 * true, f"of {BATCH} images that cost {true:.2f} nats on average it makes {told:.3g}"


def check_every_step_follows_its_own_batch(run):
    """Every step follows the gradient of its own batch."""
    left_over = run.recorded["left_over"]  # empty where gradients are taken without backward()
    old = int(np.count_nonzero(left_over != 0))  # nan counts
    assert old <= 0.1 * len(left_over), f"in {old} of {len(left_over)} steps it is not (0 wanted)"


def check_being_asked_changes_nothing(run):
    """Being asked does not change the network."""
    x, _ = sheets(run.heldout)
    answer = run.ask(MODULES + ASKED, {"images": x[:SHEET]}, ["moved"], needs=["predict"])
    moved = float(answer["moved"])
    assert moved < 1e-6, f"one question moves a number in it by {moved:.2g} (0 wanted)"


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

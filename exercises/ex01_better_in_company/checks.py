"""What a correct fix of ex01 shows: every image is answered by itself."""

import numpy as np

from bugkit.checks import nll, redrawn

# As in training, but for the layers that rightly behave otherwise there: dropout is random, and batch
# normalisation mixes the images of a batch on purpose.
TRAINING = """
if isinstance(model, torch.nn.Module):
    model.train()
    for part in model.modules():
        if isinstance(part, (torch.nn.modules.batchnorm._BatchNorm, torch.nn.modules.dropout._DropoutNd)):
            part.eval()
"""
ALONE = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    answers = torch.cat([model(image[None]) for image in images])
"""
IN_COMPANY = """
with torch.no_grad():
    first, again, other = model(images)[:8], model(images)[:8], model(images[:12])[:8]
"""
# A notebook without `batch_loss`, or with another signature, is not asked.
COSTS = """
def cost(digits):
    with torch.no_grad():
        return float(np.mean([float(batch_loss(images[i:i + 1], digits[i:i + 1])) for i in range(len(images))]))

try:
    right, again, wrong = cost(labels), cost(labels), cost((labels + 1) % 10)
except Exception:
    right = again = wrong = float("nan")
"""


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, each image asked by itself"""
    x, y = run.heldout
    return nll(run.ask(ALONE, {"images": x}, ["answers"], needs=["model"])["answers"], y)


def check_an_image_alone_gets_the_same_answer(run):
    """An image gets the same answer alone as among others."""
    x = run.rng.permutation(run.heldout[0])[:16]
    company = run.model(x)
    alone = np.concatenate([run.model(image[None]) for image in x])
    assert alike(alone, company), f"an answer moves by up to {moved(alone, company):.2g} (0 wanted)"


def check_training_shows_each_image_by_itself(run):
    """While training, too, an image's answer does not depend on its neighbours."""
    x = run.rng.permutation(run.train[0])[:24]
    answers = run.ask(TRAINING + IN_COMPANY, {"images": x}, ["first", "again", "other"], needs=["model"])
    if not alike(answers["first"], answers["again"]):
        return  # the model is random while it trains: two answers cannot be compared
    change = moved(answers["first"], answers["other"])
    assert alike(answers["first"], answers["other"]), (
        f"other neighbours move an answer by up to {change:.2g} (0 wanted)"
    )


def check_a_wrong_answer_costs_more(run):
    """For an image alone, the loss of a wrong label is higher than the loss of the right one."""
    x, y = run.train
    some = run.rng.choice(len(y), 32, replace=False)
    costs = run.ask(
        TRAINING + COSTS, {"images": x[some], "labels": y[some]}, ["right", "again", "wrong"], needs=["model"]
    )
    right, again, wrong = (float(costs[name]) for name in ("right", "again", "wrong"))
    if np.isnan(right) or abs(right - again) > 0.1:
        return
    assert wrong > right + 0.5, f"the right label costs {right:.2f} nats, a wrong one {wrong:.2f} (more wanted)"


def alike(a, b):
    """Whether two answers agree up to rounding; below e**-50 a probability is as good as 0."""
    return np.allclose(np.maximum(a, -50), np.maximum(b, -50), rtol=1e-3, atol=1e-3)


def moved(a, b):
    """The largest change of a number between two answers."""
    return float(np.abs(np.maximum(a, -50) - np.maximum(b, -50)).max())

"""What a weight that a module does not register breaks."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

ROUNDING = 1e-3  # of the largest output

# The answers of the model, and those of a new one that is given all that was saved of it.
RELOADED = """
model.eval()
torch.manual_seed(4321)
other = type(model)().to(next(model.parameters()).dtype)
other.load_state_dict(model.state_dict())
other.eval()
with torch.no_grad():
    first, again, reloaded = (torch.as_tensor(one(*given)).clone() for one in (model, model, other))
"""


def check_a_saved_model_gives_the_same_answers(run: Run) -> None:
    """A model that is saved, created again and loaded gives the same answers."""
    question, arrays = given(run.audit.needed().calls[-1], RELOADED)
    try:
        told = run.ask(question, arrays, ["first", "again", "reloaded"], needs=["model"])
    except LearnerCodeError:
        raise UndecidedError("the model could not be created again") from None
    first, again, reloaded = (told[name].astype(np.float64) for name in ("first", "again", "reloaded"))
    size = max(float(np.abs(first).max(initial=0)), 1)
    if not np.isfinite(first).all() or np.abs(first - again).max(initial=0) > ROUNDING * size:
        raise UndecidedError("its answers are random, or not finite")
    gap = float(np.abs(first - reloaded).max(initial=0))
    assert gap < ROUNDING * size, f"after loading, an output differs by up to {gap:.2g} (expected: 0)"

"""What a temperature that acts the wrong way around breaks."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_a_temperature_near_zero_draws_the_likeliest"]

PROMPTS, LENGTH, DRAWS = 6, 8, 24
COLD = 0.02  # a symbol that is 0.1 nats less likely is drawn e^-5 times as often
SELDOM, MOST = 2, 0.04
# What the last function that takes a temperature draws after each prompt, with gradients off and on.
DRAWN = """
import inspect, types

def takes_one(value):
    if not isinstance(value, types.FunctionType):
        return False
    code = inspect.unwrap(value).__code__
    return "temperature" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

sampler = [value for value in list(globals().values()) if takes_one(value)][-1]
torch.manual_seed(0)
drawn = []
for prompt in prompts:
    for turn in range(draws):
        with torch.set_grad_enabled(turn % 2 == 1):
            drawn.append(int(sampler(prompt.tolist(), 1, temperature=temperature)[-1]))
drawn = np.array(drawn)
"""


def check_a_temperature_near_zero_draws_the_likeliest(run: Run) -> None:
    """At a temperature near zero, the most likely symbol is drawn nearly every time."""
    read = [call.inputs[0] for call in run.audit.needed().calls if call.inputs and call.inputs[0].ndim > 1]
    texts = [rows[0] for rows in read if rows.dtype.kind == "i"][:PROMPTS]
    if not texts:
        raise UndecidedError("no prompts could be taken from the training")
    prompts = np.stack([text[: min(LENGTH, *map(len, texts))] for text in texts])
    try:
        drawn = run.ask(DRAWN, {"prompts": prompts}, ["drawn"], draws=DRAWS, temperature=COLD)["drawn"]
    except LearnerCodeError:
        raise UndecidedError("no function that takes a prompt, a number and a temperature could be asked") from None
    seldom = [np.mean((row == row[:, None]).sum(axis=1) <= SELDOM) for row in drawn.reshape(-1, DRAWS)]
    share = float(np.mean(seldom))
    assert share < MOST, (
        f"at temperature {COLD}, {share:.0%} of the draws are of symbols that come at most {SELDOM} times in {DRAWS} "
        "(expected: next to none)"
    )

"""What advantages with gradients break: the policy's loss, and the critic's own targets, change the critic."""

from __future__ import annotations

from collections.abc import Sequence

from bugkit.audit import Call, UndecidedError
from bugkit.run import Run

__all__ = ["check_the_critic_learns_from_one_answer_a_step"]

MIN_SEEN = 2  # calls


def check_the_critic_learns_from_one_answer_a_step(run: Run) -> None:
    """In every step, the critic learns from the answers in its own loss, and from no others."""
    calls = run.audit.needed().calls
    critic, actor = ([call for call in calls if _is_value(call) == wanted] for wanted in (True, False))
    if min(len(critic), len(actor)) < MIN_SEEN:
        raise UndecidedError("what the critic learned from could not be seen")
    more, once = _split(critic)
    in_parts, _ = _split(actor)
    # Where all calls are followed by others in a step, or the actor's are, too, batches are cut into parts.
    if in_parts > 1 or once < MIN_SEEN:
        raise UndecidedError("the steps of the training are made of several calls")
    assert more < MIN_SEEN, (
        f"{more} of {len(critic)} sampled answers of the critic had a gradient, and another one came before the step "
        "(expected: 0)"
    )


def _is_value(call: Call) -> bool:
    """Whether the model gave one number for each place that it was asked about."""
    return bool(call.inputs) and call.output.size == call.inputs[0].size


def _split(calls: Sequence[Call]) -> tuple[int, int]:
    """How many were followed by another call of the same network before the weights changed, and how many were not."""
    followed = sum(call.moved is None for call in calls[:-1])
    return followed, len(calls[:-1]) - followed

"""What a step in parts has to do: the same as a whole one, with fewer rows at a time."""

from __future__ import annotations

import numpy as np

from bugkit.run import Run

CLOSE = 0.01  # of the length of the step; float32 gives some 1e-5
IN_PARTS = (1, 2, 3)
# Both steps from the same weights and the same state of the optimizer; and the most rows that the model got at once.
STEPS = """
import copy

batch = $BATCH
batch = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
kept = copy.deepcopy(($MODEL.state_dict(), $OPTIMIZER.state_dict()))
most = [0]

def watch(module, arguments):
    most[0] = max(most[0], len(arguments[0]))

def after(function, *arguments):
    $MODEL.load_state_dict(kept[0])
    $OPTIMIZER.load_state_dict(copy.deepcopy(kept[1]))
    $MODEL.train()
    torch.manual_seed(0)
    most[0] = 0
    function(*arguments)
    return torch.cat([weight.detach().flatten().double() for weight in $MODEL.parameters()])

handle = $MODEL.register_forward_pre_hook(watch)
before = torch.cat([weight.detach().flatten().double() for weight in $MODEL.parameters()])
whole = after($STEP, *batch)
in_parts = after(accumulated_step, batch, parts)
most_rows, rows = np.array(most[0]), np.array(len(batch[0]))
handle.remove()
"""


def check_parts_leave_the_same_weights(run: Run) -> None:
    """`accumulated_step` leaves the same weights as a whole step."""
    for parts in IN_PARTS:
        told = run.ask(STEPS, {}, ["before", "whole", "in_parts"], needs=["accumulated_step"], parts=parts)
        length = float(np.linalg.norm(told["whole"] - told["before"]))
        gap = float(np.linalg.norm(told["in_parts"] - told["whole"])) / max(length, 1e-12)
        assert gap < CLOSE, f"in {parts} parts, the steps differ by {gap:.1%} of their length (expected: 0 %)"


def check_no_more_rows_than_a_part_at_once(run: Run) -> None:
    """In `accumulated_step`, the network gets no more rows at once than a part has."""
    for parts in IN_PARTS[1:]:
        told = run.ask(STEPS, {}, ["most_rows", "rows"], needs=["accumulated_step"], parts=parts)
        most, largest = int(told["most_rows"]), -(-int(told["rows"]) // parts)
        assert 0 < most <= largest, f"in {parts} parts, it got {most} rows at once (expected: at most {largest})"

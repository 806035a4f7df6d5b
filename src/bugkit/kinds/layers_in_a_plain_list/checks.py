"""What layers that no optimizer sees break."""

from bugkit.invariants import check_gradients_are_whole
from bugkit.run import Run

__all__ = ["check_gradients_are_whole", "check_no_other_weights_count"]

# Whether the answer depends on weights that `parameters()` leaves out.
OUTSIDE = """
own = {id(w) for w in model.parameters()} | {id(b) for b in model.buffers()}
lost = 0
for module in list(model.modules()):
    for value in list(vars(module).values()):
        if isinstance(value, (list, tuple)):
            for one in value:
                if isinstance(one, torch.nn.Module):
                    lost += sum(w.numel() for w in one.parameters() if id(w) not in own)
"""


def check_no_other_weights_count(run: Run) -> None:
    """All weights that the model uses are among its parameters."""
    lost = int(run.ask(OUTSIDE, {}, ["lost"], needs=["model"])["lost"])
    assert not lost, f"{lost} weights of layers in lists are not among the model's parameters (expected: 0)"

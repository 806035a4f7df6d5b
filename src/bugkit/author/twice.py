"""Put into the notebook of a half fix: both versions of a function are called, and have to do the same."""

import sys
from typing import Any

HALF = 2  # bytes: numpy has no bfloat16
LONG = 10_000  # of a longer list only the length is looked at
IPYTHONS = ("In", "Out", "get_ipython", "exit", "quit", "open")
OTHERS = ("module", "function", "type", "builtin_function_or_method")  # what no call changes


def done_alike(names: dict[str, Any], broken: Any, fixed: Any) -> Any:
    """What both give, RuntimeError where they differ or change anything that ``names`` lead to."""
    torch: Any = sys.modules.get("torch")
    state = torch.get_rng_state() if torch else None
    before = state_of(names)
    first = told_of(broken())
    between = state_of(names)
    if torch:
        torch.set_rng_state(state)
    given = fixed()
    after = state_of(names)
    changed = [name for name in before if not before[name] == between.get(name) == after.get(name)]
    if changed or first != told_of(given):
        raise RuntimeError(f"they differ: {', '.join(changed) or 'in what they give'}")
    return given


def state_of(names: dict[str, Any]) -> dict[str, Any]:
    """What the notebook's own names hold."""
    own = {name: value for name, value in names.items() if not name.startswith("_")}
    return {name: told_of(value) for name, value in own.items() if name not in IPYTHONS}


def told_of(value: Any, depth: int = 12) -> Any:
    """What can be compared of a value: of arrays the bytes, of objects what they hold."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if type(value).__module__.startswith("torch") and hasattr(value, "grad_fn"):
        plain = value.detach().float() if value.dtype.itemsize == HALF else value.detach()
        numbers = plain.numpy().tobytes()
        return value.requires_grad, tuple(value.shape), hash(numbers), told_of(value.grad) if value.is_leaf else None
    if type(value).__module__ == "numpy" and hasattr(value, "tobytes"):
        return hash(value.tobytes())
    kind, below = type(value).__name__, depth - 1
    if isinstance(value, dict):
        return {str(name): told_of(one, below) for name, one in value.items()} if depth else kind
    if isinstance(value, (list, tuple, set)):
        return [told_of(one, below) for one in value] if depth and len(value) < LONG else len(value)
    return (kind, told_of(getattr(value, "__dict__", None), below)) if depth and kind not in OTHERS else kind

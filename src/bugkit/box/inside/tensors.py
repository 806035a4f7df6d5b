"""Tensors as the watching needs them: copied, found, compared; nothing here enters a graph or raises a transform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, Any]
MAX_NUMBERS = 1 << 14  # of one output; of a larger one the first rows are kept
_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor


def is_added_to(parameter: Any) -> bool:
    """Whether the backward pass that is running adds to ``.grad``; ``autograd.grad`` gives its gradients away."""
    with torch.enable_grad():
        node = parameter.view_as(parameter).grad_fn.next_functions[0][0]
    try:
        return bool(torch._C._will_engine_execute_node(node))
    except RuntimeError:  # of ``autograd.grad`` this may not be asked
        return False


def norm_of(gradients: list[Any]) -> float:
    """The norm of all gradients together; 0 where there are none."""
    there = [g.detach() for g in gradients if g is not None and not g.is_sparse]
    if not there:
        return 0.0
    with torch.no_grad():
        return float(sum(norm.item() ** 2 for norm in torch._foreach_norm(there)) ** 0.5)


def tensors_in(value: Any) -> Iterator[Any]:
    """The tensors in what a module is given or gives, without the wrappers of ``torch.func``."""
    if isinstance(value, torch.Tensor):
        yield unwrapped(value)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from tensors_in(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from tensors_in(one)


def unwrapped(tensor: Any) -> Any:
    """The tensor without the wrappers of ``torch.func``."""
    while _is_wrapped(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor


def plain(tensor: Any) -> Array:
    """As numpy knows it."""
    tensor = tensor.detach().cpu()
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    array: Array = tensor.numpy()
    return array


def norms_of(parameters: list[Any]) -> tuple[float, ...]:
    """Differs when the weights do: their norms, one by one."""
    with torch.no_grad(), torch._C._DisableFuncTorch():
        return tuple(norm.item() for norm in torch._foreach_norm([p.detach() for p in parameters]))


def first_rows(tensor: Any) -> Any:
    """Of a very large one, its first rows."""
    each = tensor[0].numel() if tensor.dim() and len(tensor) else 0
    return tensor[: max(1, MAX_NUMBERS // each)] if each else tensor


def copied(tensor: Any) -> Any:
    """A copy that stays as it is: a transform's tensors and a graph's are gone later."""
    with torch.no_grad(), torch._C._DisableFuncTorch():
        return tensor.detach().clone()


def weights_of(module: Any) -> dict[str, Array]:
    """Copies of all weights of a module, each in one row, by name."""
    with torch._C._DisableFuncTorch():
        return {name: plain(unwrapped(p)).reshape(-1).astype(np.float32) for name, p in module.named_parameters()}

"""
From arrays to float64 tensors, and from functions to their gradients.

Tests hold NumPy arrays of any dtype; equations are written for tensors. ``in_float64`` stands between the two: floating
arguments become float64 tensors (exactly, for float64 holds every float32 and bfloat16), integers become int64, and
anything else passes as it is.

    >>> square = in_float64(lambda x: x * x)
    >>> (dx,) = gradients(square, [np.array([1.0, 3.0])], upstream=np.array([1.0, 10.0]))
    >>> dx.tolist()
    [2.0, 60.0]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

__all__ = ["gradients", "in_float64", "tensor"]

Result = TypeVar("Result")
_READY = (torch.float64, torch.int64, torch.bool)


def tensor(value: Any) -> Any:
    """Return an array, a NumPy number or a tensor as a float64 or int64 tensor; bool and all else as they are."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = torch.from_numpy(np.array(value))
    if not isinstance(value, Tensor) or value.dtype in _READY:
        return value
    return value.to(torch.float64 if value.is_floating_point() else torch.int64)


def in_float64(function: Callable[..., Result]) -> Callable[..., Result]:
    """Let a function of tensors take arrays as well, and work in float64."""

    @wraps(function)
    def converted(*args: Any, **kwargs: Any) -> Result:
        return function(*map(tensor, args), **{name: tensor(value) for name, value in kwargs.items()})

    return converted


def gradients(function: Callable[..., Tensor], arguments: Sequence[Any], upstream: Any) -> tuple[Tensor, ...]:
    """
    Return the gradient of ``sum(function(*arguments) * upstream)`` for every floating argument, in their order.

    Args:
        function: From tensors to one tensor.
        arguments: Arrays, tensors or plain values; those that hold integers have no gradient and are left out.
        upstream: The gradient that arrives from above, of the shape of the result.

    Returns:
        Tensors of the shapes of their arguments; zeros where the result does not depend on one.

    Raises:
        ValueError: ``upstream`` does not have the shape of the result, and would be broadcast.
    """
    leaves = [tensor(argument) for argument in arguments]
    inputs = [leaf.detach().clone() for leaf in leaves if isinstance(leaf, Tensor) and leaf.is_floating_point()]
    for each in inputs:
        each.requires_grad_()
    floating = iter(inputs)
    result = function(
        *(next(floating) if isinstance(leaf, Tensor) and leaf.is_floating_point() else leaf for leaf in leaves)
    )
    above = tensor(upstream)
    if result.shape != above.shape:
        msg = f"upstream has shape {tuple(above.shape)}, the result {tuple(result.shape)}"
        raise ValueError(msg)
    return torch.autograd.grad(result, inputs, above, materialize_grads=True)

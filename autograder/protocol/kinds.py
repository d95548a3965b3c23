"""
What counts as data: the few types of our own that cross beside Python's, and the names of element types.

``TensorData`` stands for a torch tensor without torch: this package is imported by the grader before, and without,
any library that a submission could have touched. ``HandleRef`` stands for a thing that stays where it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from autograder.errors import ProtocolError
from autograder.protocol.limits import ProtocolLimits

__all__ = [
    "ARRAY_DTYPES",
    "HANDLE_KINDS",
    "LASTING_KINDS",
    "TENSOR_ITEMSIZES",
    "Bytes",
    "HandleRef",
    "NotData",
    "TensorData",
    "clip",
    "count_bytes",
    "crowded",
    "refuse",
]

Bytes: TypeAlias = npt.NDArray[np.uint8]

HANDLE_KINDS = frozenset({"class", "container", "function", "module", "object"})

# Modules, and what is named in one: both sides keep these handles from test to test of a process, by this one rule.
LASTING_KINDS = frozenset({"class", "function", "module"})

# Little-endian on the wire, whatever the machine.
ARRAY_DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    )
}

# torch's names without "torch."; bfloat16 is the one that NumPy lacks and models use.
TENSOR_ITEMSIZES: dict[str, int] = {
    "bfloat16": 2,
    **{name: dtype.itemsize for name, dtype in ARRAY_DTYPES.items()},
}


class NotData(TypeError):
    """
    A value that cannot cross, because it is no data or is above a limit.

    Attributes:
        reason: What is wrong with the part.
        path: Where in the value the part lies, as subscripts: ``['layers'][0]``; empty for the value itself.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        """Return the reason, after the part that it is about."""
        return f"{self.path}: {self.reason}" if self.path else self.reason


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class TensorData:
    """
    A tensor as data; compared by identity, since arrays have no single truth.

    Attributes:
        dtype: torch's name without ``torch.``, a key of ``TENSOR_ITEMSIZES``.
        shape: Length of each axis.
        data: The elements in C order, little-endian, as ``uint8`` of shape ``(bytes,)``.
    """

    dtype: str
    shape: tuple[int, ...]
    data: Bytes


@dataclasses.dataclass(frozen=True, slots=True)
class HandleRef:
    """
    A thing on the worker's side, by number.

    Attributes:
        id: Number that the worker gave it, from 0.
        kind: One of ``HANDLE_KINDS``.
        type_name: Name of its type, for messages.
        length: ``len()`` of a container, else None.
    """

    id: int
    kind: str
    type_name: str
    length: int | None = None


def refuse(detail: str) -> ProtocolError:
    """Return the error for bytes that are no message; ``detail`` is for staff."""
    return ProtocolError("The process that ran your code sent something that is not an answer.", f"protocol: {detail}")


def clip(text: str, chars: int = 60) -> str:
    """Return ``text`` quoted and shortened: hostile text goes into messages in this form only."""
    return repr(text if len(text) <= chars else text[:chars] + "…")


def crowded(keys: Sequence[Hashable], limits: ProtocolLimits) -> bool:
    """
    Return whether more keys than ``limits.equal_hashes`` have one hash.

    A dictionary compares each such key with each: asking sorted hashes first costs no more than sorting them.
    """
    most = limits.equal_hashes
    if len(keys) <= most:
        return False
    hashes = sorted(map(hash, keys))
    return any(one == other for one, other in zip(hashes, hashes[most:], strict=False))


def count_bytes(shape: tuple[int, ...], itemsize: int, limits: ProtocolLimits) -> int | None:
    """
    Return the bytes of an array of that shape, or None where the shape is above a limit.

    Axes of length zero do not excuse the others: ``(2**28, 2**28, 2**28, 0)`` has no bytes, but overflows whatever
    multiplies its axes in 64 bits.
    """
    if len(shape) > limits.dims:
        return None
    size, empty = itemsize, False
    for axis in shape:
        if type(axis) is not int or axis < 0:
            return None
        size *= axis or 1
        empty = empty or axis == 0
        if size > limits.body_bytes:
            return None
    return 0 if empty else size

"""
The border: what crosses as a value, what stays behind as a handle, and what an argument becomes.

    out     numbers, text, arrays, tensors   cross, detached, on the CPU
            tuples, lists, dicts, all else   stay; a `HandleRef` crosses
    in      values                           are fresh memory of this process: nothing is copied
            handles to containers            are copied deep, so that a cache survives the function that pops it
            handles to models, and to `put`  are the thing itself

The encoder of the protocol decides what is data and names the part that is not; this module gives it tensors as bytes,
and, for a driver's result, handles for the parts that are none.
"""

from __future__ import annotations

import copy
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.protocol import DEFAULT_LIMITS, LASTING_KINDS, HandleRef, TensorData
from autograder.protocol.values import ARRAY_DTYPES
from autograder.worker.reports import CallError, type_name

__all__ = ["Border", "copy_container", "items_of"]

_PLAIN = (str, bytes, int, float, complex, slice, type(None), type(Ellipsis))
_ARRAYS = (np.ndarray, np.matrix, np.memmap)
_CONTAINERS: tuple[type, ...] = (tuple, list, dict, set, frozenset)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType)
_MOST_ITEMS = DEFAULT_LIMITS.items // 8  # a handle is five elements of a header and its tag


class Border:
    """
    The table of handles, and what crosses.

    Attributes:
        keep_parts: While true, a part of a result that is no data crosses as a handle; else it is an error.
    """

    def __init__(self) -> None:
        self.keep_parts = False
        self._objects: dict[int, object] = {}
        self._lasting: dict[int, object] = {}
        self._put: set[int] = set()
        self._next = 0

    def clear(self) -> None:
        """Forget all handles but the lasting ones: their test is over. Numbers are not used again."""
        self._objects = dict(self._lasting)
        self._put.clear()

    def release(self, ids: tuple[int, ...]) -> None:
        """Forget some handles; those that are forgotten already are none."""
        for number in ids:
            self._objects.pop(number, None)
            self._lasting.pop(number, None)
            self._put.discard(number)

    def keep(self, thing: object, *, put: bool = False) -> HandleRef:
        """Return a new handle to a thing; ``put`` marks it as the test's own, never to be copied."""
        number = self._next
        self._next += 1
        self._objects[number] = thing
        if put:
            self._put.add(number)
        kind, length = _kind_of(thing)
        return HandleRef(number, kind, type_name(thing), length)

    def let_last(self, handle: HandleRef) -> None:
        """Keep a module, or a function or class of one, for later tests of this process; forget others as ever."""
        if handle.kind in LASTING_KINDS:
            self._lasting[handle.id] = self._objects[handle.id]

    def thing(self, handle: HandleRef) -> object:
        """Return what a handle names."""
        try:
            return self._objects[handle.id]
        except KeyError:
            raise CallError.because("missing", "this object belongs to a test that is over") from None

    def out(self, value: object) -> object:
        """Return a result as it crosses: the value if it is one, else a handle."""
        if isinstance(value, _PLAIN):
            return value
        if _is_tensor(value):
            return _tensor_data(value)
        if isinstance(value, np.generic) or type(value) in _ARRAYS:
            array: np.ndarray[Any, Any] = value  # type: ignore[assignment]  # a scalar has its dtype and size too
            if array.dtype.kind in "biufc" and array.dtype.name in ARRAY_DTYPES:
                _check_size(array.nbytes, array.shape, "an array")
                return array
        return self.keep(value)

    def convert(self, part: object) -> object:
        """Return data for a part that the encoder does not know; raises TypeError when there is none."""
        if _is_tensor(part):
            return _tensor_data(part)
        if self.keep_parts:
            return self.keep(part)
        raise TypeError(f"a {type_name(part)} is an object, not data")

    def argument(self, value: Any, memo: dict[int, Any] | None) -> Any:
        """
        Return what an argument stands for.

        Args:
            value: As it came, with handles and tensors as data in it.
            memo: Copies made for this call, so that what is shared stays shared; None to copy nothing.
        """
        kind = type(value)
        if kind is HandleRef:
            thing = self.thing(value)
            return thing if memo is None or value.id in self._put else copy_container(thing, memo)
        if kind is TensorData:
            return _tensor(value)
        if kind is np.ndarray:
            return value if value.flags.writeable and value.flags.aligned else value.copy()
        if kind is str and value.isidentifier():
            # As Python does with a constant: `cell_type is "rnn"` holds in a notebook, so it must hold here.
            return sys.intern(value)
        if kind is tuple or kind is list:
            return kind(self.argument(item, memo) for item in value)
        if kind is dict:
            return {self.argument(key, memo): self.argument(item, memo) for key, item in value.items()}
        return value


def items_of(thing: Any) -> Iterator[object]:
    """Yield the items of a container as iteration does, at most as many as can be sent."""
    for count, item in enumerate(thing):
        if count >= _MOST_ITEMS:
            raise CallError.because("unsendable", f"more than {_MOST_ITEMS:,} items: this cannot be unpacked")
        yield item


def copy_container(thing: Any, memo: dict[int, Any]) -> Any:
    """
    Return a copy of a container and of the containers, arrays and plain tensors in it.

    Objects, models, functions, and tensors that take part in a gradient stay themselves: a copy of those would be
    another thing. What is nested too deeply to be copied stays itself too.
    """
    if not isinstance(thing, _CONTAINERS):
        return thing
    try:
        return _copied(thing, memo)
    except RecursionError:
        return thing


def _copied(thing: Any, memo: dict[int, Any]) -> Any:
    known = memo.get(id(thing))
    if known is not None:
        return known[0]
    kind = type(thing)
    result: Any = thing
    if isinstance(thing, (list, dict)):
        result = copy.copy(thing)  # also of a class derived from it, with its default factory or its order
        memo[id(thing)] = (result, thing)  # before its items: a list may hold itself
        for key in range(len(result)) if isinstance(thing, list) else list(result):
            result[key] = _copied(result[key], memo)
    elif isinstance(thing, tuple):
        make = tuple if kind is tuple else getattr(kind, "_make", None)
        result = make(_copied(item, memo) for item in thing) if make else thing
    elif isinstance(thing, set):
        result = copy.copy(thing)
    elif kind is np.ndarray:
        result = thing.copy(order="K")
    elif _is_tensor(thing) and kind.__name__ == "Tensor" and not thing.requires_grad:
        result = thing.clone()
    memo[id(thing)] = (result, thing)  # the original is held, so that its id is not used again
    return result


def _kind_of(thing: Any) -> tuple[str, int | None]:
    """Return the kind of a handle, and of a container the length by its base's own method."""
    if isinstance(thing, types.ModuleType):
        return "module", None
    if isinstance(thing, type):
        return "class", None
    if isinstance(thing, _FUNCTIONS):
        return "function", None
    for base in _CONTAINERS:
        if isinstance(thing, base):
            return "container", base.__len__(thing)  # type: ignore[attr-defined]
    if type(thing) is np.ndarray and thing.ndim:  # of objects, else it would cross
        return "container", int(thing.shape[0])
    return "object", None


def _check_size(size: int, shape: tuple[int, ...], what: str) -> None:
    """Refuse what is too large before it is made contiguous, in words."""
    limit = DEFAULT_LIMITS.body_bytes
    if size > limit:
        text = f"returned {what} of {size / 1e9:.1f} GB, of shape ({' x '.join(map(str, shape))})"
        raise CallError.because("unsendable", f"{text}; at most {limit / 1e9:.1f} GB can be sent back")


def _is_tensor(value: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _tensor_data(value: Any) -> TensorData:
    """Return a tensor as data: detached, dense, on the CPU, in C order."""
    torch: Any = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        if value.device.type == "meta":
            raise CallError.because("unsendable", "returned a tensor on the device 'meta', which has no values")
        _check_size(value.numel() * value.element_size(), tuple(value.shape), "a tensor")
        plain = value.detach()
        if plain.layout is not torch.strided:
            plain = plain.to_dense()
        plain = plain.cpu().resolve_conj().resolve_neg().contiguous()
        name = str(plain.dtype).removeprefix("torch.")
        flat = plain.reshape(-1)
        try:
            data = (flat.view(torch.int16) if name == "bfloat16" else flat).numpy().view(np.uint8)
        except TypeError:
            text = f"returned a tensor of dtype {name}, which cannot be sent back"
            raise CallError.because("unsendable", text) from None
    return TensorData(name, tuple(int(axis) for axis in plain.shape), data)


def _tensor(value: TensorData) -> Any:
    """Return the tensor of data that came; its memory is this process's own."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        raise CallError.because("raised", "the test sends a tensor, and torch is not there")
    dtype, data = getattr(torch, value.dtype), value.data
    if not data.size:
        return torch.empty(value.shape, dtype=dtype)
    if not data.flags.writeable or data.__array_interface__["data"][0] % 16:
        data = data.copy()
    return torch.from_numpy(data).view(dtype).reshape(value.shape)

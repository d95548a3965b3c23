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

from autograder.protocol import DEFAULT_LIMITS, HandleRef, TensorData
from autograder.protocol.values import ARRAY_DTYPES
from autograder.worker.reports import CallError, type_name

__all__ = ["Border", "copy_container", "items_of"]

_PLAIN = (str, bytes, int, float, complex, slice, type(None), type(Ellipsis))
_ARRAYS = (np.ndarray, np.matrix, np.memmap)
_CONTAINERS = (tuple, list, dict, set, frozenset)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType)
_ITEMS = DEFAULT_LIMITS.items


class Border:
    """
    The table of handles, and what crosses.

    Attributes:
        keep_parts: While true, a part of a result that is no data crosses as a handle; else it is an error.
    """

    def __init__(self) -> None:
        self.keep_parts = False
        self._objects: dict[int, object] = {}
        self._put: set[int] = set()
        self._next = 0

    def clear(self) -> None:
        """Forget all handles: their test is over. Numbers are not used again."""
        self._objects.clear()
        self._put.clear()

    def release(self, ids: tuple[int, ...]) -> None:
        """Forget some handles; those that are forgotten already are none."""
        for number in ids:
            self._objects.pop(number, None)
            self._put.discard(number)

    def keep(self, thing: object, *, put: bool = False) -> HandleRef:
        """Return a new handle to a thing; ``put`` marks it as the test's own, never to be copied."""
        number = self._next
        self._next += 1
        self._objects[number] = thing
        if put:
            self._put.add(number)
        kind = _kind_of(thing)
        return HandleRef(number, kind, type_name(thing), _length_of(thing) if kind == "container" else None)

    def thing(self, handle: HandleRef) -> object:
        """Return what a handle names."""
        try:
            return self._objects[handle.id]
        except KeyError:
            raise CallError("missing", "this object belongs to a test that is over") from None

    def out(self, value: object) -> object:
        """Return a result as it crosses: the value if it is one, else a handle."""
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, np.generic):
            return value if _dtype_crosses(value.dtype) else self.keep(value)
        if type(value) in _ARRAYS:
            array: np.ndarray[Any, Any] = value  # type: ignore[assignment]
            if not _dtype_crosses(array.dtype):
                return self.keep(array)
            _check_size(array.nbytes, array.shape, "an array")
            return array
        if _is_tensor(value):
            return _tensor_data(value)
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
            if memo is None or value.id in self._put or not isinstance(thing, _CONTAINERS):
                return thing
            return copy_container(thing, memo)
        if kind is TensorData:
            return _tensor(value)
        if kind is np.ndarray:
            return value if value.flags.writeable and value.flags.aligned else value.copy()
        if kind is tuple:
            return tuple(self.argument(item, memo) for item in value)
        if kind is list:
            return [self.argument(item, memo) for item in value]
        if kind is dict:
            return {self.argument(key, memo): self.argument(item, memo) for key, item in value.items()}
        return value


def items_of(thing: Any) -> Iterator[object]:
    """Yield the items of a container as iteration does, at most as many as can be sent."""
    for count, item in enumerate(thing):
        if count >= _ITEMS // 8:  # a handle is five elements of a header and its tag
            raise CallError("unsendable", f"more than {_ITEMS // 8:,} items: this cannot be unpacked")
        yield item


def copy_container(thing: Any, memo: dict[int, Any]) -> Any:
    """
    Return a copy of a container and of the containers, arrays and plain tensors in it.

    Objects, models, functions, and tensors that take part in a gradient stay themselves: a copy of those would be
    another thing. What is nested too deeply to be copied stays itself too.
    """
    try:
        return _copied(thing, memo)
    except RecursionError:
        return thing


def _copied(thing: Any, memo: dict[int, Any]) -> Any:
    kind = type(thing)
    known = memo.get(id(thing))
    if known is not None:
        return known[0]
    result: Any = thing
    if kind is np.ndarray:
        result = thing.copy(order="K") if thing.dtype != object else np.array(thing)
    elif kind is list or kind is dict:
        result = kind()
        memo[id(thing)] = (result, thing)  # before its items: a list may hold itself
        if kind is list:
            result.extend(_copied(item, memo) for item in thing)
        else:
            result.update((key, _copied(item, memo)) for key, item in thing.items())
    elif kind is tuple:
        result = tuple(_copied(item, memo) for item in thing)
    elif kind is set:
        result = set(thing)
    elif isinstance(thing, _CONTAINERS):
        result = _copied_derived(thing, memo)
    elif _is_tensor(thing) and kind.__name__ == "Tensor" and not thing.requires_grad:
        result = thing.clone()
    memo[id(thing)] = (result, thing)  # the original is held, so that its id is not used again
    return result


def _copied_derived(thing: Any, memo: dict[int, Any]) -> Any:
    """Return a copy of an ordered or default dictionary, a named tuple, or another class derived from a container."""
    if isinstance(thing, tuple):
        make = getattr(type(thing), "_make", None)
        return make(_copied(item, memo) for item in thing) if make else thing
    if isinstance(thing, frozenset):
        return thing
    result = copy.copy(thing)
    if isinstance(thing, dict):
        for key in list(result):
            result[key] = _copied(result[key], memo)
    elif isinstance(thing, list):
        result[:] = [_copied(item, memo) for item in result]
    return result


def _kind_of(thing: object) -> str:
    if isinstance(thing, types.ModuleType):
        return "module"
    if isinstance(thing, type):
        return "class"
    if isinstance(thing, _FUNCTIONS):
        return "function"
    if isinstance(thing, _CONTAINERS) or (type(thing) is np.ndarray and thing.dtype == object and thing.ndim > 0):
        return "container"
    return "object"


def _length_of(thing: Any) -> int:
    """Return the length of a container by its base's own method."""
    if isinstance(thing, np.ndarray):
        return int(thing.shape[0])
    base = next(kind for kind in _CONTAINERS if isinstance(thing, kind))
    return int(base.__len__(thing))


def _dtype_crosses(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biufc" and dtype.name in ARRAY_DTYPES


def _check_size(size: int, shape: tuple[int, ...], what: str) -> None:
    """Refuse what is too large before it is made contiguous, in words."""
    limit = DEFAULT_LIMITS.body_bytes
    if size > limit:
        sizes = " x ".join(str(axis) for axis in shape)
        raise CallError(
            "unsendable",
            f"returned {what} of {size / 1e9:.1f} GB, of shape ({sizes});"
            f" at most {limit / 1e9:.1f} GB can be sent back",
        )


def _torch() -> Any:
    return sys.modules.get("torch")


def _is_tensor(value: object) -> bool:
    torch = _torch()
    return torch is not None and isinstance(value, torch.Tensor)


def _tensor_data(value: Any) -> TensorData:
    """Return a tensor as data: detached, dense, on the CPU, in C order."""
    torch = _torch()
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        if value.device.type == "meta":
            raise CallError("unsendable", "returned a tensor on the device 'meta', which has no values")
        _check_size(value.numel() * value.element_size(), tuple(value.shape), "a tensor")
        plain = value.detach()
        if plain.layout is not torch.strided:
            plain = plain.to_dense()
        plain = plain.cpu().resolve_conj().resolve_neg().contiguous()
        name = str(plain.dtype).removeprefix("torch.")
        shape = tuple(int(axis) for axis in plain.shape)
        flat = plain.reshape(-1)
        if name == "bfloat16":
            flat = flat.view(torch.int16)
        try:
            data = flat.numpy().view(np.uint8)
        except TypeError:
            raise CallError("unsendable", f"returned a tensor of dtype {name}, which cannot be sent back") from None
    return TensorData(name, shape, data)


def _tensor(value: TensorData) -> Any:
    """Return the tensor of data that came; its memory is this process's own."""
    torch = _torch()
    if torch is None:
        raise CallError("raised", "the test sends a tensor, and torch is not there")
    dtype = getattr(torch, value.dtype)
    data = value.data
    if not data.size:
        return torch.empty(value.shape, dtype=dtype)
    if not data.flags.writeable or data.__array_interface__["data"][0] % 16:
        data = data.copy()
    return torch.from_numpy(data).view(dtype).reshape(value.shape)

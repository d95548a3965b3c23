"""
From values to trees. Runs in the grader and in the student's process; there it may be lied to, and need not care.

The decision that surprises: a type that is not in the table is not asked what it can do. It is looked up among the
bases that `values` names, or given to the caller's ``convert`` (which makes `TensorData` of a tensor), or refused.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from types import EllipsisType
from typing import Any, TypeAlias, cast

import numpy as np

from autograder.protocol import tags
from autograder.protocol.kinds import (
    ARRAY_DTYPES,
    HANDLE_KINDS,
    TENSOR_ITEMSIZES,
    Bytes,
    HandleRef,
    NotData,
    TensorData,
    clip,
    count_bytes,
    crowded,
)
from autograder.protocol.limits import DEFAULT_LIMITS, ProtocolLimits

__all__ = ["Convert", "Encoder", "encode_value"]

Convert: TypeAlias = Callable[[object], object]

_DTYPE_NAMES = {(dtype.kind, dtype.itemsize): name for name, dtype in ARRAY_DTYPES.items()}
_ARRAY_TYPES = (np.ndarray, np.matrix, np.memmap)


def encode_value(
    value: object, limits: ProtocolLimits = DEFAULT_LIMITS, convert: Convert | None = None
) -> tuple[Any, list[memoryview]]:
    """
    Return the tree of a value, and its buffers in order.

    Buffers of arrays in C order are views of the arrays: nothing is copied, and nothing may change before it is sent.

    Args:
        value: What is to cross.
        limits: What the other side takes.
        convert: Asked for each part that is no data; returns data in its place (no container) or raises TypeError.

    Raises:
        NotData: A part is no data or above a limit; a ``TypeError``.
    """
    encoder = Encoder(limits, convert)
    tree = encoder.value(value)
    return tree, encoder.buffers


class Encoder:
    """
    Encodes the values of one frame, which share their limits and their body.

    Attributes:
        buffers: The buffers so far.
        items: The elements of the tree so far.
    """

    def __init__(self, limits: ProtocolLimits = DEFAULT_LIMITS, convert: Convert | None = None) -> None:
        self.limits = limits
        self.buffers: list[memoryview] = []
        self.items = 0
        self._convert = convert
        self._text_bytes = 0
        self._body_bytes = 0

    def value(self, value: object, level: int = 0) -> Any:
        """
        Return the tree of a value that lies in ``level`` containers.

        Raises:
            NotData: As `encode_value` does.
        """
        self.spend(1)
        kind = type(value)
        encode = _EXACT.get(kind)
        if encode is not None:
            return encode(self, value, level)
        plain = _to_base(value, kind)
        if plain is None and self._convert is not None:
            try:
                plain = self._convert(value)
            except NotData:
                raise
            except TypeError as error:
                raise NotData(str(error)) from error
        encode = _EXACT.get(type(plain))
        if encode is None or plain is None:
            raise NotData(f"a {type_name(kind)} is not data")
        return encode(self, plain, level)

    def spend(self, items: int) -> None:
        """
        Count elements of the tree.

        Raises:
            NotData: There are too many.
        """
        self.items += items
        if self.items > self.limits.items:
            raise NotData(f"more than {self.limits.items} numbers, texts and containers; send an array instead")

    def _same(self, value: Any, _level: int) -> Any:
        return value

    def _int(self, value: int, _level: int) -> Any:
        if -(1 << 63) <= value < 1 << 64:
            return value
        bits = value.bit_length()
        if bits > self.limits.int_bits:
            raise NotData(f"an integer of {bits} bits; at most {self.limits.int_bits} can be sent")
        self.spend(2)
        return [tags.INT, value.to_bytes(bits // 8 + 1, "little", signed=True)]

    def _str(self, value: str, _level: int) -> str:
        self._spend_text(len(value))
        if len(value) > self.limits.text_chars:
            raise NotData(f"a text of {len(value)} characters; at most {self.limits.text_chars} can be sent")
        return _clean(value)

    def _bytes(self, value: bytes, _level: int) -> Any:
        if len(value) <= self.limits.inline_bytes:
            self._spend_text(len(value))
            return value
        self.spend(2)
        self._reserve(len(value))
        self.buffers.append(memoryview(value))
        return [tags.BYTES, len(value)]

    def _complex(self, value: complex, _level: int) -> list[Any]:
        self.spend(3)
        return [tags.COMPLEX, value.real, value.imag]

    def _ellipsis(self, _value: EllipsisType, _level: int) -> list[Any]:
        self.spend(1)
        return [tags.ELLIPSIS]

    def _slice(self, value: slice, level: int) -> list[Any]:
        parts = [value.start, value.stop, value.step]
        self.spend(1)
        for part in parts:
            kind = type(part)
            if part is not None and kind is not int and not (kind in _SCALAR_TYPES and np.dtype(kind).kind in "iu"):
                raise NotData(f"a slice with a {type_name(kind)}; only integers and None can be sent")
        return [tags.SLICE, *(self.value(part, level + 1) for part in parts)]

    def _handle(self, value: HandleRef, _level: int) -> list[Any]:
        fits = type(value.id) is int and 0 <= value.id < 1 << 63 and value.kind in HANDLE_KINDS
        length = value.length
        if not fits or not (length is None or (type(length) is int and 0 <= length < 1 << 63)):
            raise NotData(f"a handle that is none: {clip(repr(value))}")
        if type(value.type_name) is not str:
            raise NotData("a handle whose type name is no text")
        self.spend(5)
        return [tags.HANDLE, value.id, value.kind, self._str(value.type_name[: self.limits.name_chars], 0), length]

    def _list(self, value: list[Any], level: int) -> list[Any]:
        return self._items(tags.LIST, value, level)

    def _tuple(self, value: tuple[Any, ...], level: int) -> list[Any]:
        return self._items(tags.TUPLE, value, level)

    def _items(self, tag: int, items: list[Any] | tuple[Any, ...], level: int) -> list[Any]:
        """Return a list or tuple; an error within an item gets the item's place."""
        self._enter(level, len(items))
        tree: list[Any] = [tag]
        try:
            for item in items:
                tree.append(self.value(item, level + 1))  # noqa: PERF401 - its length names the place of an error
        except NotData as error:
            raise NotData(error.reason, f"[{len(tree) - 1}]{error.path}") from None
        return tree

    def _dict(self, value: dict[Any, Any], level: int) -> list[Any]:
        """Return a dictionary; an error within a value gets its key."""
        self._enter(level, 2 * len(value))
        tree: list[Any] = [tags.DICT]
        keys = [_to_key(key) for key in value]
        if crowded(keys, self.limits) or len(set(keys)) != len(keys):
            raise NotData("a dictionary with keys that cannot be told apart as plain texts and numbers")
        for key, item in zip(keys, value.values(), strict=True):
            try:
                tree += (self.value(key, level + 1), self.value(item, level + 1))
            except NotData as error:
                raise NotData(error.reason, f"[{clip(repr(key))[1:-1]}]{error.path}") from None
        return tree

    def _scalar(self, value: Any, _level: int) -> list[Any]:
        name = dtype_name(value.dtype)
        self.spend(3)
        return [tags.SCALAR, name, np.asarray(value, ARRAY_DTYPES[name]).tobytes()]

    def _array(self, value: np.ndarray[Any, Any], _level: int) -> list[Any]:
        name = dtype_name(value.dtype)
        shape = self._shape(value.shape, value.dtype.itemsize)
        self._reserve(value.nbytes)
        flat = np.ascontiguousarray(value, ARRAY_DTYPES[name]).reshape(-1).view(np.uint8)
        if name == "bool":
            _check_booleans(flat)
        self.buffers.append(flat.data)
        return [tags.ARRAY, name, shape]

    def _tensor(self, value: TensorData, _level: int) -> list[Any]:
        data, itemsize = value.data, TENSOR_ITEMSIZES.get(value.dtype)
        if itemsize is None:
            raise NotData(f"a tensor of dtype {clip(value.dtype)}; this cannot be sent")
        shape = self._shape(value.shape, itemsize)
        whole = type(data) is np.ndarray and data.dtype == np.uint8 and data.ndim == 1 and data.flags.c_contiguous
        if not whole or data.size != count_bytes(tuple(shape), itemsize, self.limits):
            raise NotData(f"a tensor whose data is not the bytes of {value.dtype} {value.shape}")
        if value.dtype == "bool":
            _check_booleans(data)
        self._reserve(data.size)
        self.buffers.append(data.data)
        return [tags.TENSOR, value.dtype, shape]

    def _shape(self, shape: tuple[int, ...], itemsize: int) -> list[int]:
        if type(shape) is not tuple or count_bytes(shape, itemsize, self.limits) is None:
            raise NotData(f"an array of shape {clip(repr(shape))}; at most {self.limits.body_bytes} bytes can be sent")
        self.spend(3 + len(shape))
        return list(shape)

    def _reserve(self, size: int) -> None:
        """Count a buffer before it is made."""
        self._body_bytes += size
        if self._body_bytes > self.limits.body_bytes:
            raise NotData(f"arrays of more than {self.limits.body_bytes} bytes in all")
        if len(self.buffers) == self.limits.buffers:
            raise NotData(f"more than {self.limits.buffers} arrays; stack them into one")

    def _spend_text(self, length: int) -> None:
        self._text_bytes += length
        if self._text_bytes > self.limits.header_bytes:
            raise NotData(f"text of more than {self.limits.header_bytes} bytes in all")

    def _enter(self, level: int, length: int) -> None:
        """Refuse a container that is too deep (or holds itself) or too long, before its items are looked at."""
        if level >= self.limits.depth:
            raise NotData(f"containers more than {self.limits.depth} deep")
        if self.items + length > self.limits.items:
            self.spend(length)
        self.spend(1)


def dtype_name(dtype: np.dtype[Any]) -> str:
    """
    Return the name under which an element type crosses.

    Raises:
        NotData: It does not.
    """
    name = _DTYPE_NAMES.get((dtype.kind, dtype.itemsize))
    if name is None:
        raise NotData(f"an array of dtype {clip(str(dtype))}; only booleans and numbers of up to 128 bits can be sent")
    return name


def type_name(kind: type) -> str:
    """Return the name of a type without asking the type (a metaclass may answer in its place)."""
    name: str = type.__dict__["__name__"].__get__(kind)
    return name if len(name) <= 100 else name[:100] + "…"


def _to_base(value: Any, kind: type) -> object:
    """Return the plain value of a class derived from a data type, by that type's own methods, or None."""
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, bytes):
        return bytes.__getitem__(value, slice(None))
    if issubclass(kind, tuple):
        return tuple(tuple.__iter__(value))
    if issubclass(kind, list):
        return list(list.__iter__(value))
    if issubclass(kind, OrderedDict):  # its order is not the one of the dictionary below it
        return {key: dict.__getitem__(value, key) for key in OrderedDict.__iter__(value)}
    if issubclass(kind, dict):
        return dict(dict.items(value))
    if issubclass(kind, int):
        return int.__index__(value)
    if issubclass(kind, float):
        return float.__float__(value)
    if kind in _ARRAY_TYPES:
        return np.ndarray.view(value, np.ndarray)
    return None


def _clean(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, and pairs of them joined."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _to_key(key: Any) -> Hashable:
    """
    Return a key as it will be on the other side.

    Raises:
        NotData: It cannot be one.
    """
    kind = type(key)
    plain: Any = key if kind in _EXACT else _to_base(key, kind)
    plain_kind = type(plain)
    if plain_kind is str:
        return _clean(plain)
    if plain_kind is tuple:
        return tuple(_to_key(part) for part in plain)
    if plain_kind in _SCALAR_TYPES or (plain_kind in _KEY_TYPES and (plain is not None or key is None)):
        return cast("Hashable", plain)
    raise NotData(f"a dictionary key that is a {type_name(kind)}; only numbers, texts and tuples of them can be sent")


def _check_booleans(data: Bytes) -> None:
    """Refuse what the other side would refuse: booleans made of other bytes than 0 and 1."""
    if data.size and int(data.max()) > 1:
        raise NotData("booleans whose bytes are neither 0 nor 1")


_KEY_TYPES: frozenset[type] = frozenset({bool, bytes, complex, float, int, str, type(None)})
_SCALAR_TYPES: frozenset[type] = frozenset(
    kind for code in "?bBhHiIlLqQefdFD" if dtype_name(np.dtype(code)) for kind in (np.dtype(code).type,)
)

_Encode: TypeAlias = Callable[[Encoder, Any, int], Any]
_EXACT: dict[type, _Encode] = {
    type(None): Encoder._same,
    bool: Encoder._same,
    float: Encoder._same,
    int: Encoder._int,
    str: Encoder._str,
    bytes: Encoder._bytes,
    complex: Encoder._complex,
    EllipsisType: Encoder._ellipsis,
    slice: Encoder._slice,
    list: Encoder._list,
    tuple: Encoder._tuple,
    dict: Encoder._dict,
    np.ndarray: Encoder._array,
    TensorData: Encoder._tensor,
    HandleRef: Encoder._handle,
    **dict.fromkeys(_SCALAR_TYPES, Encoder._scalar),
}

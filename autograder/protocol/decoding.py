"""
From trees to values. What comes here was written by the peer: it is believed where it is what an encoder writes, and
`ProtocolError` says so where it is not.

Arrays are views of the frame's body, in the order in which the tree mentions them; nothing is copied. The bytes of a
boolean must be 0 or 1: NumPy and torch count a 255 as 255.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autograder.protocol import tags
from autograder.protocol.body import BodyReader
from autograder.protocol.kinds import (
    ARRAY_DTYPES,
    HANDLE_KINDS,
    TENSOR_ITEMSIZES,
    Bytes,
    HandleRef,
    TensorData,
    clip,
    count_bytes,
    crowded,
    refuse,
)
from autograder.protocol.limits import DEFAULT_LIMITS, ProtocolLimits

__all__ = ["Decoder", "decode_value"]

_PLAIN: frozenset[type] = frozenset({bool, float, int, type(None)})


def decode_value(tree: object, body: Bytes, limits: ProtocolLimits = DEFAULT_LIMITS) -> Any:
    """
    Return the value of a tree.

    Args:
        tree: What `encode_value` returned, or what `unpack_header` made of hostile bytes.
        body: The buffers as they lie in a frame, ``uint8`` of shape ``(bytes,)``; arrays are views of it.
        limits: What may come.

    Raises:
        ProtocolError: The tree is none, or does not use the body up.
    """
    decoder = Decoder(body, limits)
    value = decoder.value(tree)
    decoder.finish()
    return value


class Decoder:
    """
    Decodes the values of one frame, which share its body.

    Args:
        body: ``uint8`` of shape ``(bytes,)``.
        limits: What may come.
    """

    def __init__(self, body: Bytes, limits: ProtocolLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._body = BodyReader(body, limits)

    def value(self, tree: Any, level: int = 0) -> Any:
        """
        Return the value of a tree that lies in ``level`` containers.

        Raises:
            ProtocolError: The tree is none.
        """
        kind = type(tree)
        if kind in _PLAIN:
            return tree
        if kind is str:
            return self._text(tree)
        if kind is bytes:
            return tree
        if kind is not list or not tree or type(tree[0]) is not int:
            raise refuse("a list without a tag")
        decode = _BY_TAG.get(tree[0])
        if decode is None:
            raise refuse(f"the tag {tree[0]}")
        return decode(self, tree, level)

    def finish(self) -> None:
        """
        Say that the last value was decoded.

        Raises:
            ProtocolError: The body has bytes that no value used.
        """
        self._body.finish()

    def _text(self, text: str) -> str:
        if len(text) > self._limits.text_chars:
            raise refuse(f"a text of {len(text)} characters")
        return text

    def _list(self, tree: list[Any], level: int) -> list[Any]:
        self._enter(level)
        inner = level + 1
        return [self.value(tree[at], inner) for at in range(1, len(tree))]

    def _tuple(self, tree: list[Any], level: int) -> tuple[Any, ...]:
        return tuple(self._list(tree, level))

    def _dict(self, tree: list[Any], level: int) -> dict[Any, Any]:
        self._enter(level)
        if len(tree) % 2 == 0:
            raise refuse("a key without a value")
        items = [self.value(tree[at], level + 1) for at in range(1, len(tree))]
        keys = items[::2]
        for key in keys:
            _check_key(key)
        if crowded(keys, self._limits):
            raise refuse("too many keys with the same hash")
        value = dict(zip(keys, items[1::2], strict=True))
        if len(value) != len(keys):
            raise refuse("a key that comes twice")
        return value

    def _slice(self, tree: list[Any], level: int) -> slice:
        _expect(tree, 4)
        parts = [self.value(part, level + 1) for part in tree[1:]]
        for part in parts:
            if part is not None and type(part) is not int and not isinstance(part, np.integer):
                raise refuse("a slice of what are no integers")
        return slice(*parts)

    def _ellipsis(self, tree: list[Any], _level: int) -> object:
        _expect(tree, 1)
        return ...

    def _int(self, tree: list[Any], _level: int) -> int:
        _expect(tree, 2)
        raw = tree[1]
        if type(raw) is not bytes or len(raw) > self._limits.int_bits // 8 + 1:
            raise refuse("an integer that is none or is too long")
        number = int.from_bytes(raw, "little", signed=True)
        if number.bit_length() > self._limits.int_bits:
            raise refuse(f"an integer of more than {self._limits.int_bits} bits")
        return number

    def _complex(self, tree: list[Any], _level: int) -> complex:
        _expect(tree, 3)
        if type(tree[1]) is not float or type(tree[2]) is not float:
            raise refuse("a complex number of what are no floats")
        return complex(tree[1], tree[2])

    def _scalar(self, tree: list[Any], _level: int) -> Any:
        _expect(tree, 3)
        dtype = ARRAY_DTYPES.get(_name(tree[1]))
        raw = tree[2]
        if dtype is None or type(raw) is not bytes or len(raw) != dtype.itemsize:
            raise refuse("a NumPy scalar that is none")
        if dtype.kind == "b" and raw not in {b"\0", b"\1"}:
            raise refuse("a boolean that is neither")
        return np.frombuffer(raw, dtype)[0]

    def _bytes(self, tree: list[Any], _level: int) -> bytes:
        _expect(tree, 2)
        size = tree[1]
        if type(size) is not int or not 0 <= size <= self._limits.body_bytes:
            raise refuse("bytes of no length")
        return self._body.take(size).tobytes()

    def _array(self, tree: list[Any], _level: int) -> np.ndarray[Any, Any]:
        _expect(tree, 3)
        dtype = ARRAY_DTYPES.get(_name(tree[1]))
        if dtype is None:
            raise refuse(f"an array of dtype {clip(repr(tree[1]))}")
        shape, data = self._shaped(tree[2], dtype.itemsize)
        if dtype.kind == "b":
            _check_booleans(data)
        array: np.ndarray[Any, Any] = data.view(dtype).reshape(shape)
        return array

    def _tensor(self, tree: list[Any], _level: int) -> TensorData:
        _expect(tree, 3)
        name = _name(tree[1])
        itemsize = TENSOR_ITEMSIZES.get(name)
        if itemsize is None:
            raise refuse(f"a tensor of dtype {clip(repr(tree[1]))}")
        shape, data = self._shaped(tree[2], itemsize)
        if name == "bool":
            _check_booleans(data)
        return TensorData(name, shape, data)

    def _handle(self, tree: list[Any], _level: int) -> HandleRef:
        _expect(tree, 5)
        _, number, kind, type_name, length = tree
        if not _is_count(number) or not (length is None or _is_count(length)):
            raise refuse("a handle without a number or with no length")
        if type(kind) is not str or kind not in HANDLE_KINDS:
            raise refuse(f"a handle of kind {clip(repr(kind))}")
        if type(type_name) is not str or len(type_name) > self._limits.name_chars:
            raise refuse("a handle whose type has no name")
        return HandleRef(number, kind, type_name, length)

    def _shaped(self, axes: object, itemsize: int) -> tuple[tuple[int, ...], Bytes]:
        """Return a shape, believed, and the buffer that it asks for."""
        if type(axes) is not list:
            raise refuse("a shape that is no list")
        shape = tuple(axes)
        size = count_bytes(shape, itemsize, self._limits)
        if size is None:
            raise refuse(f"an array of shape {clip(repr(axes[:8]))}")
        return shape, self._body.take(size)

    def _enter(self, level: int) -> None:
        if level >= self._limits.depth:
            raise refuse(f"containers more than {self._limits.depth} deep")


def _expect(tree: list[Any], length: int) -> None:
    """Refuse a list that has not the length that its tag says."""
    if len(tree) != length:
        raise refuse(f"{len(tree)} elements after the tag {tree[0]} and with it, not {length}")


def _name(name: object) -> str:
    """Return a name of a dtype; what is no text is no key of any table either."""
    return name if type(name) is str else ""


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number < 1 << 63


def _check_booleans(data: Bytes) -> None:
    if data.size and int(data.max()) > 1:
        raise refuse("a boolean that is neither")


def _check_key(key: object) -> None:
    """Refuse a key that is not hashable, or is nothing that an encoder sends as a key."""
    if type(key) is tuple:
        for part in key:
            _check_key(part)
    elif not (key is None or isinstance(key, (bool, int, float, complex, str, bytes, np.generic))):
        raise refuse(f"a {type(key).__name__} as a key")


_Decode: TypeAlias = Callable[[Decoder, list[Any], int], Any]
_BY_TAG: dict[int, _Decode] = {
    tags.LIST: Decoder._list,
    tags.TUPLE: Decoder._tuple,
    tags.DICT: Decoder._dict,
    tags.SLICE: Decoder._slice,
    tags.ELLIPSIS: Decoder._ellipsis,
    tags.INT: Decoder._int,
    tags.COMPLEX: Decoder._complex,
    tags.SCALAR: Decoder._scalar,
    tags.BYTES: Decoder._bytes,
    tags.ARRAY: Decoder._array,
    tags.TENSOR: Decoder._tensor,
    tags.HANDLE: Decoder._handle,
}

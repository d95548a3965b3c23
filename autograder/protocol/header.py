"""
A header as bytes: msgpack without maps and without extensions, measured before it is unpacked.

A few bytes of msgpack can ask for a great deal: ``dd ff ff ff ff`` announces a list of four billion, and a megabyte of
``90`` is a million lists. So ``measure`` walks the bytes first, building nothing, skipping text in one step, and gives
up at the limit; what it lets pass holds only the types below, is whole, and has nothing behind it. The unpacker's own
limits stay on as the second lock.

    nil  false  true  int (all widths)  float64  str  bin  array
"""

from __future__ import annotations

from typing import Any

import msgpack  # type: ignore[import-untyped,unused-ignore]

from autograder.protocol.kinds import NotData, refuse
from autograder.protocol.limits import ProtocolLimits

__all__ = ["measure", "pack_header", "unpack_header"]


def _fixed_sizes() -> list[int]:
    """Return, for each first byte, the bytes that the element takes if that is all there is to know, else 0."""
    sizes = [0] * 256
    for first in (*range(0x80), *range(0xE0, 0x100), 0xC0, 0xC2, 0xC3):
        sizes[first] = 1
    for first in range(0xA0, 0xC0):
        sizes[first] = 1 + (first & 0x1F)
    sizes[0xCB] = 9
    for power in range(4):
        sizes[0xCC + power] = sizes[0xD0 + power] = 1 + (1 << power)
    return sizes


_FIXED = _fixed_sizes()
_LENGTH_WIDTH = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_FIXARRAY = 0x90
_ARRAY_WIDTH = {0xDC: 2, 0xDD: 4}


def measure(header: bytes | bytearray | memoryview, limits: ProtocolLimits) -> int:
    """
    Return how many elements the header has, having built none of them.

    Raises:
        ProtocolError: It is cut, has bytes behind its end, holds a type that is not used here, or is above a limit.
    """
    end, at, seen = len(header), 0, 0
    pending: list[int] = [1]  # elements still to come, per open array
    while pending:
        if not pending[-1]:
            pending.pop()
            continue
        pending[-1] -= 1
        seen += 1
        if at >= end:
            raise refuse("a header is cut")
        if seen > limits.items:
            raise refuse(f"a header of more than {limits.items} elements")
        first = header[at]
        size = _FIXED[first]
        if size:
            at += size
            continue
        at, count = _open(header, at, first)
        if count >= 0:
            if count > limits.items or len(pending) > limits.wire_depth:
                raise refuse(f"a list of {count} elements, {len(pending)} deep")
            pending.append(count)
    if at != end:
        raise refuse(f"a header of {end} bytes whose elements end at {at}")
    return seen


def _open(header: bytes | bytearray | memoryview, at: int, first: int) -> tuple[int, int]:
    """Return where the element goes on, and its number of elements if it is an array, else -1."""
    if first & 0xF0 == _FIXARRAY:
        return at + 1, first & 0x0F
    width = _LENGTH_WIDTH.get(first)
    if width is not None:
        length = int.from_bytes(header[at + 1 : at + 1 + width], "big")
        return at + 1 + width + length, -1
    width = _ARRAY_WIDTH.get(first)
    if width is None:
        raise refuse(f"a header with the type byte 0x{first:02x}")
    return at + 1 + width, int.from_bytes(header[at + 1 : at + 1 + width], "big")


def pack_header(tree: list[Any], limits: ProtocolLimits) -> bytes:
    """
    Return the tree as bytes.

    Raises:
        NotData: It is above a limit.
    """
    header: bytes = msgpack.packb(tree, strict_types=True)
    if len(header) > limits.header_bytes:
        raise NotData(f"text, numbers and names take {len(header)} bytes; at most {limits.header_bytes} can be sent")
    return header


def unpack_header(header: bytes | bytearray | memoryview, limits: ProtocolLimits) -> Any:
    """
    Return the tree: None, bool, int of 64 bits, float, str, bytes and lists of these.

    Raises:
        ProtocolError: The bytes are not one such tree, or are above a limit.
    """
    if len(header) > limits.header_bytes:
        raise refuse(f"a header of {len(header)} bytes; the limit is {limits.header_bytes}")
    measure(header, limits)
    try:
        return msgpack.unpackb(
            header,
            raw=False,
            use_list=True,
            strict_map_key=True,
            max_str_len=limits.header_bytes,
            max_bin_len=limits.header_bytes,
            max_array_len=limits.items,
            max_map_len=0,
            max_ext_len=0,
        )
    except (ValueError, msgpack.UnpackException) as error:
        raise refuse(f"a header that does not unpack ({type(error).__name__})") from error

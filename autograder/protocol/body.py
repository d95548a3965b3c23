"""
A body: the buffers of a frame one after the other, in the order in which the header mentions them.

    | buffer 0 | pad | buffer 1 | pad | … | last buffer |      each begins at a multiple of 16 bytes; pads are zero

No offset is ever sent. The reader keeps one place and moves it by the bytes that each dtype and shape imply, so that
two buffers cannot overlap, none can lie outside, and each byte belongs to one buffer or is a pad: there is nothing to
check but the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.protocol.kinds import Bytes, refuse
from autograder.protocol.limits import ProtocolLimits

__all__ = ["ALIGNMENT", "BodyReader", "body_length", "lay_out"]

# The alignment that malloc gives, enough for complex128 and for SSE loads.
ALIGNMENT = 16
_PADS = [bytes(size) for size in range(ALIGNMENT)]


def _pad(at: int) -> int:
    """Return the bytes from ``at`` to the next place where a buffer may begin."""
    return -at % ALIGNMENT


def body_length(buffers: Sequence[memoryview]) -> int:
    """Return the bytes of the body that holds these buffers."""
    at = 0
    for buffer in buffers:
        if buffer.nbytes:
            at += _pad(at) + buffer.nbytes
    return at


def lay_out(buffers: Sequence[memoryview]) -> list[bytes | memoryview]:
    """Return the buffers with the pads between them; the buffers are not copied."""
    pieces: list[bytes | memoryview] = []
    at = 0
    for buffer in buffers:
        if not buffer.nbytes:
            continue
        if pad := _pad(at):
            pieces.append(_PADS[pad])
        pieces.append(buffer)
        at += pad + buffer.nbytes
    return pieces


class BodyReader:
    """
    Takes the buffers out of a body, in order and once.

    Args:
        body: ``uint8`` of shape ``(bytes,)``; what is taken are views of it.
        limits: ``buffers`` is used.
    """

    def __init__(self, body: Bytes, limits: ProtocolLimits) -> None:
        self._body = body
        self._size = int(body.size)
        self._left = limits.buffers
        self._at = 0

    def take(self, size: int) -> Bytes:
        """
        Return the next ``size`` bytes as a view.

        Raises:
            ProtocolError: The body ends before, a pad is not zero, or there are too many buffers.
        """
        if not self._left:
            raise refuse("too many buffers in a frame")
        self._left -= 1
        if not size:
            return self._body[:0]
        start = self._at + _pad(self._at)
        if start + size > self._size:
            raise refuse(f"a buffer of {size} bytes at {start} in a body of {self._size}")
        if start != self._at and self._body[self._at : start].any():
            raise refuse("a pad that is not zero")
        self._at = start + size
        return self._body[start : self._at]

    def finish(self) -> None:
        """
        Say that no buffer is to come.

        Raises:
            ProtocolError: Bytes are left over.
        """
        if self._at != self._size:
            raise refuse(f"{self._size - self._at} bytes of a body belong to no buffer")

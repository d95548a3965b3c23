"""
Frames: how messages lie in a stream of bytes.

    | magic 4 | version 1 | zero 3 | header length 4 | body length 8 | call id 16 | header … | body … |

Numbers are little-endian. The header is msgpack, the body raw buffers. The reader does no input of its own: it lends
out the memory into which the next bytes belong, so that a body of 100 MB is received where it stays and is never
copied. It asks for exactly what the frame still lacks, hence never reads into the next frame. Memory for a body comes
untouched from the system: a peer that announces half a gigabyte and sends nothing has cost nothing.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from autograder.errors import ProtocolError
from autograder.protocol.body import body_length, lay_out
from autograder.protocol.kinds import Bytes, NotData, refuse
from autograder.protocol.limits import DEFAULT_LIMITS, ProtocolLimits

__all__ = ["CALL_ID_BYTES", "MAGIC", "PREFIX", "VERSION", "Buffer", "Frame", "FrameReader", "encode_frame", "unsent"]

Buffer: TypeAlias = bytes | memoryview

MAGIC = b"agp\x9f"  # the last byte is no UTF-8: a text that a program prints never looks like a frame
VERSION = 1
CALL_ID_BYTES = 16  # more than anyone guesses, made anew for each call
PREFIX = struct.Struct("<4sB3sIQ16s")

# Buffers below this are copied together: one system call costs as much as copying some 64 KiB. However many there
# are, a frame has at most 2 * _PIECES + 1 pieces, below the 1024 that sendmsg takes (IOV_MAX).
_JOIN_BYTES = 64 * 1024
_PIECES = 256


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """
    One frame as it came, nothing in it believed yet.

    Attributes:
        call_id: 16 bytes that tie a reply to its request.
        header: The msgpack.
        body: ``uint8`` of shape ``(bytes,)``, writable, aligned to 16 bytes, owned by this frame.
    """

    call_id: bytes
    header: bytes
    body: Bytes


def encode_frame(
    call_id: bytes, header: bytes, buffers: Sequence[memoryview], limits: ProtocolLimits = DEFAULT_LIMITS
) -> list[Buffer]:
    """
    Return the pieces of a frame, at most 1024, for ``socket.sendmsg``.

    Buffers of 64 KiB and more are passed on as they are, uncopied: they must not change until they are sent.

    Raises:
        NotData: The frame is above a limit.
    """
    size = body_length(buffers)
    if len(header) > limits.header_bytes:
        raise NotData(f"a header of {len(header)} bytes; at most {limits.header_bytes} can be sent")
    if size > limits.body_bytes:
        raise NotData(f"arrays of {size} bytes; at most {limits.body_bytes} can be sent at once")
    if len(call_id) != CALL_ID_BYTES:
        raise ValueError(f"a call id has {CALL_ID_BYTES} bytes, not {len(call_id)}")
    small = max(_JOIN_BYTES, size // _PIECES)
    pieces: list[Buffer] = []
    run: list[Buffer] = [PREFIX.pack(MAGIC, VERSION, bytes(3), len(header), size, call_id), header]
    for piece in lay_out(buffers):
        if len(piece) < small:
            run.append(piece)
            continue
        if run:
            pieces.append(b"".join(run))
            run = []
        pieces.append(piece)
    if run:
        pieces.append(b"".join(run))
    return pieces


def unsent(pieces: Sequence[Buffer], sent: int) -> list[Buffer]:
    """Return what is left of the pieces after ``sent`` bytes of them went out: ``sendmsg`` may send a part."""
    left: list[Buffer] = []
    for piece in pieces:
        if sent >= len(piece):
            sent -= len(piece)
        else:
            left.append(memoryview(piece)[sent:] if sent else piece)
            sent = 0
    return left


class FrameReader:
    """
    Turns bytes into frames.

    ``want`` lends a buffer, ``got`` says how much of it was filled, ``frames`` hands over what is complete. After an
    error the reader is dead: it raises again whatever it is asked.

    Args:
        limits: ``header_bytes`` and ``body_bytes`` are used.
    """

    def __init__(self, limits: ProtocolLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._prefix = bytearray(PREFIX.size)
        self._complete: list[Frame] = []
        self._dead = False
        self._begin()

    def _begin(self) -> None:
        """Stand before a frame."""
        self._part = 0  # 0 prefix, 1 header, 2 body
        self._at = 0
        self._call_id: bytes | None = None
        self._header = self._body = np.empty(0, np.uint8)
        self._view = memoryview(self._prefix)

    @property
    def call_id(self) -> bytes | None:
        """The call id of the frame that is under way, known as soon as its prefix is there."""
        return self._call_id

    @property
    def midway(self) -> bool:
        """Whether a part of a frame has come, but not all of it."""
        return self._part > 0 or self._at > 0

    def want(self) -> memoryview:
        """
        Return the memory into which the next bytes belong; it is never empty.

        Raises:
            ProtocolError: The reader is dead.
        """
        self._alive()
        return self._view[self._at :]

    def got(self, count: int) -> None:
        """
        Take the first ``count`` bytes of the last ``want`` as received.

        Raises:
            ProtocolError: They are no frame, or announce one above a limit.
            ValueError: More than was lent out.
        """
        self._alive()
        if not 0 <= count <= len(self._view) - self._at:
            raise ValueError(f"{count} bytes into a buffer of {len(self._view) - self._at}")
        self._at += count
        try:
            while self._at == len(self._view):
                self._next_part()
        except ProtocolError:
            self._dead = True
            self._begin()
            raise

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """
        Copy bytes in, for who has them already.

        Raises:
            ProtocolError: As ``got`` does.
        """
        rest = memoryview(data).cast("B")
        while len(rest):
            view = self.want()
            count = min(len(view), len(rest))
            view[:count] = rest[:count]
            self.got(count)
            rest = rest[count:]

    def frames(self) -> list[Frame]:
        """Return the frames that are complete, each once."""
        complete, self._complete = self._complete, []
        return complete

    def end(self) -> None:
        """
        Say that no more bytes will come.

        Raises:
            ProtocolError: A frame is cut.
        """
        self._alive()
        midway, self._dead = self.midway, True
        self._begin()
        if midway:
            raise refuse("the stream ends within a frame")

    def _alive(self) -> None:
        if self._dead:
            raise refuse("a stream that is closed or was refused before")

    def _next_part(self) -> None:
        """Go from a part that is complete to the next; an empty part is complete at once."""
        self._at = 0
        if self._part == 0:
            self._open_frame()
            self._part, self._view = 1, self._header.data
        elif self._part == 1:
            self._part, self._view = 2, self._body.data
        else:
            call_id = self._call_id or b""
            self._complete.append(Frame(call_id, self._header.tobytes(), self._body))
            self._begin()

    def _open_frame(self) -> None:
        """Believe the prefix or refuse it, and get the memory that it asks for."""
        magic, version, zero, header_bytes, body_bytes, call_id = PREFIX.unpack(self._prefix)
        if magic != MAGIC or version != VERSION or zero != bytes(3):
            raise refuse("bytes that begin no frame")
        if not 0 < header_bytes <= self._limits.header_bytes:
            raise refuse(f"a header of {header_bytes} bytes; the limit is {self._limits.header_bytes}")
        if body_bytes > self._limits.body_bytes:
            raise refuse(f"a body of {body_bytes} bytes; the limit is {self._limits.body_bytes}")
        self._call_id = call_id
        try:
            self._header = np.empty(header_bytes, np.uint8)
            self._body = np.empty(body_bytes, np.uint8)
        except MemoryError as error:
            raise refuse(f"no memory for a body of {body_bytes} bytes") from error

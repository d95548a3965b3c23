"""
Reading hostile bytes in bounded time and memory.

``Clock`` is the deadline of one intake. ``Guard`` is a file for the standard library's parsers that refuses to hand
out more than a limit at a time, so that an announced size of some header allocates nothing, and that looks at the clock
at every read, so that no loop in a parser outlasts the deadline. ``inflate`` decompresses into a nameless file and
counts what comes out. ``damage`` turns whatever a parser raises on such bytes into an ``IntakeError``.
"""

from __future__ import annotations

import bz2
import contextlib
import io
import lzma
import struct
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Protocol

from autograder.errors import IntakeError, OurFault
from autograder.submission.limits import IntakeLimits

__all__ = ["CHUNK_BYTES", "Clock", "Guard", "bounded", "damage", "inflate", "writing"]

CHUNK_BYTES = 64 * 1024  # what is read at a time: large enough for speed, too small to matter for memory

# What zipfile, tarfile and the decompressors have been seen to raise on bytes that are cut or changed. RuntimeError
# holds RecursionError (a chain of extended tar headers) and NotImplementedError; ValueError holds UnicodeError.
_RAISED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Clock:
    """The deadline of one intake."""

    def __init__(self, limits: IntakeLimits) -> None:
        self._limit_s = limits.deadline_s
        self._end = time.monotonic() + limits.deadline_s

    def check(self) -> None:
        """Raise ``IntakeError`` once the time is up."""
        if time.monotonic() > self._end:
            msg = f"The hand-in takes more than {self._limit_s:g} seconds to unpack. Hand in your code without data."
            raise IntakeError(msg)


class Guard(io.RawIOBase):
    """
    A seekable file that reads at most ``most`` bytes at a time, by the clock.

    Args:
        file: What is read; it is not closed with the guard.
        most: Largest read, in bytes.
        clock: The deadline.
    """

    def __init__(self, file: BinaryIO, most: int, clock: Clock) -> None:
        super().__init__()
        self._file = file
        self._most = most
        self._clock = clock

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Return up to ``size`` bytes, or the rest; more than the guard allows is an ``IntakeError``."""
        self._clock.check()
        most = self._most
        if size is None or size < 0:
            data = self._file.read(most + 1)
            size = len(data)
        else:
            data = self._file.read(min(size, most))
        if size > most:
            student = "The archive is damaged: one of its headers is too large."
            raise IntakeError(student, f"{student} ({size} bytes; the limit is {most})")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, as files do."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()


class _Decompressor(Protocol):
    """What the three decompressors have in common once zlib's is adapted."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the interface of the other two."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # 16: with a gzip header

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def inflate(file: BinaryIO, kind: str, limits: IntakeLimits, clock: Clock) -> BinaryIO:
    """
    Return a nameless file with what ``file`` holds decompressed, at its start.

    Args:
        file: Read from its position on.
        kind: ``gzip``, ``bzip2`` or ``xz``.
        limits: ``unpacked_bytes`` and ``memory_bytes`` are used.
        clock: The deadline.

    Raises:
        IntakeError: More comes out than the limits allow, or the data are damaged or cut.
    """
    makers: dict[str, Callable[[], _Decompressor]] = {
        "gzip": _Gzip,
        "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=limits.memory_bytes),
    }
    out = tempfile.TemporaryFile()  # noqa: SIM115 -- handed to the caller, who closes it
    try:
        with damage():
            for piece in bounded(_pieces(file, makers[kind], clock), limits.unpacked_bytes, clock):
                with writing():
                    out.write(piece)
        with writing():
            out.seek(0)
    except BaseException:
        out.close()
        raise
    return out


def _pieces(file: BinaryIO, make: Callable[[], _Decompressor], clock: Clock) -> Iterator[bytes]:
    """Yield what the streams in ``file`` decompress to, in pieces of at most ``CHUNK_BYTES``."""
    rest = b""
    while rest := (rest or file.read(CHUNK_BYTES)).lstrip(b"\0") or _next_data(file, clock):
        stream, data = make(), rest
        while not stream.eof:
            clock.check()
            if not data and stream.needs_input:
                data = file.read(CHUNK_BYTES)
                if not data:
                    msg = "the compressed data end early"
                    raise EOFError(msg)
            yield stream.decompress(data, CHUNK_BYTES)
            data = b""
        rest = stream.unused_data


def bounded(pieces: Iterable[bytes], most: int, clock: Clock) -> Iterator[bytes]:
    """Yield the pieces by the clock, and refuse more than ``most`` bytes."""
    room = most
    for piece in pieces:
        clock.check()
        room -= len(piece)
        if room < 0:
            student = "The hand-in unpacks to more than is allowed. Hand in your code without data."
            raise IntakeError(student, f"{student} ({most} bytes)")
        yield piece


def _next_data(file: BinaryIO, clock: Clock) -> bytes:
    """Return the next bytes that are no padding; none at the end of the file."""
    while data := file.read(CHUNK_BYTES):
        clock.check()
        if stripped := data.lstrip(b"\0"):
            return stripped
    return b""


@contextlib.contextmanager
def damage(name: str = "") -> Iterator[None]:
    """Turn whatever a parser raises on hostile bytes into an ``IntakeError`` (``name`` is shown, and safe to show)."""
    try:
        yield
    except _RAISED as error:
        where = f" at {name}" if name else ""
        student = (
            f"The archive is damaged{where}. Make it again, open it on your own machine, and hand it in once more."
        )
        raise IntakeError(student, f"{student} ({type(error).__name__}: {error})") from error


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """A full disk is no fault of the submission: turn it into ``OurFault``."""
    try:
        yield
    except OSError as error:
        msg = f"cannot write the unpacked hand-in: {error}"
        raise OurFault(msg) from error

"""
What student code prints: line by line into the pipe that the grader drains, up to a limit, and never an error.

Nothing is kept here. A pipe that is broken or full of errors is not the student's fault, so a write that fails is
dropped. Beyond the limit the rest of a test's output is dropped too, with one line that says so: printing much is no
mistake.
"""

from __future__ import annotations

import io
import sys
from os import write as _write
from typing import Any

__all__ = ["flush", "install", "reset"]

_LIMIT_BYTES = 1 << 20
_LEFT_OUT = b"\n[further output is left out]\n"


class _Pipe(io.RawIOBase):
    """Standard output or standard error as a raw stream that swallows what cannot be written."""

    left = _LIMIT_BYTES

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Write as much as the limit allows and take all of it."""
        whole = memoryview(data).cast("B")
        rest, ended = whole[: max(self.left, 0)], len(whole) > self.left >= 0
        self.left = -1 if ended else self.left - len(rest)
        try:
            while len(rest):
                rest = rest[_write(self._number, rest) :]
            if ended:
                _write(self._number, _LEFT_OUT)
        except OSError:
            pass
        return len(whole)


_pipes = (_Pipe(1), _Pipe(2))


def install() -> None:
    """Make standard output and error what this module describes."""
    flush()
    buffers: list[Any] = [io.BufferedWriter(pipe) for pipe in _pipes]
    out, err = (io.TextIOWrapper(each, "utf-8", "backslashreplace", line_buffering=True) for each in buffers)
    sys.stdout = sys.__stdout__ = out  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = err  # type: ignore[misc]


def reset() -> None:
    """Begin to count anew."""
    for pipe in _pipes:
        pipe.left = _LIMIT_BYTES


def flush() -> None:
    """Send what is printed on its way; the streams may be the student's own by now."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: BLE001, S112 - whatever a replaced stream does
            continue

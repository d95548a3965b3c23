"""
Files that are whole or not there, and the journal that survives whatever ends the run.

``write_atomic`` writes beside the target and renames: a reader sees the old content or the new, never half of it.

The ``Journal`` has one outcome a line, flushed as it happens. A run that is killed keeps every line but perhaps the
last; reading tolerates a torn last line and nothing else, for any other damage is no accident of ours. Opening a
journal again cuts the torn line off, so that the next one starts on its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder.errors import OurFault
from autograder.grading.records.plain import plain
from autograder.outcomes import TestOutcome

__all__ = ["Journal", "read_journal", "write_atomic", "write_json"]


def write_atomic(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """
    Replace ``path`` by ``content`` in one step; it lasts over a power cut once this returns.

    Raises:
        OSError: It cannot be written; what was there before is still there.
    """
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, content: object, *, mode: int = 0o644) -> None:
    """Write ``content`` as JSON that every parser takes (ASCII, no NaN), atomically."""
    write_atomic(path, _in_lines(plain(content)) + "\n", mode=mode)


def _in_lines(content: object) -> str:
    """
    Return JSON with a line for each entry of the whole, and for each element of its lists.

    With ``indent`` Python encodes five times slower, and a submission waits for it.
    """
    if not isinstance(content, dict):
        return json.dumps(content, allow_nan=False)
    lines = []
    for key, value in content.items():
        if isinstance(value, list) and value:
            text = "[\n  " + ",\n  ".join(json.dumps(each, allow_nan=False) for each in value) + "\n ]"
        else:
            text = json.dumps(value, allow_nan=False)
        lines.append(f" {json.dumps(str(key))}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"


class Journal:
    """
    The outcomes of one submission, appended as they happen. A context manager.

    Args:
        path: The journal; made if it is missing, continued if it is there.
        sync: Wait for the disk after every line. Without it a killed process loses nothing, a power cut may.

    Raises:
        OurFault: What is there is not a journal.
    """

    def __init__(self, path: Path, *, sync: bool = False) -> None:
        self._sync = sync
        whole = _whole_lines(path) if path.exists() else b""
        # For the grader alone: details hold the inputs.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(handle, "ab")
        self._file.truncate(len(whole))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, outcome: TestOutcome) -> None:
        """
        Add one outcome; it survives the process from here on.

        Raises:
            ValueError: Its numbers are not finite.
        """
        line = json.dumps(outcome.to_json() | {"details": plain(dict(outcome.details))}, allow_nan=False)
        self._file.write(line.encode() + b"\n")  # ASCII: no line break can hide in a text
        self._file.flush()
        if self._sync:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_journal(path: Path) -> list[TestOutcome]:
    """
    Return the outcomes of a journal; none if there is no journal. A torn last line is left out.

    Raises:
        OurFault: Another line is not an outcome.
    """
    if not path.exists():
        return []
    outcomes = []
    for number, line in enumerate(_whole_lines(path).splitlines(), 1):
        try:
            outcomes.append(TestOutcome.from_json(json.loads(line)))
        except (ValueError, RecursionError) as error:
            msg = f"{path} line {number}: not an outcome: {error}"
            raise OurFault(msg) from error
    return outcomes


def _whole_lines(path: Path) -> bytes:
    """Return a journal's content up to its last line break."""
    data = path.read_bytes()
    return data[: data.rfind(b"\n") + 1]

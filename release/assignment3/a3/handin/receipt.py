"""
The receipt: what was written, when, and a hash of it.

A student who has it can show later that an upload is what was made then: the hash of the file says so.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .archive import digest
from .assignment import Assignment
from .inspection import Finding

__all__ = ["Moment", "write_receipt"]


class Moment:
    """A point in time, as people and machines write it."""

    def __init__(self, seconds: float | None = None):
        self.seconds = time.time() if seconds is None else seconds
        self._local = time.localtime(self.seconds)

    @property
    def for_people(self) -> str:
        """``22 November 2026, 18:30 (UTC+0100)``: the names of zones differ between systems, their offsets do not."""
        day = f"{self._local.tm_mday} {time.strftime('%B %Y, %H:%M', self._local)}"
        return f"{day} (UTC{time.strftime('%z', self._local)})"

    @property
    def exact(self) -> str:
        """``2026-11-22T18:30:05+0100``."""
        return time.strftime("%Y-%m-%dT%H:%M:%S%z", self._local)


def write_receipt(
    path: Path,
    assignment: Assignment,
    moment: Moment,
    written: Sequence[Path],
    files: Mapping[str, Path],
    findings: Sequence[Finding],
    pages: Mapping[str, str | None],
) -> str:
    """Write the receipt and return its text."""
    lines = [f"Receipt: {assignment.title}", f"Made:    {moment.exact} with Python {platform.python_version()}", ""]
    for each in written:
        lines += [f"{each.name}   {each.stat().st_size:,} bytes", f"  sha256 {digest(each)}"]
    lines += ["", f"Files in {assignment.code_zip}:"]
    lines += [f"  {each.stat().st_size:>10,}  {digest(each)[:16]}  {name}" for name, each in files.items()]
    titles = {each.id: each.label for each in assignment.questions}
    if pages:
        lines += ["", f"Inline questions in {assignment.inline_pdf}:"]
        lines += [f"  page {found or 'missing':<7} {titles.get(name, name)}" for name, found in pages.items()]
    lines += ["", "Open when this was made:" if findings else "Nothing was open when this was made."]
    lines += [f"  - {each}" for each in findings]
    text = "\n".join(lines) + "\n"
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(text, "utf-8")
    partial.replace(path)
    return text

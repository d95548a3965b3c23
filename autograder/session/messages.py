"""
What a student reads when their code gives no answer: the worker's report, or the kernel's word, in sentences.

A student's own exception text and their own line are theirs to see. Nothing else here holds an input, an expected
value or a path of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from autograder.cage import Lap, Limits, explain
from autograder.errors import LimitExceeded, StudentError, SubmissionFault, WorkerDied
from autograder.protocol import CodeFrame, ErrorReport
from autograder.session.hints import hints

__all__ = ["death", "from_report"]

_SHOWN_FRAMES: Final = 6
_SHOWN_CHARS: Final = 2000

_OPENINGS: Final = {
    "raised": "{what} raised {type}: {text}",
    "missing": "{what} was not found: {text}",
    "unsendable": "{what} cannot be judged: {text}",
    "import": "{what} could not be imported, so nothing in it could be graded: {text}",
    "exit": "{what} ended the program with exit({text}): a function must return.",
    "interrupt": "{what} raised {type}.",
    "recursion": "{what} called itself too deeply ({type}).",
    "not_attempted": "{what} has not been written yet: {text}",
    "stand_in": "{what}: {text}",
}

_DISK_FULL: Final = "[Errno 28]"

# The kernel's refusals inside of the cage, which Python reports as an OSError, and the limit that each comes from.
_REFUSALS: Final = {
    "[Errno 27]": "file_mib",
    _DISK_FULL: "file_mib",
    "[Errno 12]": "memory_mib",
    "[Errno 11]": "processes",
    "can't start new thread": "processes",
}


def from_report(
    report: ErrorReport, what: str, limits: Limits, is_out_of_files: Callable[[], bool] = lambda: False
) -> SubmissionFault:
    """
    Return the exception for a worker's ``report`` on the request that ``what`` names.

    Args:
        report: What the worker said.
        what: Names the student's function, mostly.
        limits: What the request may use.
        is_out_of_files: Asked when a disk is full: whether it was files that it had no room for, not bytes.
    """
    if report.kind == "memory":
        return LimitExceeded("memory_mib", f"{what}: {explain('memory_mib', limits)}")
    for mark, limit in _REFUSALS.items():
        if report.type_name in ("OSError", "BlockingIOError", "RuntimeError") and mark in report.text:
            if mark == _DISK_FULL and is_out_of_files():
                limit = "files"  # noqa: PLW2901  # the same refusal has two reasons
            return LimitExceeded(limit, f"{what}: {explain(limit, limits)}{_frames(report.frames)}")
    opening = _OPENINGS.get(report.kind, _OPENINGS["raised"])
    text = opening.format(what=what, type=report.type_name, text=_cut(report.text)).rstrip(": ")
    notes = "".join(f"\n{_cut(note)}" for note in (*report.notes, *hints(report.type_name, report.text)))
    function = report.frames[-1].function if report.frames else None
    return StudentError(report.kind, f"{text}{_frames(report.frames)}{notes}", function=function)


def death(what: str, lap: Lap, limits: Limits) -> SubmissionFault:
    """Return the exception for a process that ended, or was ended, before it answered ``what``."""
    if lap.reached is not None:
        return LimitExceeded(lap.reached, f"{what}: {explain(lap.reached, limits)}")
    how = f" It {lap.ended[-1].how}." if lap.ended else ""
    return WorkerDied(f"{what}: the process that ran your code ended before it answered.{how}")


def _frames(frames: tuple[CodeFrame, ...]) -> str:
    shown = frames[-_SHOWN_FRAMES:]
    lines = [f"\n  {frame.file}, line {frame.line}, in {frame.function}\n    {frame.code}" for frame in shown]
    if len(frames) > len(shown):
        lines.insert(0, f"\n  ({len(frames) - len(shown)} calls left out)")
    return "".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + " …"

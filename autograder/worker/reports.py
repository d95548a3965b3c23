"""
What a student's code raises, as data: kind, text, and the student's own lines.

Everything here reads hostile objects. An exception may lie about its class, raise from ``__str__``, or carry a text
of a gigabyte, and a traceback may be a million frames deep. So types are asked by C slots and not by attributes,
texts are cut, the traceback is walked in a loop, and whatever still goes wrong ends in a report that says only that
much. A report shows frames of the student's modules alone, under the names that the student gave the files. What may
help is the grader's to say.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import CodeType, TracebackType

from autograder.protocol import CodeFrame, ErrorReport
from autograder.worker.compat.stand_ins import StandInUsed

__all__ = ["CallError", "Reporter", "Run", "Source", "type_name"]

Run = tuple[int, str, int, int]
"""From this line of a module on, its text is a notebook's: (line, notebook, cell, line in the cell)."""

_TEXT_CHARS = 4000
_CODE_CHARS = 200
# The outermost frames say what was asked, the innermost where it broke.
_FIRST_FRAMES, _LAST_FRAMES = 3, 9

_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (StandInUsed, "stand_in"),
    (SystemExit, "exit"),
    (KeyboardInterrupt, "interrupt"),
    (RecursionError, "recursion"),
    (MemoryError, "memory"),
)
_class_name = type.__dict__["__name__"].__get__
_traceback_of = BaseException.__dict__["__traceback__"].__get__


class CallError(Exception):
    """A request that cannot be served, with its report: no exception of the student's."""

    def __init__(self, report: ErrorReport) -> None:
        super().__init__(report.text)
        self.report = report

    @classmethod
    def because(cls, kind: str, text: str) -> CallError:
        """Return one of a kind, in words of ours."""
        return cls(ErrorReport(kind, "", text))


@dataclass(frozen=True)
class Source:
    """A module's text under the file name that its code objects carry; `runs` leads to notebook cells."""

    file: str
    text: str
    runs: tuple[Run, ...] = ()

    def frame(self, line: int, function: str = "") -> CodeFrame:
        """Return a line of the module where the student wrote it."""
        lines = self.text.split("\n")
        code = lines[line - 1].strip()[:_CODE_CHARS] if 0 < line <= len(lines) else ""
        file, at = self.file, line
        for start, notebook, cell, first in self.runs:
            if start <= line:
                file, at = f"{notebook} cell {cell}", first + line - start
        return CodeFrame(file, at, function, code)


@dataclass
class Reporter:
    """
    Makes reports.

    Attributes:
        sources: The student's modules by the file name of their code.
        stubs: (module, qualified name) of functions that are not written yet.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    stubs: AbstractSet[tuple[str, str]] = frozenset()

    def report(self, error: BaseException, *, importing: bool = False) -> ErrorReport:
        """Return the report of an exception; never raises, whatever the exception is."""
        try:
            if issubclass(type(error), CallError):  # isinstance would ask the exception what it is
                return error.report  # type: ignore[attr-defined, no-any-return]
            return self._report(error, importing=importing).clipped()
        except MemoryError:
            return ErrorReport("memory", "MemoryError", "there was no memory left")
        except BaseException:  # noqa: BLE001 - the exception itself may raise anything when it is read
            return ErrorReport("raised", type_name(error), "(the error could not be read)")

    def _report(self, error: BaseException, *, importing: bool) -> ErrorReport:
        frames, codes, left_out, innermost_is_students = self._walk(_traceback_of(error))
        text = _clean(_text_of(error))
        kind = next((means for cls, means in _KINDS if issubclass(type(error), cls)), "raised")
        if issubclass(type(error), NotImplementedError) and innermost_is_students:
            kind = "not_attempted"
        if issubclass(type(error), RuntimeError) and "can't allocate memory" in text:  # torch says it so
            kind = "memory"
        if kind == "raised" and importing:
            kind = "import"
        notes = [f"{left_out} calls between these lines are left out."] if left_out else []
        unwritten = {name.rpartition(".")[2] for _, name in self.stubs if not name.endswith("__init__")}
        used = dict.fromkeys(name for code in codes for name in code.co_names if name in unwritten)
        notes += [f"`{name}`, which is used here, is not written yet." for name in list(used)[:3]]
        return ErrorReport(kind, type_name(error), text, tuple(frames), tuple(notes))

    def _walk(self, traceback: TracebackType | None) -> tuple[list[CodeFrame], list[CodeType], int, bool]:
        """Return the student's frames (first and last ones), their codes, how many are left out, whose is last."""
        first: list[tuple[Source, int, CodeType]] = []
        last: deque[tuple[Source, int, CodeType]] = deque(maxlen=_LAST_FRAMES)
        count, students = 0, False
        while traceback is not None:
            code = traceback.tb_frame.f_code
            source = self.sources.get(code.co_filename)
            students = source is not None
            if source is not None:
                count += 1
                (first if count <= _FIRST_FRAMES else last).append((source, traceback.tb_lineno or 0, code))
            traceback = traceback.tb_next
        shown = [*first, *last]
        frames = [source.frame(line, code.co_name) for source, line, code in shown]
        return frames, [code for _, _, code in shown], count - len(shown), students


def type_name(value: object) -> str:
    """Return the name of a value's type, asked of the type object itself."""
    return str(_class_name(type(value)))[:100]


def _text_of(error: BaseException) -> str:
    """Return what an exception says, as an exact ``str``."""
    try:
        return str.__str__(str(error))
    except MemoryError:
        raise
    except BaseException:  # noqa: BLE001 - __str__ is the student's
        return "(the error's own text could not be read)"


def _clean(text: str) -> str:
    """Return a text without folders of this machine, and short enough to read."""
    text = text[: 2 * _TEXT_CHARS]
    try:
        here = os.getcwd()
    except OSError:  # the student's code removed it
        here = ""
    for folder in (here, sys.prefix, sys.base_prefix):
        if len(folder) > 1:
            text = text.replace(folder.rstrip("/") + "/", "").replace(folder, ".")
    return text if len(text) <= _TEXT_CHARS else text[:_TEXT_CHARS] + " …"

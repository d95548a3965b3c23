"""
What a student's code raises, as data: kind, text, the student's own lines, and what may help.

Everything here reads hostile objects. An exception may lie about its class, raise from ``__str__``, or carry a text
of a gigabyte, and a traceback may be a million frames deep. So types are asked by C slots and not by attributes,
texts are cut, the traceback is walked in a loop, and whatever still goes wrong ends in a report that says only that
much. A report shows frames of the student's modules alone, under the names that the student gave the files.
"""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from types import CodeType, TracebackType
from typing import Any

from autograder.protocol import CodeFrame, ErrorReport
from autograder.worker.notebook import Run
from autograder.worker.prepare import place_of

__all__ = ["CallError", "Reporter", "Source", "as_dict", "type_name"]

_TEXT_CHARS = 4000
_CODE_CHARS = 200
# The outermost frames say what was asked, the innermost where it broke.
_FIRST_FRAMES, _LAST_FRAMES = 3, 9

_HINTS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (name, re.compile(pattern), note)
    for name, pattern, note in (
        ("NameError", r"'(xrange|raw_input|unicode|basestring|long|reduce|unichr|file|cmp)'", "`{0}` is Python 2."),
        ("NameError", r"'(np|torch|nn|F|math|random)'", "`{0}` is not imported in this file."),
        ("AttributeError", r"'(iteritems|itervalues|iterkeys|has_key)'", "`{0}` is Python 2."),
        (
            "TypeError",
            r"'float' object cannot be interpreted|slice indices must be",
            "In Python 3 `/` gives a float: use `//`.",
        ),
        ("IndexError", r"only integers, slices", "In Python 3 `/` gives a float: use `//` for an index."),
        (
            "TypeError|AttributeError",
            r"NoneType",
            "Something here is None: a variable never set, or a function without `return`.",
        ),
        ("UnboundLocalError", r"", "The variable is used before it is set on this path."),
        ("AssertionError|RuntimeError", r"CUDA|NVIDIA|cuda", "Grading has no GPU: take the device from an argument."),
        (
            "RuntimeError",
            r"requires grad and does not have a grad_fn",
            "The result does not depend on tensors that need a gradient.",
        ),
        ("EOFError", r"EOF when reading a line", "Nobody is there to answer `input()`."),
        ("FileNotFoundError", r"", "Files of your computer are not there when your code is graded."),
    )
)

_class_name = type.__dict__["__name__"].__get__
_traceback_of = BaseException.__dict__["__traceback__"].__get__


class CallError(Exception):
    """A request that cannot be served, with its report: no exception of the student's."""

    def __init__(self, kind: str, text: str, type_name: str = "") -> None:
        super().__init__(text)
        self.report = ErrorReport(kind, type_name, text)


@dataclass(frozen=True)
class Source:
    """A module's text under the file name that its code objects carry; `runs` leads to notebook cells."""

    name: str
    file: str
    text: str
    runs: tuple[Run, ...] = ()

    def frame(self, line: int, function: str) -> CodeFrame:
        """Return a line of the module where the student wrote it."""
        lines = self.text.split("\n")
        code = lines[line - 1].strip()[:_CODE_CHARS] if 0 < line <= len(lines) else ""
        file, at = place_of(self.file, self.runs, line)
        return CodeFrame(file, at, function, code)


@dataclass
class Reporter:
    """
    Makes reports.

    Attributes:
        root: Folder of the submission; never shown.
        sources: The student's modules by the file name of their code.
        stubs: (module, qualified name) of functions that are not written yet.
        own_errors: Exception classes of ours with the kind that they mean.
    """

    root: str = ""
    sources: dict[str, Source] = field(default_factory=dict)
    stubs: AbstractSet[tuple[str, str]] = frozenset()
    own_errors: dict[type[BaseException], str] = field(default_factory=dict)

    def report(self, error: BaseException, *, importing: bool = False) -> ErrorReport:
        """Return the report of an exception; never raises, whatever the exception is."""
        try:
            if issubclass(type(error), CallError):  # isinstance would ask the exception what it is
                return error.report  # type: ignore[attr-defined, no-any-return]
            return self._report(error, importing=importing).clipped()
        except MemoryError:
            return ErrorReport("memory", "MemoryError", "there was no memory left")
        except BaseException:  # noqa: BLE001 - the exception itself may raise anything when it is read
            return ErrorReport("raised", _short(_class_name(type(error))), "(the error could not be read)")

    def _report(self, error: BaseException, *, importing: bool) -> ErrorReport:
        name = _short(_class_name(type(error)))
        frames, codes, skipped, innermost_is_students = self._frames(_traceback_of(error))
        text = self._clean(_text_of(error))
        kind = self._kind(error, text, innermost_is_students=innermost_is_students)
        if kind == "raised" and importing:
            kind = "import"
        if kind == "exit":
            text = f"the code ended the program with exit({text}): a function must return"
        elif kind == "recursion":
            text = f"{text}: a function calls itself without end"
        elif kind == "not_attempted":
            text = text or "this function is not written yet"
        elif issubclass(type(error), SyntaxError):
            source = self.sources.get(str(_slot(SyntaxError, "filename", error)))
            if source:
                frames.append(source.frame(_slot(SyntaxError, "lineno", error) or 1, "<module>"))
                text = str(_slot(SyntaxError, "msg", error))
        notes = []
        if skipped:
            notes.append(f"{skipped} calls between these lines are left out.")
        notes += self._unwritten(codes)
        notes += _hints(name, text)
        return ErrorReport(kind, name, text, tuple(frames), tuple(self._clean(note) for note in notes[:8]))

    def _kind(self, error: BaseException, text: str, *, innermost_is_students: bool) -> str:
        kind = type(error)
        for own, means in self.own_errors.items():
            if issubclass(kind, own):
                return means
        if issubclass(kind, SystemExit):
            return "exit"
        if issubclass(kind, KeyboardInterrupt):
            return "interrupt"
        if issubclass(kind, RecursionError):
            return "recursion"
        if issubclass(kind, MemoryError) or (issubclass(kind, RuntimeError) and "can't allocate memory" in text):
            return "memory"
        if issubclass(kind, NotImplementedError) and innermost_is_students:
            return "not_attempted"
        return "raised"

    def _frames(self, traceback: TracebackType | None) -> tuple[list[CodeFrame], list[CodeType], int, bool]:
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

    def _unwritten(self, codes: Iterable[CodeType]) -> list[str]:
        """Return a note for each unwritten function that the code on the way to the error names."""
        names = {name.rpartition(".")[2] for _, name in self.stubs if not name.endswith("__init__")}
        used = dict.fromkeys(name for code in codes for name in code.co_names if name in names)
        return [f"`{name}`, which is used here, is not written yet." for name in list(used)[:3]]

    def _clean(self, text: str) -> str:
        """Return a text without folders of this machine, and short enough to read."""
        text = text[: 2 * _TEXT_CHARS]
        for folder in (self.root, _here(), sys.prefix, sys.base_prefix):
            if len(folder) > 1:
                text = text.replace(folder.rstrip("/") + "/", "").replace(folder, ".")
        return text if len(text) <= _TEXT_CHARS else text[:_TEXT_CHARS] + " …"


def as_dict(report: ErrorReport) -> dict[str, Any]:
    """Return a report as a dictionary of its fields, the frames as dictionaries too."""
    return asdict(report)


def type_name(value: object) -> str:
    """Return the name of a value's type, asked of the type object itself."""
    return _short(_class_name(type(value)))


def _text_of(error: BaseException) -> str:
    """Return what an exception says, as an exact ``str``."""
    try:
        return str.__str__(str(error))
    except MemoryError:
        raise
    except BaseException:  # noqa: BLE001 - __str__ is the student's
        return "(the error's own text could not be read)"


def _slot(kind: type, name: str, error: BaseException) -> Any:
    """Return an attribute that a built-in exception class keeps, whatever a class derived from it says."""
    return kind.__dict__[name].__get__(error)


def _hints(name: str, text: str) -> list[str]:
    """Return what is known to help with an error of this name and text."""
    notes = []
    for names, pattern, note in _HINTS:
        if name in names.split("|"):
            match = pattern.search(text)
            if match:
                notes.append(note.format(*match.groups()))
    return notes[:2]


def _here() -> str:
    """Return the working folder, or an empty text when it has gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def _short(name: str) -> str:
    return name[:100]

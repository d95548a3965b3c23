"""
What a grader would miss in a hand-in, said before it is handed in.

    files   there? do they parse? what is not written?
    runs    was every cell run, once, from the top down, and does its output belong to the code as it is now?
    words   is every inline question answered?

The kit names what it can tell for sure: a notebook that was run from top to bottom and saved is never named. What only
concerns extra credit is a remark, and keeps nobody from handing in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .assignment import Assignment, NotebookPart, Question
from .modules import NotPython, fingerprints, parsed, stubs
from .notebooks import Cell, NotANotebook, Notebook, read_notebook
from .pages import is_unanswered
from .plain import plain

__all__ = ["Finding", "inspect", "inspect_notebook"]

RUN_ALL = "Restart the kernel, run all cells (Kernel > Restart Kernel and Run All Cells), and save."
NAMED = 6
"""Cells named in one line; the others are counted."""


@dataclass(frozen=True)
class Finding:
    """
    One thing that is open.

    Attributes:
        place: File, and line or cell.
        what: What is the matter there.
        advice: What to do.
        hinders: Whether the student is asked before going on; a remark does not.
    """

    place: str
    what: str
    advice: str = ""
    hinders: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def inspect(root: Path, assignment: Assignment) -> list[Finding]:
    """Return all that is open in the assignment's folder, files first."""
    found = [each for name in assignment.required for each in _module(root, name, assignment)]
    now = fingerprints(root, assignment.package)
    for part in assignment.notebooks:
        questions = [each for each in assignment.questions if each.notebook in ("", part.file)]
        try:
            notebook = read_notebook(root / part.file)
        except NotANotebook as error:
            found.append(_unreadable(root, part, error))
            continue
        found += [
            replace(each, hinders=each.hinders and not part.extra_credit)
            for each in inspect_notebook(notebook, questions, now)
        ]
    return found


def _unreadable(root: Path, part: NotebookPart, error: NotANotebook) -> Finding:
    if (root / part.file).exists():
        return Finding(part.file, str(error), hinders=not part.extra_credit)
    advice = "Put it back beside the others; the starter files have it."
    return Finding(
        part.file, "is not there" + (" (extra credit)" if part.extra_credit else ""), advice, not part.extra_credit
    )


# Files ----------------------------------------------------------------------------------------------------------------


def _module(root: Path, name: str, assignment: Assignment) -> Iterator[Finding]:
    path = root / name
    if not path.is_file():
        elsewhere = [each.relative_to(root).as_posix() for each in sorted(root.rglob(path.name))[:3]]
        hint = f" There is {elsewhere[0]}: is it that one?" if elsewhere else ""
        yield Finding(name, "is not there", f"Grading needs a file of this name in this folder.{hint}")
        return
    try:
        text, tree = parsed(path)
    except NotPython as error:
        yield Finding(
            name, f"is no Python that can be imported: {error}", "Nothing in this file can earn points like that."
        )
        return
    for stub in stubs(text, tree):
        extra = _is_extra(stub.name, assignment)
        words = "is not written yet" + (" (extra credit)" if extra else "")
        advice = "Replace the line `raise NotImplementedError()` by your code, and save the file."
        yield Finding(
            f"{name}, line {stub.line}", f"{stub.name or 'this part'} {words}", "" if extra else advice, not extra
        )


def _is_extra(name: str, assignment: Assignment) -> bool:
    """
    Return whether a function serves extra credit alone.

    Questions are called like their functions, so a word that only names of extra credit have, as "lstm", tells.
    """
    extra = _words_of(each for each in assignment.questions if each.extra_credit)
    others = _words_of(each for each in assignment.questions if not each.extra_credit)
    return bool(set(re.split(r"[._]", name.lower())) & (extra - others))


def _words_of(questions: Iterator[Question]) -> set[str]:
    return {word for each in questions for word in each.id.lower().split("_")}


# Notebooks ------------------------------------------------------------------------------------------------------------


def inspect_notebook(
    notebook: Notebook, questions: list[Question], now: Callable[[str], str | None] = lambda _: None
) -> Iterator[Finding]:
    """
    Yield what is open in one notebook.

    Args:
        notebook: As it lies on disk: what is not saved is not seen.
        questions: Those whose cells are in it.
        now: The fingerprint of a function as it is now, or None.
    """
    cells = [each for each in notebook.cells if each.kind == "code" and not _is_empty(each.source)]
    if not cells and not any(each.source.strip() for each in notebook.cells):
        yield Finding(notebook.name, "is empty", "Take the starter's notebook again.")
        return
    if notebook.version < 4:
        yield Finding(
            notebook.name,
            f"is saved in the old format {notebook.version}",
            "Open it in Jupyter and save it.",
            hinders=False,
        )
    if cells and all(each.execution_count is None and not each.outputs for each in cells):
        yield Finding(notebook.name, "was not run, or its outputs were cleared: no cell has any", RUN_ALL)
    else:
        yield from _runs(notebook.name, cells)
        yield from _errors(notebook.name, cells)
        yield from _stale(notebook.name, cells, now)
    yield from _unwritten(notebook.name, cells)
    yield from _unanswered(notebook, questions)


def _is_empty(source: str) -> bool:
    """Return whether there is nothing to run: blank lines and comments."""
    return all(not line.strip() or line.strip().startswith("#") for line in source.splitlines())


def _runs(name: str, cells: list[Cell]) -> Iterator[Finding]:
    """Yield cells that were not run, that show nothing although they print, and runs that went up the page."""
    unrun = [each for each in cells if each.execution_count is None]
    if unrun:
        yield Finding(_cells(name, unrun), "not run since the kernel was started or the cell was changed", RUN_ALL)
    run = [each for each in cells if each.execution_count is not None]
    silent = [each for each in run if not each.outputs and _shows(each.source)]
    if silent:
        yield Finding(_cells(name, silent), "printed or drew something, and the output was cleared", RUN_ALL)
    back = [
        (above, below)
        for above, below in zip(run, run[1:])  # noqa: RUF007 - pairwise came with Python 3.10
        if below.execution_count <= above.execution_count
    ]
    if back:
        above, below = back[0]
        others = f", and so at {len(back) - 1} more places" if len(back) > 1 else ""
        yield Finding(
            f"{name}, cells {above.number} and {below.number}",
            f"run in another order than they stand: cell {above.number} is [{above.execution_count}], "
            f"cell {below.number} below it is [{below.execution_count}]{others}",
            "What a cell shows may belong to other code than what stands above it. " + RUN_ALL,
        )


def _shows(source: str) -> bool:
    """Return whether a cell surely prints or draws: ``print`` with something, or ``plt.show``, outside of any block."""
    try:
        body = ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = [each.value for each in body if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)]
    return any(
        isinstance(call.func, ast.Name)
        and call.func.id == "print"
        and call.args
        and not any(key.arg == "file" for key in call.keywords)
        or isinstance(call.func, ast.Attribute)
        and call.func.attr == "show"
        and getattr(call.func.value, "id", "") == "plt"
        for call in calls
    )


def _errors(name: str, cells: list[Cell]) -> Iterator[Finding]:
    for cell in cells:
        error = next((each for each in cell.outputs if each.kind == "error"), None)
        if error is not None:
            words = plain(error.name)[:60] or "an error"
            yield Finding(f"{name}, cell {cell.number}", f"ends with {words}", "Mend what it says. " + RUN_ALL)
            return  # what stands below the first error usually follows from it


def _stale(name: str, cells: list[Cell], now: Callable[[str], str | None]) -> Iterator[Finding]:
    """Yield functions that have changed since a local check of this notebook looked at them."""
    changed: dict[str, Cell] = {}
    for cell in cells:
        for output in cell.outputs:
            facts = output.metadata.get("a3")
            seen = facts.get("functions") if isinstance(facts, Mapping) else None
            for function, mark in seen.items() if isinstance(seen, Mapping) else ():
                if isinstance(function, str) and isinstance(mark, str) and now(function) not in (None, mark):
                    changed.setdefault(plain(function)[:200], cell)
    for function, cell in list(changed.items())[:NAMED]:
        yield Finding(
            f"{name}, cell {cell.number}",
            f"shows a check of {function} as it was before you changed it",
            "Run the notebook again, so that its outputs belong to your code. " + RUN_ALL,
        )


def _unwritten(name: str, cells: list[Cell]) -> Iterator[Finding]:
    for cell in cells:
        source = re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", cell.source)
        try:
            found = stubs(source)
        except NotPython:
            continue
        for stub in found:
            advice = "Replace the line `raise NotImplementedError()` by your code, and run the cell."
            yield Finding(
                f"{name}, cell {cell.number}, line {stub.line}",
                f"{stub.name or 'this cell'} is not written yet",
                advice,
            )


def _unanswered(notebook: Notebook, questions: list[Question]) -> Iterator[Finding]:
    """Yield inline questions without words; where the questions are not known, nbgrader's marks tell."""
    manual = {each.id: each for each in questions if each.manual}
    found = {each.grade_id: each for each in reversed(notebook.cells) if each.is_manual and each.kind != "code"}
    for name, question in manual.items():
        if question.notebook == notebook.name and name not in {each.grade_id for each in notebook.cells}:
            place = f"{notebook.name}, inline question {question.label}"
            yield Finding(place, "its cell is gone", "Copy your answer into the cell of the starter's notebook.")
    for cell in sorted(found.values(), key=lambda each: each.number):
        if is_unanswered(cell.source):
            label = manual[cell.grade_id].label if cell.grade_id in manual else ""
            place = f"{notebook.name}, cell {cell.number}" + (f", inline question {label}" if label else "")
            yield Finding(place, "is not answered", "Double-click on the cell, write your answer, run it and save.")


def _cells(name: str, cells: list[Cell]) -> str:
    numbers = [str(each.number) for each in cells[:NAMED]]
    if len(cells) > NAMED:
        return f"{name}, cells {', '.join(numbers)} and {len(cells) - NAMED} more"
    if len(cells) == 1:
        return f"{name}, cell {numbers[0]}"
    return f"{name}, cells {', '.join(numbers[:-1])} and {numbers[-1]}"

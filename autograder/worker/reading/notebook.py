"""
The definitions of a notebook, as the text of a module.

A notebook is a lab book: it trains, plots and downloads. Only what defines something is taken from it: functions,
classes, imports, and names set to plain expressions without a call. Each cell is parsed apart from the others, so a
cell that is no Python costs itself alone. Lines of magic (``%matplotlib inline``, ``!ls``, ``help?``) become ``pass``
where they stand, and a cell that is all another language (``%%bash``) is empty. A list of runs tells for each line of
the module where it was written: ``(line, notebook, cell, line in the cell)`` holds from its line on until the next
run. Cells count from 1.

A definition is a `Piece`: its lines as they stand in the cell. All pieces together are the text of a module that is
nowhere else; a few of them complete a module that is there (`filling`).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from autograder.worker.reading.syntax import SyntaxProblem, explain_syntax_error
from autograder.worker.reports import Run

__all__ = ["Extract", "NotebookError", "Piece", "cells_of", "extract", "joined"]

_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?{1,2}\s*|\w[\w, ]*=\s*[%!].*)$")
_PYTHON_CELL = re.compile(r"%%(?:time|timeit|capture|prun)\b")


class NotebookError(Exception):
    """The file is no notebook; the text says why, in words for the student."""


@dataclass(frozen=True)
class Piece:
    """One definition: its statement, and its lines as they stand in a cell from ``line`` on."""

    node: ast.stmt
    notebook: str
    cell: int
    line: int
    lines: tuple[str, ...]


@dataclass
class Extract:
    """Definitions from one notebook or more, in their order, and the cells that are no Python."""

    pieces: list[Piece] = field(default_factory=list)
    problems: list[tuple[str, int, int, SyntaxProblem]] = field(default_factory=list)


def cells_of(text: str) -> list[tuple[int, str]]:
    """Return (number, source) of the code cells of a notebook of format 3 or 4; cells of all kinds count from 1."""
    try:
        book: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise NotebookError("the file is not a notebook: it is not valid JSON (was the download cut short?)") from None
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict):
        sheets = book.get("worksheets")
        sheet = sheets[0] if isinstance(sheets, list) and sheets else None
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
    if not isinstance(cells, list):
        raise NotebookError("the file is not a notebook: it has no cells")
    found = []
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if isinstance(source, str):
            found.append((number, source))
    return found


def extract(into: Extract, notebook: str, cells: list[tuple[int, str]], *, own_names: AbstractSet[str]) -> None:
    """
    Add the definitions of a notebook's cells to an extract.

    Args:
        into: What is added to.
        notebook: The notebook's relative path.
        cells: What `cells_of` returned.
        own_names: Dotted names of the module that is being made; imports from itself are left out.
    """
    for number, raw in cells:
        source = _without_cell_magic(raw)
        source, tree = _parse_cell(source)
        if isinstance(tree, SyntaxError):
            problem = explain_syntax_error(source, tree)
            into.problems.append((notebook, number, problem.line, problem))
            continue
        lines = source.split("\n")
        wanted = [node for node in tree.body if _defines(node) and not _is_own(node, own_names)]
        shared = _shared_lines(tree.body)
        for node in wanted:
            first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
            last = node.end_lineno or node.lineno
            piece = lines[first - 1 : last]
            if shared & set(range(first, last + 1)) or _MAGIC.match(piece[0]):
                try:
                    piece = ast.unparse(node).split("\n")
                except RecursionError:
                    continue  # nested too deeply to be said again
            into.pieces.append(Piece(node, notebook, number, first, tuple(piece)))


def joined(pieces: Iterable[Piece], line: int = 1) -> tuple[str, list[Run]]:
    """Return pieces as a text that begins on ``line`` of a module, and where its lines were written."""
    lines: list[str] = []
    runs: list[Run] = []
    for piece in pieces:
        runs.append((line + len(lines), piece.notebook, piece.cell, piece.line))
        lines += piece.lines
    return "".join(f"{each}\n" for each in lines), runs


def _without_cell_magic(source: str) -> str:
    """Return a cell without the magic that governs all of it, line numbers kept; another language's cell is empty."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    head, newline, rest = source.lstrip("\n").partition("\n")
    if not head.startswith("%%"):
        return source
    skipped = len(source) - len(source.lstrip("\n"))
    return "\n" * skipped + newline + rest if _PYTHON_CELL.match(head) else ""


def _parse_cell(source: str) -> tuple[str, ast.Module | SyntaxError]:
    """Return the text and the tree of a cell, read as plain Python first: lines may begin with ``%``."""
    try:
        return source, ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    cleaned = "\n".join(_MAGIC.sub(r"\1pass", line) for line in source.split("\n"))
    try:
        return cleaned, ast.parse(cleaned)
    except SyntaxError as error:
        return cleaned, error
    except (ValueError, RecursionError, MemoryError) as error:
        return cleaned, SyntaxError(f"this cell cannot be read as Python ({type(error).__name__})")


def _defines(node: ast.stmt) -> bool:
    """Return whether a statement only defines: nothing in it may call, train or draw."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, ast.Assign):
        return all(isinstance(target, (ast.Name, ast.Tuple)) for target in node.targets) and _is_plain(node.value)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.value is not None and _is_plain(node.value)
    if isinstance(node, ast.Try):
        bodies = [
            *node.body,
            *node.orelse,
            *node.finalbody,
            *(item for handler in node.handlers for item in handler.body),
        ]
        return all(isinstance(item, ast.Pass) or _defines(item) for item in bodies)
    return False


def _is_plain(value: ast.expr) -> bool:
    """Return whether an expression calls nothing, but for the question whether there is a GPU."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) != "is_available":
            return False
        if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.ListComp, ast.GeneratorExp)):
            return False
    return True


def _is_own(node: ast.stmt, own_names: AbstractSet[str]) -> bool:
    """Return whether a statement imports from the very module that is being made."""
    return isinstance(node, ast.ImportFrom) and (node.module or "") in own_names


def _shared_lines(body: list[ast.stmt]) -> set[int]:
    """Return the lines on which more than one statement stands."""
    seen: set[int] = set()
    shared: set[int] = set()
    for node in body:
        lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        shared |= seen & lines
        seen |= lines
    return shared

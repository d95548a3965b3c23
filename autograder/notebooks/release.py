"""
An instructor's module or notebook, as students get it.

A module's solution regions become stubs here. A notebook's become stubs in nbgrader; what nbgrader does not do is done
here, before it: markers are checked, points are those of the edition, and nothing is left that only looks empty
(outputs, attachments of answers, the metadata of whatever program touched the file). Modules must be importable with
their stubs, so that a student's first ``import`` works.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from autograder.errors import ConfigError
from autograder.notebooks.markers import MarkerError, find_regions

__all__ = [
    "STUB",
    "TEXT_STUB",
    "bare_notebook",
    "notebook_without_history",
    "parse_notebook",
    "source_of",
    "strip_module",
    "whole_answers",
]

STUB: Final = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB: Final = "*Your answer:*"

_STUBS: Final = frozenset({"", STUB, TEXT_STUB})
_KEYS: Final = frozenset({"nbformat", "nbformat_minor", "metadata", "cells"})
_CELL_KEYS: Final = frozenset({"cell_type", "id", "source", "metadata", "outputs", "execution_count", "attachments"})
_LOCKS: Final = frozenset({"deletable", "editable"})  # nbgrader's to set, in the cells that it locks
_CELL_METADATA: Final = _LOCKS | frozenset({"nbgrader", "tags", "collapsed", "jupyter", "slideshow", "id"})
_METADATA: Final = frozenset({"kernelspec", "language_info", "colab", "accelerator"})
_LANGUAGE_INFO: Final = frozenset({"name", "file_extension", "mimetype", "pygments_lexer"})
_COLAB: Final = frozenset({"provenance", "gpuType"})
_JUPYTER: Final = frozenset({"source_hidden", "outputs_hidden"})


def strip_module(text: str, where: str) -> str:
    """
    Return a module with a stub in the place of each solution region.

    Raises:
        MarkerError: A marker is wrong, or a stub would stand where it stops the module's import.
        ConfigError: The module, or what is left of it, is no Python.
    """
    _parse(text, where, "is not valid Python")
    lines = text.split("\n")
    for region in reversed(find_regions(text, where)):
        if region.kind != "SOLUTION":
            raise MarkerError(f"{where}, line {region.first}: {region.kind} belongs to cells of notebooks")
        marker = lines[region.first - 1]
        indent = marker[: len(marker) - len(marker.lstrip())]
        lines[region.first - 1 : region.last] = [indent + line for line in STUB.split("\n")]
    stripped = "\n".join(lines)
    tree = _parse(stripped, where, "is not valid Python once its solutions are taken out")
    for node in _run_by_import(tree.body):
        if isinstance(node, ast.Raise) and ast.unparse(node) == "raise NotImplementedError()":
            raise MarkerError(f"{where}: a solution outside of any function: its stub would stop the module's import")
    return stripped


def _parse(text: str, where: str, problem: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f"{where}, line {line}" if line else where
        raise ConfigError(f"{place}: {problem}: {getattr(error, 'msg', error)}") from error


def _run_by_import(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that an import runs: those of the module, its classes and its branches."""
    found: list[ast.stmt] = []
    for node in body:
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for field in ("body", "orelse", "finalbody"):
                found += _run_by_import(getattr(node, field, []))
    return found


def parse_notebook(text: str, where: str) -> dict[str, Any]:
    """Return an instructor's notebook. Raises `ConfigError` for what is no notebook of format 4."""
    notebook: dict[str, Any]
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not a notebook: {error}") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) and notebook.get("nbformat") == 4 else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ConfigError(f"{where}: expected a notebook of format 4 with a list of cells")
    return notebook


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's text, which the format stores as one text or as lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Return whether nbgrader marks a cell as one that students fill in, so that its text is a solution."""
    marks = cell.get("metadata", {}).get("nbgrader", {})
    return isinstance(marks, dict) and marks.get("solution") is True


def notebook_without_history(
    notebook: Mapping[str, Any], where: str, points: Mapping[str, Decimal], extra: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """
    Return an instructor's notebook, ready for nbgrader: solutions are still in it, but nothing else that is in the way.

    Args:
        notebook: The notebook, which is not changed.
        where: What it is called in a message.
        points: What each grade cell is worth in this edition, by its ``grade_id``.
        extra: Grade cells for extra credit, whose maximum is 0 in a gradebook: what they earn comes on top.

    Raises:
        MarkerError: A marker is wrong, or a solution stands in a cell that nbgrader does not know as one.
    """
    clean = bare_notebook(notebook)
    for number, cell in enumerate(clean["cells"], 1):
        place = f"{where} cell {number}"
        regions = find_regions(source_of(cell), place)
        if any(region.kind == "SOLUTION" for region in regions) and not is_answer(cell):
            raise MarkerError(
                f"{place}, line {regions[0].first}: a solution in a cell that nbgrader does not know as one; expected "
                "'solution' in the cell's nbgrader metadata (Create Assignment in the cell's toolbar)"
            )
        if regions:
            cell.pop("attachments", None)
        for lock in _LOCKS:
            cell["metadata"].pop(lock, None)
        marks = cell["metadata"].get("nbgrader", {})
        if isinstance(marks, dict):
            marks.pop("checksum", None)
        name = marks.get("grade_id")
        if name in points and (marks.get("grade") or marks.get("task")):
            marks["points"] = _number(Decimal(0) if name in extra else points[name])
    return clean


def bare_notebook(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a notebook with the format's own keys alone, without outputs, and no attachments of answers."""
    clean = {key: value for key, value in copy.deepcopy(dict(notebook)).items() if key in _KEYS}
    clean["metadata"] = _notebook_metadata(clean.get("metadata", {}))
    clean["cells"] = [{key: value for key, value in cell.items() if key in _CELL_KEYS} for cell in clean["cells"]]
    for cell in clean["cells"]:
        if cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if is_answer(cell):
            cell.pop("attachments", None)
        cell["metadata"] = _cell_metadata(cell.get("metadata", {}))
    return clean


def whole_answers(notebook: Mapping[str, Any]) -> dict[str, str]:
    """Return by ``grade_id`` the answers that are solutions as a whole, without markers; no stubs."""
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: source
        for cell in notebook["cells"]
        if is_answer(cell)
        and (source := source_of(cell).strip()) not in _STUBS
        and not any(region.kind == "SOLUTION" for region in find_regions(source, "the notebook"))
    }


def _notebook_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in metadata.items() if key in _METADATA}
    for key, inner in (("language_info", _LANGUAGE_INFO), ("colab", _COLAB)):
        if isinstance(kept.get(key), dict):
            kept[key] = {name: value for name, value in kept[key].items() if name in inner}
    return kept


def _cell_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in metadata.items() if key in _CELL_METADATA}
    if isinstance(kept.get("jupyter"), dict):
        kept["jupyter"] = {name: value for name, value in kept["jupyter"].items() if name in _JUPYTER}
    return kept


def _number(points: Decimal) -> int | float:
    return int(points) if points == points.to_integral_value() else float(points)

"""
What a release consists of: every file but the notebooks, which nbgrader makes, and what must be in none of them.

    source/<assignment>/           what ``assignment.toml`` names   ──▶  release/<assignment>/
        <package>/*.py             modules, given, handout               stubs where there were solutions
        requirements.txt, …        handout                               as it is
    <course>/datasets/…            course_files                          as it is
                                   —                                     <package>/assignment.json

Only what is named is released. What else lies in the source (notes, drafts, a forgotten solution) stays there, and is
named to the instructor. ``assignment.json`` tells the students' own tools which files, questions and points there are.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.config import Assignment
from autograder.errors import ConfigError
from autograder.grading.collection import collect_tests
from autograder.notebooks.leaks import Secrets
from autograder.notebooks.markers import MarkerError, find_regions
from autograder.notebooks.release import (
    is_answer,
    notebook_without_history,
    parse_notebook,
    source_of,
    strip_module,
)
from autograder.secret import load_secret

__all__ = ["Contents", "read_contents"]

MANIFEST: Final = "assignment.json"
_IGNORED: Final = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}


@dataclass(frozen=True, slots=True)
class Contents:
    """
    A release before nbgrader has made its notebooks.

    Attributes:
        assignment: As configured.
        files: Every file but the notebooks, by path.
        notebooks: The instructor's notebooks by file name, with the edition's points, ready for nbgrader.
        secrets: What must be in no file of the release.
        left_out: Paths of the source that are not released.
    """

    assignment: Assignment
    files: Mapping[str, bytes]
    notebooks: Mapping[str, dict[str, Any]]
    secrets: Secrets
    left_out: tuple[str, ...]


def read_contents(assignment: Assignment) -> Contents:
    """
    Read an assignment's source, and return what is to be released of it.

    Raises:
        ConfigError: A marker, a module, a notebook or the configuration is wrong; names file, cell and line.
    """
    folder = assignment.folder
    _refuse_missing(assignment)
    points = {question.id: question.points for question in assignment.questions}
    extra = frozenset(question.id for question in assignment.questions if question.extra_credit)
    originals = {
        f"{each.name}.ipynb": parse_notebook(_text(each.path), each.path.name) for each in assignment.notebooks
    }
    notebooks = {name: notebook_without_history(book, name, points, extra) for name, book in originals.items()}
    texts = {path: _text(folder / path) for path in _paths(assignment) if _is_text(path)}
    files = {path: _released(path, text) for path, text in texts.items()}
    files |= {path: (folder / path).read_bytes() for path in _paths(assignment) if not _is_text(path)}
    files |= {path: (assignment.course / path).read_bytes() for path in assignment.course_files}
    files.setdefault("requirements.txt", assignment.requirements.read_bytes())
    manifest = _manifest(assignment)
    files[f"{assignment.package}/{MANIFEST}"] = manifest
    return Contents(
        assignment=assignment,
        files=dict(sorted(files.items())),
        notebooks=notebooks,
        secrets=_secrets(assignment, texts, notebooks, manifest.decode()),
        left_out=_left_out(assignment, {*files, *notebooks}),
    )


def _refuse_missing(assignment: Assignment) -> None:
    toml = assignment.folder / "assignment.toml"
    for key, place, paths in (
        ("handout", assignment.folder, assignment.handout),
        ("course_files", assignment.course, assignment.course_files),
    ):
        for path in paths:
            if not (place / path).is_file():
                raise ConfigError(f"{toml}: {key}: expected the file {place / path}, got no such file")
    # What is named for students is public by that, and what is public is no leak: so what never is comes first.
    for place, path in [
        *((assignment.folder, path) for path in _paths(assignment)),
        *((assignment.course, path) for path in assignment.course_files),
    ]:
        real = (place / path).resolve()
        for folder in (assignment.course / "grading_tests", assignment.course / "reference", *assignment.test_paths):
            if real.is_relative_to(folder.resolve()):
                raise ConfigError(f"{toml}: {path} is released, and is {real}: hidden tests and references never are")


def _paths(assignment: Assignment) -> list[str]:
    """Return the paths below the assignment's folder that are released, notebooks left out."""
    modules = [module.file for module in assignment.modules.values()]
    return list(dict.fromkeys([*modules, *assignment.required, *assignment.given, *assignment.handout]))


def _is_text(path: str) -> bool:
    return path.endswith((".py", ".ipynb"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {error}") from error


def _released(path: str, text: str) -> bytes:
    """Return a module with its stubs, or a further notebook without what running it left."""
    if path.endswith(".py"):
        return strip_module(text, path).encode()
    notebook = notebook_without_history(parse_notebook(text, path), path, {})
    for number, cell in enumerate(notebook["cells"], 1):
        if is_answer(cell) or find_regions(source_of(cell), f"{path} cell {number}"):
            raise MarkerError(f"{path} cell {number}: a solution in a notebook that is in no table [notebooks.NAME]")
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _manifest(assignment: Assignment) -> bytes:
    tests = Counter(each.question for each in collect_tests(assignment))
    manifest = {
        "schema": 1,
        "name": assignment.name,
        "title": assignment.title,
        "package": assignment.package,
        "notebooks": [
            {"file": f"{each.name}.ipynb", "points": float(each.points), "extra_credit": each.extra_credit}
            for each in assignment.notebooks
        ],
        "required": list(assignment.required),
        "questions": [
            {
                "id": each.id,
                "title": each.title,
                "number": each.number,
                "notebook": f"{each.notebook}.ipynb",
                "points": float(each.points),
                "extra_credit": each.extra_credit,
                "manual": each.manual,
                "tests": tests[each.id],
            }
            for each in assignment.questions
        ],
    }
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def _secrets(
    assignment: Assignment, texts: Mapping[str, str], notebooks: Mapping[str, dict[str, Any]], manifest: str
) -> Secrets:
    """Return what is secret: solutions, hidden tests and references, as far as nothing public says the same."""
    secrets = Secrets()
    solutions: list[str] = []
    pieces = list(texts.items())
    for name, notebook in notebooks.items():
        for number, cell in enumerate(notebook["cells"], 1):
            marks = json.dumps(cell["metadata"])
            secrets.add_public(marks)
            source = source_of(cell)
            if is_answer(cell) and not find_regions(source, name):
                solutions.append(source)
            else:
                pieces.append((f"{name} cell {number}", source))
    for where, text in pieces:
        public, hidden = _split(text, where)
        secrets.add_public(public)
        solutions += hidden
    for path in assignment.course_files:
        secrets.add_public((assignment.course / path).read_bytes().decode("utf-8", errors="replace"))
    for path in assignment.handout:
        if path not in texts:
            secrets.add_public((assignment.folder / path).read_bytes().decode("utf-8", errors="replace"))
    secrets.add_public(manifest)
    for text in solutions:
        secrets.add(text, passages=True)
    for file in _hidden_files(assignment):
        secrets.add(_text(file))
    with contextlib.suppress(ConfigError):  # a course without a secret grades nothing, but may be released
        secrets.add_word(load_secret(assignment.course).key.hex())
    return secrets


def _split(text: str, where: str) -> tuple[str, list[str]]:
    """Return what of a text is public, and each of its solutions."""
    lines = text.split("\n")
    hidden = []
    for region in reversed(find_regions(text, where)):
        hidden.append("\n".join(lines[region.first : region.last - 1]))
        del lines[region.first - 1 : region.last]
    return "\n".join(lines), hidden


def _hidden_files(assignment: Assignment) -> Iterator[Path]:
    folders = [*assignment.test_paths, assignment.course / "reference"]
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))
    yield from sorted((assignment.course / "grading_tests").glob("*.py"))


def _left_out(assignment: Assignment, released: set[str]) -> tuple[str, ...]:
    found = []
    for path in sorted(assignment.folder.rglob("*")):
        relative = path.relative_to(assignment.folder)
        if path.is_file() and not _IGNORED & set(relative.parts) and relative.as_posix() not in released:
            found.append(relative.as_posix())
    return tuple(path for path in found if path != "assignment.toml")

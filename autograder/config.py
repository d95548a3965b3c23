"""
A course on disk, and one assignment of it as a frozen value.

    course/                          the nearest folder upward that has nbgrader_config.py
    ├── nbgrader_config.py
    ├── requirements.txt             what students' code may import; an assignment may bring its own
    ├── grading_tests/<topic>/
    └── source/<assignment>/
        ├── assignment.toml          what follows
        ├── <notebook>.ipynb         questions: its nbgrader grade cells
        ├── …                        what else students get
        └── <package>/               the students' modules, with solutions

``assignment.toml``::

    title = "…"
    package = "a3"
    topics = ["rnn"]                          # folders of grading_tests
    required = ["a3/rnn_layers.py"]           # what must be handed in
    given = ["a3/__init__.py"]                # what is added to a hand-in that lacks it
    handout = ["README.md", "a3/checks.py"]   # released too; grading needs none of it
    course_files = ["datasets/get_data.sh"]   # of the course's folder, released under the same path

    [notebooks.RNN_Captioning]                # in the order of the questions' numbers
    points = 30                               # in this edition, manual cells included
    extra_credit = false

    [modules.rnn_layers]                      # dotted name below the package
    file = "a3/rnn_layers.py"
    notebooks = ["RNN_Captioning"]            # which may define its functions instead

The points in a notebook's grade cells are weights within the notebook: they are scaled, exactly, to what the edition
says that the notebook is worth, so that two editions share a notebook. A result with more than two decimals is an
error, for rubric, release, gradebook and scores must all be the same number. Scaling what is scaled changes nothing.

Whatever is wrong is a ``ConfigError`` that names the file, the key or the cell, what was expected and what came.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from autograder.errors import ConfigError
from autograder.outcomes import Question

__all__ = ["Assignment", "Module", "Notebook", "Question", "find_course", "load_assignment"]

_MARK = "nbgrader_config.py"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_GRADE_ID = re.compile(r"[A-Za-z0-9_-]+")  # nbgrader's own rule, without the empty name
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_NBFORMAT = 4
_MOST_POINTS = 1_000_000  # as in scoring: keeps sums exact
_KEYS = {
    "title",
    "package",
    "topics",
    "required",
    "given",
    "handout",
    "course_files",
    "notebooks",
    "modules",
    "include",
}


@dataclass(frozen=True, slots=True)
class Module:
    """
    One module that students write.

    Attributes:
        name: Dotted, below the package: ``classifiers.rnn``.
        file: Its path in the hand-in, with ``/``: ``a3/classifiers/rnn.py``.
        notebooks: Names of the notebooks that may define its functions instead.
    """

    name: str
    file: str
    notebooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notebook:
    """
    One notebook, and what it is worth in this edition.

    Attributes:
        name: Without ``.ipynb``.
        path: The instructor's file.
        points: What its questions add up to.
        extra_credit: Its points count in the score, not in the maximum.
    """

    name: str
    path: Path
    points: Decimal
    extra_credit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """
    One assignment of one course, read and checked.

    Attributes:
        course: The course's folder.
        name: The assignment's folder below ``source/``.
        folder: That folder.
        title: What people read.
        package: Name of the students' package in this release.
        topics: Folders of ``grading_tests`` whose tests grade it.
        modules: The students' modules by dotted name.
        required: Paths that a hand-in must have.
        given: Paths that are added to a hand-in that lacks them.
        handout: Further paths of this folder that students get. Grading asks for none of them, so they may be missing.
        course_files: Paths of the course's folder that students get; as above.
        notebooks: In the order of the questions' numbers.
        questions: Every grade cell, in the order of notebooks and cells.
        requirements: The ``requirements.txt`` of what students' code may import.
        test_paths: The folders of the topics.
    """

    course: Path
    name: str
    folder: Path
    title: str
    package: str
    topics: tuple[str, ...]
    modules: Mapping[str, Module]
    required: tuple[str, ...]
    given: tuple[str, ...]
    handout: tuple[str, ...]
    course_files: tuple[str, ...]
    notebooks: tuple[Notebook, ...]
    questions: tuple[Question, ...]
    requirements: Path
    test_paths: tuple[Path, ...]

    @property
    def max_points(self) -> Decimal:
        """The maximum: all notebooks but those for extra credit."""
        return sum((each.points for each in self.notebooks if not each.extra_credit), Decimal(0))

    def given_texts(self) -> dict[str, str]:
        """
        Read the given files: their text by path below the package (``classifiers/rnn.py``).

        Raises:
            ConfigError: One cannot be read, or is not UTF-8.
        """
        return {path.partition("/")[2]: _read(self.folder / path) for path in self.given}


def find_course(start: Path) -> Path:
    """
    Return the course that ``start`` lies in: the nearest folder upward that has ``nbgrader_config.py``.

    Raises:
        ConfigError: There is none.
    """
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / _MARK).is_file():
            return folder
    msg = f"{start}: no course here; expected {_MARK} in this folder or one above it (or use --course DIR)"
    raise ConfigError(msg)


def load_assignment(course: Path, name: str) -> Assignment:
    """
    Read ``source/<name>/assignment.toml`` and the grade cells of its notebooks.

    Raises:
        ConfigError: Anything that is not as this module's opening says.
    """
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is no assignment's name: expected letters, digits, '_', '-' and '.'"
        raise ConfigError(msg)
    course = course.resolve()
    folder = course / "source" / name
    table = _Table(folder / "assignment.toml", "", _parse(folder / "assignment.toml"))
    table.only(_KEYS)
    package = table.text("package")
    if not package.isidentifier():
        table.fail("package", "the name of a Python package", package)
    notebooks = _read_notebooks(table, folder)
    return Assignment(
        course=course,
        name=name,
        folder=folder,
        title=table.text("title"),
        package=package,
        topics=(topics := table.texts("topics")),
        modules=_read_modules(table, package, notebooks),
        required=_existing(table, "required", folder),
        given=_within(table, "given", _existing(table, "given", folder), package),
        handout=_paths(table, "handout", folder),
        course_files=_paths(table, "course_files", course),
        notebooks=notebooks,
        questions=_read_questions(table, notebooks),
        requirements=_requirements(course, folder),
        test_paths=tuple(_topic(table, course, topic) for topic in topics),
    )


class _Table:
    """A TOML table that knows where it stands, so that every complaint can say so."""

    def __init__(self, file: Path, where: str, values: Mapping[str, Any]) -> None:
        self.file = file
        self.where = where
        self.values = values

    def fail(self, key: str, expected: str, got: object) -> NoReturn:
        """Raise: file, key, what was expected, what came."""
        came = "nothing" if got is None else repr(got)
        msg = f"{self.file}: {self.where}{key}: expected {expected}, got {came}"
        raise ConfigError(msg)

    def only(self, keys: set[str]) -> None:
        """Refuse keys that would be ignored."""
        for key in self.values.keys() - keys:
            self.fail(key, f"one of the keys {', '.join(sorted(keys))}", key)

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, "a text", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of different texts, empty if the key is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.fail(key, "a list of texts", value)
        if len(set(value)) < len(value):
            self.fail(key, "each entry once", value)
        return tuple(value)

    def tables(self, key: str) -> dict[str, _Table]:
        """Return the tables below ``key`` by name, in their order."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"tables [{key}.NAME]", value)
        found = {}
        for name, inner in value.items():
            if not isinstance(inner, dict):
                self.fail(f"{key}.{name}", f"a table [{key}.{name}]", inner)
            found[name] = _Table(self.file, f"{self.where}{key}.{name}.", inner)
        return found


def _read(path: Path) -> str:
    """Return a file's text."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        msg = f"{path}: expected a file here"
        raise ConfigError(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as UTF-8 text: {error}"
        raise ConfigError(msg) from error


def _parse(path: Path) -> dict[str, Any]:
    """Return a TOML file's content; points keep the digits that were written."""
    try:
        return tomllib.loads(_read(path), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: not TOML: {error}"
        raise ConfigError(msg) from error


def _read_notebooks(table: _Table, folder: Path) -> tuple[Notebook, ...]:
    """Return the notebooks of ``[notebooks.NAME]``."""
    notebooks = []
    for name, entry in table.tables("notebooks").items():
        entry.only({"points", "extra_credit"})
        if not _NAME.fullmatch(name):
            table.fail(f"notebooks.{name}", "a notebook's name without .ipynb", name)
        extra = entry.values.get("extra_credit", False)
        if not isinstance(extra, bool):
            entry.fail("extra_credit", "true or false", extra)
        points = _number(entry.values.get("points"))
        if points is None or points.denominator not in (1, 2, 4, 5, 10, 20, 25, 50, 100):
            entry.fail("points", "a number from 0 with at most two decimals", entry.values.get("points"))
        path = folder / f"{name}.ipynb"
        if not path.is_file():
            table.fail(f"notebooks.{name}", f"the notebook {path}", "no such file")
        notebooks.append(Notebook(name, path, _hundredths(points or Fraction(0)), extra))
    if not notebooks:
        table.fail("notebooks", "at least one table [notebooks.NAME]", None)
    return tuple(notebooks)


def _read_modules(table: _Table, package: str, notebooks: Sequence[Notebook]) -> dict[str, Module]:
    """Return the modules of ``[modules.NAME]``; a nested table is a dotted name."""
    modules = {}
    for name, entry in _leaves(table.tables("modules")):
        entry.only({"file", "notebooks"})
        file = entry.text("file")
        bare = f"{package}/{name.replace('.', '/')}"
        if file not in (f"{bare}.py", f"{bare}/__init__.py"):
            entry.fail("file", f"{bare}.py, the place of {package}.{name}", file)
        found = entry.texts("notebooks")
        for notebook in found:
            if notebook not in {each.name for each in notebooks}:
                entry.fail("notebooks", "notebooks of this assignment", notebook)
        modules[name] = Module(name, file, found)
    return modules


def _leaves(tables: Mapping[str, _Table]) -> list[tuple[str, _Table]]:
    """Return dotted names and tables: ``[modules.classifiers.rnn]`` and ``[modules."classifiers.rnn"]`` are one."""
    found = []
    for name, table in tables.items():
        inner = {
            key: _Table(table.file, f"{table.where}{key}.", value)
            for key, value in table.values.items()
            if isinstance(value, dict)
        }
        found += [(f"{name}.{key}", nested) for key, nested in _leaves(inner)]
        rest = {key: value for key, value in table.values.items() if key not in inner}
        if rest or not inner:
            found.append((name, _Table(table.file, table.where, rest)))
    return found


def _existing(table: _Table, key: str, folder: Path) -> tuple[str, ...]:
    """Return a list of paths of files that are there."""
    paths = _paths(table, key, folder)
    for path in paths:
        if not (folder / path).is_file():
            table.fail(key, f"the file {folder / path}", "no such file")
    return paths


def _paths(table: _Table, key: str, folder: Path) -> tuple[str, ...]:
    """Return a list of paths below a folder, whether or not there is such a file."""
    paths = table.texts(key)
    for path in paths:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or str(pure) != path:
            table.fail(key, f"paths below {folder}", path)
    return paths


def _within(table: _Table, key: str, paths: tuple[str, ...], package: str) -> tuple[str, ...]:
    """Return the paths, all of them within the package."""
    for path in paths:
        if not path.startswith(f"{package}/"):
            table.fail(key, f"paths below {package}/", path)
    return paths


def _requirements(course: Path, folder: Path) -> Path:
    """Return the assignment's own ``requirements.txt``, else the course's."""
    for path in (folder / "requirements.txt", course / "requirements.txt"):
        if path.is_file():
            return path
    msg = f"{folder / 'requirements.txt'}: expected a file that lists what students' code may import"
    raise ConfigError(msg)


def _topic(table: _Table, course: Path, topic: str) -> Path:
    """Return the folder of a topic's tests."""
    path = course / "grading_tests" / topic
    if not _NAME.fullmatch(topic) or not path.is_dir():
        table.fail("topics", f"folders of {course / 'grading_tests'}", topic)
    return path


def _read_questions(table: _Table, notebooks: Sequence[Notebook]) -> tuple[Question, ...]:
    """Return every grade cell of the notebooks, with points scaled to this edition."""
    questions: list[Question] = []
    seen: dict[str, str] = {}
    for index, notebook in enumerate(notebooks, 1):
        cells = _grade_cells(notebook)
        weights = sum((cell.weight for cell in cells), Fraction(0))
        if notebook.points and not cells:
            table.fail(f"notebooks.{notebook.name}.points", "0, for no cell there is graded", str(notebook.points))
        for position, cell in enumerate(cells, 1):
            if cell.id in seen:
                cell.fail("grade_id", f"a name of its own (also in {seen[cell.id]})", cell.id)
            seen[cell.id] = cell.where
            questions.append(
                Question(
                    id=cell.id,
                    notebook=notebook.name,
                    number=f"{index}.{position}",
                    title=cell.title,
                    points=cell.scaled(notebook.points, weights),
                    extra_credit=notebook.extra_credit,
                    manual=cell.manual,
                )
            )
    return tuple(questions)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One grade cell as written: its place for complaints, and its weight within the notebook."""

    where: str
    id: str
    weight: Fraction
    manual: bool
    title: str

    def fail(self, key: str, expected: str, got: object) -> NoReturn:
        """Raise: file, cell, key, what was expected, what came."""
        msg = f"{self.where}: {key}: expected {expected}, got {got!r}"
        raise ConfigError(msg)

    def scaled(self, points: Decimal, weights: Fraction) -> Decimal:
        """Return this cell's share of the notebook's points."""
        share = Fraction(points) * self.weight / weights
        if (share * 100).denominator != 1:
            rule = f"a share of {points} points with at most two decimals ({self.weight} of {weights})"
            self.fail("points", rule, f"{float(share):.4f}…")
        return _hundredths(share)


def _grade_cells(notebook: Notebook) -> list[_Cell]:
    """Return the notebook's grade cells in their order; a question's title is the heading above it."""
    try:
        content = json.loads(_read(notebook.path))
    except (ValueError, RecursionError) as error:
        msg = f"{notebook.path}: not a notebook: {error}"
        raise ConfigError(msg) from error
    cells = content.get("cells") if isinstance(content, dict) and content.get("nbformat") == _NBFORMAT else None
    if not isinstance(cells, list):
        msg = f"{notebook.path}: expected a notebook of format {_NBFORMAT} with a list of cells"
        raise ConfigError(msg)
    found, heading = [], ""
    for index, cell in enumerate(cells, 1):
        where = f"{notebook.path} cell {index}"
        if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
            msg = f"{where}: expected a cell with metadata"
            raise ConfigError(msg)
        if cell.get("cell_type") == "markdown":
            heading = (_HEADING.findall(_source(cell)) or [heading])[-1]
        marks = cell.get("metadata", {}).get("nbgrader")
        if isinstance(marks, dict) and (marks.get("grade") is True or marks.get("task") is True):
            found.append(_grade_cell(where, marks, heading))
    return found


def _grade_cell(where: str, marks: Mapping[str, Any], heading: str) -> _Cell:
    """Return one cell's entry, checked."""
    name = marks.get("grade_id")
    identity = name if isinstance(name, str) else ""
    title = heading or identity.replace("_", " ")
    manual = marks.get("solution") is True or marks.get("task") is True
    weight = _number(marks.get("points"))
    cell = _Cell(f"{where} ({identity})" if identity else where, identity, weight or Fraction(0), manual, title)
    if not _GRADE_ID.fullmatch(identity):
        cell.fail("grade_id", "letters, digits, '_' and '-'", name)
    if not weight:
        cell.fail("points", f"a number above 0, at most {_MOST_POINTS}", marks.get("points"))
    return cell


def _source(cell: Mapping[str, Any]) -> str:
    """Return a cell's text, which the format stores as one text or as lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _number(value: object) -> Fraction | None:
    """Return a finite number within bounds, by the digits in which it is written; ``None`` for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if not isinstance(value, int) and not math.isfinite(value):
        return None
    return Fraction(str(value)) if 0 <= value <= _MOST_POINTS else None


def _hundredths(value: Fraction) -> Decimal:
    """Return a multiple of 0.01 as a decimal, without zeros that say nothing: 30, 2.5, 0.25."""
    amount = Decimal(int(value * 100)).scaleb(-2)
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()

"""
Results into nbgrader's gradebook, in place of nbgrader's autograding.

    submitted/ann/assignment3 ─┐                       ┌─▶ gradebook: points, what people must read, late penalties
    graded/ann                 ├─▶ checked ─▶ imported ┤
    release/assignment3       ─┘                       └─▶ autograded/ann/assignment3: notebooks to look at

nbgrader's own step lays the instructor's files, solutions included, over the student's, and then runs the student's
notebooks as whoever grades, beside the gradebook. So ``configure_autograde`` replaces ``Autograde.start``, which the
command line, ``NbGraderAPI`` and formgrader's button share. What takes its place runs nothing, follows no link, copies
no module, and knows no point of its own: what tests decide comes from ``autograder grade``, and answers in words stay
for people to read in formgrader.

A student whose result is missing, older than the hand-in, or of another release is not imported: one sentence says
what to run, the gradebook stays as it was, the others are imported, and the command fails. Importing again is cheap and
changes nothing, except what has changed; where that is under a grade that a person has given, the grade is kept and
marked to be looked at again.

Extra credit is a cell of 0 points whose score may be above it: nbgrader's maximum is then ours, and so is its total.
"""

from __future__ import annotations

import fnmatch
import glob
import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from traitlets import Unicode
from traitlets.config import Config, LoggingConfigurable

from autograder.errors import AutograderError, IntakeError, SubmissionFault
from autograder.grading.records import write_atomic
from autograder.grading.records.gradescope import points_text
from autograder.nbgrader_bridge.graded import ResultError, StudentResult, find_result, read_result
from autograder.nbgrader_bridge.shown import answers, shown_notebook
from autograder.notebooks.align import align
from autograder.notebooks.choose import choose
from autograder.notebooks.reading import MOST_BYTES
from autograder.submission import display_name, unpack

__all__ = ["ResultImporter", "configure_autograde"]

_TIMESTAMP_BYTES: Final = 200
_NO_NOTEBOOK: Final = "This notebook was not handed in."
_NO_CELL: Final = "The cell of this answer is missing; the answer may stand elsewhere in the notebook."


def configure_autograde(config: Config, *, results: str = "graded") -> None:
    """
    Let everything in nbgrader that autogrades import results instead; for ``nbgrader_config.py``, with its ``c``.

    Args:
        config: What nbgrader reads its settings from.
        results: The folder that ``autograder grade -o`` wrote, from the course's folder or absolute.
    """
    from nbgrader.converters import Autograde

    config.ResultImporter.results_directory = results
    Autograde.start = _start


def _start(converter: Any) -> None:
    """Import the results of what ``converter`` was to grade."""
    ResultImporter(parent=converter).run(converter)


class ResultImporter(LoggingConfigurable):
    """Imports the results of one assignment; nbgrader's settings of the same name are its traits."""

    results_directory = Unicode("graded", help="Where `autograder grade -o` wrote, from the course's folder.").tag(
        config=True
    )

    def run(self, converter: Any) -> None:
        """
        Import everybody whom ``converter`` names.

        Raises:
            NbGraderException: Somebody could not be imported; the others were.
        """
        from nbgrader.converters.base import NbGraderException

        refused: list[str] = []
        try:
            release = _Release.of(converter)
            for student, folder in _submissions(converter, release.assignment):
                try:
                    self._import(converter, release, student, folder)
                except AutograderError as error:
                    refused.append(str(error))
        except AutograderError as error:
            refused.append(str(error))
        for sentence in refused:
            self.log.error("%s", sentence)
        if refused:
            raise NbGraderException("\n".join(refused))

    def _import(self, converter: Any, release: _Release, student: str, folder: Path) -> None:
        """Import one student."""
        who = display_name(student)
        results = Path(converter.coursedir.root, self.results_directory)
        found = find_result(results, release.assignment, student)
        submitted = converter.coursedir.submitted_directory
        remedy = f"run `autograder grade {submitted} -a {release.assignment} -o {self.results_directory}` first"
        if found is None:
            raise ResultError(f"{who} has no result for {release.assignment}: {remedy}.")
        with tempfile.TemporaryDirectory(prefix="autograder-gradebook-") as place:
            hand_in = _HandIn.of(folder, Path(place, "files"), release.notebooks)
            try:
                result = read_result(found)
                release.check(result)
            except ResultError as error:
                raise ResultError(f"{who}: {error}: {remedy}.") from error
            if result.digest != hand_in.digest:
                raise ResultError(f"{who}'s result is of another version of the hand-in than {folder}: {remedy}.")
            pages = {name: self._page(release, result, hand_in, name) for name in release.notebooks}
        book = _Book(converter, release, student)
        before = book.earlier_answers()
        book.write(pages)
        to_read = book.record(result, pages, before, hand_in.timestamp)
        self.log.info("%s: %s points by tests, %d to be read by people", who, points_text(result.total), to_read)

    def _page(self, release: _Release, result: StudentResult, hand_in: _HandIn, name: str) -> _Page:
        """Return one notebook of one student."""
        data = hand_in.notebooks.get(name)
        if data is None:
            return _Page(None, {}, _NO_NOTEBOOK)
        text = release.texts[name]
        problem, notebook, notes, lost = "", json.loads(text), [result.notes], set[str]()
        try:
            aligned = align(text, data)
            notebook, notes = aligned.notebook, [*(each.text for each in aligned.findings), *notes]
            # No proof that nothing was written: it may stand elsewhere, so that somebody looks.
            lost = {each.grade_id for each in aligned.findings if each.kind == "deleted"}
        except SubmissionFault as error:
            problem = f"The notebook could not be read: {error}"
            notes.insert(0, f"{problem}\nWhat follows is the release's.")
        verdicts = {each.id: each.text for each in result.questions.values() if each.points is not None}
        shown = shown_notebook(json.loads(text), notebook, verdicts=verdicts, notes="\n".join(filter(None, notes)))
        found = {} if problem else {key: text for key, text in answers(notebook).items() if key not in lost}
        return _Page(shown, found, problem)


@dataclass(frozen=True, slots=True)
class _Page:
    """One notebook of one student: what is shown, the answers in it, and what is wrong with it."""

    notebook: Mapping[str, Any] | None
    answers: Mapping[str, str]
    problem: str


@dataclass(frozen=True, slots=True)
class _Question:
    """A graded cell of the gradebook."""

    notebook: str
    max_points: Decimal
    manual: bool
    stub: str


@dataclass(frozen=True, slots=True)
class _Release:
    """The assignment as the gradebook and the release's notebooks have it."""

    assignment: str
    texts: Mapping[str, str]
    questions: Mapping[str, _Question]

    @property
    def notebooks(self) -> tuple[str, ...]:
        """The names of the notebooks that are imported."""
        return tuple(self.texts)

    @classmethod
    def of(cls, converter: Any) -> _Release:
        """Read what ``converter`` was told to grade."""
        from nbgrader.api import Gradebook, MissingEntry

        where = converter.coursedir
        name = where.assignment_id
        again = f"run `nbgrader generate_assignment {name}` first"
        texts: dict[str, str] = {}
        questions: dict[str, _Question] = {}
        with Gradebook(where.db_url, where.course_id) as book:
            try:
                assignment = book.find_assignment(name)
            except MissingEntry as error:
                raise ResultError(f"The gradebook has no assignment {display_name(name)}: {again}.") from error
            for notebook in assignment.notebooks:
                questions |= dict(_questions(notebook))
                path = Path(where.format_path(where.release_directory, ".", name), f"{notebook.name}.ipynb")
                if not path.is_file():
                    raise ResultError(f"{path} is missing, and the gradebook has it: {again}.")
                if fnmatch.fnmatchcase(notebook.name, where.notebook_id):
                    texts[notebook.name] = path.read_text(encoding="utf-8")
        if not texts:
            raise ResultError(f"{display_name(name)} has no notebook {display_name(where.notebook_id)}: {again}.")
        return cls(name, texts, questions)

    def check(self, result: StudentResult) -> None:
        """Refuse a result of other questions, or of other points, than the gradebook's."""
        if not result.questions:
            return  # nothing could be graded, by the hand-in's own fault: no points
        for name in [*self.questions, *result.questions]:
            ours, its = self.questions.get(name), result.questions.get(name)
            if ours is None or its is None:
                which = "the gradebook lacks it" if ours is None else "the result lacks it"
                raise ResultError(f"the result is not of this release, for {which}: {display_name(name)}")
            expected = (ours.notebook, ours.max_points, ours.manual)
            came = (its.notebook, its.max_points, its.points is None)
            if expected != came:
                raise ResultError(
                    f"the result is not of this release: {display_name(name)} is {_told(*came)} in the result, and "
                    f"{_told(*expected)} in the gradebook"
                )


def _told(notebook: str, points: Decimal, manual: bool) -> str:
    """Return what a question is, in words."""
    return f"{points_text(points)} points{', graded by people,' if manual else ''} in {display_name(notebook)}"


def _questions(notebook: Any) -> Iterator[tuple[str, _Question]]:
    """Yield the graded cells of a notebook of the gradebook."""
    stubs = {cell.name: cell.source or "" for cell in notebook.source_cells}
    answered = {cell.name for cell in notebook.solution_cells}
    tasks = list(notebook.task_cells)
    for cell in [*notebook.grade_cells, *tasks]:
        points = Decimal(str(cell.max_score or 0)).quantize(Decimal("0.01"))
        yield (
            cell.name,
            _Question(notebook.name, points, cell.name in answered or cell in tasks, stubs.get(cell.name, "")),
        )


def _submissions(converter: Any, assignment: str) -> Iterator[tuple[str, Path]]:
    """Yield students and the folders of their submissions; nobody is an error."""
    where = converter.coursedir
    pattern = where.format_path(where.submitted_directory, where.student_id, assignment)
    named = re.compile(
        where.format_path(where.submitted_directory, "(?P<student>[^/]+)", re.escape(assignment), escape=True)
    )
    excluded = set(filter(None, where.student_id_exclude.split(",")))
    found = sorted(path for path in glob.glob(pattern) if os.path.isdir(path))  # noqa: PTH207,PTH112 -- nbgrader's own pattern
    if not found:
        who = "nobody" if where.student_id == "*" else display_name(where.student_id)
        raise ResultError(f"{pattern}: no submission of {display_name(assignment)} by {who} is there.")
    for path in found:
        match = named.fullmatch(path)
        student = match["student"] if match else ""
        if not student or student in (".", ".."):
            raise ResultError(f"{path}: cannot tell whose submission this is.")
        if student not in excluded:
            yield student, Path(path)


@dataclass(frozen=True, slots=True)
class _HandIn:
    """What was handed in, read without following a link: its digest, its notebooks by name and when it came."""

    digest: str | None
    notebooks: Mapping[str, bytes]
    timestamp: Any

    @classmethod
    def of(cls, folder: Path, place: Path, names: Iterable[str]) -> _HandIn:
        """Read ``folder`` by way of a copy in ``place``, and of its notebooks those that are called ``names``."""
        if folder.is_symlink() or folder.parent.is_symlink():
            raise ResultError(f"{folder} is a link, and links are not followed: put the submission itself there.")
        timestamp = _timestamp(folder)
        try:
            intake = unpack(folder, place)
        except IntakeError:
            return cls(None, {}, timestamp)
        notebooks: dict[str, bytes] = {}
        for name in names:
            path = choose(intake.files, name)
            if path is not None:
                # One byte more than is parsed tells that it is too large.
                with (intake.root / path).open("rb") as file:
                    notebooks[name] = file.read(MOST_BYTES + 1)
        return cls(intake.digest, notebooks, timestamp)


def _timestamp(folder: Path) -> Any:
    """Return when a submission came, by the file that nbgrader's collecting leaves, or None."""
    from nbgrader.utils import parse_utc

    path = folder / "timestamp.txt"
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            text = file.read(_TIMESTAMP_BYTES).decode("utf-8").strip()
        return parse_utc(text) if text else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, OverflowError) as error:
        raise ResultError(
            f"{path} does not say when the submission came: write a time into it, or remove it."
        ) from error


class _Book:
    """One student's place in the gradebook and in ``autograded/``."""

    def __init__(self, converter: Any, release: _Release, student: str) -> None:
        self._converter = converter
        self._release = release
        self._student = student
        self._folder = Path(converter._format_dest(release.assignment, student))  # noqa: SLF001 -- where formgrader looks

    def earlier_answers(self) -> dict[str, str]:
        """Return the answers as they were imported the last time."""
        found: dict[str, str] = {}
        for name in self._release.notebooks:
            try:
                found |= answers(json.loads((self._folder / f"{name}.ipynb").read_bytes()))
            except (OSError, ValueError, LookupError, TypeError, AttributeError):
                continue  # there was none, or it is not of ours
        return found

    def write(self, pages: Mapping[str, _Page]) -> None:
        """Write the notebooks to look at; nothing else is left beside them."""
        whole = self._converter.coursedir.notebook_id == "*"
        if self._folder.is_symlink():
            self._folder.unlink()
        elif whole and self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            if page.notebook is None:
                (self._folder / f"{name}.ipynb").unlink(missing_ok=True)
            else:
                write_atomic(self._folder / f"{name}.ipynb", json.dumps(page.notebook, indent=1) + "\n")
        self._converter.set_permissions(self._release.assignment, self._student)

    def record(
        self, result: StudentResult, pages: Mapping[str, _Page], before: Mapping[str, str], timestamp: Any
    ) -> int:
        """Write points, comments and late penalties; return how many answers people must read."""
        from nbgrader.api import Gradebook, MissingEntry
        from sqlalchemy.exc import SAWarning

        where = self._converter.coursedir
        assignment, to_read = self._release.assignment, 0
        with Gradebook(where.db_url, where.course_id) as book:
            if self._converter.create_student:
                book.update_or_create_student(self._student)
            try:
                book.find_student(self._student)
            except MissingEntry as error:
                raise ResultError(f"The gradebook has no student {display_name(self._student)}.") from error
            came = {} if timestamp is None else {"timestamp": timestamp}
            with warnings.catch_warnings(
                category=SAWarning, action="ignore"
            ):  # of nbgrader's own making, three each time
                book.update_or_create_submission(assignment, self._student, **came)
            for name, page in pages.items():
                notebook = book.find_submission_notebook(name, assignment, self._student)
                comments = {comment.name: comment for comment in notebook.comments}
                for grade in notebook.grades:
                    question = self._release.questions[grade.name]
                    if question.manual:
                        shown = None if page.notebook is None else answers(page.notebook).get(grade.name)
                        _judge_answer(
                            grade, comments.get(grade.name), question, page, changed=shown != before.get(grade.name)
                        )
                    else:
                        points = result.questions[grade.name].points if result.questions else Decimal(0)
                        _set_points(grade, float(points or 0))
                    to_read += bool(grade.needs_manual_grade)
            book.db.commit()
        self._assign_late_penalties(pages)
        return to_read

    def _assign_late_penalties(self, pages: Mapping[str, _Page]) -> None:
        """Let nbgrader assign late penalties, by the course's own policy."""
        from nbgrader.preprocessors import AssignLatePenalties

        assign = AssignLatePenalties(parent=self._converter)
        for name in pages:
            names = {"student": self._student, "assignment": self._release.assignment, "notebook": name}
            resources = {"nbgrader": names | {"db_url": self._converter.coursedir.db_url}}
            assign(SimpleNamespace(cells=[]), resources)  # it looks at the gradebook alone


def _set_points(grade: Any, points: float) -> None:
    """Set what tests decided; a person's grade stays, and is to be looked at again where that changed."""
    changed = grade.auto_score != points
    grade.auto_score = points
    grade.needs_manual_grade = grade.manual_score is not None and (changed or grade.needs_manual_grade)


def _judge_answer(grade: Any, comment: Any, question: _Question, page: _Page, *, changed: bool) -> None:
    """Set what can be known of an answer in words: that there is none; else leave it to people."""
    answer = page.answers.get(grade.name)
    problem = page.problem or (_NO_CELL if answer is None else "")
    unanswered = page.notebook is None or not problem and (answer or "").strip() in ("", question.stub.strip())
    grade.auto_score = 0.0 if unanswered else None
    again = grade.manual_score is not None and (changed or grade.needs_manual_grade)
    grade.needs_manual_grade = again or (grade.manual_score is None and not unanswered)
    if comment is not None:
        comment.auto_comment = problem or ("No response." if unanswered else None)

"""
One student's result, read back from the files that grading wrote, and checked before anybody's grade depends on it.

    graded/ann/summary.json   is it whole, and must it be graded again
              /staff.json     points by question, and the digest of the hand-in
              /results.json   what the student may read of each question

Nothing here computes a point. Whatever cannot be understood, or does not fit together, is a ``ResultError``: one
clause that says which file and what is wrong with it; the importer adds what to run. A result without a score never
reads as a zero; a hand-in in which nothing could be graded, by its own fault, does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from autograder.errors import ConfigError
from autograder.grading.records.gradescope import NOT_YET, points_text
from autograder.scoring import Status

__all__ = ["QuestionResult", "ResultError", "StudentResult", "find_result", "read_result"]

_FILE_BYTES: Final = 256 << 20
"""staff.json holds inputs and printed arrays; one of this size is not ours."""
_HUNDREDTH: Final = Decimal("0.01")


class ResultError(ConfigError):
    """A student's result is missing, torn, or of something else; the message says which and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionResult:
    """
    What one question came to.

    Attributes:
        id: Its grade cell.
        notebook: The notebook of that cell, without ``.ipynb``.
        worth: Its points in this edition.
        extra_credit: It adds to the score and not to the maximum.
        points: What it earned, within 0 and ``worth``; ``None`` if people grade it.
        text: What the student may read of it, plain text.
    """

    id: str
    notebook: str
    worth: Decimal
    extra_credit: bool
    points: Decimal | None
    text: str

    @property
    def max_points(self) -> Decimal:
        """What it adds to the maximum."""
        return Decimal(0) if self.extra_credit else self.worth


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentResult:
    """
    What one hand-in came to.

    Attributes:
        folder: Where this was read.
        digest: That of the files that were graded; ``None`` if the hand-in could not be unpacked.
        questions: By grade cell; empty if nothing could be graded.
        notes: What the student may read of the hand-in as a whole, plain text.
    """

    folder: Path
    digest: str | None
    questions: Mapping[str, QuestionResult]
    notes: str

    @property
    def total(self) -> Decimal:
        """The points of all questions that tests graded."""
        return sum((each.points for each in self.questions.values() if each.points is not None), Decimal(0))


def find_result(results: Path, assignment: str, student: str) -> Path | None:
    """
    Return the folder of a student's result: ``<assignment>/<student>`` in the folder of results, else ``<student>``.

    The first is for courses that keep the results of several assignments in one folder.
    """
    for folder in (results / assignment / student, results / student):
        if (folder / "summary.json").is_file():
            return folder
    return None


def read_result(folder: Path) -> StudentResult:
    """
    Read a result.

    Raises:
        ResultError: It is torn, not of one piece, or not a grade.
    """
    summary, staff, shown = (_read(folder / f"{name}.json") for name in ("summary", "staff", "results"))
    try:
        if summary["key"] != staff["facts"]["key"]:
            raise ResultError(f"{folder} holds files of two runs")
        if summary["needs_regrade"] or shown["extra_data"]["needs_regrade"]:
            raise ResultError(f"{folder} holds no grade, for the grader itself failed (staff.json says how)")
        entries = staff["score"]["questions"] if summary["graded"] else []
        texts = {entry["extra_data"]["question"]: str(entry["output"]) for entry in shown["tests"]}
        questions = [_question(folder, entry, texts) for entry in entries]
        result = StudentResult(
            folder=folder,
            digest=None if staff["submission"] is None else str(staff["submission"]["digest"]),
            questions={question.id: question for question in questions},
            notes=_notes(str(shown["output"])),
        )
        _agree(result, staff, shown)
    except (KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__} {error}"
        raise ResultError(f"{folder} holds a result that cannot be understood ({what})") from error
    return result


def _notes(text: str) -> str:
    """Return the notes without the one that people's points are missing: a gradebook is where they come to be."""
    return "\n".join(line for line in text.split("\n") if not line.endswith(NOT_YET))


def _read(path: Path) -> dict[str, Any]:
    """Return a file's content."""
    try:
        if path.stat().st_size > _FILE_BYTES:
            raise ResultError(f"{path} is larger than any result")
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ResultError(f"{path} cannot be read as a result ({error})") from error
    if not isinstance(content, dict):
        raise ResultError(f"{path} is not a result")
    return content


def _question(folder: Path, entry: Mapping[str, Any], texts: Mapping[str, str]) -> QuestionResult:
    """Return one question, its points within what it is worth."""
    name, status = str(entry["id"]), str(entry["status"])
    worth = _amount(entry["worth"])
    if status == Status.MANUAL.value:
        points = None
    else:
        points = _amount(entry["points"]) if status == Status.GRADED.value else None
        if worth is None or points is None or points > worth:
            raise ResultError(
                f"{folder}: {name} has {entry['points']} of {entry['worth']} points, which is no score: "
                "grade this hand-in again"
            )
    if worth is None:
        raise ResultError(f"{folder}: {name} is worth {entry['worth']} points, which is no number of points")
    return QuestionResult(
        id=name,
        notebook=str(entry["notebook"]),
        worth=worth,
        extra_credit=entry["extra_credit"] is True,
        points=points,
        text=texts.get(name, ""),
    )


def _amount(text: object) -> Decimal | None:
    """Return points as grading writes them, a text of whole hundredths from 0 on; ``None`` for anything else."""
    if not isinstance(text, str):
        return None
    try:
        value = Decimal(text)
        whole = value.is_finite() and value >= 0 and value == value.quantize(_HUNDREDTH)
    except InvalidOperation:
        return None
    return value if whole else None


def _agree(result: StudentResult, staff: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """Refuse a total that is not the sum of the questions, or not what the student reads."""
    told = _amount(str(shown["score"]))
    kept = _amount(staff["score"]["total"]) if result.questions else Decimal(0)
    if not result.total == kept == told:
        raise ResultError(
            f"{result.folder}: the questions add up to {points_text(result.total)} points, staff.json says "
            f"{points_text(kept)} and results.json {shown['score']}"
        )

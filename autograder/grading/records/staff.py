"""
What staff see of one submission: everything, in ``staff.json``.

The file repeats nothing that can be computed from it, and leaves nothing out that a complaint may turn on: every
outcome with its inputs and outputs, every finding, what was left out of the hand-in, and the facts of the run (seed,
tier, versions, hashes of submission, tests, reference and environment). It is never sent to a student.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.grading.records.plain import plain
from autograder.scoring import QuestionScore, Score
from autograder.submission import Intake

__all__ = ["STAFF_FORMAT", "staff_json"]

STAFF_FORMAT = 1
"""Raised whenever a reader of the file has to know."""


def staff_json(
    score: Score | None,
    *,
    intake: Intake | None = None,
    facts: Mapping[str, object] | None = None,
    problems: tuple[str, ...] = (),
) -> dict[str, Any]:
    """
    Return everything known about one submission.

    Args:
        score: What it came to; ``None`` if nothing was graded.
        intake: What was handed in; ``None`` if it could not be unpacked.
        facts: The facts of the run, by name.
        problems: What went wrong with the run as a whole.
    """
    return {
        "format": STAFF_FORMAT,
        "score": None if score is None else _score(score),
        "submission": None if intake is None else _intake(intake),
        "facts": plain(dict(facts or {})),
        "problems": [*problems, *(score.problems if score is not None else ())],
    }


def _score(score: Score) -> dict[str, Any]:
    """Return the score, every question with it; points as texts, since floats cannot say 0.1."""
    return {
        "total": None if score.total is None else str(score.total),
        "max_total": str(score.max_total),
        "earned": str(score.earned),
        "needs_regrade": score.needs_regrade,
        "questions": [_question(entry) for entry in score.questions],
    }


def _question(entry: QuestionScore) -> dict[str, Any]:
    """Return one question with its outcomes and findings."""
    question = entry.question
    return {
        "id": question.id,
        "notebook": question.notebook,
        "number": question.number,
        "title": question.title,
        "worth": str(question.points),
        "extra_credit": question.extra_credit,
        "status": entry.status.value,
        "points": None if entry.points is None else str(entry.points),
        "max_points": str(entry.max_points),
        "passed_weight": entry.passed_weight,
        "all_weight": entry.all_weight,
        "tests": [plain(test.to_json()) for test in entry.tests],
        "findings": [plain(finding.to_json()) for finding in entry.findings],
        "problems": list(entry.problems),
    }


def _intake(intake: Intake) -> dict[str, Any]:
    """Return what was handed in."""
    return {
        "digest": intake.digest,
        "files": list(intake.files),
        "left_out": [{"path": each.path, "reason": each.reason} for each in intake.left_out],
    }

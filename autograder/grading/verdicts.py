"""
What an exception in a hidden test means: whose fault, which verdict, and the two texts.

    the submission's   Mismatch, StudentError, LimitExceeded, WorkerDied, ProtocolError
    ours               OurFault; and anything that is raised before the student's code was asked for anything
    the submission's   anything else: a value came back that the test's own lines could not use

The last row is a decision. A hidden test that works with the reference solution can only stumble over what it was
given; were that our fault, a submission could escape its verdict by returning something odd. Staff see the traceback.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import Final

from autograder.errors import (
    LimitExceeded,
    Mismatch,
    OurFault,
    ProtocolError,
    StudentError,
    SubmissionFault,
    WorkerDied,
)
from autograder.outcomes import Verdict

__all__ = ["Judgement", "judge"]

_UNPACKED: Final = re.compile(r"(?:not enough|too many) values to unpack \(expected (\d+)(?:, got (\d+))?\)")
_OURS: Final = "This question could not be graded, and that is not your fault. Staff have been told."


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a test ended, in a verdict and two texts. ``final`` is False where a second try may change it."""

    verdict: Verdict
    student: str
    staff: str
    final: bool = False


def judge(error: BaseException, question: str, questions: frozenset[str], requests: int) -> Judgement:
    """
    Return what ``error``, raised in a test, means.

    Args:
        error: The exception.
        question: The question that the test serves.
        questions: Every question's id: a broken function that has a question of its own *blocks* the others.
        requests: How often the student's code had been asked for something.
    """
    match error:
        case StudentError():
            return _of_student_error(error, question, questions)
        case LimitExceeded():
            return Judgement(Verdict.LIMIT, error.student, error.staff)
        case WorkerDied() | ProtocolError():
            return Judgement(Verdict.DIED, error.student, error.staff)
        case Mismatch() | SubmissionFault():
            return Judgement(Verdict.FAILED, error.student, error.staff)
        case OurFault():
            return Judgement(Verdict.OURS, _OURS, _trace(error), final=True)
        case _ if requests == 0:
            return Judgement(Verdict.OURS, _OURS, _trace(error), final=True)
        case AssertionError():
            return Judgement(Verdict.FAILED, "What came back is not as it should be.", _trace(error))
        case _:
            return Judgement(Verdict.FAILED, _stumbled(error), _trace(error))


def _of_student_error(error: StudentError, question: str, questions: frozenset[str]) -> Judgement:
    culprit = error.function
    elsewhere = culprit is not None and culprit != question and culprit in questions
    if error.kind == "not_attempted":
        verdict = Verdict.BLOCKED if elsewhere else Verdict.NOT_ATTEMPTED
        return Judgement(verdict, error.student, error.staff, final=True)
    final = error.kind in ("missing", "import")
    if elsewhere:
        # The culprit may be right, and have been given something wrong: nothing is claimed of it.
        text = f"The error arose in {culprit}. If that has all of its points, look at what it is given here."
        text = f"{text}\n{error.student}"
        return Judgement(
            Verdict.BLOCKED, text, f"{text}\n{error.staff}" if error.staff != error.student else text, final
        )
    return Judgement(Verdict.FAILED, error.student, error.staff, final)


def _stumbled(error: BaseException) -> str:
    found = _UNPACKED.search(str(error)) if isinstance(error, ValueError) else None
    if found:
        came = f", and {found[2]} came" if found[2] else ""
        return f"{found[1]} values were expected back{came}."
    return (
        "What came back is of a kind that this test cannot use: is a value missing, or of another type than asked for?"
    )


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error, limit=-8))

"""What an exception in a hidden test means."""

import pytest

from autograder.errors import CageLost, LimitExceeded, Mismatch, ProtocolError, StudentError, WorkerDied
from autograder.grading.verdicts import judge
from autograder.outcomes import Verdict

QUESTIONS = frozenset({"forward", "backward"})


def verdict_of(error, requests=1, question="backward"):
    """Return the judgement of an exception in a test of ``question``."""
    return judge(error, question, QUESTIONS, requests)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (Mismatch("wrong"), Verdict.FAILED),
        (StudentError("raised", "raised"), Verdict.FAILED),
        (StudentError("not_attempted", "unwritten", function="backward"), Verdict.NOT_ATTEMPTED),
        (StudentError("not_attempted", "unwritten", function="forward"), Verdict.BLOCKED),
        (StudentError("raised", "raised", function="forward"), Verdict.BLOCKED),
        (StudentError("raised", "raised", function="helper"), Verdict.FAILED),
        (LimitExceeded("wall_s", "slow"), Verdict.LIMIT),
        (WorkerDied("dead"), Verdict.DIED),
        (ProtocolError("garbage"), Verdict.DIED),
        (CageLost("zygote"), Verdict.OURS),
        (AssertionError(), Verdict.FAILED),
        (TypeError("unusable"), Verdict.FAILED),
    ],
)
def test_each_exception_has_its_verdict(error, verdict):
    """Faults of the submission cost points; faults of ours never do."""
    assert verdict_of(error).verdict is verdict


def test_an_error_before_the_first_request_is_ours():
    """A test that fails in its own lines before it has asked anything is our mistake."""
    judgement = verdict_of(ZeroDivisionError("reference"), requests=0)
    assert judgement.verdict is Verdict.OURS
    assert "not your fault" in judgement.student
    assert "reference" not in judgement.student
    assert "ZeroDivisionError" in judgement.staff


def test_an_odd_value_never_becomes_our_fault():
    """After the student was asked, whatever a test stumbles over is the student's, so that oddness buys no regrade."""
    judgement = verdict_of(ValueError("too many values to unpack (expected 2)"))
    assert judgement.verdict is Verdict.FAILED
    assert "2 values were expected" in judgement.student


def test_a_block_points_to_the_cause():
    """A test that fails in a function with a question of its own names that function."""
    judgement = verdict_of(StudentError("raised", "boom", function="forward"))
    assert "forward" in judgement.student
    assert not judgement.final


def test_what_was_never_written_is_not_asked_twice():
    """A stub is final at the first try."""
    assert verdict_of(StudentError("not_attempted", "unwritten", function="backward")).final

"""
What a student may see, in the form that Gradescope reads: ``results.json``.

    score                          the total; left out when the submission needs a regrade
    tests[i]                       one question: number, title, points, and per test its claim and what went wrong
    output                         what concerns the whole hand-in: files left out, notes
    extra_data                     versions and flags for programs; nothing that a student may not see

Only the outcomes' ``claim`` and ``student`` texts enter. What the student's code printed does not: code may print the
inputs it was given, and a student would read them here. Every text is shown as plain text, never as markup; what is
not plainly visible is escaped, and texts are cut below the 100,000 characters at which Gradescope cuts without a word.

When the grader itself failed, nothing may read as a grade: no entry has a score, the whole result is hidden and each
entry says in words what is known. Staff see the points of finished questions in the entries' ``extra_data``.

``validate_gradescope`` checks a result against everything known about the format, for tests and as a last look.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from autograder.grading.records.plain import cut, plain
from autograder.outcomes import Effect, Finding, TestOutcome, Verdict
from autograder.scoring import QuestionScore, Score, Status
from autograder.submission import Intake, display_name, display_text

__all__ = [
    "NOT_YET",
    "OUTPUT_CHARS",
    "left_out_notes",
    "points_text",
    "refused_json",
    "results_json",
    "to_be_read",
    "validate_gradescope",
]

OUTPUT_CHARS = 100_000
"""Gradescope cuts an output at this length."""
NOT_YET = "who read your answers in words; they are not in this total yet."
"""How the line ends that says which points people give; where their points are added, it is left out."""

_MESSAGE_CHARS = 8_000  # of one test: a traceback with its notes fits, a printed array does not
_NAME_CHARS = 200
_SHOWN_NOTES = 50
_OURS = "Not graded: our fault. Nothing is lost; staff are told, and this is graded again."
_MARKS = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.NOT_ATTEMPTED: "not attempted",
    Verdict.BLOCKED: "blocked by an earlier part",
    Verdict.LIMIT: "stopped at a limit",
    Verdict.DIED: "the process ended",
    Verdict.OURS: "not graded: our fault",
}


def results_json(
    score: Score, *, execution_s: float, notes: Sequence[str] = (), facts: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """
    Return what a student may see of a submission that was graded.

    Args:
        score: What it came to.
        execution_s: Seconds that grading took.
        notes: What concerns the whole hand-in, one line each (``left_out_notes``).
        facts: For programs: tier, versions. A student can read it.
    """
    head = [_OURS.replace("this is", "the submission is")] if score.needs_regrade else []
    if by_people := to_be_read(score):
        head.append(f"{by_people}, {NOT_YET}")
    result = _frame(execution_s, [*head, *notes], facts)
    result["tests"] = [_entry(entry, hide=score.needs_regrade) for entry in score.questions]
    if score.needs_regrade or score.total is None:
        return result | {"visibility": "hidden", "extra_data": result["extra_data"] | {"needs_regrade": True}}
    return result | {"score": float(score.total), "visibility": "visible"}


def refused_json(
    student: str, *, execution_s: float = 0.0, ours: bool = False, facts: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """
    Return the result of a hand-in of which nothing was graded.

    Args:
        student: What the student reads: why.
        execution_s: Seconds that it took to find out.
        ours: The grader failed: no score, hidden, to be graded again. Otherwise the hand-in is at fault: score 0.
        facts: For programs; a student can read it.
    """
    result = _frame(execution_s, [student], facts)
    if ours:
        return result | {"visibility": "hidden", "extra_data": result["extra_data"] | {"needs_regrade": True}}
    return result | {"score": 0.0, "visibility": "visible"}


def left_out_notes(intake: Intake) -> list[str]:
    """Return what was left out of a hand-in, in a line each, for the student."""
    shown = [f"Left out: {each.path} ({each.reason})" for each in intake.left_out[:_SHOWN_NOTES]]
    rest = len(intake.left_out) - len(shown)
    return [*shown, f"… and {rest} more"] if rest else shown


def to_be_read(score: Score) -> str:
    """Return in words how many points people still give, or nothing."""
    points = sum(entry.question.points for entry in score.questions if entry.status is Status.MANUAL)
    return f"{points_text(points)} points are given by people" if points else ""


def points_text(points: Decimal | None) -> str:
    """Return points as people read them: ``7.5``, ``10``, and ``-`` where they are not known."""
    if points is None:
        return "-"
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _frame(execution_s: float, lines: Iterable[str], facts: Mapping[str, object] | None) -> dict[str, Any]:
    """Return what every result has."""
    return {
        "execution_time": round(execution_s, 3) if math.isfinite(execution_s) and execution_s >= 0 else 0.0,
        "output": cut("\n".join(display_text(line) for line in lines), OUTPUT_CHARS),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "extra_data": {"needs_regrade": False} | dict(_plain_facts(facts)),
        "tests": [],
    }


def _plain_facts(facts: Mapping[str, object] | None) -> dict[str, Any]:
    """Return the facts as JSON."""
    shown = plain(dict(facts or {}))
    return shown if isinstance(shown, dict) else {}


def _entry(entry: QuestionScore, *, hide: bool) -> dict[str, Any]:
    """Return one question as a test of Gradescope's; ``hide`` keeps the points out of what is added up."""
    question = entry.question
    shown: dict[str, Any] = {
        "name": cut(display_name(question.title), _NAME_CHARS),
        "name_format": "text",
        "number": question.number,
        "max_score": float(entry.max_points),
        "output": cut("\n\n".join(_paragraphs(entry)), OUTPUT_CHARS),
        "output_format": "text",
        "tags": _tags(entry),
        "extra_data": {"question": question.id, "status": entry.status.value},
    }
    if entry.points is not None:
        shown["extra_data"]["points"] = float(entry.points)
        full = entry.points >= question.points
        if not hide:
            shown |= {"score": float(entry.points), "status": "passed" if full else "failed"}
    return shown | ({"visibility": "hidden"} if hide else {})


def _tags(entry: QuestionScore) -> list[str]:
    """Return what staff can filter by."""
    tags = [entry.question.notebook, entry.status.value]
    if entry.status is Status.NOT_GRADED:
        tags.append("needs_regrade")
    return tags + (["extra_credit"] if entry.question.extra_credit else [])


def _paragraphs(entry: QuestionScore) -> Iterable[str]:
    """Yield what a student reads of one question."""
    match entry.status:
        case Status.MANUAL:
            yield "Read by people; not in this total yet."
        case Status.NOT_GRADED:
            yield _OURS
        case Status.GRADED:
            worth = points_text(entry.question.points)
            extra = " (extra credit)" if entry.question.extra_credit else ""
            yield f"{points_text(entry.points)} of {worth} points{extra}"
    for finding in entry.findings:
        yield _finding_text(finding)
    told: set[str] = set()
    for test in entry.tests:
        yield _test_text(test, told)


def _test_text(test: TestOutcome, told: set[str]) -> str:
    """Return one test: how it ended, its claim, and the message below it, unless that was ``told`` before."""
    claim = " ".join(display_text(test.claim).split()) or "A hidden test."
    head = f"[{_MARKS.get(test.verdict, 'not graded')}] {claim}"
    if test.verdict is Verdict.PASSED or not test.student.strip():
        return head
    message = _shown(test.student.rstrip())
    if message in told:
        return f"{head}\n    (as above)"
    told.add(message)
    return head + "".join(f"\n    {line}" for line in message.split("\n"))


def _finding_text(finding: Finding) -> str:
    """Return one finding of a rule, with what it costs."""
    cost = {Effect.WARN: "", Effect.CAP: " (points are capped)", Effect.ZERO: " (no points)"}.get(finding.effect, "")
    where = f"{display_name(finding.file)}, line {finding.line}: " if finding.file else ""
    return f"[rule] {where}{_shown(finding.text)}{cost}"


def _shown(text: str) -> str:
    """Return a message cut and escaped: cut twice, since what is escaped is longer."""
    return cut(display_text(cut(text, _MESSAGE_CHARS)), 2 * _MESSAGE_CHARS)


_VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}
_FORMATS = {"text", "html", "simple_format", "md", "ansi"}
_TOP: Mapping[str, type | tuple[type, ...] | set[str]] = {
    "score": (int, float),
    "execution_time": (int, float),
    "output": str,
    "output_format": _FORMATS,
    "test_output_format": _FORMATS,
    "test_name_format": _FORMATS,
    "visibility": _VISIBILITIES,
    "stdout_visibility": _VISIBILITIES,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
_TEST: Mapping[str, type | tuple[type, ...] | set[str]] = {
    "score": (int, float),
    "max_score": (int, float),
    "status": {"passed", "failed"},
    "name": str,
    "name_format": _FORMATS,
    "number": str,
    "output": str,
    "output_format": _FORMATS,
    "tags": list,
    "visibility": _VISIBILITIES,
    "extra_data": dict,
}


def validate_gradescope(result: Mapping[str, Any]) -> list[str]:
    """
    Return what is wrong with a result; empty if nothing is.

    A result without any score is taken for a failure of the autograder, so it must be hidden and say that it needs a
    regrade.
    """
    problems = _check(result, _TOP, "")
    tests = result.get("tests", [])
    for index, test in enumerate(tests if isinstance(tests, list) else []):
        where = f"tests[{index}]."
        if not isinstance(test, Mapping):
            problems.append(f"{where[:-1]} must be an object")
            continue
        problems += _check(test, _TEST, where)
        if not all(isinstance(tag, str) for tag in test.get("tags", [])):
            problems.append(f"{where}tags must be texts")
    scored = "score" in result or any(isinstance(test, Mapping) and "score" in test for test in tests)
    regrade = isinstance(result.get("extra_data"), Mapping) and result["extra_data"].get("needs_regrade") is True
    if regrade and (scored or result.get("visibility") != "hidden"):
        problems.append("a result that needs a regrade must be hidden and have no score")
    if not regrade and not scored:
        problems.append("neither the result nor a test has a score")
    return problems


def _check(
    values: Mapping[str, Any], schema: Mapping[str, type | tuple[type, ...] | set[str]], where: str
) -> list[str]:
    """Return what is wrong with the keys of one object."""
    problems = [f"{where}{key} is no key of the format" for key in values if key not in schema]
    for key, wanted in schema.items():
        if key not in values:
            continue
        value = values[key]
        if isinstance(wanted, set):
            if not isinstance(value, str) or value not in wanted:
                problems.append(f"{where}{key} must be one of {sorted(wanted)}, got {value!r}")
        elif isinstance(value, bool) or not isinstance(value, wanted):
            problems.append(f"{where}{key} has the wrong type, {type(value).__name__}")
        elif isinstance(value, float) and not math.isfinite(value):
            problems.append(f"{where}{key} must be finite, got {value}")
        elif isinstance(value, str) and len(value) > OUTPUT_CHARS:
            problems.append(f"{where}{key} has {len(value)} characters, more than {OUTPUT_CHARS}")
    return problems

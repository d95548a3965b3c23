"""
From outcomes to points: pure, total, and closed when in doubt.

    question's points = points x passed weight / all weight       (then rules: warn, cap or zero)
    total             = the sum of them, extra credit included
    maximum           = the sum of what the questions are worth, extra credit left out

**Rounding.** Weights are added as exact fractions; each question's points are then rounded once, to the nearest
hundredth, halves up. A question is worth whole hundredths, so full marks stay full marks, and sums of hundredths are
kept in ``Decimal`` and are exact: what is printed adds up.

**In doubt.** Whatever cannot be read earns nothing. Where the doubt is of our making (an outcome ``OURS``, a test
that was planned and is missing, one that came twice, a weight that is no number, a rule without a cap), the question
is *not graded*: the score then says ``needs_regrade`` and has no total, for our failure must not read as a student's
zero. ``earned`` still adds up what is known, for reports; it is never a grade.

The invariant, held by property tests: turning any outcome from passed to anything else never raises a question's
points, the total or ``earned``, and points stay within 0 and what the question is worth. Nothing is ever taken out of
the denominator: a test that could not run because an earlier part is broken stays in it.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from autograder.outcomes import Effect, Finding, PlannedTest, Question, TestOutcome, Verdict

__all__ = ["LIMITED_SHARE", "QuestionScore", "Score", "Status", "check_plan", "score"]

LIMITED_SHARE = Fraction(15, 100)
"""The most that tests of what is right only at the notebook's sizes may carry of a question."""

_MOST = 1_000_000  # no weight and no question is worth more: keeps every sum within a float and a Decimal
_HUNDREDTH = Decimal("0.01")


class Status(enum.Enum):
    """Whether a question's points are known."""

    GRADED = "graded"
    NOT_GRADED = "not_graded"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionScore:
    """
    What one question came to.

    Attributes:
        question: The question.
        status: Graded, not graded because of us, or left to people.
        points: What it earned; ``None`` unless graded.
        max_points: What it adds to the maximum: nothing if it is extra credit.
        passed_weight: Weight of the tests that passed.
        all_weight: Weight of all its tests.
        tests: Its outcomes, in the order in which they came.
        findings: What its rules found.
        problems: For staff: why it is not graded.
    """

    question: Question
    status: Status
    points: Decimal | None
    max_points: Decimal
    passed_weight: float = 0.0
    all_weight: float = 0.0
    tests: tuple[TestOutcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """
    What one submission came to.

    Attributes:
        questions: One entry per question of the assignment, in its order.
        total: Points of the graded questions, extra credit included; ``None`` when the submission needs a regrade.
        max_total: The maximum, manual questions included, extra credit left out.
        needs_regrade: Something of ours failed.
        problems: For staff: what belongs to no question.
    """

    questions: tuple[QuestionScore, ...]
    total: Decimal | None
    max_total: Decimal
    needs_regrade: bool
    problems: tuple[str, ...] = ()

    @property
    def earned(self) -> Decimal:
        """Points of the questions that are graded; not a grade while ``needs_regrade`` holds."""
        return sum((entry.points for entry in self.questions if entry.points is not None), Decimal(0))


def score(
    questions: Sequence[Question],
    outcomes: Iterable[TestOutcome],
    findings: Iterable[Finding] = (),
    planned: Sequence[PlannedTest] | None = None,
) -> Score:
    """
    Return what the outcomes are worth. Never raises on account of its values.

    Args:
        questions: Every question of the assignment.
        outcomes: One per test; their order changes nothing.
        findings: What the rules found.
        planned: The tests as collected. A planned test without an outcome leaves its question ungraded. Without a
            plan, the outcomes are taken to be all there are.
    """
    outcomes, findings = tuple(outcomes), tuple(findings)
    entries = tuple(
        _score_question(
            question,
            tuple(outcome for outcome in outcomes if outcome.question == question.id),
            tuple(finding for finding in findings if finding.question == question.id),
            None if planned is None else [test for test in planned if test.question == question.id],
        )
        for question in questions
    )
    problems = _stray(questions, outcomes, findings, planned or ())
    needs_regrade = bool(problems) or any(entry.status is Status.NOT_GRADED for entry in entries)
    earned = sum((entry.points for entry in entries if entry.points is not None), Decimal(0))
    return Score(
        questions=entries,
        total=None if needs_regrade else earned,
        max_total=sum((entry.max_points for entry in entries), Decimal(0)),
        needs_regrade=needs_regrade,
        problems=problems,
    )


def check_plan(questions: Sequence[Question], planned: Sequence[PlannedTest]) -> list[str]:
    """
    Return what is wrong between an assignment and its tests, in words for the instructor; empty if nothing is.

    Checked: every question has a test and every test a question, manual questions have none, weights are numbers
    above 0, no test is listed twice for a question, and limited tests carry at most ``LIMITED_SHARE``.
    """
    problems = list(_stray(questions, (), (), planned))
    for question in questions:
        tests = [test for test in planned if test.question == question.id]
        if question.manual:
            problems += [f"{question.id} is graded by people, but {test.test} serves it" for test in tests]
        elif not tests:
            problems.append(f"{question.id} has no test")
        else:
            problems += [f"{question.id}: {problem}" for problem in _plan_problems(tests)]
    return problems


def _score_question(
    question: Question,
    tests: tuple[TestOutcome, ...],
    findings: tuple[Finding, ...],
    planned: Sequence[PlannedTest] | None,
) -> QuestionScore:
    """Return one question's entry; only outcomes and findings of this question are given."""
    worth = question.points if _is_worth(question.points) else Decimal(0)
    max_points = Decimal(0) if question.extra_credit else worth
    if question.manual and not tests:
        return QuestionScore(
            question=question, status=Status.MANUAL, points=None, max_points=max_points, findings=findings
        )
    problems = [*_question_problems(question, tests, findings)]
    if planned is not None:
        problems += _missing(tests, planned)
    passed = _weight(test for test in tests if test.verdict is Verdict.PASSED)
    everything = _weight(tests)
    points = None if problems else _points(question.points, passed / everything, findings)
    return QuestionScore(
        question=question,
        status=Status.NOT_GRADED if problems else Status.GRADED,
        points=points,
        max_points=max_points,
        passed_weight=float(passed),
        all_weight=float(everything),
        tests=tests,
        findings=findings,
        problems=tuple(problems),
    )


def _points(worth: Decimal, share: Fraction, findings: Iterable[Finding]) -> Decimal:
    """Return points after the rules, rounded to the nearest hundredth, halves up."""
    for finding in findings:
        match finding.effect:
            case Effect.WARN:
                continue
            case Effect.CAP:
                share = min(share, Fraction(finding.cap or 0))
            case Effect.ZERO:
                share = Fraction(0)
            case _:
                assert_never(finding.effect)
    hundredths = math.floor(Fraction(worth) * share * 100 + Fraction(1, 2))
    return Decimal(hundredths).scaleb(-2)


def _question_problems(question: Question, tests: Sequence[TestOutcome], findings: Iterable[Finding]) -> Iterable[str]:
    """Yield every reason, of our making, for which this question cannot be graded."""
    if not _is_worth(question.points):
        yield f"points must be a number from 0 with at most two decimals, got {question.points}"
    if question.manual:
        yield f"graded by people, but tests serve it: {', '.join(test.test for test in tests)}"
    if not tests:
        yield "no test of this question was run"
        return
    yield from _plan_problems(
        [PlannedTest(test=t.test, question=t.question, weight=t.weight, limited=t.limited) for t in tests]
    )
    for test in tests:
        if not isinstance(test.verdict, Verdict):
            yield f"{test.test}: {test.verdict!r} is no verdict"
        elif test.verdict is Verdict.OURS:
            yield f"{test.test}: {test.staff or 'the grader failed'}"
    for finding in findings:
        if not isinstance(finding.effect, Effect):
            yield f"a rule's effect must be warn, cap or zero, got {finding.effect!r}"
        elif finding.effect is Effect.CAP and not _is_share(finding.cap):
            yield f"a rule's cap must be from 0 to 1, got {finding.cap!r}"


def _plan_problems(tests: Sequence[PlannedTest]) -> Iterable[str]:
    """Yield what is wrong with the weights and names of one question's tests."""
    for name, count in Counter(test.test for test in tests).items():
        if count > 1:
            yield f"{name} came {count} times"
    wrong = [test for test in tests if not _is_weight(test.weight)]
    yield from (f"{test.test}: weight must be a number above 0, got {test.weight!r}" for test in wrong)
    if wrong:
        return
    limited, everything = _weight(test for test in tests if test.limited), _weight(tests)
    if limited > LIMITED_SHARE * everything:
        share, most = float(limited / everything), float(LIMITED_SHARE)
        yield f"limited tests carry {share:.1%} of the question, and may carry {most:.0%}"


def _missing(tests: Sequence[TestOutcome], planned: Sequence[PlannedTest]) -> Iterable[str]:
    """Yield how the outcomes differ from the plan."""
    came = {outcome.test: outcome for outcome in tests}
    for test in planned:
        outcome = came.pop(test.test, None)
        if outcome is None:
            yield f"{test.test} was planned and has no outcome"
        elif (outcome.weight, outcome.limited) != (test.weight, test.limited):
            yield f"{test.test} was planned with weight {test.weight!r}, and came with {outcome.weight!r}"
    yield from (f"{name} was not planned" for name in came)


def _stray(
    questions: Sequence[Question],
    outcomes: Iterable[TestOutcome],
    findings: Iterable[Finding],
    planned: Iterable[PlannedTest],
) -> tuple[str, ...]:
    """Return the problems that belong to no question of the assignment."""
    known = Counter(question.id for question in questions)
    problems = [f"question {name} is listed {count} times" for name, count in known.items() if count > 1]
    tests: list[PlannedTest | TestOutcome] = [*planned, *outcomes]
    problems += [f"{test.test} serves {test.question}, no question here" for test in tests if not known[test.question]]
    problems += [f"a rule names {each.question}, no question here" for each in findings if not known[each.question]]
    return tuple(dict.fromkeys(problems))


def _weight(tests: Iterable[TestOutcome | PlannedTest]) -> Fraction:
    """Return the sum of the weights that are weights."""
    return sum((Fraction(test.weight) for test in tests if _is_weight(test.weight)), Fraction(0))


def _is_weight(value: object) -> bool:
    """Return whether ``value`` can weigh a test."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _MOST


def _is_share(value: object) -> bool:
    """Return whether ``value`` is a number from 0 to 1."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_worth(value: object) -> bool:
    """Return whether ``value`` can be a question's points: whole hundredths, from 0."""
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value <= _MOST:
        return False
    return value == value.quantize(_HUNDREDTH)

"""Scores: what outcomes are worth, what is not graded, and that breaking something never pays."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.outcomes import Effect, Finding, PlannedTest, Question, TestOutcome, Verdict
from autograder.scoring import Status, check_plan, score


def question(name="q", points="10", **more):
    """A question worth ``points``."""
    return Question(id=name, notebook="N", number="1.1", title=name, points=Decimal(points), **more)


def outcome(test="t", verdict=Verdict.PASSED, name="q", **more):
    """An outcome that passed, unless told otherwise."""
    return TestOutcome(test=test, question=name, verdict=verdict, **more)


def only(questions, outcomes, findings=(), planned=None):
    """The score, and its only question."""
    result = score(questions, outcomes, findings, planned)
    return result, result.questions[0]


def test_points_are_the_share_of_passed_weight():
    """Points x passed weight / all weight: three quarters of 10 are 7.5."""
    result, entry = only([question()], [outcome("a", weight=3), outcome("b", Verdict.FAILED)])
    assert entry.points == Decimal("7.50")
    assert (entry.passed_weight, entry.all_weight) == (3, 4)
    assert result.total == Decimal("7.5")
    assert not result.needs_regrade


def test_points_are_rounded_to_the_nearest_hundredth_halves_up():
    """A third of 1 is 0.33, two thirds are 0.67, and an eighth of 0.04 is 0.01 (half up)."""
    tests = [outcome(str(n), Verdict.PASSED if n < 1 else Verdict.FAILED) for n in range(3)]
    assert only([question(points="1")], tests)[1].points == Decimal("0.33")
    tests[1] = dataclasses.replace(tests[1], verdict=Verdict.PASSED)
    assert only([question(points="1")], tests)[1].points == Decimal("0.67")
    eighth = [outcome("a"), outcome("b", Verdict.FAILED, weight=7)]
    assert only([question(points="0.04")], eighth)[1].points == Decimal("0.01")


def test_sums_are_exact():
    """Ten questions of 0.1 add up to 1, and nothing else."""
    names = [f"q{n}" for n in range(10)]
    result = score([question(name, "0.1") for name in names], [outcome(name, name=name) for name in names])
    assert result.total == result.max_total == Decimal(1)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v not in (Verdict.PASSED, Verdict.OURS)])
def test_nothing_but_passed_earns_and_all_stay_in_the_denominator(verdict):
    """A test that failed, was blocked, ran into a limit or died earns nothing and still weighs."""
    assert only([question()], [outcome("a"), outcome("b", verdict)])[1].points == Decimal(5)


def test_our_failure_is_never_a_zero():
    """One test not graded by our fault: its question has no points, the submission no total; others keep theirs."""
    result = score([question("q"), question("r")], [outcome("a", Verdict.OURS), outcome("b", name="r")])
    assert result.total is None
    assert result.needs_regrade
    assert [entry.status for entry in result.questions] == [Status.NOT_GRADED, Status.GRADED]
    assert [entry.points for entry in result.questions] == [None, Decimal(10)]
    assert result.earned == Decimal(10)


def test_extra_credit_counts_in_the_score_alone():
    """5 points of extra credit on top of 10 are 15 of 10."""
    questions = [question("q"), question("x", "5", extra_credit=True)]
    result = score(questions, [outcome("a"), outcome("b", name="x")])
    assert (result.total, result.max_total) == (Decimal(15), Decimal(10))


def test_manual_questions_are_in_the_maximum_and_left_to_people():
    """A manual question has no points here, and does not call for a regrade."""
    result = score([question("q"), question("essay", "5", manual=True)], [outcome("a")])
    assert result.questions[1].status is Status.MANUAL
    assert (result.total, result.max_total, result.needs_regrade) == (Decimal(10), Decimal(15), False)


@pytest.mark.parametrize(
    ("effect", "cap", "points"), [(Effect.WARN, None, "10"), (Effect.CAP, 0.5, "5"), (Effect.ZERO, None, "0")]
)
def test_rules_warn_cap_or_zero(effect, cap, points):
    """A finding costs what the rule says."""
    found = Finding(question="q", effect=effect, cap=cap)
    assert only([question()], [outcome()], [found])[1].points == Decimal(points)


def test_a_cap_raises_nothing():
    """A cap above what was earned leaves it."""
    found = Finding(question="q", effect=Effect.CAP, cap=0.5)
    assert only([question()], [outcome("a"), outcome("b", Verdict.FAILED, weight=4)], [found])[1].points == Decimal(2)


@pytest.mark.parametrize(
    ("tests", "findings"),
    [
        ([], []),
        ([outcome("a"), outcome("a")], []),
        ([outcome(weight=math.nan)], []),
        ([outcome(weight=math.inf)], []),
        ([outcome(weight=-1.0)], []),
        ([outcome(weight=0.0)], []),
        ([outcome(weight=10**400)], []),
        ([outcome(weight="1")], []),
        ([outcome(verdict="passed")], []),
        ([outcome(verdict=None)], []),
        ([outcome("a", limited=True, weight=0.16), outcome("b", weight=0.84)], []),
        ([outcome()], [Finding(question="q", effect=Effect.CAP, cap=None)]),
        ([outcome()], [Finding(question="q", effect=Effect.CAP, cap=math.nan)]),
        ([outcome()], [Finding(question="q", effect="zero")]),
    ],
)
def test_what_cannot_be_interpreted_earns_nothing(tests, findings):
    """No test, duplicates, weights that are no weights, verdicts that are none, rules without a cap: not graded."""
    result, entry = only([question()], tests, findings)
    assert entry.status is Status.NOT_GRADED
    assert entry.points is None
    assert entry.problems
    assert result.total is None


@pytest.mark.parametrize("points", ["NaN", "Infinity", "-1", "1.005", "1E+9999", "sNaN"])
def test_points_that_are_none_are_not_graded(points):
    """A question whose worth is not whole hundredths within bounds is not graded, and adds nothing to the maximum."""
    result, entry = only([question(points=points)], [outcome()])
    assert entry.points is None
    assert result.max_total == 0


def test_strays_call_for_a_regrade():
    """An outcome or a rule for a question that is not there, and a question listed twice."""
    assert score([question()], [outcome(), outcome("b", name="other")]).needs_regrade
    assert score([question()], [outcome()], [Finding(question="other")]).needs_regrade
    assert score([question(), question()], [outcome()]).needs_regrade


def test_outcomes_are_held_against_the_plan():
    """A planned test without an outcome, one that was not planned, and one of another weight: not graded."""
    planned = [PlannedTest(test="a", question="q"), PlannedTest(test="b", question="q")]
    whole = [outcome("a"), outcome("b")]
    assert only([question()], whole, planned=planned)[1].points == Decimal(10)
    assert only([question()], whole[:1], planned=planned)[1].points is None
    assert only([question()], [*whole, outcome("c")], planned=planned)[1].points is None
    assert only([question()], [outcome("a"), outcome("b", weight=2)], planned=planned)[1].points is None


def test_a_plan_is_checked_before_anything_runs():
    """Questions without tests, tests without questions, tests of manual questions, and too much of limited tests."""
    questions = [question("q"), question("r"), question("m", manual=True), question("w")]
    planned = [
        PlannedTest(test="a", question="q", weight=0.8),
        PlannedTest(test="b", question="q", weight=0.2, limited=True),
        PlannedTest(test="c", question="m"),
        PlannedTest(test="d", question="nowhere"),
        PlannedTest(test="e", question="w", weight=math.nan),
    ]
    problems = " | ".join(check_plan(questions, planned))
    for part in ("20.0% of the question", "r has no test", "m is graded by people", "d serves nowhere", "got nan"):
        assert part in problems
    assert check_plan([question()], [PlannedTest(test="a", question="q")]) == []


weights = st.one_of(
    st.floats(min_value=1e-3, max_value=1e3), st.integers(1, 9), st.sampled_from([0.0, -1.0, math.nan, math.inf, 1e300])
)
good_weights = st.floats(min_value=1e-3, max_value=1e3)
names = st.sampled_from(["q", "r", "x", "m"])
outcomes = st.builds(
    TestOutcome,
    test=st.sampled_from("abcdef"),
    question=names,
    verdict=st.sampled_from(Verdict),
    weight=st.one_of(good_weights, weights),
    limited=st.sampled_from([False, False, False, True]),
)
caps = st.one_of(st.none(), st.floats(allow_nan=True), st.floats(min_value=0, max_value=1))
findings = st.builds(Finding, question=names, effect=st.sampled_from(Effect), cap=caps)
QUESTIONS = [
    question("q", "3.75"),
    question("r", "0.01"),
    question("x", "5", extra_credit=True),
    question("m", manual=True),
]
sane = st.lists(
    st.builds(TestOutcome, test=st.uuids().map(str), question=st.sampled_from("qrx"), verdict=st.sampled_from(Verdict),
              weight=good_weights),
    min_size=1, max_size=12,
)  # fmt: skip


@given(tests=st.one_of(st.lists(outcomes, max_size=10), sane), rules=st.lists(findings, max_size=3), data=st.data())
def test_breaking_something_never_raises_anything(tests, rules, data):
    """Turn any outcome from passed to anything else: no question, no total and no sum of points goes up."""
    before = score(QUESTIONS, tests, rules)
    passed = [index for index, test in enumerate(tests) if test.verdict is Verdict.PASSED]
    if not passed:
        return
    index = data.draw(st.sampled_from(passed))
    worse = data.draw(st.sampled_from([*(set(Verdict) - {Verdict.PASSED}), None, "passed", True]))
    broken = [*tests]
    broken[index] = dataclasses.replace(tests[index], verdict=worse)
    after = score(QUESTIONS, broken, rules)
    for old, new in zip(before.questions, after.questions, strict=True):
        assert (new.points or 0) <= (old.points or 0)
    assert after.earned <= before.earned
    assert (after.total or 0) <= (before.total or 0)
    assert before.total is not None or after.total is None


@given(tests=st.one_of(st.lists(outcomes, max_size=10), sane), rules=st.lists(findings, max_size=3))
def test_points_stay_within_bounds_and_add_up(tests, rules):
    """Every question is within 0 and its worth, in whole hundredths; totals are sums; nothing passed earns nothing."""
    result = score(QUESTIONS, tests, rules)
    for entry in result.questions:
        if entry.points is None:
            assert entry.status is not Status.GRADED
            continue
        assert 0 <= entry.points <= entry.question.points
        assert entry.points == entry.points.quantize(Decimal("0.01"))
        if all(test.verdict is not Verdict.PASSED for test in entry.tests):
            assert entry.points == 0
    assert result.earned == sum(entry.points or 0 for entry in result.questions)
    assert result.total is None or result.total == result.earned
    assert result.needs_regrade == (result.total is None)


@given(tests=sane, data=st.data())
def test_the_order_of_outcomes_changes_nothing(tests, data):
    """Any order of the same outcomes has the same points."""
    other = score(QUESTIONS, data.draw(st.permutations(tests)))
    assert [entry.points for entry in score(QUESTIONS, tests).questions] == [entry.points for entry in other.questions]

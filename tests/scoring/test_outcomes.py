"""Outcomes and findings: their JSON is exact and strict."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.outcomes import Effect, Finding, TestOutcome, Verdict

finite = st.floats(allow_nan=False, allow_infinity=False)
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
outcomes = st.builds(
    TestOutcome,
    test=st.text(),
    question=st.text(),
    verdict=st.sampled_from(Verdict),
    weight=finite,
    limited=st.booleans(),
    claim=st.text(),
    student=st.text(),
    staff=st.text(),
    wall_s=finite,
    cpu_s=finite,
    output=st.text(),
    details=st.dictionaries(st.text(), plain_json, max_size=3),
)
findings = st.builds(
    Finding,
    question=st.text(),
    effect=st.sampled_from(Effect),
    cap=st.none() | finite,
    text=st.text(),
    file=st.text(),
    line=st.integers(0, 10**6),
)


@given(outcomes)
def test_an_outcome_survives_its_json(outcome):
    """Written and read, an outcome is the same."""
    assert TestOutcome.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome


@given(findings)
def test_a_finding_survives_its_json(finding):
    """Written and read, a finding is the same."""
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding


GOOD = TestOutcome(test="t", question="q", verdict=Verdict.PASSED).to_json()


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        {},
        GOOD | {"extra": 1},
        {key: value for key, value in GOOD.items() if key != "claim"},
        GOOD | {"verdict": "PASSED"},
        GOOD | {"verdict": True},
        GOOD | {"weight": "1"},
        GOOD | {"weight": True},
        GOOD | {"weight": math.nan},
        GOOD | {"weight": 10**400},
        GOOD | {"limited": 1},
        GOOD | {"claim": None},
        GOOD | {"details": []},
        GOOD | {1: 2},
    ],
)
def test_anything_else_is_a_value_error(bad):
    """A missing key, one too many, a wrong type, a number that is not finite: one kind of error."""
    with pytest.raises(ValueError, match=r".+"):
        TestOutcome.from_json(bad)


def test_a_wrong_finding_is_a_value_error():
    """An effect that is none."""
    with pytest.raises(ValueError, match="everything"):
        Finding.from_json(Finding(question="q").to_json() | {"effect": "everything"})

"""The hidden tests catch every plausible mistake, and charge it to the questions that it breaks."""

from __future__ import annotations

import re
from functools import cache

import pytest
from local_student import SOLUTION, cases, failures, from_text
from mutants import DEPENDS, MUTANTS, Mutant, mutated

TEXT = SOLUTION.read_text("utf-8")
CASES = cases()
QUESTION_OF = {case.name: case.question for case in CASES}
SEEDS = (0, 1)
# Wrong only beyond a sum of 5: the test of large inputs always finds it, others if such a sum happens to be drawn.
SHOWS_NOW_AND_THEN = {"tanh clipped early"}


@cache
def messages(mutant: Mutant, seed: int) -> dict[str, str]:
    """Return the failed tests of a mistake in one draw, with what the student would read."""
    return failures(from_text(mutated(TEXT, mutant)), seed, CASES)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.function}: {mutant.name}")
def test_a_mistake_is_caught_where_it_is(mutant: Mutant) -> None:
    """The mistake's own question fails, and no question that does not depend on the function."""
    for seed in SEEDS:
        failed = {QUESTION_OF[name] for name in messages(mutant, seed)}
        assert mutant.question in failed
        assert failed <= DEPENDS[mutant.function]


def test_a_mistake_fails_the_same_tests_in_every_draw() -> None:
    """Which tests a mistake fails, and so what it costs, does not depend on the numbers that were drawn."""
    for mutant in MUTANTS:
        if mutant.name not in SHOWS_NOW_AND_THEN:
            first, *others = (set(messages(mutant, seed)) for seed in SEEDS)
            assert all(other == first for other in others), mutant.name


def test_no_message_tells_a_number() -> None:
    """What students read about a wrong answer holds no drawn, expected or returned number: none has a decimal point."""
    for mutant in MUTANTS:
        for message in messages(mutant, SEEDS[0]).values():
            assert "raised" in message or not re.search(r"\d\.\d", message), message


def test_there_are_enough_mistakes_of_each_kind() -> None:
    """Each function has at least ten mistakes, with names of their own."""
    assert len({(mutant.function, mutant.name) for mutant in MUTANTS}) == len(MUTANTS)
    for function in DEPENDS:
        assert sum(mutant.function == function for mutant in MUTANTS) >= 10

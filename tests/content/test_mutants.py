"""The hidden tests catch every mistake, plausible or made by rule, and charge it to the questions that it breaks."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.content import mistakes_captioning, mistakes_lstm, mistakes_rnn
from tests.content.local_student import cases, failures, reached, submission
from tests.content.mutants import DEPENDS, Mutant, mutated
from tests.content.mutation import EQUIVALENT, all_mutants, killer, own_cases

MISTAKES = (*mistakes_rnn.MISTAKES, *mistakes_lstm.MISTAKES, *mistakes_captioning.MISTAKES)
QUESTION_OF = {case.name: case.question for case in cases()}
SEEDS = (0, 1)
SHOWS_NOW_AND_THEN = {
    "tanh clipped early": "wrong beyond a sum of 5 alone: one test always asks there, others if such a sum is drawn",
    "shows the cell before": "where cells are large, those before and after may both be on the flat end of tanh",
    "features in float32": "an error of one part in ten million, which may cancel in a loss",
}
"""Mistakes that, beside the tests that always fail, fail others in some draws. Captions (sample) are not in here: they
are words, and now and then a wrong network finds the right one."""


@cache
def messages(mutant: Mutant, seed: int) -> dict[str, str]:
    """Return the failed tests of the mistake's own question in one draw, with what the student would read."""
    return failures(submission(mutated(mutant)), seed, own_cases(frozenset({mutant.question})))


@pytest.mark.parametrize("mutant", MISTAKES, ids=lambda mutant: f"{mutant.function}: {mutant.name}")
def test_a_mistake_is_caught_where_it_is(mutant: Mutant) -> None:
    """The mistake's own question fails, in every draw."""
    assert all(messages(mutant, seed) for seed in SEEDS)


def test_a_mistake_fails_the_same_tests_in_every_draw() -> None:
    """Which tests a mistake fails, and so what it costs, does not depend on the numbers that were drawn."""
    for mutant in MISTAKES:
        if mutant.name not in SHOWS_NOW_AND_THEN and not mutant.function.endswith(".sample"):
            first, *others = (set(messages(mutant, seed)) for seed in SEEDS)
            assert all(other == first for other in others), mutant.name


def test_a_mistake_costs_nothing_elsewhere() -> None:
    """Each function runs in tests of the questions that depend on it, and in no others: it can cost nothing there."""
    questions = {function: {QUESTION_OF[name] for name in names} for function, names in reached().items()}

    assert {function: questions[function] for function in DEPENDS} == DEPENDS


def test_no_message_tells_a_number() -> None:
    """What students read about a wrong answer holds no drawn, expected or returned number: none has a decimal point."""
    for mutant in MISTAKES:
        for message in messages(mutant, SEEDS[0]).values():
            assert "raised" in message or not re.search(r"\d\.\d", message), message


def test_there_are_enough_mistakes_of_each_kind() -> None:
    """Each function has at least ten mistakes, those of the LSTM and of captions twelve, with names of their own."""
    assert len({(mutant.function, mutant.name) for mutant in MISTAKES}) == len(MISTAKES)
    for function in DEPENDS:
        least = 10 if function.startswith(("rnn", "word")) else 12
        assert sum(mutant.function == function for mutant in MISTAKES) >= least, function


@pytest.mark.parametrize("seed", SEEDS)
def test_every_mistake_by_rule_is_caught(seed: int) -> None:
    """A test that serves a question of the changed function fails, for each mutant that the operators make."""
    survivors = {mutant.name for mutant in all_mutants() if not killer(mutant, seed)}

    assert survivors == set(EQUIVALENT)


def test_there_are_many_mistakes_by_rule() -> None:
    """They have names of their own, and there are many in every function."""
    made = list(all_mutants())

    assert len({mutant.name for mutant in made}) == len(made)
    assert {mutant.function for mutant in made} == set(DEPENDS)
    assert len(made) >= 800

"""
What a hidden test imports: the marks that say what it is worth, and the comparisons.

    @question("rnn_step_forward", weight=2)
    @limits(wall_s=5)
    def test_step_forward_matches_the_equation(student, rng):
        '''One step of a vanilla RNN: next_h = tanh(x Wx + prev_h Wh + b).'''

The fixtures ``student`` (`autograder.session.Student`) and ``rng`` (`autograder.draw.Draw`) come with the plugin.
The docstring is the claim that the test checks: the student reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

from autograder.cage.limits import Limits
from autograder.compare import (
    as_array,
    assert_close,
    assert_equal_int,
    assert_shape,
    assert_that,
    assert_unchanged,
    entries,
    unpack,
)
from autograder.errors import ConfigError
from autograder.outcomes import Effect

__all__ = [
    "ATTEMPT",
    "Rule",
    "as_array",
    "assert_close",
    "assert_equal_int",
    "assert_shape",
    "assert_that",
    "assert_unchanged",
    "entries",
    "limits",
    "question",
    "rules",
    "unpack",
]

ATTEMPT: Final = "attempt"
"""The effect of a rule that costs nothing and says whether there is anything to judge."""


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A construct that the assignment's text forbids or asks for, looked for in the syntax tree.

    Args:
        kind: ``"import"``, ``"name"``, ``"call"`` and ``"loop"`` forbid, ``"requires"`` asks for.
        names: What is forbidden or asked for; a dotted name may be given by its tail.
        module: The student's module, below the package.
        function: Only in this function or method; None for the whole module. What a function requires may stand in a
            function or method of the module that it uses.
        effect: ``"warn"`` costs nothing, ``"cap"`` leaves at most ``cap`` of the question's points, ``"zero"`` none.
            ``"attempt"`` costs nothing either: a test that fails reads *not attempted* where what the rule requires is
            not there.
        cap: Share of the points, 0 to 1.
        text: What the student reads.
    """

    kind: str
    names: tuple[str, ...]
    module: str
    function: str | None
    effect: str = "warn"
    cap: float | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if self.effect not in (ATTEMPT, *(effect.value for effect in Effect)):
            raise ConfigError(f"Rule.effect must be warn, cap, zero or attempt, not {self.effect!r}")
        if self.kind not in ("import", "name", "call", "loop", "requires"):
            raise ConfigError(f"Rule.kind must be import, name, call, loop or requires, not {self.kind!r}")
        if self.effect == ATTEMPT and self.kind != "requires":
            raise ConfigError(f"Rule.effect 'attempt' belongs to the kind 'requires', not to {self.kind!r}")
        if (self.effect == Effect.CAP.value) != (self.cap is not None):
            raise ConfigError("Rule.cap belongs to the effect 'cap', and to no other")


def question(grade_id: str, *, weight: float = 1.0, limited: bool = False) -> pytest.MarkDecorator:
    """
    Say which question a test serves.

    Args:
        grade_id: The question's ``grade_id`` in the instructor's notebook.
        weight: Its share, in units of the weights of the question's other tests.
        limited: It checks what is right only at the notebook's sizes; all such tests of a question carry 15 % at most.
    """
    return pytest.mark.question(grade_id, weight=float(weight), limited=limited)


def limits(**changes: float) -> pytest.MarkDecorator:
    """Change the limits of a test: ``limits(wall_s=5)``. Raises `ConfigError` for a limit that there is not."""
    Limits().replace(**changes)
    return pytest.mark.limits(**changes)


def rules(*each: Rule) -> pytest.MarkDecorator:
    """Look for `Rule`s in the modules that the marked test (or the whole file, as ``pytestmark``) is about."""
    return pytest.mark.rules(*each)

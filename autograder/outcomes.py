"""
What grading speaks of: questions, the outcomes of tests, and findings of rules.

These are plain frozen values at the bottom of everything, so that the plugin that makes outcomes, the journal that
keeps them, the scoring that adds them up and the reports that show them need not know each other. Nothing here
computes a score; ``autograder.scoring`` does.

An outcome carries two texts. ``student`` is for the student's eyes: no input, no expected value, no path of ours.
``staff`` and ``details`` have everything. ``output`` is what the student's code printed; since code may print the
inputs that it was given, it goes to staff only.

``to_json`` and ``from_json`` are inverse to each other, and strict: an unknown key, a missing key, a wrong type, or a
number that is not finite is a ``ValueError`` that names the key. ``from_json`` reads a journal that this package wrote,
never anything that came from a submission.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

__all__ = ["Effect", "Finding", "PlannedTest", "Question", "TestOutcome", "Verdict"]

_E = TypeVar("_E", bound=enum.Enum)


class Verdict(enum.Enum):
    """How one test ended; only ``PASSED`` earns anything, and only ``OURS`` is not the submission's doing."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    """The function still is the stub of the release."""
    BLOCKED = "blocked"
    """An earlier part that this test needs is broken; the message points to the cause."""
    LIMIT = "limit"
    """A limit of the cage was reached: time, memory, processes, files."""
    DIED = "died"
    """The process that ran the student's code ended without an answer."""
    OURS = "ours"
    """Not graded: the grader failed. No student pays for it."""


class Effect(enum.Enum):
    """What a broken rule costs."""

    WARN = "warn"
    CAP = "cap"
    ZERO = "zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    A grade cell of the instructor's notebook, with the points that it is worth in this edition.

    Attributes:
        id: The cell's ``grade_id``, unique within the assignment.
        notebook: Name of the notebook, without ``.ipynb``.
        number: Position as people read it, notebook and question: ``"1.2"``.
        title: What people read.
        points: Worth in this edition, with at most two decimals.
        extra_credit: Counts in the score, not in the maximum.
        manual: Graded by people, never by tests.
    """

    id: str
    notebook: str
    number: str
    title: str
    points: Decimal
    extra_credit: bool = False
    manual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """
    A hidden test as collected, before it ran: what scoring holds the outcomes against.

    Attributes:
        test: The node id, relative to the course.
        question: The ``grade_id`` that it serves.
        weight: Its share of the question, in units of the other tests' weights.
        limited: It checks what is right only at the notebook's sizes.
    """

    test: str
    question: str
    weight: float = 1.0
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """
    How one hidden test ended on one submission.

    Attributes:
        test: The node id, relative to the course.
        question: The ``grade_id`` that it serves.
        verdict: How it ended.
        weight: Its share of the question, in units of the other tests' weights.
        limited: It checks what is right only at the notebook's sizes.
        claim: The test's docstring: what is right, in words that a student may see.
        student: What the student reads of a failure.
        staff: What staff read of it.
        wall_s: Seconds by the clock.
        cpu_s: Seconds of processor time, both sides of the glass.
        output: What the student's code printed, already cut to a limit. For staff only.
        details: Everything else that staff see, as plain JSON: seed, inputs, expected, got.
    """

    __test__: ClassVar[bool] = False  # pytest collects classes by the name's first letters, and this is none of its own

    test: str
    question: str
    verdict: Verdict
    weight: float = 1.0
    limited: bool = False
    claim: str = ""
    student: str = ""
    staff: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    output: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as a dict that ``json.dumps`` takes."""
        plain = {name: getattr(self, name) for name in _OUTCOME_FIELDS}
        return plain | {"verdict": self.verdict.value, "details": dict(self.details)}

    @classmethod
    def from_json(cls, plain: object) -> TestOutcome:
        """
        Return the outcome that ``to_json`` wrote.

        Raises:
            ValueError: Anything else.
        """
        fields = _exact(plain, _OUTCOME_FIELDS, "an outcome")
        return cls(**fields | {"verdict": _member(Verdict, fields["verdict"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    A construct that a question forbids or asks for, seen in the submission's text.

    Attributes:
        question: The ``grade_id`` that it touches.
        effect: What it costs.
        cap: With ``Effect.CAP``, the share of the question's points that can still be reached, 0 to 1.
        text: What the student reads.
        file: The student's file, relative to the hand-in.
        line: Line in that file, from 1; 0 where there is none.
    """

    question: str
    effect: Effect = Effect.WARN
    cap: float | None = None
    text: str = ""
    file: str = ""
    line: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a dict that ``json.dumps`` takes."""
        return {name: getattr(self, name) for name in _FINDING_FIELDS} | {"effect": self.effect.value}

    @classmethod
    def from_json(cls, plain: object) -> Finding:
        """
        Return the finding that ``to_json`` wrote.

        Raises:
            ValueError: Anything else.
        """
        fields = _exact(plain, _FINDING_FIELDS, "a finding")
        return cls(**fields | {"effect": _member(Effect, fields["effect"])})


_WHOLE = 2**53  # above it, a float no longer tells neighbouring integers apart
_OUTCOME_FIELDS: dict[str, type | tuple[type, ...]] = {
    "test": str,
    "question": str,
    "verdict": str,
    "weight": float,
    "limited": bool,
    "claim": str,
    "student": str,
    "staff": str,
    "wall_s": float,
    "cpu_s": float,
    "output": str,
    "details": dict,
}
_FINDING_FIELDS: dict[str, type | tuple[type, ...]] = {
    "question": str,
    "effect": str,
    "cap": (float, type(None)),
    "text": str,
    "file": str,
    "line": int,
}


def _member(kind: type[_E], value: object) -> _E:
    """Return the member of that value; ``ValueError`` otherwise."""
    return kind(value)


def _exact(plain: object, fields: Mapping[str, type | tuple[type, ...]], what: str) -> dict[str, Any]:
    """Return ``plain`` if it is a dict of exactly those keys and types; an int stands for a float."""
    if not isinstance(plain, dict):
        msg = f"{what} must be an object, got {type(plain).__name__}"
        raise ValueError(msg)  # noqa: TRY004 -- callers catch one kind of error for whatever is wrong with the text
    if plain.keys() != fields.keys():
        odd = sorted(map(str, plain.keys() ^ fields.keys()))
        msg = f"{what} has missing or unknown keys: {', '.join(odd)}"
        raise ValueError(msg)
    return {name: _typed(plain[name], wanted, name) for name, wanted in fields.items()}


def _typed(value: object, wanted: type | tuple[type, ...], name: str) -> object:
    """Return ``value`` if it has one of the types and is finite."""
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    if float in kinds and type(value) is int and abs(value) <= _WHOLE:
        value = float(value)
    if type(value) not in kinds:
        msg = f"{name} must be {' or '.join(kind.__name__ for kind in kinds)}, got {type(value).__name__}"
        raise ValueError(msg)
    if isinstance(value, float) and not math.isfinite(value):
        msg = f"{name} must be finite, got {value}"
        raise ValueError(msg)
    return value

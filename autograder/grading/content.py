"""
What an assignment asks of a submission, put together from the course's files and the collected tests.

The plan is pytest's own collection: each item with a ``question`` mark is a `PlannedTest`. A question without a test, a
test without a question, or limited tests that weigh too much stop everything before a submission is touched.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from autograder.cage import CageSettings, Limits
from autograder.config import Assignment
from autograder.errors import ConfigError
from autograder.exam import ATTEMPT, Rule
from autograder.grading.exercises import find_exercises
from autograder.outcomes import Effect, Finding, PlannedTest
from autograder.scoring import check_plan
from autograder.session import Contents, Layout

__all__ = ["Exam", "Planned", "cage_settings", "plan_exam", "plan_part"]


_STUB: Final = "{} has not been written yet: its body is still the one of the starter file."


@dataclass(frozen=True, slots=True)
class Planned:
    """One collected test: what is scored of it, what students read of it, what it may use."""

    test: PlannedTest
    claim: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class _PlacedRule:
    """A rule and the questions that it concerns, in the order of the plan."""

    rule: Rule
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exam:
    """
    An assignment with its tests.

    Args:
        assignment: As configured.
        planned: Every test by its node id.
        rules: Every rule by its id on the wire.
        exercises: What students write, by module.
    """

    assignment: Assignment
    planned: dict[str, Planned]
    rules: dict[str, _PlacedRule]
    exercises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def plan(self) -> tuple[PlannedTest, ...]:
        """What scoring holds the outcomes against."""
        return tuple(each.test for each in self.planned.values())

    @property
    def question_ids(self) -> frozenset[str]:
        """The ids of all questions."""
        return frozenset(question.id for question in self.assignment.questions)

    def layout(self, package: str | None) -> Layout:
        """Return what is asked of a submission whose package is called ``package`` (by default as in the release)."""
        own = self.assignment.package
        modules = self.assignment.modules
        return Layout(
            package=package or own,
            aliases=tuple(name for name in (own,) if name != (package or own)),
            modules=tuple(modules),
            notebooks={name: tuple(f"{stem}.ipynb" for stem in module.notebooks) for name, module in modules.items()},
            given=self.assignment.given_texts(),
            exercises=self.exercises,
            rules=tuple(
                {
                    "id": key,
                    "module": placed.rule.module,
                    "function": placed.rule.function,
                    "kind": placed.rule.kind,
                    "names": list(placed.rule.names),
                }
                for key, placed in self.rules.items()
            ),
        )

    def findings(self, contents: Contents) -> list[Finding]:
        """Return what the rules found; a warning is told once, with the first question that it concerns."""
        told = []
        for found in contents.findings:
            placed = self.rules[str(found["rule"])]
            if placed.rule.effect == ATTEMPT:
                continue
            effect = Effect(placed.rule.effect)
            concerned = placed.questions[:1] if effect is Effect.WARN else placed.questions
            text = f"{placed.rule.text} ({found['text']})" if placed.rule.text else str(found["text"])
            told += [
                Finding(
                    question=question, effect=effect, cap=placed.rule.cap, text=text,
                    file=str(found["file"]), line=int(found["line"]),
                )
                for question in concerned
            ]  # fmt: skip
        return told

    def unattempted(self, contents: Contents) -> dict[str, str]:
        """Return what the student reads of each question of which a rule, or a stub, says that it is not attempted."""
        placed = [self.rules[str(found["rule"])] for found in contents.findings]
        by_rule = {
            question: each.rule.text for each in placed if each.rule.effect == ATTEMPT for question in each.questions
        }
        # A question that has a function's name is about that function, whatever else its tests need.
        stubs = {
            name.rpartition(".")[2]
            for found in contents.defined.values()
            for name, each in found.items()
            if each["stub"]
        }
        return {name: _STUB.format(name) for name in self.question_ids & stubs} | by_rule


def plan_exam(assignment: Assignment, items: Iterable[pytest.Item]) -> Exam:
    """
    Return the exam that the collected ``items`` make.

    Raises:
        ConfigError: the tests and the questions do not fit together; lists everything that is wrong.
    """
    exam, strays = _plan(assignment, items)
    problems = strays + check_plan(assignment.questions, exam.plan)
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise ConfigError(f"{assignment.name}: its questions and its hidden tests do not fit together\n{listed}")
    return exam


def plan_part(assignment: Assignment, items: Iterable[pytest.Item]) -> Exam:
    """Return the exam that some of an assignment's tests make, as chosen by ``-k``: nothing is scored of it."""
    return _plan(assignment, items)[0]


def _plan(assignment: Assignment, items: Iterable[pytest.Item]) -> tuple[Exam, list[str]]:
    planned: dict[str, Planned] = {}
    concerned: dict[Rule, list[str]] = {}
    strays: list[str] = []
    for item in items:
        mark = item.get_closest_marker("question")
        if mark is None:
            strays.append(f"{item.nodeid} serves no question: mark it with @question(…)")
            continue
        grade_id = str(mark.args[0])
        changes: dict[str, Any] = {}
        for each in reversed(list(item.iter_markers("limits"))):
            changes |= each.kwargs
        test = PlannedTest(
            test=item.nodeid, question=grade_id, weight=mark.kwargs["weight"], limited=mark.kwargs["limited"]
        )
        planned[item.nodeid] = Planned(test, _claim(item), Limits().replace(**changes))
        for each in item.iter_markers("rules"):
            for rule in each.args:
                questions = concerned.setdefault(rule, [])
                if grade_id not in questions:
                    questions.append(grade_id)
    rules = {f"r{n}": _PlacedRule(rule, tuple(ids)) for n, (rule, ids) in enumerate(concerned.items())}
    return Exam(assignment, planned, rules, find_exercises(assignment)), strays


def _claim(item: pytest.Item) -> str:
    function = getattr(item, "function", None)
    claim = inspect.cleandoc(getattr(function, "__doc__", None) or item.name)
    case = getattr(item, "callspec", None)
    return f"{claim} [{case.id}]" if case is not None else claim


def cage_settings(assignment: Assignment, *, hidden: Sequence[Path] = (), **changes: Any) -> CageSettings:
    """Return the cage that an assignment needs: its requirements inside, its course and ``hidden`` outside."""
    course = assignment.course
    kept = [course / "grading_tests", course / "reference", course / "source", *hidden]
    lines = assignment.requirements.read_text("utf-8").splitlines()
    return CageSettings(hidden=tuple(str(path) for path in kept if path.exists()), requirements=tuple(lines), **changes)

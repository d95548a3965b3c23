"""
One hidden test on one submission.

    begin ─▶ the test's own lines, asking the student's code ─▶ passed
                        │ raised
                        └─▶ once more, alone in a fresh fork: only this counts ─▶ passed, or a `Judgement`

A right submission is never failed by what another test, or its own earlier calls, left behind in a process; a
submission that breaks its process pays in the test that broke it and nowhere else.

What is final at the first try: a function that is not there or was never written. A submission as a whole has
`TOTAL_S`; tests after that are not run, and say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from autograder.cage import Limits
from autograder.draw import Draw
from autograder.errors import LimitExceeded, OurFault
from autograder.grading.verdicts import Judgement, judge
from autograder.outcomes import PlannedTest, TestOutcome, Verdict
from autograder.secret import Secret, draw_seed
from autograder.session import Session

__all__ = ["TOTAL_S", "Examiner"]

TOTAL_S: Final = 240.0
"""Seconds for all tests of a submission: below the platforms' ten minutes with room for import and reports."""
_SHOWN_ENTRIES: Final = 64
_PASSED_ALONE: Final = "failed after other tests and passed alone: the submission changes state that its functions use"


@dataclass(frozen=True, slots=True)
class _Try:
    judgement: Judgement | None
    wall_s: float
    cpu_s: float
    output: str


class Examiner:
    """
    Runs hidden tests on one open session.

    Args:
        session: The submission.
        secret: Draws the inputs.
        questions: The ids of all questions.
        record: Called with each outcome, as it happens.
        total_s: Seconds for all tests together; None where somebody is watching.
        unattempted: What the student reads of each question for which there is nothing to judge, as was seen in the
            text of the submission. Its tests are run all the same, and what passes has passed.
    """

    def __init__(
        self,
        session: Session,
        secret: Secret,
        questions: frozenset[str],
        record: Callable[[TestOutcome], None] = lambda outcome: None,
        total_s: float | None = TOTAL_S,
        unattempted: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.session = session
        self._secret = secret
        self._questions = questions
        self._record = record
        self._total_s = total_s
        self._unattempted = unattempted
        self._began = time.monotonic()
        self._error: BaseException | None = None

    def draw_for(self, planned: PlannedTest) -> Draw:
        """Return the random numbers of a test, which depend on the course's secret and the submission's code."""
        return Draw(draw_seed(self._secret, self.session.code_hash, planned.test))

    def examine(
        self, planned: PlannedTest, claim: str, limits: Limits, rng: Draw, ask: Callable[[], object]
    ) -> BaseException | None:
        """
        Run a test, record its outcome, and return the exception that decided it, or None when it passed.

        Args:
            planned: The test.
            claim: Its docstring.
            limits: What it may use.
            rng: Its random numbers.
            ask: The test's own lines.
        """
        self._error = None
        if self._total_s is not None and time.monotonic() - self._began > self._total_s:
            text = f"Not run: the tests before it had taken more than {self._total_s:g} s together."
            self._error = LimitExceeded("wall_s", text)
            self._note(planned, claim, rng, _Try(Judgement(Verdict.LIMIT, text, text), 0.0, 0.0, ""), "")
            return self._error
        first = self._attempt(planned.question, limits, rng, ask, fresh=False)
        if first.judgement is None or first.judgement.final:
            self._note(planned, claim, rng, first, "")
            return self._error
        second = self._attempt(planned.question, limits, rng, ask, fresh=True)
        self._note(planned, claim, rng, second, _PASSED_ALONE if second.judgement is None else "")
        return self._error

    def _attempt(self, question: str, limits: Limits, rng: Draw, ask: Callable[[], object], *, fresh: bool) -> _Try:
        rng.restart()
        began, before = time.monotonic(), time.process_time()
        judgement, self._error = None, None
        self.session.requests = 0
        try:
            start = self.session.begin_fresh if fresh else self.session.begin
            start(limits, rng.library_seed)
            self.session.requests = 0
            ask()
        except Exception as error:  # noqa: BLE001  # a verdict for everything that a test can raise
            self._error = error
            judgement = self._judge(error, question)
        caged_s, output = 0.0, ""
        try:
            lap, output = self.session.end()
            caged_s = lap.cpu_s
        except OurFault as error:
            self._error, judgement = error, judge(error, question, self._questions, 0)
        cpu_s = caged_s + time.process_time() - before
        return _Try(judgement, time.monotonic() - began, cpu_s, output)

    def _judge(self, error: BaseException, question: str) -> Judgement:
        judgement = judge(error, question, self._questions, self.session.requests)
        nothing = self._unattempted.get(question)
        if nothing is None or judgement.verdict not in (Verdict.FAILED, Verdict.BLOCKED):
            return judgement
        return Judgement(Verdict.NOT_ATTEMPTED, nothing, f"{nothing}\n{judgement.staff}", final=True)

    def _note(self, planned: PlannedTest, claim: str, rng: Draw, last: _Try, remark: str) -> None:
        judgement = last.judgement
        details: dict[str, Any] = {"seed": rng.seed}
        if remark:
            details["remark"] = remark
        if judgement is not None:
            details["calls"] = [{"call": what, "arguments": _shown(args)} for what, args in self.session.calls]
        self._record(
            TestOutcome(
                test=planned.test,
                question=planned.question,
                weight=planned.weight,
                limited=planned.limited,
                verdict=Verdict.PASSED if judgement is None else judgement.verdict,
                claim=claim,
                student="" if judgement is None else judgement.student,
                staff=remark if judgement is None else judgement.staff,
                wall_s=last.wall_s,
                cpu_s=last.cpu_s,
                output=last.output,
                details=details,
            )
        )


def _shown(value: object) -> object:
    """Return an argument as JSON: arrays by dtype, shape and, where they are small, every entry."""
    if isinstance(value, tuple | list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        entries = {"values": value.tolist()} if value.size <= _SHOWN_ENTRIES else {}
        return {"dtype": str(value.dtype), "shape": list(value.shape), **entries}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return repr(value)

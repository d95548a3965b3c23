"""
An assignment's hidden tests, collected and not run: what each question has.

Collecting imports the tests and the references, so it is done in a process of its own; whoever asks (the rubric, the
release, a server that makes one) never has an answer in its memory.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from autograder.config import Assignment, load_assignment
from autograder.errors import ConfigError
from autograder.grading.content import plan_exam

__all__ = ["COLLECTED", "PYTEST_OPTIONS", "CollectedTest", "collect_tests"]

PYTEST_OPTIONS: Final = ("-s", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:doctest", "-p", "no:junitxml",
                         "-p", "no:logging", "-p", "no:warnings", "-p", "no:faulthandler", "-p", "no:hypothesispytest",
                         "-p", "no:unraisableexception", "-p", "no:threadexception", "--import-mode=importlib",
                         "-c", os.devnull)  # fmt: skip
"""pytest as a collector and no more: nothing of the folder that it is called in counts."""
COLLECTED: Final = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)

_WAIT_S: Final = 120


@dataclass(frozen=True, slots=True)
class CollectedTest:
    """
    One hidden test.

    Attributes:
        test: Its node id, relative to the course.
        question: The ``grade_id`` that it serves.
        weight: Its share, in units of the weights of the question's other tests.
        limited: It checks what is right only at the notebook's sizes.
        claim: What it checks, in the words that students read.
    """

    test: str
    question: str
    weight: float
    limited: bool
    claim: str


def collect_tests(assignment: Assignment) -> tuple[CollectedTest, ...]:
    """
    Return the hidden tests of an assignment in their order.

    Raises:
        ConfigError: They cannot be imported, or do not fit the assignment's questions.
    """
    command = [sys.executable, "-m", __name__, str(assignment.course), assignment.name]
    package = str(Path(__file__).parents[2])
    known = [package, os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, known))}
    try:
        done = subprocess.run(  # noqa: S603  # our own module
            command,
            cwd=assignment.course,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"{assignment.name}: its hidden tests were not imported within {_WAIT_S} s") from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError as error:
        raise ConfigError(f"{assignment.name}: its hidden tests cannot be collected\n{done.stderr[-4000:]}") from error
    if "problem" in answer:
        raise ConfigError(str(answer["problem"]))
    return tuple(CollectedTest(**each) for each in answer["tests"])


class _Collector:
    """The pytest plugin that keeps what was collected."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self.problem = ""
        self.tests: list[CollectedTest] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a test file could not be imported."""
        if report.failed:
            self.problem += f"{report.longreprtext}\n"

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run nothing."""
        try:
            planned = plan_exam(self._assignment, session.items).planned if not self.problem else {}
        except ConfigError as error:
            self.problem = str(error)
            return True
        for each in planned.values():
            test = each.test
            self.tests.append(CollectedTest(test.test, test.question, test.weight, test.limited, each.claim))
        return True


def _collect(course: Path, name: str) -> dict[str, Any]:
    assignment = load_assignment(course, name)
    collector = _Collector(assignment)
    sys.path.insert(0, str(assignment.course))
    paths = [str(path) for path in assignment.test_paths]
    noise = io.StringIO()
    with contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise):
        code = pytest.main([*PYTEST_OPTIONS, f"--rootdir={assignment.course}", *paths], plugins=[collector])
    if collector.problem or code not in COLLECTED:
        return {"problem": f"{collector.problem or code!s}\n{noise.getvalue()[-2000:]}".rstrip()}
    return {"tests": [asdict(each) for each in collector.tests]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_collect(Path(sys.argv[1]), sys.argv[2])) + "\n")

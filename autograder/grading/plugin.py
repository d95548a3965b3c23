"""
The pytest plugin: hidden tests are ordinary pytest tests whose ``student`` lives behind glass.

    pytest grading_tests/rnn --submission PATH [--package NAME] [--secret-file FILE] [-k …] [-x] [--pdb]

is the instructor's own loop, with staff texts. ``autograder grade`` runs the same items through the same hooks, from a
slot that has collected them once (`autograder.grading.slot`).

The test function itself is called by `pytest_pyfunc_call`, so that a failure can be asked a second time, alone, with
the same inputs, before pytest hears of it. The plugin is loaded in every pytest run of the environment and imports
nothing heavy until a hidden test is there.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder.errors import AutograderError, SubmissionFault

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from autograder.draw import Draw
    from autograder.grading.content import Exam
    from autograder.grading.examiner import Examiner
    from autograder.session import Student

EXAM: pytest.StashKey[Exam] = pytest.StashKey()
EXAMINER: pytest.StashKey[Examiner] = pytest.StashKey()
_CLOSING: pytest.StashKey[list[Callable[[], object]]] = pytest.StashKey()
_DRAW: pytest.StashKey[Draw] = pytest.StashKey()

_MARKS = (
    "question(grade_id, *, weight=1.0, limited=False): the question that a hidden test serves",
    "limits(**changes): what a hidden test may use, where it differs from the defaults",
    "rules(*rules): constructs that the assignment's text forbids or asks for",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the instructor's loop."""
    group = parser.getgroup("autograder", "hidden tests against one submission, behind glass")
    group.addoption("--submission", type=Path, help="the hand-in to test: a folder, a zip or a tar")
    group.addoption("--assignment", help="assignment whose tests these are (default: the one that lists their topic)")
    group.addoption("--package", help="name of the submission's package (default: as in the release)")
    group.addoption("--secret-file", type=Path, help="the course's secret (default: the user's settings)")
    group.addoption("--demo-secret", action="store_true", help="draw from the public demo secret")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks; let hidden tests import the course's ``reference``."""
    for line in _MARKS:
        config.addinivalue_line("markers", line)
    if config.getoption("submission", None) is not None:
        from autograder.config import find_course

        first = Path(config.args[0].partition("::")[0]) if config.args else Path.cwd()
        sys.path.insert(0, str(find_course(first)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Open the submission once the tests are known."""
    config = session.config
    if config.getoption("submission", None) is None or EXAMINER in config.stash or config.option.collectonly:
        return
    items = [item for item in session.items if item.get_closest_marker("question") is not None]
    if not items:
        return
    try:
        _open(config, items)
    except SubmissionFault as error:
        raise pytest.UsageError(error.staff) from error
    except AutograderError as error:
        raise pytest.UsageError(str(error)) from error


def _open(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start a cage, open the submission in it, and put the examiner where the fixtures find it."""
    from autograder.cage import Nursery
    from autograder.config import find_course, load_assignment
    from autograder.grading.content import cage_settings, plan_part
    from autograder.grading.examiner import Examiner
    from autograder.grading.single import open_submission, problem_notes
    from autograder.secret import DEMO_SECRET, load_secret
    from autograder.submission import display_text, unpack

    option = config.option
    course = find_course(Path(items[0].path))
    assignment = load_assignment(course, option.assignment or _assignment_of(course, items[0].path))
    secret = DEMO_SECRET if option.demo_secret else load_secret(course, option.secret_file)
    exam = plan_part(assignment, items)
    closing = config.stash.setdefault(_CLOSING, [])
    place = tempfile.TemporaryDirectory(prefix="autograder-in-")
    closing.append(place.cleanup)
    intake = unpack(option.submission, Path(place.name) / "files")
    nursery = Nursery(cage_settings(assignment, hidden=[option.submission.absolute()]))
    closing.append(nursery.close)
    cage = nursery.open_slot(0)
    closing.append(cage.close)
    opened = open_submission(cage, exam, intake, option.package)
    closing.append(opened.close)
    config.stash[EXAM] = exam
    unattempted = exam.unattempted(opened.contents)
    config.stash[EXAMINER] = Examiner(opened, secret, exam.question_ids, total_s=None, unattempted=unattempted)
    for note in problem_notes(opened):
        print(f"note: {display_text(note)}", file=sys.stderr)


def _assignment_of(course: Path, test_file: Path) -> str:
    """Return the name of the one assignment that lists the topic of ``test_file``."""
    from autograder.config import load_assignment
    from autograder.errors import ConfigError

    names = sorted(path.parent.name for path in course.glob("source/*/assignment.toml"))
    found = [
        name
        for name in names
        if any(test_file.is_relative_to(folder) for folder in load_assignment(course, name).test_paths)
    ]
    if len(found) != 1:
        listed = ", ".join(found or names)
        raise ConfigError(f"--assignment must say whose tests {test_file.name} holds: {listed}")
    return found[0]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what `_open` started, the last thing first."""
    closing: list[Callable[[], object]] = config.stash.get(_CLOSING, [])
    while closing:
        closing.pop()()


def _examiner(request: pytest.FixtureRequest) -> Examiner:
    examiner = request.config.stash.get(EXAMINER, None)
    if examiner is None:
        pytest.fail("a hidden test needs a submission: pass --submission PATH", pytrace=False)
    return examiner


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """The submission, behind glass: ``student.rnn_layers.rnn_step_forward(…)``."""
    return _examiner(request).session.student


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Draw:
    """Random inputs, drawn from the course's secret, the submission's code and this test's name."""
    return _draw(request.node, _examiner(request))


def _draw(item: pytest.Item, examiner: Examiner) -> Draw:
    if _DRAW not in item.stash:
        planned = item.config.stash[EXAM].planned[item.nodeid].test
        item.stash[_DRAW] = examiner.draw_for(planned)
    return item.stash[_DRAW]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a hidden test through the examiner, which knows limits, second tries and outcomes."""
    config = pyfuncitem.config
    examiner = config.stash.get(EXAMINER, None)
    if examiner is None or pyfuncitem.get_closest_marker("question") is None:
        return None
    planned = config.stash[EXAM].planned[pyfuncitem.nodeid]
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}  # noqa: SLF001

    def ask() -> None:
        pyfuncitem.obj(**arguments)

    error = examiner.examine(planned.test, planned.claim, planned.limits, _draw(pyfuncitem, examiner), ask)
    if error is not None and config.pluginmanager.hasplugin("terminalreporter"):
        # Where nobody reads pytest's reports, as in a slot, it need not spend its time on tracebacks.
        raise error
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the staff's text of a submission's fault instead of a traceback through this package."""
    report = yield
    error = None if call.excinfo is None else call.excinfo.value
    hidden = item.get_closest_marker("question") is not None
    if hidden and isinstance(error, SubmissionFault) and not item.config.option.usepdb:
        report.longrepr = f"{error.staff}\n\nstudents read:\n{error.student}"
    return report

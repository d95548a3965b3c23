"""
A grader with everything ready: tests collected once, then a fork for each submission.

It is itself a fork of the nursery, so that it shares the libraries' memory with its zygote; reference and tests are
imported here, where no student's code can come. The coordinator hands it jobs over a socket; each is graded in a fork
that is forgotten afterwards, so that a class is graded by the same clean state five hundred times.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from autograder.cage import Cage, Plan, packets
from autograder.config import load_assignment
from autograder.errors import ConfigError, OurFault
from autograder.grading.collection import COLLECTED, PYTEST_OPTIONS
from autograder.grading.content import Exam, plan_exam
from autograder.grading.examiner import TOTAL_S, Examiner
from autograder.grading.job import Job
from autograder.grading.plugin import EXAM, EXAMINER
from autograder.grading.single import finish, grade_one
from autograder.secret import Secret

__all__ = ["serve"]

_PATIENCE_S: Final = TOTAL_S + 180.0
"""A fork that takes longer hangs in our code: tests end at ``TOTAL_S``, opening and reporting take the rest."""


class _Slot:
    """The pytest plugin that answers jobs where pytest would run its loop."""

    def __init__(self, channel: socket.socket, cage: Cage, secret: Secret, setup: dict[str, Any]) -> None:
        self._channel = channel
        self._cage = cage
        self._secret = secret
        self._assignment = load_assignment(Path(setup["course"]), setup["assignment"])
        self.problem = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a test file could not be imported."""
        if report.failed:
            self.problem += f"{report.longreprtext}\n"

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve jobs until the coordinator closes its end."""
        if self.problem:
            return False
        try:
            exam = plan_exam(self._assignment, session.items)
        except ConfigError as error:
            self.problem = str(error)
            return False
        session.config.stash[EXAM] = exam
        packets.send(self._channel, {"ready": len(exam.planned)})
        while True:
            try:
                packet, _ = packets.receive(self._channel)
            except EOFError:
                return True
            job = Job(Path(packet["path"]), Path(packet["out"]), packet["name"], packet["package"], packet["key"])
            packets.send(self._channel, self._grade_in_fork(session, exam, job))

    def _grade_in_fork(self, session: pytest.Session, exam: Exam, job: Job) -> dict[str, Any]:
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            _in_fork(lambda: grade_one(self._cage, exam, self._secret, job, _loop(session)), write_end)
        os.close(write_end)
        why = _wait(pid, read_end)
        if why is not None:
            # Whatever ended the fork was ours; what it had finished is in the journal.
            problems = [f"the grader's own process failed: {why}"]
            finish(job, exam, [], [], {"key": job.key}, problems, None, 0.0)
        return {"name": job.name, "why": why or ""}


def _loop(session: pytest.Session) -> Callable[[Examiner], None]:
    """Return the function that runs every collected item on an examiner."""

    def examine_all(examiner: Examiner) -> None:
        session.config.stash[EXAMINER] = examiner
        items = session.items
        for index, item in enumerate(items):
            following = items[index + 1] if index + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    return examine_all


def _in_fork(grade: Callable[[], None], write_end: int) -> None:
    """Grade, say nothing when it went well and why when it did not; never returns."""
    try:
        grade()
    except BaseException:  # noqa: BLE001  # the coordinator must hear of it, and the fork must not go on
        os.write(write_end, traceback.format_exc().encode()[-4000:] or b"?")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _wait(pid: int, read_end: int) -> str | None:
    """Wait for a fork; return None when it finished, else why it did not."""
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)
    began = time.monotonic()
    try:
        with os.fdopen(read_end, "rb") as pipe:
            why = pipe.read().decode(errors="replace")
        _, status = os.waitpid(pid, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if why:
        return why
    return None if status == 0 else f"it ended with status {status} after {time.monotonic() - began:.0f} s"


def serve(channel: socket.socket, control: socket.socket, plan: Plan) -> None:
    """
    Be the grader of one slot until the coordinator closes ``channel``.

    Args:
        channel: Packets with jobs come in here, and a packet for each that is done goes out.
        control: The socket to this slot's zygote.
        plan: The cage that is in force.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C ends the coordinator, and its closed socket ends this
    setup, _ = packets.receive(channel)
    try:
        cage = Cage(control, plan)
        sys.path.insert(0, setup["course"])
        slot = _Slot(channel, cage, Secret(bytes.fromhex(setup["key"]), demo=setup["demo"]), setup)
        paths = [str(path) for path in slot._assignment.test_paths]  # noqa: SLF001
        noise = io.StringIO()
        with contextlib.redirect_stdout(noise):
            code = pytest.main([*PYTEST_OPTIONS, f"--rootdir={setup['course']}", *paths], plugins=[slot])
        if slot.problem or code not in COLLECTED:
            raise OurFault(f"{slot.problem or code!s}\n{noise.getvalue()[-2000:]}".rstrip())
    except (EOFError, BrokenPipeError):
        return
    except OurFault as error:
        _tell(channel, str(error))
    except BaseException:  # noqa: BLE001  # the coordinator must learn why a slot is gone
        _tell(channel, traceback.format_exc())


def _tell(channel: socket.socket, why: str) -> None:
    with contextlib.suppress(OSError):
        packets.send(channel, {"broken": why[-8000:]})

"""
One submission, from its files to its answers.

    open ── prepare ──▶ what is in it, found by reading      (in the cage, before a line of it has run)
         ── load ─────▶ a template that has imported it
    begin ─▶ a fork of the template, charged with limits ─▶ the test's requests ─▶ end

Many tests share a fork, because a fork costs more than a test. What keeps that honest is `begin_fresh`: a test that
failed is asked again, alone, in a fork that nothing else has touched, and only that answer counts. After a crash, a
hang or a garbled reply the fork is thrown away at once.

The template belongs to the student from its import on. So it is only ever asked to fork, and what it says of itself is
never used; when it does not fork, a new one is made from the prepared texts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from autograder import protocol as p
from autograder.cage import IMPORT_LIMITS, Cage, Lap, Limits, connected_pair, explain
from autograder.cage.zygote import JAIL_FAILED
from autograder.errors import CageLost, LimitExceeded, ProtocolError, StudentError, SubmissionFault, WorkerDied
from autograder.session import messages
from autograder.session.student import Student, outgoing
from autograder.session.transport import SocketTransport, Transport

__all__ = ["Contents", "Layout", "Session"]

_GRACE_S: Final = 1.5
"""The zygote ends what is over its time; the grader's own deadline comes a little later, so that it can say why."""
_FORK_S: Final = 5.0
_DIED: Final = (WorkerDied, ProtocolError, LimitExceeded)
_NOT_LOADED: Final = (*_DIED, StudentError)
"""A template may also answer that loading raised: it says so of the student's process, whatever it says."""
_LOST_TEMPLATES: Final = 3
"""Templates that may refuse to fork before the submission is given up; each costs an import and some patience."""
_TOLD: Final = 200
"""Entries of a list that a template sent; no import has more to say."""


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What an assignment asks of a submission.

    Args:
        package: Name of the student's package in this submission.
        aliases: Other names under which its modules may import each other.
        modules: The modules that tests ask for, below the package, dots for folders.
        notebooks: For a module, the notebooks that may define its functions instead.
        given: Files of the release, below the package, that are added where they are missing.
        rules: What is looked for in the text, as plain data.
        exercises: For a module, the functions and methods that students are asked to write.
        limits: Default limits of a test.
    """

    package: str
    aliases: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    notebooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Mapping[str, Any], ...] = ()
    exercises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Contents:
    """
    What *prepare* found in a submission: plain data, made before any of it ran.

    Args:
        modules: The texts to import, with their names, files and maps to notebook cells.
        problems: What keeps a file from being imported, in words for the student.
        findings: Where a rule was broken.
        defined: For each module, the functions and methods found, each with its line and whether it is still a stub.
        syntax_hash: Hash of the syntax trees: the same for the same code, whatever its comments.
        uses_cuda: Whether the text mentions CUDA.
        undone: For a module, the exercises that are neither written in it nor in a notebook that was sent.
    """

    modules: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    defined: dict[str, dict[str, Any]]
    syntax_hash: str
    uses_cuda: bool
    undone: dict[str, list[str]] = field(default_factory=dict)


class Session:
    """
    Args:
        cage: An idle slot.
        layout: What the assignment asks for.
        files: The submission's modules and notebooks: relative path to bytes.
        stale: Paths of compiled files that were left out.
        more: Returns the files that are sent as well, given what was found without them: the notebooks of a module
            with gaps, which nobody else needs.
    """

    def __init__(
        self,
        cage: Cage,
        layout: Layout,
        files: Mapping[str, bytes],
        stale: tuple[str, ...] = (),
        more: Callable[[Contents], Mapping[str, bytes]] = lambda contents: {},
    ) -> None:
        self._cage = cage
        self._layout = layout
        self._files = dict(files)
        self._stale = stale
        self._more = more
        self._template: SocketTransport | None = None
        self._fork: Transport | None = None
        self._limits = layout.limits
        self._contents: Contents | None = None
        self._dead: SubmissionFault | None = None
        self._lost_templates = 0
        self.student = Student(self.ask)
        self.import_output = ""
        self.imported: dict[str, Any] = {}
        self.stand_ins: list[str] = []
        self.notes: list[str] = []
        self.requests = 0
        self.calls: list[tuple[str, object]] = []

    @property
    def code_hash(self) -> str:
        """
        The hash that the draws depend on: of every byte that is sent into the cage.

        Not of the syntax trees alone: code can read its own comments and line numbers, so two uploads that differ in a
        comment are two programs, and the second could carry answers to what the first was asked.
        """
        whole = hashlib.sha256()
        for path, data in sorted(self._files.items()):
            whole.update(hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest())
            whole.update(hashlib.sha256(data).digest())
        return whole.hexdigest()

    @property
    def contents(self) -> Contents:
        """What *prepare* found. `open` comes first."""
        if self._contents is None:
            raise CageLost("the session was not opened")
        return self._contents

    def open(self) -> None:
        """
        Prepare and import the submission.

        What is wrong with the submission does not raise: it is in `contents`, and each test that needs it will fail
        with its message. As with a test, only a failure that repeats counts. Raises `CageLost` when it was not the
        submission's doing.
        """
        self._cage.open(IMPORT_LIMITS)
        try:
            self._prepare_and_load()
        except _NOT_LOADED:
            self._drop_template()
            try:
                self._prepare_and_load()
            except _NOT_LOADED as error:
                self._give_up(error)

    def _prepare_and_load(self) -> None:
        self._start_template()
        contents = self._prepare()
        rest = {path: data for path, data in self._more(contents).items() if path not in self._files}
        if rest:
            self._files |= rest
            contents = self._prepare()
        self._contents = contents
        self._load()

    def _prepare(self) -> Contents:
        request = {
            "package": self._layout.package,
            "aliases": list(self._layout.aliases),
            "modules": list(self._layout.modules),
            "notebooks": {name: list(paths) for name, paths in self._layout.notebooks.items()},
            "files": {path: np.frombuffer(data, np.uint8) for path, data in self._files.items()},
            "stale": list(self._stale),
            "given": dict(self._layout.given),
            "rules": [dict(rule) for rule in self._layout.rules],
            "exercises": {name: list(found) for name, found in self._layout.exercises.items()},
        }
        return Contents(**self._ask_template(p.Prepare(request), "reading your files"))

    def _give_up(self, error: SubmissionFault) -> None:
        """Remember that nothing of this submission can be imported, and why."""
        self._dead = error
        if self._contents is None:
            self._contents = Contents([], [], [], {}, "unread", uses_cuda=False)
        self._drop_template()

    def _start_template(self) -> None:
        channel, output = self._cage.start_template(IMPORT_LIMITS)
        self._cage.watch(IMPORT_LIMITS, importing=True)
        self._template = SocketTransport(channel, output, convert=outgoing)

    def _drop_template(self) -> None:
        self._drop_fork()
        if self._template is not None:
            self.import_output += self._template.take_output()[0]
            self._template.close()
            self._template = None
        self._cage.sweep(keep_template=False)

    def _drop_fork(self) -> None:
        if self._fork is not None:
            self._fork.close()
            self._fork = None

    def _ask_template(self, request: p.Request, what: str) -> Any:
        assert self._template is not None  # noqa: S101  # both callers have just made sure
        try:
            reply = self._template.exchange(request, IMPORT_LIMITS.wall_s + _GRACE_S)
        except _DIED as error:
            raise self._explained(error, what, IMPORT_LIMITS) from error
        if isinstance(reply, p.Raised):
            raise messages.from_report(reply.error, what, IMPORT_LIMITS)
        return reply.value

    def _load(self) -> None:
        contents = self.contents
        request = {
            "package": self._layout.package,
            "aliases": list(self._layout.aliases),
            "modules": contents.modules,
            "wanted": list(self._layout.modules),
            "defined": contents.defined,
            "seed": 0,
            "cuda_to_cpu": contents.uses_cuda,
        }
        answer = self._ask_template(p.Load(request), "importing your code")
        lap = self._cage.lap()
        if lap.reached is not None:
            raise messages.death("importing your code", lap, IMPORT_LIMITS)
        if isinstance(answer, dict):
            # Said by a process that has run the student's code: shown to staff, and no verdict hangs on it.
            imported = answer.get("imported")
            self.imported = imported if isinstance(imported, dict) else {}
            self.stand_ins = _texts(answer.get("stand_ins"))
            self.notes = _texts(answer.get("notes"))

    def begin(self, limits: Limits, seed: int) -> None:
        """
        Start a test: its limits run from here, its random numbers are seeded, the last one's handles are gone.

        Raises a `SubmissionFault` when the submission could not be imported, or cannot be forked.
        """
        self._limits = limits
        self.requests = 0
        self.calls.clear()
        if self._dead is not None:
            raise self._dead
        if self._template is None:
            self._start_template()
            try:
                self._load()
            except _NOT_LOADED:
                # It could be imported before: this costs the test that is about to run, not those after it.
                self._drop_template()
                raise
        self._cage.watch(limits)
        if self._fork is None:
            self.student.forget()
            self._fork = self._make_fork()
        self.ask(p.Begin(seed), "starting the test")

    def begin_fresh(self, limits: Limits, seed: int) -> None:
        """Start a test in a fork that no other test has touched."""
        self.discard_fork()
        self.begin(limits, seed)

    def _make_fork(self) -> Transport:
        assert self._template is not None  # noqa: S101  # `begin` has just made sure
        ours, theirs = connected_pair()
        read_end, write_end = os.pipe()
        transport = SocketTransport(ours, read_end, convert=outgoing, output_bytes=self._check_output)
        try:
            reply = self._template.exchange(p.Fork(), _FORK_S, [theirs.fileno(), write_end])
            if not (isinstance(reply, p.Value) and reply.value is True):
                # Refused; and maybe it keeps the sockets, so that nobody would ever answer on them.
                raise WorkerDied("The process that holds your code could start no other.")
        except _DIED as error:
            transport.close()
            self._drop_template()
            lost = WorkerDied("Your code, once imported, kept the grader from running tests with it.")
            self._lost_templates += 1
            if self._lost_templates >= _LOST_TEMPLATES:
                self._dead = lost
            raise lost from error
        finally:
            theirs.close()
            os.close(write_end)
        return transport

    def _check_output(self, count: int) -> None:
        if count > self._limits.output_kib << 10:
            raise LimitExceeded("output_kib", explain("output_kib", self._limits))

    def ask(self, request: p.Request, what: str) -> Any:
        """
        Send one request of the running test and return the value of the reply.

        Args:
            request: What to do.
            what: Names it in messages: the student's own function, mostly.

        Raises:
            StudentError: the student's code raised.
            LimitExceeded: a limit of the test was reached.
            WorkerDied, ProtocolError: no answer came, or something that is none.
        """
        if self._fork is None:
            raise WorkerDied(f"{what}: the process that ran your code had ended already.")
        self.requests += 1
        if isinstance(request, p.Call):
            self.calls.append((what, request.args))
        try:
            reply = self._fork.exchange(request, self._limits.wall_s + _GRACE_S)
        except _DIED as error:
            explained = self._explained(error, what, self._limits)
            self.discard_fork()
            raise explained from error
        if isinstance(reply, p.Raised):
            raise messages.from_report(reply.error, what, self._limits, self._cage.is_out_of_files)
        return reply.value

    def _explained(self, error: SubmissionFault, what: str, limits: Limits) -> SubmissionFault:
        """Return the fault with its cause, which the cage knows: a limit, a signal, an exit."""
        if isinstance(error, ProtocolError):
            text = f"{what}: your code's process sent something that is no answer."
            return ProtocolError(text, f"{text} {error.staff}")
        lap = self._cage.lap(settle=True)
        if self._contents is None and any(os.waitstatus_to_exitcode(end.status) == JAIL_FAILED for end in lap.ended):
            # Nothing of the submission had run, so this end is the cage's word: our failure, not the student's zero.
            raise CageLost("the cage could not be closed around a template")
        if lap.reached is None and isinstance(error, LimitExceeded):
            return LimitExceeded(error.limit, f"{what}: {explain(error.limit, limits)}")
        return messages.death(what, lap, limits)

    def end(self) -> tuple[Lap, str]:
        """End the running test; return what the kernel says that it used, and what it printed."""
        lap = self._cage.lap()
        if self._fork is None:
            return lap, ""
        output, count = self._fork.take_output()
        return lap, output + (f"\n… ({count} bytes in all)" if count > len(output.encode()) else "")

    def discard_fork(self) -> None:
        """End the fork and all that it started; the next test gets a fresh one."""
        self._drop_fork()
        if self._template is not None:
            lap = self._cage.sweep(keep_template=True)
            if not lap.template_alive:
                self._template.close()
                self._template = None

    def close(self) -> None:
        """End the submission: no process and no file of it is left."""
        self._drop_fork()
        if self._template is not None:
            self.import_output += self._template.take_output()[0]
            self._template.close()
            self._template = None
        self._cage.close_submission()


def _texts(told: object) -> list[str]:
    """Return the texts in what a template claims to be a list of them."""
    return [text for text in told if isinstance(text, str)][:_TOLD] if isinstance(told, list | tuple) else []

"""
A class: many submissions, graded side by side, resumed where a run was stopped.

    coordinator ──▶ nursery ──▶ slot 0: grader + zygote
        │                  └──▶ slot 1: grader + zygote
        └── hands out jobs, restarts a slot that broke, writes the CSV

The coordinator imports no torch and runs no test. A submission whose grader died is tried once more in a new slot, and
then reported as *not graded: our fault*; the others do not notice.
"""

from __future__ import annotations

import os
import re
import select
import socket
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from autograder.cage import CageSettings, Nursery, Plan, packets
from autograder.config import Assignment
from autograder.errors import CageLost, ConfigError, OurFault
from autograder.grading.job import Job, exam_hash, load_score, read_summary, submission_key, write_summary
from autograder.grading.records import ClassRow, class_csv, refused_json, write_atomic, write_json
from autograder.scoring import Score
from autograder.secret import Secret
from autograder.submission import Row, display_name
from autograder.submission.sources import is_archive_name

__all__ = ["ClassRun", "Result", "find_submissions", "refuse_same_names"]

_ENTRY: Final = "autograder.grading.slot:serve"
_READY_S: Final = 120.0
_TRIES: Final = 2
_MANY: Final = 8
"""From so many submissions on, what huge pages save in each is more than they cost at the start."""
_EDITION: Final = re.compile(r"(assignment|asgn|homework|hw|a)[-_ ]?\d", re.IGNORECASE)
_TABLE: Final = "grades.csv"
_OURS: Final = "This submission could not be graded, and that is not your fault. Staff have been told."


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one submission; ``score`` is None when there was nothing to grade."""

    job: Job
    score: Score | None
    problem: str
    skipped: bool = False

    @property
    def ours(self) -> bool:
        """Whether the grader is to blame for what is missing."""
        return self.score.needs_regrade if self.score is not None else self.problem == _OURS


def find_submissions(paths: Iterable[Path], package: str) -> list[tuple[str, Path]]:
    """
    Return each submission below ``paths`` with its name.

    A folder is one submission when it holds the package, a module or a notebook; otherwise, when its entries are
    archives or folders, it is a folder of submissions. Raises `ConfigError` for what is not there, and for two of one
    name.
    """
    found: list[tuple[str, Path]] = []
    for path in paths:
        if not path.exists():
            raise ConfigError(
                f"{path}: expected a folder, a zip or a tar of a submission, or a folder of them; nothing is there"
            )
        children = _children(path, package) if path.is_dir() else []
        found += [(_name(child), child) for child in children] or [(_name(path), path)]
    refuse_same_names(found)
    return found


def refuse_same_names(found: Iterable[tuple[str, Path]]) -> None:
    """Raise `ConfigError` for two submissions of one name, which would share a folder of results."""
    seen: dict[str, Path] = {}
    for name, path in found:
        if name in seen:
            raise ConfigError(f"two submissions are called {display_name(name)}: {seen[name]}, {path}")
        seen[name] = path


def _name(path: Path) -> str:
    # A link is called by its own name; "." and ".." by the folder that they mean.
    name = path.name if path.name not in ("", "..") else path.resolve().name
    for suffix in (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    # A hand-in may be called as its sender likes; the table of the class keeps its place.
    return f"{name}_" if name == _TABLE else name or "submission"


def _children(folder: Path, package: str) -> list[Path]:
    """Return the submissions that ``folder`` holds, or nothing when it is one itself."""
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))
    if (folder / package).is_dir() or any(path.suffix in (".py", ".ipynb") for path in entries):
        return []
    candidates = [path for path in entries if path.is_dir() or is_archive_name(path.name)]
    if candidates and all(_EDITION.match(path.name) for path in candidates):
        return []  # one person's whole course: the intake finds the edition
    if len(candidates) == 1 and candidates[0].is_dir() and (candidates[0] / package).is_dir():
        return []  # a submission in a folder of its own, as archives unpack
    return candidates


def _key(path: Path, shared: str) -> str:
    """Return the key of a submission; one that cannot be read has a key that nothing has, and its intake says why."""
    try:
        return submission_key(path, shared)
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _class_rows(people: Iterable[Row], results: Mapping[str, Result]) -> list[ClassRow]:
    """Return the rows of a class whose students are known; what does not count bears the submission's name."""
    rows = []
    for row in people:
        result, student = results.get(row.hand_in), row.student
        called = student.called if student is not None and (row.counts or not row.hand_in) else row.hand_in
        notes = [note for note in (row.note, result.problem if result is not None else "") if note]
        person = {
            "student_id": student.id if student is not None else "",
            "name": student.name if student is not None else "",
            "email": student.email if student is not None else "",
            "group": student.group if student is not None else "",
            "extension": student.extension if student is not None else "",
            "submission": row.hand_in,
            "counts": "yes" if row.counts else "no",
        }
        rows.append(ClassRow(called, result.score if result is not None else None, "; ".join(notes), person))
    return rows


@dataclass(slots=True)
class _Slot:
    """One grader, from the coordinator's side."""

    number: int
    channel: socket.socket
    job: Job | None = None


@dataclass(slots=True)
class ClassRun:
    """
    Grades submissions into one folder.

    Args:
        assignment: What is graded.
        secret: The course's secret.
        out: Gets a folder for each submission, and ``grades.csv``.
        settings: The cage.
        package: Name of the submissions' package, or None for the release's.
        jobs: How many run side by side.
        on_done: Called with each result as it comes.
        on_plan: Called with the cage's plan once it is known.
        people: Whose the submissions are; without it, the table has a row for each submission.
    """

    assignment: Assignment
    secret: Secret
    out: Path
    settings: CageSettings
    package: str | None = None
    jobs: int = 1
    on_done: Callable[[Result], None] = lambda result: None
    on_plan: Callable[[Plan], None] = lambda plan: None
    people: Sequence[Row] = ()
    _tries: dict[str, int] = field(default_factory=dict)

    def run(self, submissions: Sequence[tuple[str, Path]]) -> list[Result]:
        """
        Grade what is not graded yet and return the results in the order of ``submissions``.

        Raises:
            OurFault: no slot can be started; what was finished is kept.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        shared = exam_hash(self.assignment, self.secret, self.package)
        jobs = [
            Job(path.resolve(), self.out.resolve() / name, name, self.package, _key(path, shared))
            for name, path in submissions
        ]
        results: dict[str, Result] = {}
        todo: deque[Job] = deque()
        for job in jobs:
            summary = read_summary(job.out)
            if summary is not None and summary["key"] == job.key and not summary["needs_regrade"]:
                results[job.name] = self._result(job, summary, skipped=True)
                self.on_done(results[job.name])
            else:
                todo.append(job)
        if todo:
            self._grade(todo, results)
        ordered = [results[job.name] for job in jobs]
        rows = _class_rows(self.people, results) or [ClassRow(r.job.name, r.score, r.problem) for r in ordered]
        write_atomic(self.out / _TABLE, class_csv(self.assignment.questions, rows), mode=0o600)
        return ordered

    def _result(self, job: Job, summary: dict[str, Any], *, skipped: bool = False) -> Result:
        return Result(job, load_score(self.assignment.questions, job.out, summary), summary["problem"], skipped)

    def _grade(self, todo: deque[Job], results: dict[str, Result]) -> None:
        with Nursery(replace(self.settings, huge_pages=len(todo) >= _MANY)) as nursery:
            self.on_plan(nursery.plan)
            count = min(self.jobs, len(todo)) if nursery.plan.may_run_beside_others else 1
            slots = [self._start(nursery, number) for number in range(count)]
            try:
                for slot in slots:
                    self._await_ready(slot)
                self._hand_out(nursery, slots, todo, results)
            finally:
                for slot in slots:
                    slot.channel.close()

    def _start(self, nursery: Nursery, number: int) -> _Slot:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        nursery.start(number, _ENTRY, theirs)
        ours.settimeout(_READY_S)
        setup = {
            "course": str(self.assignment.course),
            "assignment": self.assignment.name,
            "key": self.secret.key.hex(),
            "demo": self.secret.demo,
        }
        packets.send(ours, setup)
        return _Slot(number, ours)

    def _await_ready(self, slot: _Slot) -> None:
        try:
            answer, _ = packets.receive(slot.channel)
        except (EOFError, OSError) as error:
            raise CageLost(f"slot {slot.number} did not start") from error
        if "broken" in answer:
            raise OurFault(f"slot {slot.number} could not start\n{answer['broken']}")
        slot.channel.settimeout(None)

    def _hand_out(self, nursery: Nursery, slots: list[_Slot], todo: deque[Job], results: dict[str, Result]) -> None:
        poller = select.poll()
        for slot in slots:
            self._give(slot, todo, poller)
        while busy := [slot for slot in slots if slot.job is not None]:
            ready = {fd for fd, _ in poller.poll()}
            for index, slot in enumerate(slots):
                if slot not in busy or slot.channel.fileno() not in ready:
                    continue
                if self._take(slot, todo, results):
                    self._give(slot, todo, poller)
                    continue
                poller.unregister(slot.channel)
                slot.channel.close()
                if todo:
                    slots[index] = self._start(nursery, slot.number)
                    self._await_ready(slots[index])
                    self._give(slots[index], todo, poller)
                else:
                    slot.job = None

    @staticmethod
    def _give(slot: _Slot, todo: deque[Job], poller: select.poll) -> None:
        slot.job = todo.popleft() if todo else None
        if slot.job is None:
            return
        poller.register(slot.channel, select.POLLIN)
        job = slot.job
        packet = {
            "path": os.fspath(job.path),
            "out": os.fspath(job.out),
            "name": job.name,
            "package": job.package,
            "key": job.key,
        }
        packets.send(slot.channel, packet)

    def _take(self, slot: _Slot, todo: deque[Job], results: dict[str, Result]) -> bool:
        """Take a slot's answer; return False when the slot has to be replaced."""
        job = slot.job
        assert job is not None  # noqa: S101  # only busy slots are asked
        try:
            answer, _ = packets.receive(slot.channel)
            lost = "broken" in answer or bool(answer["why"])
        except (EOFError, OSError):
            lost = True
        if lost and self._tries.setdefault(job.name, 1) < _TRIES:
            self._tries[job.name] += 1
            todo.append(job)
            return False
        summary = read_summary(job.out)
        if summary is None or summary["key"] != job.key:
            self._give_up(job)
            summary = read_summary(job.out)
            assert summary is not None  # noqa: S101  # just written
        results[job.name] = self._result(job, summary)
        self.on_done(results[job.name])
        return not lost

    @staticmethod
    def _give_up(job: Job) -> None:
        """Write the result of a submission that two graders have died on."""
        job.out.mkdir(parents=True, exist_ok=True)
        write_json(job.out / "results.json", refused_json(_OURS, ours=True))
        write_summary(job, None, _OURS)

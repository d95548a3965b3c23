"""
One submission, from what was handed in to its files: ``journal.jsonl``, ``results.json``,
``staff.json`` and, last of all, ``summary.json``, whose key says that the others are whole.

    unpack ─▶ open in the cage ─▶ examine (each outcome into the journal) ─▶ score ─▶ results

Every way out writes results. A hand-in that cannot be unpacked gets a result that says so; when the grader itself
fails, the questions that were finished keep their points and the others read *not graded: our fault*.
"""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import autograder
from autograder.cage import Cage, Plan
from autograder.config import Module
from autograder.errors import IntakeError, OurFault
from autograder.grading.content import Exam
from autograder.grading.examiner import Examiner
from autograder.grading.job import Job, write_summary
from autograder.grading.records import (
    Journal,
    left_out_notes,
    read_journal,
    refused_json,
    results_json,
    staff_json,
    write_json,
)
from autograder.notebooks.choose import choose
from autograder.outcomes import Finding
from autograder.scoring import score
from autograder.secret import Secret
from autograder.session import Contents, Session
from autograder.submission import Intake, unpack

__all__ = ["finish", "grade_one", "open_submission", "problem_notes"]

_FILES: Final = 200
_BYTES: Final = 32 << 20
"""What is read of a submission and sent into the cage: modules and notebooks, far above any honest one."""


def read_files(intake: Intake, modules: Mapping[str, Module], notebooks: Collection[str]) -> dict[str, bytes]:
    """
    Return what is sent into the cage: the modules, and a notebook where a module that it may define is missing.

    Modules first, then smallest paths, as far as they fit: a notebook with videos in it takes no module's place. What
    is sent decides the draws, so a notebook that nobody needs is not sent: running it again changes its outputs, and
    nothing else. Whether a module has gaps that a notebook may fill is known when it was parsed, in the cage;
    `open_submission` sends those notebooks after it.

    Args:
        intake: What was handed in.
        modules: The modules that students write.
        notebooks: Names of notebooks to send besides.
    """
    present = {path.rpartition("/")[2] for path in intake.files}
    missing = [module for module in modules.values() if module.file.rpartition("/")[2] not in present]
    wanted = {*notebooks, *(stem for module in missing for stem in module.notebooks)}
    chosen = {choose(intake.files, stem) for stem in wanted}
    found: dict[str, bytes] = {}
    total = 0
    sent = (path for path in intake.files if path.endswith(".py") or path in chosen)
    for path in sorted(sent, key=lambda name: (not name.endswith(".py"), name.count("/"), name)):
        size = (intake.root / path).stat().st_size
        if len(found) < _FILES and total + size <= _BYTES:
            found[path] = (intake.root / path).read_bytes()
            total += size
    return found


def open_submission(cage: Cage, exam: Exam, intake: Intake, package: str | None) -> Session:
    """Return an opened session on an unpacked submission."""
    modules = exam.assignment.modules
    stale = tuple(each.path for each in intake.left_out if each.path.endswith(".pyc"))

    def more(contents: Contents) -> dict[str, bytes]:
        """Return the files again, with the notebooks that may define what a module leaves undone."""
        stems = {stem for name in contents.undone if name in modules for stem in modules[name].notebooks}
        return read_files(intake, modules, stems) if stems else {}

    layout = replace(exam.layout(package), notebooks=_notebooks(intake, modules))
    session = Session(cage, layout, read_files(intake, modules, ()), stale, more)
    session.open()
    return session


def _notebooks(intake: Intake, modules: Mapping[str, Module]) -> dict[str, tuple[str, ...]]:
    """Return for each module the notebooks that may define it, as they are called in this hand-in."""
    found = {}
    for name, module in modules.items():
        paths = (choose(intake.files, stem) for stem in module.notebooks)
        found[name] = tuple(path.rpartition("/")[2] for path in paths if path is not None)
    return found


def grade_one(cage: Cage, exam: Exam, secret: Secret, job: Job, examine_all: Callable[[Examiner], None]) -> None:
    """
    Grade one submission and write its files.

    Args:
        cage: An idle slot.
        exam: The assignment and its tests.
        secret: The course's secret.
        job: The submission.
        examine_all: Runs every test on the given examiner; pytest's loop, in practice.
    """
    began = time.monotonic()
    job.out.mkdir(parents=True, exist_ok=True)
    for stale in ("summary.json", "results.json", "staff.json", "journal.jsonl"):
        (job.out / stale).unlink(missing_ok=True)
    place = Path(tempfile.mkdtemp(prefix="autograder-in-"))
    try:
        try:
            intake = unpack(job.path, place / "files")
        except IntakeError as error:
            _refuse(job, error, time.monotonic() - began)
            return
        _grade_intake(cage, exam, secret, job, examine_all, intake, began)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _refuse(job: Job, error: IntakeError, execution_s: float) -> None:
    facts = {"key": job.key}
    write_json(job.out / "staff.json", staff_json(None, facts=facts, problems=(error.staff,)), mode=0o600)
    write_json(job.out / "results.json", refused_json(error.student, execution_s=execution_s))
    write_summary(job, None, error.student)


def _grade_intake(
    cage: Cage, exam: Exam, secret: Secret, job: Job, examine_all: Callable[[Examiner], None], intake: Intake,
    began: float,
) -> None:  # fmt: skip
    facts: dict[str, Any] = {"key": job.key, "submission": intake.digest, **run_facts(cage.plan, secret)}
    findings: list[Finding] = []
    notes = left_out_notes(intake)
    problems: list[str] = []
    with Journal(job.out / "journal.jsonl") as journal:
        try:
            session = open_submission(cage, exam, intake, job.package)
            try:
                findings = exam.findings(session.contents)
                notes += problem_notes(session)
                facts |= _session_facts(session)
                unattempted = exam.unattempted(session.contents)
                examine_all(Examiner(session, secret, exam.question_ids, journal.append, unattempted=unattempted))
            finally:
                session.close()
        except OurFault as error:
            problems.append(f"{type(error).__name__}: {error}")
    finish(job, exam, findings, notes, facts, problems, intake, time.monotonic() - began)


def finish(
    job: Job, exam: Exam, findings: list[Finding], notes: list[str], facts: Mapping[str, Any], problems: list[str],
    intake: Intake | None, execution_s: float,
) -> None:  # fmt: skip
    """Write a submission's results from its journal: what is not in there was not graded, by our fault."""
    outcomes = read_journal(job.out / "journal.jsonl")
    total = score(exam.assignment.questions, outcomes, findings, exam.plan)
    staff = staff_json(total, intake=intake, facts=facts, problems=tuple(problems))
    write_json(job.out / "staff.json", staff, mode=0o600)
    write_json(job.out / "results.json", results_json(total, execution_s=execution_s, notes=notes, facts={}))
    write_summary(job, total, "; ".join(problems))


def problem_notes(session: Session) -> list[str]:
    """Return what is wrong with the submission as a whole, for the student."""
    notes = []
    for problem in session.contents.problems:
        where = f"{problem['file']}, line {problem['line']}: " if problem.get("file") else ""
        notes.append(f"{where}{problem['text']}")
    notes += [
        f"The library {name} is not there when code is graded; a stand-in took its place." for name in session.stand_ins
    ]
    return notes + session.notes


def _session_facts(session: Session) -> dict[str, Any]:
    contents = session.contents
    return {
        "code_hash": session.code_hash,
        "syntax_hash": contents.syntax_hash,
        "problems": contents.problems,
        "modules": [
            {"name": module["name"], "file": module["file"], "origin": module["origin"]} for module in contents.modules
        ],
        "imported": session.imported,
        "import_output": session.import_output,
        "stand_ins": session.stand_ins,
    }


def run_facts(plan: Plan, secret: Secret) -> dict[str, Any]:
    """Return what every result of a run shares: the cage, the versions, and whether the secret is the demo's."""
    torch = sys.modules.get("torch")
    numpy = sys.modules.get("numpy")
    return {
        "tier": plan.tier.value,
        "layers": [asdict(layer) for layer in plan.layers],
        "demo_secret": secret.demo,
        "versions": {
            "autograder": autograder.__version__,
            "python": platform.python_version(),
            "numpy": getattr(numpy, "__version__", ""),
            "torch": getattr(torch, "__version__", ""),
        },
    }

"""
A submission to be graded, and the file that says that it was.

``summary.json`` is written last. Its *key* is a hash of everything that a result depends on: the submission's bytes,
the course's tests, reference and source, the secret, the package's name and the versions. Where it is the same, nothing
needs to be done again; that is all there is to resuming a class and to skipping what has not changed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import autograder
from autograder.config import Assignment
from autograder.grading.records import read_journal, write_json
from autograder.outcomes import Question
from autograder.scoring import QuestionScore, Score, Status
from autograder.secret import Secret

__all__ = ["Job", "exam_hash", "load_score", "read_summary", "submission_key", "write_summary"]

_SUMMARY: Final = "summary.json"
_VERSIONED: Final = ("numpy", "torch", "h5py")
_IGNORED_FOLDERS: Final = {"__pycache__", ".git", ".ipynb_checkpoints"}


@dataclass(frozen=True, slots=True)
class Job:
    """
    One submission to be graded.

    Args:
        path: What was handed in.
        out: Folder for its files.
        name: What people call it.
        package: Name of its package, or None for the release's.
        key: What its result depends on.
    """

    path: Path
    out: Path
    name: str
    package: str | None
    key: str


def exam_hash(assignment: Assignment, secret: Secret, package: str | None) -> str:
    """Return the part of the key that all submissions of a run share."""
    whole = hashlib.sha256()
    parts = [autograder.__version__, package or "", hashlib.sha256(secret.key).hexdigest()]
    for name in _VERSIONED:
        try:
            parts.append(f"{name}={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            parts.append(f"{name}=")
    whole.update("\0".join(parts).encode())
    for folder in (*assignment.test_paths, assignment.course / "reference", assignment.folder):
        whole.update(_tree_hash(folder).encode())
    for shared in sorted((assignment.course / "grading_tests").glob("*.py")):
        whole.update(hashlib.sha256(shared.read_bytes()).digest())
    return whole.hexdigest()


def submission_key(path: Path, shared: str) -> str:
    """Return the key of the submission at ``path`` under the ``shared`` part."""
    content = _tree_hash(path) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    return hashlib.sha256(f"{shared}\0{content}".encode()).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _IGNORED_FOLDERS)
        yield from (Path(base, name) for name in sorted(names))


def _tree_hash(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in _files(folder):
        whole.update(os.fsencode(path.relative_to(folder)) + b"\0")
        # A link is named, never followed: the intake leaves it out too.
        data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        whole.update(hashlib.sha256(data).digest())
    return whole.hexdigest()


def write_summary(job: Job, total: Score | None, problem: str) -> None:
    """Write the file that ends a submission's grading."""
    entries = total.questions if total is not None else ()
    content = {
        "key": job.key,
        "needs_regrade": total is not None and total.needs_regrade,
        "problem": problem,
        "graded": total is not None,
        "questions": {
            entry.question.id: {
                "status": entry.status.value,
                "points": None if entry.points is None else str(entry.points),
            }
            for entry in entries
        },
    }
    write_json(job.out / _SUMMARY, content)


def read_summary(out: Path) -> dict[str, Any] | None:
    """Return what `write_summary` wrote below ``out``, or None where there is nothing whole."""
    try:
        found = json.loads((out / _SUMMARY).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "key" in found else None


def load_score(questions: Iterable[Question], out: Path, summary: dict[str, Any]) -> Score | None:
    """Return the score of a graded submission, as it was computed then, its outcomes from the journal."""
    if not summary["graded"]:
        return None
    outcomes = read_journal(out / "journal.jsonl")
    entries = []
    for question in questions:
        known = summary["questions"].get(question.id, {"status": Status.NOT_GRADED.value, "points": None})
        points = None if known["points"] is None else Decimal(known["points"])
        tests = tuple(outcome for outcome in outcomes if outcome.question == question.id)
        most = Decimal(0) if question.extra_credit else question.points
        entries.append(
            QuestionScore(
                question=question, status=Status(known["status"]), points=points, max_points=most, tests=tests
            )
        )
    earned = sum((entry.points for entry in entries if entry.points is not None), Decimal(0))
    again = bool(summary["needs_regrade"])
    most = sum((entry.max_points for entry in entries), Decimal(0))
    return Score(
        questions=tuple(entries), total=None if again else earned, max_total=most, needs_regrade=again, problems=()
    )

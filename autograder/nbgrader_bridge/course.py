"""Our own commands for a release: make it as nbgrader would, and compare the one that is there with a fresh one."""

from __future__ import annotations

import difflib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.config import Assignment
from autograder.errors import ConfigError

__all__ = ["Drift", "make_release", "release_drift", "release_into"]

_DIFF_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Drift:
    """
    A file in which a release and its source differ.

    Attributes:
        path: The file, as in the release.
        what: ``differs``, ``is missing``, ``is no part of it``.
        diff: For text that differs: a unified diff, cut short.
    """

    path: str
    what: str
    diff: str = ""


def make_release(assignment: Assignment) -> Path:
    """
    Make ``release/<assignment>/`` and its archive from the source, through nbgrader and its gradebook.

    Returns:
        The release's folder.

    Raises:
        ConfigError: Something in the source is wrong, or would leak; the release that was there is unchanged.
    """
    _generate(assignment, assignment.course / "release", no_database=False)
    return assignment.course / "release" / assignment.name


def release_into(assignment: Assignment, folder: Path) -> Path:
    """Make a release below ``folder``, and leave the course, its gradebook included, as it is; return its folder."""
    _generate(assignment, folder.absolute(), no_database=True)
    return folder.absolute() / assignment.name


def release_drift(assignment: Assignment) -> list[Drift]:
    """Return where the release that is there differs from the one that its source would make."""
    with tempfile.TemporaryDirectory(prefix="autograder-release-") as folder:
        fresh = _files(release_into(assignment, Path(folder)))
    present = _files(assignment.course / "release" / assignment.name)
    found = []
    for path in sorted({*fresh, *present}):
        if path not in present:
            found.append(Drift(path, "is missing"))
        elif path not in fresh:
            found.append(Drift(path, "is no part of it"))
        elif present[path] != fresh[path]:
            found.append(Drift(path, "differs", _diff(path, *present[path], *fresh[path])))
    return found


def _generate(assignment: Assignment, release: Path, *, no_database: bool) -> None:
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(assignment.course)).load_config()
    config.CourseDirectory.root = str(assignment.course)
    config.CourseDirectory.release_directory = str(release)
    config.GenerateAssignment.no_database = no_database
    config.SaveCells.enabled = not no_database
    course = CourseDirectory(config=config)
    course.assignment_id = assignment.name
    converter: Any = GenerateAssignment(coursedir=course, config=config)
    converter.log = _quiet_log()
    with _own_programs():
        try:
            converter.start()
        except NbGraderException as error:
            problem = getattr(converter, "problem", None)
            if isinstance(problem, ConfigError):
                raise problem from error
            raise ConfigError(f"{assignment.name}: nbgrader could not make the release: {problem or error}") from error


def _quiet_log() -> logging.Logger:
    log = logging.getLogger("autograder.release")
    log.propagate = False
    log.setLevel(logging.CRITICAL + 1)
    return log


@contextmanager
def _own_programs() -> Iterator[None]:
    """Let nbgrader find the programs that it starts, such as alembic, beside the Python that runs."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Return the files of a folder by path: what they hold, and whether they can be executed."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), os.access(path, os.X_OK))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts
    }


def _diff(path: str, old: bytes, old_runs: bool, new: bytes, new_runs: bool) -> str:
    if old == new:
        return f"can{'' if new_runs else 'not'} be executed in a fresh one, can{'' if old_runs else 'not'} here"
    lines = difflib.unified_diff(
        old.decode("utf-8", errors="replace").splitlines(),
        new.decode("utf-8", errors="replace").splitlines(),
        f"release: {path}", f"source: {path}", lineterm="", n=1,
    )  # fmt: skip
    shown = list(lines)
    cut = [f"… {len(shown) - _DIFF_LINES} lines more"] if len(shown) > _DIFF_LINES else []
    return "\n".join([*shown[:_DIFF_LINES], *cut])

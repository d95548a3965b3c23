"""
The whole way on the sample submissions: source → release → students' work → hand-ins → grades.

    source/assignment3 ──▶ release ──┬▶ students/complete       its notebooks are run, and it is collected with its PDF
                                     ├▶ students/half_finished  collected as it is, although much is open
                                     └▶ students/hostile        zipped by hand: nothing of it runs outside of the cage
                                                │
                                  hand-ins/<name>.zip ──▶ graded/<name>/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.text import Text

from autograder.cli.console import err
from autograder.config import Assignment
from autograder.errors import ConfigError, OurFault
from autograder.notebooks.markers import MARKERS
from autograder.notebooks.release import is_answer, parse_notebook, source_of

__all__ = ["SHOWN", "hand_ins"]

RUN: Final = "complete"
"""The sample whose notebooks are run: with the others they stop at the first open question."""
UNTRUSTED: Final = "hostile"
SHOWN: Final = "subtly_wrong"
"""The sample whose questions are printed one by one; of the others, a line each."""
_NOTEBOOK_S: Final = 300
_COLLECT_S: Final = 120
_ARCHIVES: Final = "*_code_submission.zip"


def hand_ins(assignment: Assignment, folder: Path) -> Path:
    """
    Make a release, lay each sample's work over it, collect it as its student would, and return the hand-ins' folder.

    Args:
        assignment: The assignment of the samples.
        folder: For everything that is made.

    Raises:
        ConfigError: The release cannot be made, or what it needs is not installed.
        OurFault: A complete student's notebooks or hand-in are not what they should be.
    """
    from autograder.nbgrader_bridge import release_into

    samples = sorted(path for path in (assignment.course / "samples").iterdir() if path.is_dir())
    if not samples:
        raise ConfigError(f"{assignment.course / 'samples'}: expected folders of sample submissions")
    with _step("release, made from the source"):
        release = release_into(assignment, folder / "release")
    students = {sample.name: folder / "students" / sample.name / assignment.name for sample in samples}
    for sample in samples:
        shutil.copytree(release, students[sample.name], dirs_exist_ok=True)
        shutil.copytree(sample, students[sample.name], dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    _solve_notebooks(assignment, students[RUN])
    with _step(f"notebooks of the {RUN} student, run from top to bottom"):
        _run_notebooks(students[RUN], [f"{each.name}.ipynb" for each in assignment.notebooks])
    handed_in = folder / "hand-ins"
    handed_in.mkdir(exist_ok=True)
    with _step("collected: an archive of each student's code, and the PDF of the notebooks that were run"):
        for name, student in students.items():
            shutil.copy(_collect(assignment, student, name), handed_in / f"{name}.zip")
    return handed_in


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    err.print(Text(f"✓ {what} ({time.monotonic() - began:.0f} s)", "green"))


def _solve_notebooks(assignment: Assignment, student: Path) -> None:
    """Write the instructor's solutions and model answers into a student's notebooks."""
    for notebook in assignment.notebooks:
        place = student / notebook.path.name
        book = parse_notebook(place.read_text("utf-8"), place.name)
        solved = {cell["id"]: cell for cell in parse_notebook(notebook.path.read_text("utf-8"), place.name)["cells"]}
        for cell in book["cells"]:
            if is_answer(cell):
                lines = source_of(solved[cell["id"]]).split("\n")
                cell["source"] = "\n".join(line for line in lines if not any(marker in line for marker in MARKERS))
        place.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _run_notebooks(student: Path, names: list[str]) -> None:
    """Run notebooks side by side, each in a kernel of its own, and keep their outputs."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    def run(name: str) -> None:
        book = nbformat.read(student / name, as_version=4)
        resources = {"metadata": {"path": str(student)}}
        quiet = ["--IPKernelApp.log_level=ERROR"]
        client = NotebookClient(book, timeout=_NOTEBOOK_S, resources=resources, extra_arguments=quiet)
        try:
            client.execute()
        except CellExecutionError as error:
            raise OurFault(f"{name} of the {RUN} sample does not run: {error}") from error
        nbformat.write(book, student / name)

    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core each: they run side by side
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(run, names))


def _collect(assignment: Assignment, student: Path, name: str) -> Path:
    """Let a student make the archive to hand in, and return its path."""
    if name == UNTRUSTED:
        archive = student / f"{name}.zip"
        with zipfile.ZipFile(archive, "w") as zipped:
            for path in sorted(student.glob(f"{assignment.package}/**/*.py")):
                zipped.write(path, path.relative_to(student))
        return archive
    whole = [] if name == RUN else ["--anyway", "--no-pdf"]
    command = [sys.executable, "-m", f"{assignment.package}.submit", *whole]
    done = subprocess.run(  # noqa: S603  # the course's own samples and tools
        command, cwd=student, capture_output=True, text=True, timeout=_COLLECT_S, check=False, stdin=subprocess.DEVNULL
    )
    made = sorted(student.glob(_ARCHIVES))
    if not made or name == RUN and done.returncode:
        raise OurFault(f"the {name} sample was not collected:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return made[0]

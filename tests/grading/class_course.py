"""A small course in a temporary folder: the project's own, with tests added or replaced."""

import shutil
from pathlib import Path

from autograder.cage import CageSettings
from autograder.config import load_assignment
from autograder.grading.content import cage_settings
from autograder.grading.course_run import ClassRun, find_submissions
from autograder.secret import DEMO_SECRET

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"


def copy_course(folder: Path, *, extra_test: str = "") -> Path:
    """Copy what a course needs into ``folder``; ``extra_test`` is added to the hidden tests."""
    for name in ("source", "reference", "grading_tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    if extra_test:
        (folder / "grading_tests/rnn/test_extra.py").write_text(extra_test)
    return folder


def grade(course: Path, paths: list[Path], out: Path, *, jobs: int = 1, package: str | None = None, **settings):
    """Grade ``paths`` into ``out`` with the demo's secret and return the results by name."""
    assignment = load_assignment(course, "assignment3")
    cage: CageSettings = cage_settings(assignment, **settings)
    run = ClassRun(assignment, DEMO_SECRET, out, cage, package, jobs)
    return {each.job.name: each for each in run.run(find_submissions(paths, package or assignment.package))}

"""A course of one small assignment, with a canary in each of its solutions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CANARY = "c4n4ry"

CONFIG = """\
from autograder.nbgrader_bridge import configure

c = get_config()
c.CourseDirectory.course_id = "toy"
configure(c)
"""

TOML = """\
title = "Toy"
package = "pkg"
topics = ["sums"]
required = ["pkg/sums.py"]
given = ["pkg/__init__.py"]
handout = ["README.md", "collect.ipynb", "start.sh"]
course_files = ["datasets/get.sh"]

[notebooks.Sums]
points = 10

[notebooks.More]
points = 2.5
extra_credit = true

[modules.sums]
file = "pkg/sums.py"
notebooks = ["Sums"]
"""

MODULE = f'''\
"""Sums."""


def add(a, b):
    """Return the sum."""
    ### BEGIN SOLUTION
    total = a + b  # {CANARY} in a function
    return total
    ### END SOLUTION


class Adder:
    """Adds."""

    def add(self, a, b):
        """Return the sum."""
        for _ in range(1):
            ### BEGIN SOLUTION
            self.last = "{CANARY} in a method"
            a = a + b
            self.count = len([self.last, a, b])
            ### END SOLUTION
        return a


def given(a):
    """Return it."""
    return a
'''

TEST = f'''\
"""The exam."""

from autograder.exam import question

SECRET_OF_TESTS = "{CANARY} in a hidden test"


@question("add")
def test_add(student):
    """Two numbers are added."""
    assert student.sums.add(1, 2) == 3


@question("more")
def test_more(student):
    """More numbers are added."""
    assert student.sums.add(10, 2) == 12
'''


def cell(kind: str, source: str, number: int, **marks: Any) -> dict[str, Any]:
    """Return a cell; ``marks`` are nbgrader's."""
    metadata: dict[str, Any] = {}
    if marks:
        plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        metadata["nbgrader"] = plain | marks
    made = {"cell_type": kind, "id": f"cell-{number}", "metadata": metadata, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook(question: str, points: int) -> dict[str, Any]:
    """Return a notebook with a solution in code, one in words, and one of two parts."""
    output = {"output_type": "stream", "name": "stdout", "text": [f"{CANARY} in an output\n"]}
    ran = cell("code", "print(add(1, 2))", 6) | {"outputs": [output], "execution_count": 3}
    ran["metadata"]["backup"] = f"{CANARY} in a cell's metadata"
    words = cell(
        "markdown", f"Because {CANARY} in words.", 4, grade=True, solution=True, grade_id=f"{question}_words", points=1
    )
    words["attachments"] = {"a.png": {"image/png": f"{CANARY} attached"}}
    cells = [
        cell("markdown", "# Sums", 1),
        cell("code", f"### BEGIN SOLUTION\nx = '{CANARY} in a cell'\n### END SOLUTION\nprint(1)", 2,
             solution=True, grade_id=f"{question}_try"),
        cell("code", f"y = '{CANARY} in a whole cell'", 3, solution=True, grade_id=f"{question}_whole"),
        words,
        cell("code", f"assert add\n### BEGIN HIDDEN TESTS\nassert '{CANARY} hidden'\n### END HIDDEN TESTS", 5,
             grade=True, locked=True, grade_id=question, points=points),
        ran,
    ]  # fmt: skip
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                "widgets": {"state": f"{CANARY} in the notebook's metadata"}}  # fmt: skip
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def make_course(folder: Path) -> Path:
    """Write the course and return its folder."""
    source = folder / "source" / "toy"
    texts = {
        "nbgrader_config.py": CONFIG,
        "requirements.txt": "numpy\n",
        "datasets/get.sh": "#!/bin/sh\necho fetched\n",
        "grading_tests/sums/test_sums.py": TEST,
        "reference/sums.py": f"def add(a, b):\n    return b + a  # {CANARY} in a reference\n",
        "source/toy/assignment.toml": TOML,
        "source/toy/README.md": "Read me.\n",
        "source/toy/start.sh": "#!/bin/sh\necho started\n",
        "source/toy/notes.txt": f"{CANARY} in notes of the instructor\n",
        "source/toy/pkg/__init__.py": "",
        "source/toy/pkg/sums.py": MODULE,
        "source/toy/pkg/old_solution.py": f"# {CANARY} in a forgotten file\n",
    }
    for path, text in texts.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell("code", "print('collect')", 1)]}
    books = {"Sums": notebook("add", 9), "More": notebook("more", 4), "collect": plain}
    for name, book in books.items():
        (source / f"{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return folder


def nbgrader(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nbgrader in the course, as an instructor does."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def leaked(course: Path) -> list[str]:
    """Return the files outside of the source, tests and references that have a canary in them."""
    own = {"source", "grading_tests", "reference"}
    return [
        str(path.relative_to(course))
        for path in sorted(course.rglob("*"))
        if path.is_file() and path.relative_to(course).parts[0] not in own and CANARY.encode() in path.read_bytes()
    ]


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

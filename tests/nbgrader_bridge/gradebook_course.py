"""
A small course in a temporary folder, from its notebooks to graded hand-ins.

    double     3 points, two hidden tests        Basics
    why        2 points, read by people          Basics
    triple     2 points of extra credit          Extra

Its hidden tests run behind glass and its release is made by nbgrader, so that results and gradebook are real ones.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

from autograder.config import load_assignment
from autograder.grading.content import cage_settings
from autograder.grading.course_run import ClassRun
from autograder.secret import DEMO_SECRET

ROOT = Path(__file__).resolve().parents[2]

_CONFIG = """
from autograder.nbgrader_bridge.gradebook import configure_autograde

c = get_config()
c.CourseDirectory.course_id = "toy"
c.CourseDirectory.source_directory = "weighted"
configure_autograde(c)
"""
_TOML = """
title = "Assignment 3: a toy"
package = "a3"
topics = ["toy"]
required = ["a3/basics.py"]

[notebooks.Basics]
points = 5
[notebooks.Extra]
points = 2
extra_credit = true
[modules.basics]
file = "a3/basics.py"
"""
_TESTS = '''
"""Hidden tests of the toy."""
from autograder.exam import assert_close, question


@question("double")
def test_of_a_whole_number(student):
    """A whole number is doubled."""
    assert_close(student.basics.double(3.0), 6.0, name="double(3)")


@question("double")
def test_of_a_negative_number(student):
    """A negative number is doubled."""
    assert_close(student.basics.double(-3.0), -6.0, name="double(-3)")


@question("triple")
def test_triples(student):
    """A number is tripled."""
    assert_close(student.basics.triple(3.0), 9.0, name="triple(3)")
'''
RIGHT = "def double(x):\n    return 2 * x\n\n\ndef triple(x):\n    return 3 * x\n"
HALF = "def double(x):\n    return abs(2 * x)\n\n\ndef triple(x):\n    return x\n"
STUB = "YOUR ANSWER HERE"  # as nbgrader leaves an answer in words


def cell(kind, source, name="", *, points=None, answer=False):
    """Return a cell, with nbgrader's marks if it has a name."""
    marks = {
        "schema_version": 3, "grade": points is not None, "grade_id": name, "locked": not answer,
        "solution": answer, "task": False, "points": points or 0,
    }  # fmt: skip
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {"nbgrader": marks} if name else {}, "source": source, **code}


def notebook(*cells):
    """Return a notebook of these cells as text."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": list(cells)}
    return json.dumps(content)


def basics(answer=STUB, *further, points=3):
    """Return the first notebook, with a student's answer and further cells."""
    asked = [cell("markdown", "## Doubling"), cell("code", "check(double)", "double", points=points)]
    return notebook(*asked, cell("markdown", answer, "why", points=2, answer=True), *further)


def extra(points):
    """Return the second notebook: an nbgrader release has 0 points where the edition has extra credit."""
    return notebook(cell("markdown", "## Tripling"), cell("code", "check(triple)", "triple", points=points))


def put(path, text):
    """Write a text where its folder may not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_course(course):
    """Write the course and its release."""
    put(course / "nbgrader_config.py", _CONFIG)
    put(course / "source/assignment3/assignment.toml", _TOML)
    put(course / "source/assignment3/requirements.txt", "numpy\n")
    put(course / "source/assignment3/a3/basics.py", RIGHT)
    put(course / "grading_tests/toy/test_toy.py", _TESTS)
    put(course / "reference/__init__.py", "")
    for folder, points in (("source", 2), ("weighted", 0)):
        put(course / folder / "assignment3/Basics.ipynb", basics())
        put(course / folder / "assignment3/Extra.ipynb", extra(points))
    done = nbgrader(course, "generate_assignment", "assignment3")
    assert done.returncode == 0, done.stderr
    return course


def hand_in(course, student, module=RIGHT, notebooks=None, when="2026-03-01 12:00:00 UTC"):
    """Put a student's submission where nbgrader's collecting would; return its folder."""
    folder = course / "submitted" / student / "assignment3"
    put(folder / "a3/__init__.py", "")
    put(folder / "a3/basics.py", module)
    put(folder / "timestamp.txt", when)
    for name, text in ({"Basics": basics("Because."), "Extra": extra(0)} if notebooks is None else notebooks).items():
        put(folder / f"{name}.ipynb", text)
    return folder


def grade(course, *students):
    """Grade submissions behind glass, each under its student's name."""
    assignment = load_assignment(course, "assignment3")
    run = ClassRun(assignment, DEMO_SECRET, course / "graded", cage_settings(assignment))
    results = run.run([(student, course / "submitted" / student / "assignment3") for student in students])
    return {result.job.name: result.score for result in results}


def environment(course):
    """Return an environment in which nbgrader and Jupyter keep to the course's folder."""
    homes = {name: str(course / ".home") for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return (
        os.environ | homes | {"PATH": path, "PYTHONPATH": str(ROOT), "JUPYTER_RUNTIME_DIR": str(course / ".home/run")}
    )


def nbgrader(course, *arguments):
    """Run nbgrader's command line in the course; return the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course, capture_output=True, text=True, timeout=120, check=False, env=environment(course),
    )  # fmt: skip


def autograde(course, student, assignment="assignment3", /, **settings):
    """Call nbgrader's API as its formgrader does; return what it answers. Settings are of classes: Class__trait."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    for name, value in settings.items():
        of, trait = name.split("__")
        config[of][trait] = value
    return NbGraderAPI(config=config).autograde(assignment, student)


def open_book(course):
    """Return the gradebook, a context manager."""
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{course}/gradebook.db", "toy")


def book(course):
    """Return what the gradebook says, by student."""
    found = {}
    with open_book(course) as opened:
        for submission in opened.assignment_submissions("assignment3"):
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            comments = [comment for notebook in submission.notebooks for comment in notebook.comments]
            found[submission.student.id] = {
                "score": submission.score,
                "max": submission.max_score,
                "penalty": submission.late_submission_penalty,
                "points": {grade.name: grade.auto_score for grade in grades},
                "to_read": {grade.name for grade in grades if grade.needs_manual_grade},
                "comments": {comment.name: comment.auto_comment for comment in comments},
            }
    return found


def give(course, student, name, points):
    """Give a grade as a person does in formgrader."""
    with open_book(course) as opened:
        grade = opened.find_grade(name, "Basics", "assignment3", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        opened.db.commit()


def files(folder):
    """Return the content of each file below a folder by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sheet(course):
    """Return what nbgrader exports, by student."""
    done = nbgrader(course, "export", "--to", "grades.csv")
    assert done.returncode == 0, done.stderr
    with (course / "grades.csv").open(newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}

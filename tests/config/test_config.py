"""A course on disk: what is read, how points are scaled, and what each complaint says."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.config import find_course, load_assignment
from autograder.errors import ConfigError

TOML = """
title = "Third"
package = "a3"
topics = ["rnn"]
required = ["a3/rnn_layers.py"]
given = ["a3/__init__.py"]

[notebooks.One]
points = 30

[notebooks.Extra]
points = 2.5
extra_credit = true

[modules.rnn_layers]
file = "a3/rnn_layers.py"
notebooks = ["One"]

[modules.classifiers.rnn]
file = "a3/classifiers/rnn.py"
"""


def graded(name, points=1, **marks):
    """A grade cell."""
    marks = {"grade": True, "solution": False, "task": False, "locked": True, "schema_version": 3} | marks
    return {
        "cell_type": "code",
        "source": ["assert x\n"],
        "metadata": {"nbgrader": marks | {"grade_id": name, "points": points}},
    }


def heading(text):
    """A Markdown cell."""
    return {"cell_type": "markdown", "source": [f"Intro\n\n## {text}\n", "more"], "metadata": {}}


def notebook(*cells):
    """A notebook's text."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


@pytest.fixture
def course(tmp_path):
    """A course with one assignment of two notebooks."""
    folder = tmp_path / "course" / "source" / "a"
    (folder / "a3").mkdir(parents=True)
    (tmp_path / "course" / "grading_tests" / "rnn").mkdir(parents=True)
    (tmp_path / "course" / "nbgrader_config.py").write_text("raise SystemExit('never run')")
    (folder / "requirements.txt").write_text("numpy\n")
    (folder / "a3" / "__init__.py").write_text("# given: é\n", encoding="utf-8")
    (folder / "a3" / "rnn_layers.py").write_text("")
    (folder / "assignment.toml").write_text(TOML)
    cells = [heading("Step"), graded("step", 3), heading("All"), graded("all", 5), graded("why", 2, solution=True)]
    (folder / "One.ipynb").write_text(notebook(*cells))
    (folder / "Extra.ipynb").write_text(notebook(graded("extra", 1)))
    return tmp_path / "course"


def edit(course, old, new):
    """Change assignment.toml."""
    path = course / "source" / "a" / "assignment.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_course_is_the_nearest_folder_upward(course):
    """From the course itself and from any folder in it; nowhere else; its settings are not run."""
    assert find_course(course) == course.resolve()
    assert find_course(course / "source" / "a") == course.resolve()
    with pytest.raises(ConfigError, match=r"no course here.*nbgrader_config\.py"):
        find_course(course.parent)


def test_an_assignment_is_read_whole(course):
    """Modules with their notebooks, questions with number, title and scaled points, given files, test folders."""
    assignment = load_assignment(course, "a")
    assert [(q.id, q.number, q.title, q.points, q.manual, q.extra_credit) for q in assignment.questions] == [
        ("step", "1.1", "Step", Decimal(9), False, False),
        ("all", "1.2", "All", Decimal(15), False, False),
        ("why", "1.3", "All", Decimal(6), True, False),
        ("extra", "2.1", "extra", Decimal("2.5"), False, True),
    ]
    assert assignment.max_points == 30
    assert assignment.modules["rnn_layers"].notebooks == ("One",)
    assert assignment.modules["classifiers.rnn"].file == "a3/classifiers/rnn.py"
    assert assignment.given_texts() == {"__init__.py": "# given: é\n"}
    assert assignment.test_paths == (course.resolve() / "grading_tests" / "rnn",)
    assert assignment.requirements.name == "requirements.txt"
    assert pickle.loads(pickle.dumps(assignment)) == assignment


def test_scaling_what_is_scaled_changes_nothing(course):
    """Cells that already carry this edition's points keep them."""
    path = course / "source" / "a" / "One.ipynb"
    path.write_text(notebook(graded("step", 9), graded("all", 15.0), graded("why", 6)))
    assert [q.points for q in load_assignment(course, "a").questions[:3]] == [9, 15, 6]


def test_more_than_two_decimals_is_an_error_that_names_the_cell(course):
    """A third of 10 has no end."""
    (course / "source" / "a" / "One.ipynb").write_text(notebook(graded("step"), graded("all"), graded("why")))
    edit(course, "points = 30", "points = 10")
    with pytest.raises(ConfigError, match=r"One\.ipynb cell 1 \(step\): points: expected .*two decimals.*3\.3333"):
        load_assignment(course, "a")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Third"', "title = 3", r"assignment\.toml: title: expected a text, got 3"),
        ('title = "Third"', "title = ", r"assignment\.toml: not TOML"),
        ('title = "Third"', 'tilte = "x"', r"tilte: expected one of the keys"),
        ('package = "a3"', 'package = "a-3"', r"package: expected the name of a Python package, got 'a-3'"),
        ('topics = ["rnn"]', 'topics = ["lstm"]', r"topics: expected folders of .*, got 'lstm'"),
        ('topics = ["rnn"]', 'topics = ["../rnn"]', r"topics: expected folders"),
        ('topics = ["rnn"]', 'topics = "rnn"', r"topics: expected a list of texts, got 'rnn'"),
        ('given = ["a3/__init__.py"]', 'given = ["a3/x.py"]', r"given: expected the file .*got 'no such file'"),
        ('given = ["a3/__init__.py"]', 'given = ["One.ipynb"]', r"given: expected paths below a3/, got 'One.ipynb'"),
        ('required = ["a3/rnn_layers.py"]', 'required = ["../a"]', r"required: expected paths below"),
        ('required = ["a3/rnn_layers.py"]', 'required = ["/etc/passwd"]', r"required: expected paths below"),
        ("points = 30", 'points = "30"', r"notebooks\.One\.points: expected a number .* got '30'"),
        ("points = 30", "points = nan", r"notebooks\.One\.points: expected a number"),
        ("points = 30", "points = -1", r"notebooks\.One\.points: expected a number"),
        ("points = 30", "points = 30.005", r"notebooks\.One\.points: expected a number .*two decimals"),
        ("points = 30", "points = true", r"notebooks\.One\.points: expected a number"),
        ("points = 30", "worth = 30", r"notebooks\.One\.worth: expected one of the keys"),
        ("extra_credit = true", "extra_credit = 1", r"notebooks\.Extra\.extra_credit: expected true or false, got 1"),
        ("[notebooks.Extra]", "[notebooks.Other]", r"notebooks\.Other: expected the notebook"),
        ('notebooks = ["One"]', 'notebooks = ["Two"]', r"modules\.rnn_layers\.notebooks: expected notebooks of this"),
        (
            'file = "a3/rnn_layers.py"',
            'file = "rnn_layers.py"',
            r"modules\.rnn_layers\.file: expected a3/rnn_layers\.py",
        ),
        ('file = "a3/rnn_layers.py"', "", r"modules\.rnn_layers\.file: expected a text, got nothing"),
        (
            'file = "a3/classifiers/rnn.py"',
            'file = "x"',
            r"modules\.classifiers\.rnn\.file: expected a3/classifiers/rnn",
        ),
    ],
)
def test_each_complaint_names_file_key_expected_and_got(course, old, new, said):
    """Whatever is wrong in assignment.toml."""
    edit(course, old, new)
    with pytest.raises(ConfigError, match=said):
        load_assignment(course, "a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a notebook"),
        ("[" * 100_000, "not a notebook"),
        ('{"nbformat": 3, "cells": []}', "expected a notebook of format 4"),
        (notebook(3), r"cell 1: expected a cell with metadata"),
        (notebook(), r"notebooks\.One\.points: expected 0, for no cell there is graded"),
        (notebook(graded("")), r"cell 1: grade_id: expected letters"),
        (notebook(graded("a b")), r"cell 1 \(a b\): grade_id: expected letters"),
        (notebook(graded(None)), r"cell 1: grade_id: expected letters, digits, '_' and '-', got None"),
        (notebook(graded("x", 0)), r"cell 1 \(x\): points: expected a number above 0"),
        (notebook(graded("x", "1")), r"cell 1 \(x\): points: expected a number above 0.*got '1'"),
        (notebook(graded("x", float("nan"))), r"cell 1 \(x\): points: expected a number above 0"),
        (notebook(graded("extra")), r"Extra\.ipynb cell 1 \(extra\): grade_id: .*also in .*One\.ipynb cell 1"),
    ],
)
def test_each_complaint_names_the_cell(course, text, said):
    """Whatever is wrong in a notebook."""
    (course / "source" / "a" / "One.ipynb").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_assignment(course, "a")


@pytest.mark.parametrize("name", ["", "..", "a/b", "/a", ".hidden", "nope"])
def test_a_name_that_is_no_assignment(course, name):
    """No path leads out of source/, and a missing assignment is named."""
    with pytest.raises(ConfigError, match=r"is no assignment's name|expected a file here"):
        load_assignment(course, name)


def test_requirements_come_from_the_assignment_else_the_course(course):
    """One file of the course serves all assignments that bring none."""
    (course / "source" / "a" / "requirements.txt").unlink()
    with pytest.raises(ConfigError, match="what students' code may import"):
        load_assignment(course, "a")
    (course / "requirements.txt").write_text("numpy\n")
    assert load_assignment(course, "a").requirements == course.resolve() / "requirements.txt"


def test_a_given_file_that_is_not_text_is_named(course):
    """Given files are read when they are asked for."""
    (course / "source" / "a" / "a3" / "__init__.py").write_bytes(b"\xff")
    assignment = load_assignment(course, "a")
    with pytest.raises(ConfigError, match=r"__init__\.py: cannot be read as UTF-8"):
        assignment.given_texts()


@given(text=st.text(max_size=200))
def test_any_text_is_an_assignment_or_a_complaint(text, tmp_path_factory):
    """Garbage in assignment.toml raises one thing."""
    folder = tmp_path_factory.mktemp("course") / "source" / "a"
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigError):
        load_assignment(folder.parent.parent, "a")

"""Functions that students wrote in a notebook, graded end to end: cage, hidden tests, scores, notes."""

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from class_course import ROOT, SAMPLES, grade

from autograder.cage import CageSettings, choose
from autograder.errors import NotFit

try:
    choose(CageSettings())
except NotFit as error:
    pytest.skip(f"no cage on this machine: {error}", allow_module_level=True)

COMPLETE, UNTOUCHED = SAMPLES / "complete", SAMPLES / "untouched"


def definition(name: str) -> str:
    """Return a function of the complete sample as students would write it in a cell."""
    text = (COMPLETE / "a3/rnn_layers.py").read_text()
    (found,) = re.findall(rf"^def {name}\(.*?(?=^def |\Z)", text, re.MULTILINE | re.DOTALL)
    return found


def cell(source: str, **metadata) -> dict:
    """Return a code cell."""
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def hand_in(folder: Path, *cells: dict, name: str = "RNN_Captioning.ipynb", text: str = "") -> Path:
    """Write the untouched sample with a notebook beside it."""
    shutil.copytree(UNTOUCHED, folder)
    (folder / name).write_text(text or json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}))
    return folder


HEADER = cell("import numpy as np\nfrom a3.rnn_layers import *\n")
FIRST = cell(definition("rnn_step_forward"))
SECOND = cell(definition("rnn_forward"))
TEST = {"locked": True, "grade": True, "grade_id": "rnn_forward"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The same two functions in a healthy and in a damaged notebook, and a complete module beside a wrong notebook."""
    place = tmp_path_factory.mktemp("class")
    out = tmp_path_factory.mktemp("out")
    hand_in(place / "healthy", HEADER, FIRST, SECOND)
    merged = cell(f"{SECOND['source']}\n{FIRST['source']}\nassert rnn_forward(1, 2)", nbgrader=TEST)
    old = [{"cell_type": "code", "input": each["source"]} for each in (merged, HEADER, cell("def rnn_forward(:"))]
    text = "\ufeff" + json.dumps({"nbformat": 3, "worksheets": [{"cells": old}]})
    hand_in(place / "damaged", name="Copy of RNN_Captioning-checkpoint.ipynb", text=text)
    shutil.copytree(COMPLETE, place / "written")
    (place / "written/RNN_Captioning.ipynb").write_text(
        json.dumps({"nbformat": 4, "cells": [cell("def rnn_forward(*a):\n    return 0, 0\n")]})
    )
    return grade(ROOT, [place], out, jobs=2), out


def test_a_damaged_notebook_scores_like_its_healthy_twin(graded):
    """Merged, moved and broken cells, format 3, a byte order mark, a checkpoint's name: the functions count."""
    points = {each.question.id: each.points for each in graded[0]["damaged"].score.questions}
    assert points == {each.question.id: each.points for each in graded[0]["healthy"].score.questions}
    assert points["rnn_step_forward"] > 0
    assert points["rnn_forward"] > 0
    assert points["rnn_backward"] == 0


def test_staff_and_student_read_where_a_function_came_from(graded):
    """The note is in both results."""
    shown = json.loads((graded[1] / "healthy/results.json").read_text())["output"]
    assert (
        "`rnn_forward` is taken from RNN_Captioning.ipynb cell 3, because a3/rnn_layers.py leaves it undone." in shown
    )
    staff = json.loads((graded[1] / "healthy/staff.json").read_text())
    assert "completed" in {each["kind"] for each in staff["facts"]["problems"]}


def test_what_is_written_in_the_module_counts(graded):
    """A wrong function in a notebook changes nothing of a complete hand-in, which does not even get the notebook."""
    assert graded[0]["written"].score.total == Decimal("31.5")

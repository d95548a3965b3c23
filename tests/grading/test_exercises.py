"""What students are asked to write is known from the instructor's modules."""

import dataclasses

import pytest
from class_course import ROOT

from autograder.config import load_assignment
from autograder.errors import ConfigError
from autograder.grading.exercises import find_exercises

MODULE = """
def given():
    return 1


def asked():
    # BEGIN SOLUTION
    return 2
    # END SOLUTION


class Model:
    def __init__(self):
        ### BEGIN SOLUTION
        self.x = 1
        ### END SOLUTION

    def given(self):
        return 1
"""


def exercises(folder, text):
    """Return the exercises of one module with this text."""
    assignment = load_assignment(ROOT, "assignment3")
    (folder / "a3").mkdir()
    (folder / "a3/rnn_layers.py").write_text(text)
    return find_exercises(dataclasses.replace(assignment, folder=folder))["rnn_layers"]


def test_a_function_with_a_solution_is_an_exercise(tmp_path):
    """However many signs its marker begins with, as for a release; what is given is none."""
    assert exercises(tmp_path, MODULE) == ("asked", "Model.__init__")


def test_a_module_without_markers_is_an_exercise(tmp_path):
    """All of its functions and methods but those that Python calls."""
    assert exercises(tmp_path, MODULE.replace(" SOLUTION", "")) == ("given", "asked", "Model.given")


def test_a_marker_that_is_none_is_named(tmp_path):
    """The file and the line are in the message."""
    with pytest.raises(ConfigError, match=r"rnn_layers\.py, line 7: BEGIN SOLUTION is never closed"):
        exercises(tmp_path, MODULE.replace("# END SOLUTION\n\n\nclass", "\n\n\nclass").partition("class")[0])

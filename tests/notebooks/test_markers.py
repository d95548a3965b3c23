"""Regions are found, and whatever only looks like a marker is an error that names its line."""

from __future__ import annotations

import pytest

from autograder.errors import ConfigError
from autograder.notebooks.markers import MarkerError, Region, find_regions
from autograder.notebooks.release import strip_module


def test_regions_are_found_with_their_lines():
    """Kinds and lines of the markers, from 1."""
    text = "a\n### BEGIN SOLUTION\nb\n    ### END SOLUTION\n# BEGIN HIDDEN TESTS\nc\n# END HIDDEN TESTS"

    assert find_regions(text, "x.py") == [Region("SOLUTION", 2, 4), Region("HIDDEN TESTS", 5, 7)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("### BEGIN SOLUTION\n", "x.py, line 1: BEGIN SOLUTION is never closed"),
        ("a\n### END SOLUTION", "x.py, line 2: END SOLUTION without a BEGIN SOLUTION above it"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "line 2: BEGIN SOLUTION within the region"),
        ("### BEGIN SOLUTION\n### END HIDDEN TESTS", "line 2: END HIDDEN TESTS closes what line 1 begins as SOLUTION"),
        ("x = 1  # BEGIN SOLUTION", "line 1: a marker stands alone on its line"),
        ("###BEGIN SOLUTION", "line 1: a marker stands alone"),
        ("### BEGIN SOLUTION: step", "line 1: a marker stands alone"),
        ("# Begin Solution", "line 1: no marker, but close to one"),
        ("### BEGIN SOULTION", "line 1: no marker, but close"),
        ("### BEGIN SOLUTIONS", "line 1: a marker stands alone"),
        ("## start of the solution", "line 1: no marker, but close"),
        ("### begin_solution", "line 1: no marker, but close"),
        ("### END HIDDEN  TEST", "line 1: no marker, but close"),
        ("### BEGIN MARKING SCHEME", "line 1: no marker, but close"),
    ],
)
def test_a_wrong_marker_is_named(text, message):
    """File, line, and what was expected."""
    with pytest.raises(MarkerError, match=message):
        find_regions(text, "x.py")


@pytest.mark.parametrize(
    "text",
    [
        "# The solution is stable.",
        "solution = begin()",
        "# Ask for help before the solution ends somebody's patience",
        "begin_solution_delimeter = 1",
        "Where does a good solution begin? At the end.",
    ],
)
def test_prose_about_solutions_is_no_marker(text):
    """The word alone is nothing."""
    assert find_regions(text, "x.py") == []


def test_a_module_is_stripped_to_stubs():
    """A region becomes the stub at its own indentation, whatever was in it."""
    text = "def f():\n    ### BEGIN SOLUTION\n    return '''\n### not a marker\n'''\n    ### END SOLUTION\n\nX = 1\n"

    stripped = strip_module(text, "x.py")

    assert stripped == "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()\n\nX = 1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("### BEGIN SOLUTION\nX = 1\n### END SOLUTION\n", "outside of any function"),
        ("class A:\n    ### BEGIN SOLUTION\n    x = 1\n    ### END SOLUTION\n", "outside of any function"),
        ("def f(:\n    pass\n", "x.py, line 1: is not valid Python"),
        (
            "def f():\n    if 1:\n    ### BEGIN SOLUTION\n        return 1\n    ### END SOLUTION\n",
            "not valid Python once its solutions are taken out",
        ),
        ("def f():\n    # BEGIN HIDDEN TESTS\n    # END HIDDEN TESTS\n    pass", "HIDDEN TESTS belongs to cells"),
    ],
)
def test_a_module_that_students_could_not_import_is_refused(text, message):
    """What is left must parse, and its import must run into no stub."""
    with pytest.raises(ConfigError, match=message):
        strip_module(text, "x.py")

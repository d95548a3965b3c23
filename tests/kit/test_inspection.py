"""What a student is told before handing in: everything that is open is named, and nothing else is."""

from __future__ import annotations

import json

import pytest
from a3.handin.assignment import Question, read_assignment
from a3.handin.inspection import inspect, inspect_notebook
from a3.handin.notebooks import NotANotebook, read_text
from made import CLEAN, MODULE, STUB, assignment, code, error, markdown, notebook, png, shown, stream

QUESTIONS = [Question("why", "Why it grows", "1.2", "Work.ipynb", 2, manual=True)]
CHECK = {"a3": {"check": "forward", "passed": True, "functions": {"a3.layers.forward": "0123456789ab"}}}


def named(content: bytes, now=lambda _: "0123456789ab", questions=QUESTIONS) -> list[str]:
    """Return what hinders in one notebook."""
    return [str(each) for each in inspect_notebook(read_text(content, "Work.ipynb"), questions, now) if each.hinders]


def of_folder(root) -> tuple[list[str], list[str]]:
    """Return what hinders in a folder, and the remarks."""
    found = inspect(root, read_assignment(root, "a3"))
    return [str(each) for each in found if each.hinders], [str(each) for each in found if not each.hinders]


ANSWER = markdown("Because it grows.", "why")
CLEAN_ONES = {
    "just run": notebook(*CLEAN),
    "with gaps, since cells were run again one after the other": notebook(
        code("a = 1", 3), code("print(a)", 7, stream("1\n")), code("b = 2", 12), ANSWER
    ),
    "with empty cells, comments and other kinds": notebook(
        code("", None), code("# a note\n", None), {"cell_type": "raw", "source": "x"}, code("x = 1", 1), ANSWER
    ),
    "with pictures, warnings and a check of the present code": notebook(
        code("plt.show()", 1, shown(image_png=png())), code("w()", 2, stream("careful\n", "stderr")),
        code("print('')", 3, stream("\n")), code("check()", 4, shown(CHECK, text_plain="ok")), ANSWER,
    ),
    "in format 3": json.dumps({
        "nbformat": 3, "metadata": {}, "worksheets": [{"cells": [
            {"cell_type": "heading", "level": 2, "source": ["Layers"]},
            {"cell_type": "code", "input": ["print(1)"], "prompt_number": 1, "outputs": [
                {"output_type": "stream", "stream": "stdout", "text": ["1\n"]}]},
            ANSWER,
        ]}],
    }).encode(),
}  # fmt: skip
STALE_ONES = {
    "never run": (notebook(code("a = 1"), code("print(a)"), ANSWER), "was not run, or its outputs were cleared"),
    "one cell not run": (
        notebook(code("a = 1", 1), code("b = 2"), code("print(a)", 2, stream("1\n")), ANSWER),
        "Work.ipynb, cell 2: not run",
    ),
    "run upwards": (
        notebook(code("a = 1", 2), code("print(a)", 1, stream("1\n")), ANSWER),
        "cells 1 and 2: run in another order than they stand: cell 1 is [2], cell 2 below it is [1]",
    ),
    "kernel started again in the middle": (
        notebook(code("a = 1", 5), code("b = 2", 6), code("c = 3", 1), code("d = 4", 2), ANSWER),
        "cell 2 is [6], cell 3 below it is [1]",
    ),
    "one output cleared": (
        notebook(code("a = 1", 1), code("print(a)", 2), code("print(2)", 3, stream("2\n")), ANSWER),
        "Work.ipynb, cell 2: printed or drew something, and the output was cleared",
    ),
    "an error left": (
        notebook(code("a = 1", 1), code("f()", 2, error("NameError")), ANSWER),
        "cell 2: ends with NameError",
    ),
    "code changed since its check": (
        notebook(code("check()", 1, shown({"a3": {"functions": {"a3.layers.forward": "ba9876543210"}}})), ANSWER),
        "cell 1: shows a check of a3.layers.forward as it was before you changed it",
    ),
    "the same cell pasted with its output": (
        notebook(code("a = 1", 1), code("print(a)", 2, stream("1\n")), code("print(a)", 2, stream("1\n")), ANSWER),
        "cell 2 is [2], cell 3 below it is [2]",
    ),
}


@pytest.mark.parametrize("content", CLEAN_ONES.values(), ids=CLEAN_ONES.keys())
def test_a_notebook_that_was_run_from_the_top_down_is_not_named(content):
    """None of five clean notebooks has anything that hinders."""
    assert named(content) == []


@pytest.mark.parametrize(("content", "words"), STALE_ONES.values(), ids=STALE_ONES.keys())
def test_a_stale_cleared_or_reordered_notebook_is_named(content, words):
    """Each of eight such notebooks is named once, with the cell and what is wrong there."""
    found = named(content)
    assert len(found) == 1
    assert words in found[0]


def test_what_cannot_be_compared_is_not_called_stale():
    """A function that is gone, or checks that are not there, make no notebook stale."""
    assert named(CLEAN_ONES["with pictures, warnings and a check of the present code"], now=lambda _: None) == []


@pytest.mark.parametrize(
    "facts", [[], {"a3": 1}, {"a3": {"functions": [1]}}, {"a3": {"functions": {"a3.x": 3}}}, {"a3": {"functions": {}}}]
)
def test_metadata_of_another_shape_is_passed_over(facts):
    """Whoever else writes metadata into an output does no harm."""
    assert named(notebook(code("x = 1", 1, shown(facts, text_plain="1")), ANSWER), now=lambda _: "other") == []


@pytest.mark.parametrize(
    "text", ["*Your answer:*", "", " \n", "YOUR ANSWER HERE", "**Your answer:** ", "_your answer_"]
)
def test_an_inline_question_without_words_is_named(text):
    """The stub of the release, however it is set, is no answer, and the message says which question it is."""
    assert named(notebook(code("x = 1", 1), markdown(text, "why"))) == [
        "Work.ipynb, cell 2, inline question 1.2 Why it grows: is not answered"
    ]


@pytest.mark.parametrize("text", ["*Your answer:* it grows", "No.", "42", "因为它会增长。", "$x > 0$"])
def test_a_short_answer_is_an_answer(text):
    """Nobody judges how good an answer is, only whether there is one."""
    assert named(notebook(code("x = 1", 1), markdown(text, "why"))) == []


def test_the_cell_of_an_inline_question_that_is_gone_is_named():
    """A deleted cell costs the points of its question, so it is said."""
    assert named(notebook(code("x = 1", 1))) == ["Work.ipynb, inline question 1.2 Why it grows: its cell is gone"]


def test_without_the_list_of_questions_the_marks_of_nbgrader_tell():
    """Where assignment.json is not there, manual cells are still found."""
    found = named(notebook(code("x = 1", 1), markdown("*Your answer:*", "why")), questions=[])
    assert found == ["Work.ipynb, cell 2: is not answered"]


def test_a_stub_in_a_cell_is_named():
    """What is to be written in the notebook itself is looked at too, beside magics of Jupyter."""
    cell = code("%matplotlib inline\ndef draw(x):\n" + STUB, 1)
    assert named(notebook(cell, ANSWER)) == ["Work.ipynb, cell 1, line 4: draw is not written yet"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"  \n", "empty"), (b"<!DOCTYPE html><html>", "web page"), (b'{"cells": [', "no valid JSON"),
        (b"<<<<<<< HEAD\n{}\n=======\n>>>>>>> x", "merge marks"), (b"[1, 2]", "no notebook"),
        (b"{}", "no list of cells"), (b'{"cells": 3}', "no list of cells"), (b"[" * 200_000, "nested too deeply"),
        (b"\x00\xff\xfe", "no valid JSON"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_notebook_is_refused_with_the_cause(content, words):
    """The message says what is likely to have happened to the file."""
    with pytest.raises(NotANotebook, match=words):
        read_text(content, "Work.ipynb")


# Folders --------------------------------------------------------------------------------------------------------------


def test_a_finished_folder_has_nothing_open(tmp_path):
    """Modules that are written and notebooks that were run: no finding and no remark."""
    assert of_folder(assignment(tmp_path)) == ([], [])


def test_a_missing_file_is_named_with_where_it_may_be(tmp_path):
    """A module that was moved is found elsewhere, and the message says so."""
    root = assignment(tmp_path)
    (root / "old").mkdir()
    (root / "a3" / "layers.py").rename(root / "old" / "layers.py")
    found = inspect(root, read_assignment(root, "a3"))
    assert [str(each) for each in found] == ["a3/layers.py: is not there"]
    assert "old/layers.py" in found[0].advice


def test_a_module_that_does_not_parse_is_named_with_its_line(tmp_path):
    """Line and Python's own words."""
    root = assignment(tmp_path)
    (root / "a3" / "layers.py").write_text("x = 1\ndef f(:\n    pass\n")
    assert of_folder(root)[0] == ["a3/layers.py: is no Python that can be imported: line 2: invalid syntax"]


def test_what_is_not_written_is_named_by_function_and_line(tmp_path):
    """Methods with their class; what raises NotImplementedError without the mark is the student's own business."""
    root = assignment(tmp_path)
    module = MODULE.replace("    return 2 * x\n", STUB).replace(
        "        return forward(x)\n", "    " + STUB.replace("\n    ", "\n        ")
    )
    (root / "a3" / "layers.py").write_text(module + "\n\ndef later():\n    raise NotImplementedError\n")
    assert of_folder(root)[0] == [
        "a3/layers.py, line 7: forward is not written yet",
        "a3/layers.py, line 16: Model.loss is not written yet",
    ]


def test_what_serves_extra_credit_alone_is_a_remark(tmp_path):
    """Who skips the extra credit is told what is left, and not kept from handing in."""
    root = assignment(tmp_path, First=notebook(*CLEAN), Second=notebook(code("x = 1")))
    (root / "a3" / "layers.py").write_text(MODULE + "\n\ndef lstm_step(x):\n" + STUB)
    hindrances, remarks = of_folder(root)
    assert hindrances == []
    assert len(remarks) == 2
    assert remarks[0].endswith("lstm_step is not written yet (extra credit)")
    assert remarks[1].startswith("Second.ipynb: was not run")


def test_a_missing_notebook_is_named(tmp_path):
    """One of the assignment hinders, one of extra credit is a remark."""
    root = assignment(tmp_path)
    (root / "First.ipynb").unlink()
    (root / "Second.ipynb").unlink()
    assert of_folder(root) == (["First.ipynb: is not there"], ["Second.ipynb: is not there (extra credit)"])

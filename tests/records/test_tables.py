"""A class as CSV and a submission in a terminal: complete, and inert."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from autograder.grading.records import ClassRow, class_csv, safe_cell, terminal_table
from autograder.outcomes import Finding, Question, TestOutcome, Verdict
from autograder.scoring import score

QUESTIONS = [
    Question(id="step", notebook="One", number="1.1", title="Step", points=Decimal("7.5")),
    Question(id="extra", notebook="Two", number="2.1", title="Extra", points=Decimal(5), extra_credit=True),
]


def graded(student="", verdict=Verdict.PASSED, findings=()):
    """A score in which the first question ended as told."""
    return score(
        QUESTIONS,
        [
            TestOutcome(test="a", question="step", verdict=verdict, student=student, staff=student),
            TestOutcome(test="b", question="extra", verdict=Verdict.FAILED, student="wrong"),
        ],
        findings,
    )


def rows(text):
    """The cells of a CSV."""
    return list(csv.reader(io.StringIO(text)))


def test_a_class_has_a_row_per_student_and_a_column_per_question():
    """Totals, maximum, points; no total where there is none, never a 0 in its place."""
    table = [ClassRow("ada", graded()), ClassRow("bob", graded(verdict=Verdict.OURS)), ClassRow("eve", None, "refused")]
    assert rows(class_csv(QUESTIONS, table)) == [
        ["student", "total", "maximum", "needs_regrade", "step", "extra", "note"],
        ["ada", "7.5", "7.5", "no", "7.5", "0", ""],
        ["bob", "", "7.5", "yes", "", "0", ""],
        ["eve", "", "", "no", "", "", "refused"],
    ]


def test_what_is_known_of_students_stands_behind_the_other_columns():
    """Programs that know the table without a roster find their columns where they were; names are no formulas."""
    person = {"student_id": "815", "name": "=Ada", "submission": "submission_1", "counts": "yes"}
    table = rows(class_csv(QUESTIONS, [ClassRow("815", graded(), "", person), ClassRow("bob", None, "refused")]))
    assert table[0][:7] == ["student", "total", "maximum", "needs_regrade", "step", "extra", "note"]
    assert table[0][7:] == ["student_id", "name", "email", "group", "extension", "submission", "counts"]
    assert table[1][7:] == ["815", "'=Ada", "", "", "", "submission_1", "yes"]
    assert table[2] == ["bob", "", "", "no", "", "", "refused", *[""] * 7]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\tx", "=HYPERLINK()"]
)
def test_no_cell_is_a_formula(name):
    """An apostrophe stands before whatever a spreadsheet could run."""
    cell = rows(class_csv(QUESTIONS, [ClassRow(name, None, name)]))[1]
    assert cell[0].startswith("'")
    assert cell[-1].startswith("'")


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_every_cell_is_one_visible_line(text):
    """Whatever a text holds, it is shown, on one line, and starts nothing."""
    cell = safe_cell(text)
    assert cell.isprintable()
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert rows(class_csv([], [ClassRow(text, None)]))[1][0] == cell


def shown(table):
    """What a terminal gets."""
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="truecolor", width=160).print(table)
    return out.getvalue()


def test_a_submission_in_a_terminal_shows_points_and_the_first_failure():
    """Question, points, how many tests passed, what went wrong; the total below."""
    text = shown(terminal_table(graded("h is wrong", Verdict.FAILED), "ada"))
    for part in ("ada", "Step", "7.5", "0/1 tests; h is wrong", "(extra)", "total"):
        assert part in text
    assert "needs a regrade" in shown(terminal_table(graded(verdict=Verdict.OURS)))


def test_texts_of_students_move_nothing_in_a_terminal():
    """Control sequences are escaped, markup is shown as it is written."""
    text = "\x1b[2J\x1b]8;;http://x\x07 [bold red]not markup[/] [/nonsense] \u202e\rover"
    for score_ in (
        graded(text, Verdict.FAILED),
        graded(text, Verdict.OURS),
        graded(findings=[Finding(question="step", text=text)]),
    ):
        seen = shown(terminal_table(score_, title=text))
        assert "\x1b[2J" not in seen
        assert "\x1b]8" not in seen
        assert "\x07" not in seen
        assert "\r" not in seen
        assert "\u202e" not in seen
        assert "[bold red]" in seen

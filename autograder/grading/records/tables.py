"""
Scores as tables: a class as CSV, one submission in a terminal.

A spreadsheet runs what begins like a formula, and a terminal obeys what looks like a control sequence. Names of
students and texts from submissions are data: in a CSV a cell that could be a formula gets an apostrophe before it, in
a terminal nothing is read as markup, and in both what is not plainly visible is escaped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.grading.records.gradescope import points_text, to_be_read
from autograder.outcomes import Question, Verdict
from autograder.scoring import QuestionScore, Score, Status
from autograder.submission import display_name

__all__ = ["PERSON_COLUMNS", "ClassRow", "class_csv", "class_table", "safe_cell", "terminal_table"]

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # spreadsheets take the wide forms as well
PERSON_COLUMNS = ("student_id", "name", "email", "group", "extension", "submission", "counts")
"""What is known of whose a submission is, behind the columns that every table has."""
_MESSAGE_CHARS = 160  # one or two lines of a terminal


@dataclass(frozen=True, slots=True)
class ClassRow:
    """
    One student of a class.

    Attributes:
        student: Name or number, as the course has it.
        score: What the submission came to; ``None`` if nothing was graded.
        problem: Why nothing was graded, or another note.
        person: Cells by `PERSON_COLUMNS`, where it is known who the students are.
    """

    student: str
    score: Score | None
    problem: str = ""
    person: Mapping[str, str] | None = None


def class_csv(questions: Sequence[Question], rows: Sequence[ClassRow]) -> str:
    """
    Return a class as CSV: student, total, maximum, whether a regrade is needed, points by question, note.

    Where a row has a person, `PERSON_COLUMNS` follow. A student without a total has an empty cell there, never a 0.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["student", "total", "maximum", "needs_regrade", *(question.id for question in questions), "note"]
    columns = PERSON_COLUMNS if any(row.person is not None for row in rows) else ()
    writer.writerow([safe_cell(cell) for cell in (*head, *columns)])
    for row in rows:
        entries = {entry.question.id: entry for entry in row.score.questions} if row.score else {}
        total = row.score.total if row.score else None
        writer.writerow(
            [
                safe_cell(row.student),
                "" if total is None else points_text(total),
                points_text(row.score.max_total) if row.score else "",
                "yes" if row.score and row.score.needs_regrade else "no",
                *(_points_cell(entries.get(question.id)) for question in questions),
                safe_cell(row.problem),
                *(safe_cell((row.person or {}).get(column, "")) for column in columns),
            ]
        )
    return out.getvalue()


def safe_cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula, on one line."""
    shown = display_name(text)
    # What was a tab, a line break or a blank first could be skipped over by a program that strips.
    return f"'{shown}" if text.lstrip().startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n") else shown


def terminal_table(score: Score, title: str = "") -> Table:
    """Return one submission's questions as a table for ``rich``; texts are ``Text``, so nothing in them is markup."""
    table = Table(title=Text(display_name(title)) if title else None, box=box.SIMPLE, pad_edge=False)
    for name, justify in (("#", "left"), ("question", "left"), ("points", "right"), ("of", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    table.add_column("what happened", overflow="fold")
    for entry in score.questions:
        extra = " (extra)" if entry.question.extra_credit else ""
        table.add_row(
            Text(display_name(entry.question.number)),
            Text(display_name(entry.question.title)),
            Text(points_text(entry.points), style=_style(entry)),
            Text(points_text(entry.question.points) + extra),
            Text(_what_happened(entry)),
        )
    table.add_section()
    total = Text("needs a regrade", style="bold red") if score.total is None else Text(points_text(score.total), "bold")
    table.add_row(Text(""), Text("total", "bold"), total, Text(points_text(score.max_total)), Text(to_be_read(score)))
    return table


def class_table(rows: Sequence[ClassRow]) -> Table:
    """Return a class as a table for ``rich``, a line for each submission."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("submission", overflow="fold")
    for name in ("points", "of", "questions right"):
        table.add_column(name, justify="right")
    table.add_column("note", overflow="fold")
    for row in rows:
        score = row.score
        who = Text(display_name(row.student))
        if score is None:
            table.add_row(who, Text("not graded", "red"), "", "", Text(_short(row.problem) if row.problem else ""))
            continue
        total = Text("needs a regrade", "bold red") if score.total is None else Text(points_text(score.total), "bold")
        tested = [entry for entry in score.questions if entry.status is not Status.MANUAL]
        right = sum(entry.points == entry.question.points for entry in tested)
        notes = [_short(row.problem)] if row.problem.strip() else []
        notes += [text for text in (to_be_read(score),) if text]
        table.add_row(who, total, points_text(score.max_total), f"{right} of {len(tested)}", Text("; ".join(notes)))
    return table


def _points_cell(entry: QuestionScore | None) -> str:
    """Return one question's points, empty where they are not known."""
    return "" if entry is None or entry.points is None else points_text(entry.points)


def _style(entry: QuestionScore) -> str:
    """Return the colour of a question's points."""
    if entry.status is Status.MANUAL or entry.points is None:
        return "yellow"
    if entry.points >= entry.question.points:
        return "green"
    return "red" if entry.points == 0 else "yellow"


def _what_happened(entry: QuestionScore) -> str:
    """Return one line on a question: passed tests, and the first thing that went wrong."""
    match entry.status:
        case Status.MANUAL:
            return "graded by people"
        case Status.NOT_GRADED:
            return f"not graded: {display_name(entry.problems[0]) if entry.problems else 'our fault'}"
        case Status.GRADED:
            passed = sum(test.verdict is Verdict.PASSED for test in entry.tests)
            if entry.tests and all(test.verdict is Verdict.NOT_ATTEMPTED for test in entry.tests):
                return "not attempted"
            first = next((test.student for test in entry.tests if test.verdict is not Verdict.PASSED), "")
            notes = [*(finding.text for finding in entry.findings), first]
            return "; ".join([f"{passed}/{len(entry.tests)} tests", *(_short(note) for note in notes if note.strip())])


def _short(text: str) -> str:
    """Return the first line of a text, cut to fit a terminal."""
    return display_name(text.strip().splitlines()[0][:_MESSAGE_CHARS])

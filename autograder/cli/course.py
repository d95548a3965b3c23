"""The commands for an assignment itself: what it is worth, and what students get of it."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from autograder.cli.console import CourseOption, Exit, err, out
from autograder.config import Assignment, find_course, load_assignment
from autograder.grading.collection import CollectedTest, collect_tests
from autograder.grading.records.gradescope import points_text
from autograder.outcomes import Question
from autograder.submission import display_text

__all__ = ["release", "rubric"]


def release(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if the release is out of date.")] = False,
    course: CourseOption = None,
) -> None:
    """Make the students' release from the source: notebooks and modules without solutions, and nothing secret."""
    from autograder.nbgrader_bridge import make_release, release_drift

    chosen = load_assignment((course or find_course(Path.cwd())).resolve(), assignment)
    if not check:
        folder = make_release(chosen)
        out.print(Text(f"{folder} and {folder.name}.zip beside it are what students get."))
        return
    drift = release_drift(chosen)
    for each in drift:
        err.print(Text(display_text(f"release/{assignment}/{each.path} {each.what}"), "yellow"))
        if each.diff:
            err.print(Text("\n".join(display_text(line) for line in each.diff.split("\n"))), soft_wrap=True)
    if drift:
        err.print(Text(f"The release is out of date. Run: autograder release {assignment}"))
        raise typer.Exit(Exit.FAILED)
    out.print(Text(f"release/{assignment} is what the source makes."))


def rubric(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    tests: Annotated[bool, typer.Option("--tests", help="List what each hidden test checks, too.")] = False,
    course: CourseOption = None,
) -> None:
    """Print what each question is worth, and by how many hidden tests of which weight it is judged."""
    chosen = load_assignment((course or find_course(Path.cwd())).resolve(), assignment)
    by_question: dict[str, list[CollectedTest]] = defaultdict(list)
    for each in collect_tests(chosen):
        by_question[each.question].append(each)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(chosen, by_question), indent=1, ensure_ascii=False) + "\n")
        return
    out.print(Text(chosen.title, "bold"))
    for notebook in chosen.notebooks:
        extra = ", extra credit" if notebook.extra_credit else ""
        table = Table(title=f"{notebook.name}: {points_text(notebook.points)} points{extra}", title_justify="left")
        table.add_column("#")
        table.add_column("question", overflow="fold")
        table.add_column("points", justify="right")
        table.add_column("hidden tests", justify="right")
        for question in (each for each in chosen.questions if each.notebook == notebook.name):
            found = by_question[question.id]
            table.add_row(question.number, question.title, points_text(question.points), _judged(question, found))
            for test in found if tests else ():
                table.add_row("", Text(f"{test.weight:g}  {test.claim.splitlines()[0]}", "dim"), "", "")
        out.print(table)
    out.print(Text(f"maximum {points_text(chosen.max_points)}{_extra(chosen)}"))


def _judged(question: Question, tests: list[CollectedTest]) -> str:
    return "read by staff" if question.manual else str(len(tests))


def _extra(assignment: Assignment) -> str:
    extra = sum(each.points for each in assignment.notebooks if each.extra_credit)
    return f", and {points_text(extra)} of extra credit" if extra else ""


def _as_json(assignment: Assignment, tests: dict[str, list[CollectedTest]]) -> dict[str, Any]:
    return {
        "name": assignment.name,
        "title": assignment.title,
        "maximum": float(assignment.max_points),
        "questions": [
            {
                "number": question.number,
                "id": question.id,
                "title": question.title,
                "notebook": question.notebook,
                "points": float(question.points),
                "extra_credit": question.extra_credit,
                "manual": question.manual,
                "tests": [
                    {"test": each.test, "weight": each.weight, "limited": each.limited, "claim": each.claim}
                    for each in tests[question.id]
                ],
            }
            for question in assignment.questions
        ],
    }

"""
``autograder``: the commands, and the exit codes that they share.

    0   done, whatever the scores        2   used wrongly: a path, an option, a setting
    1   nothing could be graded;         3   our failure, or a machine that cannot hold a submission safely
        a release is out of date

Progress goes to standard error, results to standard output or files.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from autograder.cage import CageSettings, Plan, Tier, choose, survey
from autograder.cli.console import CourseOption, Exit, err, out
from autograder.cli.course import release, rubric
from autograder.cli.demo import SHOWN, hand_ins
from autograder.config import Assignment, find_course, load_assignment
from autograder.errors import AutograderError, ConfigError, NotFit
from autograder.grading.content import cage_settings
from autograder.grading.course_run import ClassRun, Result
from autograder.grading.gathering import gather
from autograder.grading.records import ClassRow, class_table, terminal_table
from autograder.secret import DEMO_SECRET, Secret, create_secret, load_secret
from autograder.submission import display_name, display_text, summary

__all__ = ["main"]

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Autograded exercises with hidden reference tests. Students' code runs behind glass.",
)  # fmt: skip
TierOption = Annotated[Tier | None, typer.Option("--tier", help="Use this tier of the cage and no other.")]


app.command()(release)
app.command()(rubric)


def main() -> None:
    """Run the command line; whatever goes wrong is one message and an exit code."""
    try:
        app()
    except ConfigError as error:
        _complain(error, Exit.USAGE)
    except AutograderError as error:
        _complain(error, Exit.OURS)
    except KeyboardInterrupt:
        err.print("\nStopped. What was finished is kept; the same command goes on from there.")
        sys.exit(130)


def _complain(error: AutograderError, code: Exit) -> None:
    err.print(Text("error: ", style="bold red") + Text(display_text(str(error))))
    sys.exit(code)


@app.command()
def init(course: CourseOption = None) -> None:
    """Make the course's secret, from which the inputs of hidden tests are drawn."""
    path = create_secret(course or find_course(Path.cwd()))
    out.print(
        Text(f"The course's secret is in {path}. Keep a copy in a safe place: without it, no grade can be repeated.")
    )


@app.command()
def doctor(
    tier: TierOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether this machine can hold a submission safely, in which tier, and what each layer is worth here."""
    settings = CageSettings(tier=tier)
    layers = survey(settings)
    try:
        plan, refusal = choose(settings, 0, layers), ""
    except NotFit as error:
        plan, refusal = None, str(error)
    if as_json:
        found = {"tier": plan.tier if plan else None, "layers": [asdict(layer) for layer in layers], "refusal": refusal}
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        for layer in layers:
            mark = Text("in force  ", "green") if layer.in_force else Text("not here  ", "yellow")
            out.print(mark + Text(f"{layer.name}: {layer.detail}"))
            if layer.remedy and not layer.in_force:
                out.print(Text(f"          remedy: {layer.remedy}"))
        out.print(Text(f"tier {plan.tier}", "bold green") if plan else Text(refusal, "bold red"))
    raise typer.Exit(Exit.DONE if plan else Exit.OURS)


@app.command()
def grade(
    submissions: Annotated[
        list[Path],
        typer.Argument(
            help="A folder, a zip or a tar, a folder of submissions, or a download of Gradescope, Moodle or nbgrader."
        ),
    ],
    assignment: Annotated[str, typer.Option("--assignment", "-a", help="Name of the assignment.")],
    package: Annotated[str | None, typer.Option(help="Name of the submissions' package, as cs231n.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path("graded"),
    roster: Annotated[
        Path | None, typer.Option(help="The class as CSV: id, name, email, group, extension; a row each in grades.csv.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="How many run side by side.")] = os.cpu_count() or 1,
    course: CourseOption = None,
    tier: TierOption = None,
    secret_file: Annotated[Path | None, typer.Option(help="The course's secret.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Grade submissions behind glass; a run that was stopped goes on where it was."""
    home = (course or find_course(Path.cwd())).resolve()
    chosen = load_assignment(home, assignment)
    secret = load_secret(home, secret_file)
    results = _grade(chosen, secret, submissions, output, package=package, jobs=jobs, tier=tier, roster=roster)
    _show(results, as_json=as_json)
    raise typer.Exit(_exit_code(results))


@app.command()
def demo(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the results.")] = None,
    course: CourseOption = None,
    tier: TierOption = None,
) -> None:
    """Go the whole way with the course's samples: release, students' work, collected hand-ins, grades."""
    home = (course or find_course(Path.cwd())).resolve()
    folder = (output or Path(tempfile.mkdtemp(prefix="autograder-demo-"))).absolute()
    chosen = load_assignment(home, "assignment3")
    paths = [hand_ins(chosen, folder)]
    results = _grade(chosen, DEMO_SECRET, paths, folder / "graded", jobs=os.cpu_count() or 1, tier=tier)
    for result in results:
        if result.job.name == SHOWN:
            _show_one(result)
    _show(results, as_json=False)
    out.print(Text(f"{folder} has the release, the students' work with the PDF, and all results."))
    raise typer.Exit(_exit_code(results))


def _grade(
    assignment: Assignment, secret: Secret, paths: list[Path], output: Path, *, jobs: int, tier: Tier | None,
    package: str | None = None, roster: Path | None = None,
) -> list[Result]:  # fmt: skip
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("left"), TimeRemainingColumn())  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="autograder-class-") as scratch,
        Progress(*columns, console=err) as progress,
    ):
        found = gather(paths, assignment, Path(scratch), package=package, roster=roster)
        hidden = [output.absolute(), Path(scratch), *(path.absolute() for path in paths)]
        settings = cage_settings(assignment, hidden=hidden, tier=tier)
        task = progress.add_task("grading", total=len(found.submissions))

        def say(line: str) -> None:
            progress.console.print(Text(display_text(line)))

        def tell(plan: Plan) -> None:
            say(f"tier {plan.tier} of the cage")
            if jobs > 1 and not plan.may_run_beside_others:
                say("one submission at a time: in this tier two would share a uid")

        for line in found.told:
            say(line)
        run = ClassRun(
            assignment, secret, output, settings, package, jobs,
            on_done=lambda result: progress.advance(task), on_plan=tell, people=found.people,
        )  # fmt: skip
        results = run.run(found.submissions)
        for line in summary(found.people):
            say(line)
        return results


def _show(results: list[Result], *, as_json: bool) -> None:
    if as_json:
        rows = [_row(result) for result in results]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    if len(results) == 1:
        _show_one(results[0])
        return
    out.print(class_table([ClassRow(result.job.name, result.score, result.problem) for result in results]))


def _show_one(result: Result) -> None:
    if result.score is None:
        out.print(Text(f"{display_name(result.job.name)}: not graded. {display_text(result.problem)}"))
        return
    out.print(terminal_table(result.score, result.job.name))
    if result.problem:
        err.print(Text(display_text(result.problem), "red"))


def _row(result: Result) -> dict[str, Any]:
    score = result.score
    return {
        "name": result.job.name,
        "total": None if score is None or score.total is None else float(score.total),
        "maximum": None if score is None else float(score.max_total),
        "needs_regrade": result.ours,
        "skipped": result.skipped,
        "problem": result.problem,
        "folder": str(result.job.out),
    }


def _exit_code(results: list[Result]) -> Exit:
    if any(result.ours for result in results):
        return Exit.OURS
    if results and all(result.score is None for result in results):
        return Exit.FAILED
    return Exit.DONE

"""
A command that asks whether verdicts depend on the draw, or on the day.

    python tests/grading/verdict_stability.py FOLDER --package cs231n --secrets 20
    python tests/grading/verdict_stability.py SUBMISSION --repeats 100

The first grades every submission in a folder under secrets of its own making, and compares the verdict of each test.
The second grades each submission many times under one secret, and compares ``results.json`` whole, the execution time
aside. Differences are printed, and any of them makes the exit status 1. The results lie in a temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.config import Assignment, find_course, load_assignment
from autograder.grading.content import cage_settings
from autograder.grading.course_run import ClassRun, Result, find_submissions
from autograder.secret import Secret

__all__ = ["Difference", "other_results", "other_verdicts"]

Submissions = Sequence[tuple[str, Path]]
Difference = tuple[str, str, dict[str, list[str]]]
"""A submission, what of it differs, and for each answer the gradings that gave it."""


def secret(number: int) -> Secret:
    """Return one of the secrets that are tried; the same ones every time, so that a difference can be looked into."""
    return Secret(hashlib.sha256(f"verdict stability {number}".encode()).digest())


def graded(
    assignment: Assignment, submissions: Submissions, out: Path, key: Secret, package: str | None, jobs: int
) -> list[Result]:
    """Grade ``submissions`` into ``out``."""
    settings = cage_settings(assignment, hidden=[out, *(path.absolute() for _, path in submissions)])
    return ClassRun(assignment, key, out, settings, package, jobs).run(submissions)


def verdicts(result: Result) -> Iterator[tuple[str, str]]:
    """Yield what was found: the whole submission's total, and each test's verdict."""
    score = result.score
    yield "total", f"{score.total} points" if score is not None else f"not graded: {result.problem}"
    if score is not None:
        for question in score.questions:
            for test in question.tests:
                yield test.test, test.verdict.value


def other_verdicts(
    assignment: Assignment, submissions: Submissions, secrets: Iterable[int], package: str | None = None, jobs: int = 2
) -> list[Difference]:
    """Return where the verdicts on the same code depend on the secret."""
    answers: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    tried = list(secrets)
    for number in tried:
        print(f"secret {number}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="verdict-stability-") as out:
            for result in graded(assignment, submissions, Path(out), secret(number), package, jobs):
                for what, answer in verdicts(result):
                    answers[result.job.name, what][answer].append(f"secret {number}")
    return _differing(answers, len(tried))


def other_results(
    assignment: Assignment, submissions: Submissions, repeats: int, package: str | None = None, jobs: int = 2
) -> list[Difference]:
    """Return where ``results.json`` of the same submission differs from one grading to the next."""
    answers: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, path in submissions:
        again = [(f"{name}-{number}", path) for number in range(repeats)]
        with tempfile.TemporaryDirectory(prefix="verdict-stability-") as out:
            for number, result in enumerate(graded(assignment, again, Path(out), secret(0), package, jobs)):
                whole = json.loads((result.job.out / "results.json").read_bytes())
                del whole["execution_time"]
                for what, text in _leaves(whole):
                    answers[name, what][text].append(f"grading {number}")
    return _differing(answers, repeats)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text and number of a result with its place."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, repr(value)


def _differing(answers: dict[tuple[str, str], dict[str, list[str]]], gradings: int) -> list[Difference]:
    """Return where there is more than one answer, or where a grading gave none."""
    return [
        (name, what, dict(given))
        for (name, what), given in answers.items()
        if len(given) > 1 or sum(map(len, given.values())) != gradings
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade, compare, print; return the exit status."""
    parser = argparse.ArgumentParser(description="Do verdicts depend on the draw, or on the day?")
    parser.add_argument("folder", type=Path, help="a folder of submissions, or one submission")
    parser.add_argument("--assignment", default="assignment3")
    parser.add_argument("--package", help="name of the submissions' package, where it is not the release's")
    parser.add_argument("--secrets", type=int, default=20, help="how many secrets to try; 0 to try none")
    parser.add_argument("--repeats", type=int, default=0, help="how often to grade the same under one secret")
    parser.add_argument("--course", type=Path, help="the course's folder (default: the nearest upward)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    assignment = load_assignment((options.course or find_course(Path.cwd())).resolve(), options.assignment)
    found = find_submissions([options.folder], options.package or assignment.package)
    differences = []
    if options.secrets:
        differences += other_verdicts(assignment, found, range(options.secrets), options.package, options.jobs)
    if options.repeats:
        differences += other_results(assignment, found, options.repeats, options.package, options.jobs)
    for name, what, given in differences:
        print(f"{name}: {what}")
        for answer, gradings in sorted(given.items(), key=lambda item: -len(item[1])):
            print(
                f"    {len(gradings):4} times {answer[:300]}  ({', '.join(gradings[:5])}{' …' if gradings[5:] else ''})"
            )
    tried = f"{options.secrets} secrets, {options.repeats} repeats"
    print(f"{len(found)} submissions, {tried}: {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

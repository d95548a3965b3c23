"""
What there is to grade, from the paths that staff give.

    paths ──▶ a platform's folder? ──▶ its hand-ins, with who and when   ┐
         └──▶ else folders and archives, as `find_submissions` has them ┴─▶ + roster ──▶ whose is which

A platform's folder says of itself whose the hand-ins are, and any student's could say so too. So it is believed where
staff gave nothing but such folders; beside single submissions it is one of them.

What is told of it goes to staff before the grading begins: which layout was seen, what was passed over and why, and
afterwards, who is without a submission.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.config import Assignment
from autograder.errors import ConfigError, IntakeError
from autograder.grading.course_run import find_submissions, refuse_same_names
from autograder.submission import ClassFolder, HandIn, Row, find_class, is_class_archive, pair, read_roster

__all__ = ["Gathered", "gather"]


@dataclass(frozen=True, slots=True)
class Gathered:
    """
    What is graded.

    Attributes:
        submissions: Each with its name.
        people: Whose they are; empty where nobody knows.
        told: What staff read before it begins, a line each.
    """

    submissions: tuple[tuple[str, Path], ...]
    people: tuple[Row, ...]
    told: tuple[str, ...]


def gather(
    paths: Iterable[Path], assignment: Assignment, scratch: Path, *, package: str | None = None,
    roster: Path | None = None,
) -> Gathered:  # fmt: skip
    """
    Return what there is to grade below ``paths``.

    Args:
        paths: Submissions, folders of submissions, platforms' downloads.
        assignment: Whose submissions they are.
        scratch: A folder that lasts while they are graded.
        package: Name of the submissions' package, or None for the release's.
        roster: The class, as CSV.

    Raises:
        ConfigError: Nothing is there, two submissions have one name, or the roster is not as it must be.
    """
    students = read_roster(roster) if roster is not None else ()
    paths = list(paths)
    package = package or assignment.package
    classes, told = _classes(paths, assignment.name, scratch, package)
    hand_ins: list[HandIn] = []
    for path in paths:
        found = classes.get(path)
        if found is None:
            hand_ins += [HandIn(name, each) for name, each in find_submissions([path], package)]
            continue
        told += [f"{path}: {found.layout}, {len(found.hand_ins)} submissions", *found.notes]
        hand_ins += found.hand_ins
    submissions = tuple((each.name, each.path) for each in hand_ins)
    refuse_same_names(submissions)
    return Gathered(submissions, pair(students, hand_ins), tuple(told))


def _classes(
    paths: list[Path], assignment: str, scratch: Path, package: str
) -> tuple[dict[Path, ClassFolder], list[str]]:
    """Return which of the paths are platforms' folders; none where there is anything else, and then which look so."""
    found = {path: find_class(path, assignment, scratch, package) for path in paths if path.is_dir()}
    likely = [path for path in paths if found.get(path) or (path.is_file() and is_class_archive(path))]
    if len(likely) < len(paths):
        words = "looks like a platform's download, but single submissions are beside it: graded as one of them"
        return {}, [f"{path} {words} (a download is given alone)" for path in likely]
    for path in paths:
        try:
            found[path] = found.get(path) or find_class(path, assignment, scratch, package)
        except IntakeError as error:
            raise ConfigError(f"{path}: a class's download that cannot be unpacked: {error.staff}") from error
    return {path: each for path, each in found.items() if each is not None}, []

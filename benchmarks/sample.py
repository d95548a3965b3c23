"""The sample submission that is measured, and a session on it with a watch on each stage."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.cage import Cage, CageSettings, Limits, Nursery, Tier
from autograder.config import Assignment, load_assignment
from autograder.grading.content import cage_settings
from autograder.session import Layout, Session

__all__ = ["COURSE", "SAMPLE", "TimedSession", "assignment", "files_of", "layout_of", "open_cage", "settings_for"]

COURSE = Path(__file__).resolve().parents[1]
SAMPLE = COURSE / "samples/complete"
_FIRST_UID = 63_000
"""Apart from the uids of other runs on this machine: in tier C a slot ends whatever has its uid."""


def assignment() -> Assignment:
    """Return the assignment that the sample belongs to."""
    return load_assignment(COURSE, "assignment3")


def settings_for(tier: Tier) -> CageSettings:
    """Return the cage that the assignment is graded in, in this tier."""
    return cage_settings(assignment(), tier=tier, first_uid=_FIRST_UID)


def files_of(folder: Path = SAMPLE) -> dict[str, bytes]:
    """Return the modules of a submission."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


def layout_of(chosen: Assignment) -> Layout:
    """Return what the assignment asks of a submission, without its rules."""
    return Layout(package=chosen.package, modules=tuple(chosen.modules), given=chosen.given_texts())


@contextlib.contextmanager
def open_cage(tier: Tier) -> Iterator[tuple[Nursery, Cage]]:
    """Start a nursery and one slot, as for a class; end both."""
    with Nursery(replace(settings_for(tier), huge_pages=True)) as nursery:
        cage = nursery.open_slot(0)
        try:
            yield nursery, cage
        finally:
            cage.close()


class TimedSession(Session):
    """
    A session that keeps how long its stages took.

    Attributes:
        took_s: Seconds by stage.
    """

    def __init__(self, cage: Cage, layout: Layout, files: Mapping[str, bytes]) -> None:
        super().__init__(cage, layout, files)
        self.took_s: dict[str, float] = defaultdict(float)

    @contextlib.contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of a block to a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.took_s[stage] += time.perf_counter() - began

    def _start_template(self) -> None:
        with self.timed("fork and jail of the template"):
            super()._start_template()

    def _ask_template(self, request: Any, what: str) -> Any:
        with self.timed(f"{type(request).__name__.lower()}"):
            return super()._ask_template(request, what)

    def _make_fork(self) -> Any:
        with self.timed("fork of the test"):
            return super()._make_fork()

    def start(self) -> None:
        """Open the submission and begin a test."""
        self.open()
        self.begin(Limits(), seed=1)

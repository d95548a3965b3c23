"""A class on one core and on two, and what a submission costs that has not changed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from autograder.cage import Tier
from benchmarks.glass import Class
from benchmarks.table import Row

__all__ = ["measure"]

_SIZE = 30
_WARM = 6


def measure(tier: Tier) -> Iterator[Row]:
    """Yield submissions a minute, the gain of a second core, and the time to skip one."""
    with Class(tier, _SIZE) as course:
        alone = course.grade("one", _SIZE)
        per_minute = {1: 60 / alone.each_s(_WARM)}
        yield Row(f"tier {tier}: submissions a minute on one core", per_minute[1], "/min")
        if len(os.sched_getaffinity(0)) > 1:
            per_minute[2] = 60 / course.grade("two", _SIZE, jobs=2).each_s(_WARM)
            yield Row(f"tier {tier}: submissions a minute on two cores", per_minute[2], "/min", 150, at_least=True)
            yield Row("    two cores over one", per_minute[2] / per_minute[1], "x", 1.8, at_least=True)
        yield Row("    start of a run, until the first is done", alone.wall_s - alone.each_s(1) * (_SIZE - 1), "s")
        again = course.grade("one", _SIZE)
        yield Row(f"an unchanged submission, one of {_SIZE}", 1e3 * again.wall_s / _SIZE, "ms", 5.0)

"""Run the measurements and print one table."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # both sides of the glass run with one thread; before anything imports NumPy

from autograder.cage import CageSettings, Tier, choose  # noqa: E402
from autograder.errors import NotFit  # noqa: E402
from benchmarks import course, round_trip, spawn, submission  # noqa: E402
from benchmarks.table import Row, machine, show  # noqa: E402

MEASUREMENTS: dict[str, Callable[[Tier], Iterable[Row]]] = {
    "spawn": spawn.measure,
    "round_trip": round_trip.measure,
    "submission": submission.measure,
    "course": course.measure,
}
EVERY_TIER = {"spawn"}
"""Measured in each tier that the machine has; the others in the best."""


def tiers(asked: Tier | None) -> list[Tier]:
    """Return the tier that was asked for, or those that this machine has, the best first."""
    found = []
    for tier in [asked] if asked else Tier:
        try:
            found.append(choose(CageSettings(tier=tier)).tier)
        except NotFit as error:
            print(f"tier {tier}: {error}", file=sys.stderr)
    return found


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="measure this (may be repeated)")
    parser.add_argument("--tier", type=Tier, choices=list(Tier), help="in this tier, not in those that are here")
    options = parser.parse_args()
    here = tiers(options.tier)
    if not here:
        sys.exit(1)
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    rows: list[Row] = []
    for name in options.only or MEASUREMENTS:
        for tier in here if name in EVERY_TIER else here[:1]:
            began = time.monotonic()
            rows += MEASUREMENTS[name](tier)
            print(f"{name}, tier {tier}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(machine())
    show(rows)


if __name__ == "__main__":
    main()

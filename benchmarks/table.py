"""One figure, its budget, and the table that they make."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Row", "machine", "p50", "p95", "show"]


@dataclass(frozen=True, slots=True)
class Row:
    """
    One figure.

    Args:
        what: What was measured.
        got: The figure.
        unit: Its unit.
        budget: What is promised, or None where nothing is.
        at_least: The budget is a floor, not a ceiling.
    """

    what: str
    got: float
    unit: str
    budget: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """``met``, or ``gap`` with the factor that is missing; nothing without a budget."""
        if self.budget is None:
            return ""
        gap = self.budget / self.got if self.at_least else self.got / self.budget
        return "met" if gap <= 1 else f"gap x {gap:.2f}"

    def cells(self, build: str) -> tuple[str, ...]:
        """Return the row as text, with the build of torch."""
        sign = "≥" if self.at_least else "≤"
        budget = "" if self.budget is None else f"{sign} {self.budget:g}"
        return self.what, _number(self.got), self.unit, budget, self.verdict, build


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def p50(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 % do not exceed."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def machine() -> str:
    """Return what the figures were measured on, in one line; a high load says that they are worth little."""
    versions = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} on them, {versions}"


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    build = importlib.metadata.version("torch")
    lines = [("what", "got", "unit", "budget", "", "torch"), *(row.cells(build) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        padded = [
            cell.rjust(width) if column in {1, 3} else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(padded).rstrip())

"""
Every limit of the cage, with its unit, its default and the sentence that a student reads when it is reached.

This is the one place where a limit is set: the cage applies a `Limits` (`jail` before the import, `zygote` while a test
runs), the session turns the name of the limit that was reached into `explain`'s sentence.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

from autograder.errors import ConfigError

__all__ = ["IMPORT_LIMITS", "LIMIT_NAMES", "Limits", "explain"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one test (or the import of a submission) may use; each is charged to that test alone."""

    wall_s: float = 10.0
    """Time on the clock. A right answer to an exact test takes milliseconds; ten seconds forgive a slow machine."""

    cpu_s: float = 8.0
    """Processor time of all its processes together."""

    memory_mib: int = 1024
    """Memory beyond what the libraries took, of all its processes together."""

    processes: int = 48
    """Processes and threads at once: two data-loader workers and their threads need about ten."""

    file_mib: int = 64
    """What it may have written at any time, in all files together."""

    files: int = 1024
    """How many files and folders it may have at any time."""

    output_kib: int = 8192
    """What it may print; what is shown of it is capped far below."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 2**40:
                raise ConfigError(f"limits.{field.name} must be a positive number, not {value!r}")
        if self.wall_s * self.processes < self.cpu_s:
            raise ConfigError(f"limits.wall_s ({self.wall_s:g}) is too short to use limits.cpu_s ({self.cpu_s:g})")

    def replace(self, **changes: float) -> Limits:
        """Return these limits with some changed. Raises `ConfigError` for a name that is no limit."""
        unknown = sorted(set(changes) - set(LIMIT_NAMES))
        if unknown:
            raise ConfigError(f"limits({unknown[0]}=…) is no limit; there are {', '.join(LIMIT_NAMES)}")
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]  # the names were just checked


LIMIT_NAMES: Final = tuple(field.name for field in dataclasses.fields(Limits))

IMPORT_LIMITS: Final = Limits(wall_s=30.0, cpu_s=25.0)
"""Preparing and importing a whole submission: some define and initialise large models at module level."""

_SENTENCES: Final = {
    "wall_s": "It had not answered after {value:g} s: is there a loop that does not end?",
    "cpu_s": "It used more than {value:g} s of processor time: is there a loop that does not end?",
    "memory_mib": "It needed more than {value:g} MiB of memory.",
    "processes": "It started more than {value:g} processes or threads.",
    "file_mib": "It wrote more than {value:g} MiB to disk.",
    "files": "It made more than {value:g} files.",
    "output_kib": "It printed more than {value:g} KiB.",
}


def explain(limit: str, limits: Limits) -> str:
    """Return the sentence for a student whose code reached ``limit``, naming the limit and its value."""
    return f"{_SENTENCES[limit].format(value=getattr(limits, limit))} (limit {limit})"

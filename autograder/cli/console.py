"""What all commands share: where they print, what they exit with, and the option that names the course."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

__all__ = ["CourseOption", "Exit", "err", "out"]

out = Console()
err = Console(stderr=True)

CourseOption = Annotated[
    Path | None, typer.Option("--course", help="The course's folder (default: the nearest upward).")
]


class Exit(IntEnum):
    """What the commands exit with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    OURS = 3

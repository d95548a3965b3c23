"""
Where an instructor's text is not for students: regions between two markers, each a comment on a line of its own.

    ### BEGIN SOLUTION          also HIDDEN TESTS and MARK SCHEME, in notebooks
    …
    ### END SOLUTION

nbgrader takes any line that has the words for a marker, and a marker that it does not know for text: ``# Begin
solution`` would hand the solution out. So whatever looks like a marker must be one. A ``MarkerError`` names the place,
the line and what is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from autograder.errors import ConfigError

__all__ = ["MARKERS", "MarkerError", "Region", "find_regions"]

KINDS: Final = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
MARKERS: Final = tuple(f"{edge} {kind}" for kind in KINDS for edge in ("BEGIN", "END"))

_MARKER = re.compile(rf"\s*#+ (BEGIN|END) ({'|'.join(KINDS)})\s*")
# Any case and spacing, letters swapped or doubled: what somebody wrote who meant a marker.
_MEANT = re.compile(
    r"(?:^\s*#+.*|\b)(?:begin|end|start|stop)[\s_:-]*(?:of\s+)?(?:the\s+)?"
    r"(?:s[olu]{2,5}t[io]{1,3}ns?\b|hidden[\s_-]*tests?\b|mark(?:ing)?[\s_-]*scheme\b)",
    re.IGNORECASE,
)


class MarkerError(ConfigError):
    """A marker that is not closed, not opened, nested, or not quite a marker."""


@dataclass(frozen=True, slots=True)
class Region:
    """
    The lines of one region.

    Attributes:
        kind: One of ``SOLUTION``, ``HIDDEN TESTS``, ``MARK SCHEME``.
        first: Line of the opening marker, from 1.
        last: Line of the closing marker.
    """

    kind: str
    first: int
    last: int


def find_regions(text: str, where: str) -> list[Region]:
    """
    Return the regions of a text in their order.

    Args:
        text: A module, or a cell.
        where: What it is called in a message: ``a3/rnn_layers.py``, ``RNN_Captioning.ipynb cell 7``.

    Raises:
        MarkerError: A marker is not closed, not opened, within another region, or only looks like a marker.
    """
    regions: list[Region] = []
    opened: tuple[str, int] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            _refuse_meant(line, f"{where}, line {number}")
            continue
        edge, kind = marker.groups()
        if edge == "BEGIN":
            if opened is not None:
                raise MarkerError(
                    f"{where}, line {number}: BEGIN {kind} within the region that line {opened[1]} begins"
                )
            opened = kind, number
        elif opened is None:
            raise MarkerError(f"{where}, line {number}: END {kind} without a BEGIN {kind} above it")
        elif opened[0] != kind:
            raise MarkerError(f"{where}, line {number}: END {kind} closes what line {opened[1]} begins as {opened[0]}")
        else:
            regions.append(Region(kind, opened[1], number))
            opened = None
    if opened is not None:
        raise MarkerError(f"{where}, line {opened[1]}: BEGIN {opened[0]} is never closed")
    return regions


def _refuse_meant(line: str, place: str) -> None:
    if any(marker in line for marker in MARKERS):
        raise MarkerError(f"{place}: a marker stands alone on its line, as in '### BEGIN SOLUTION'; got {_clip(line)}")
    if _MEANT.search(line) and line.lstrip().startswith("#"):
        raise MarkerError(f"{place}: no marker, but close to one; expected '### BEGIN SOLUTION', got {_clip(line)}")


def _clip(line: str) -> str:
    line = line.strip()
    return repr(line if len(line) <= 60 else line[:60] + "…")

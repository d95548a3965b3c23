"""
Text that came out of a program, made fit for paper.

    raw ─▶ clean ─▶ last state of progress bars ─▶ cut ─▶ colours of a terminal ─▶ folded lines of runs

Nothing invisible stays: control characters go, and what would turn the direction of reading is shown by its number.
A line is folded where the page ends, since a long one would leave it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["FOLD", "Run", "clean", "cut", "fold", "plain", "runs", "width"]

FOLD = "↪ "
"""Stands where a line goes on."""
MAX_LINES = 80
"""More than a page of one output: who reads more of it on paper?"""
MAX_LINE = 2_000
"""Twenty lines of paper."""

_ESCAPE = re.compile(
    r"\x1b\[([0-9;:]{0,40})m|\x1b\][^\x07\x1b]{0,400}(?:\x07|\x1b\\)|"
    r"\x1b\[[0-9;?:]{0,40}[ -/]{0,4}[@-~]|\x1b[ -/]?[0-~]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x0d\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_BROKEN = re.compile("[\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\U000f0000-\U0010ffff]")
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u200b]")
_BREAKS = re.compile("\r\n|[\u2028\u2029\x85]")

_NAMED = ("#3e424d", "#b3261e", "#00703c", "#8a6100", "#1b5fc1", "#8e24aa", "#00727a", "#6b6f76")
"""Black, red, green, yellow, blue, magenta, cyan, white: dark enough for white paper."""


@dataclass(frozen=True)
class Run:
    """A piece of a line that looks alike."""

    text: str
    colour: str = ""
    bold: bool = False


def clean(text: str) -> str:
    """Return text without what cannot be printed; an escape sequence of a terminal stays."""
    text = _CONTROL.sub("", _BREAKS.sub("\n", text.replace("\t", "    ")).replace("\r", "\n"))
    return _TURNING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", _BROKEN.sub("\ufffd", text))


def plain(text: str) -> str:
    """Return text without what cannot be printed and without colours."""
    return clean(_ESCAPE.sub("", text)).replace("\x1b", "")


def cut(text: str, *, lines: int = MAX_LINES, line: int = MAX_LINE) -> str:
    """
    Return the beginning and the end of a text that is too long, with a note of what was left out.

    Of a line that a progress bar has written again and again only its last state is kept.
    """
    most = 4 * lines * line  # what could be shown at all, escape sequences included; the rest is never looked at
    if len(text) > most:
        text = f"{text[: most // 2]}\n… {len(text) - most:,} characters left out …\n{text[-most // 2 :]}"
    found = [_last_state(each) for each in text.replace("\r\n", "\n").split("\n")]
    found = [
        f"{each[: line // 2]} … {len(each) - line:,} characters left out … {each[-line // 2 :]}"
        if len(each) > line + 80
        else each
        for each in found
    ]
    if len(found) > lines + 1:
        found = [*found[: lines // 2], f"… {len(found) - lines:,} lines left out …", *found[-(lines // 2) :]]
    return "\n".join(found)


def _last_state(line: str) -> str:
    return next((each for each in reversed(line.split("\r")) if each.strip()), "") if "\r" in line else line


def width(char: str) -> int:
    """Return how many columns a character takes."""
    return 2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1


def fold(text: str, columns: int) -> str:
    """Return text in lines of at most ``columns`` columns."""
    return "\n".join(
        "".join(run.text for run in each) for line in text.split("\n") for each in _fold([Run(line)], columns)
    )


def runs(text: str, columns: int) -> list[list[Run]]:
    """Return what a terminal would show, as folded lines of runs."""
    lines: list[list[Run]] = [[]]
    colour, bold, at = "", False, 0
    for found in [*_ESCAPE.finditer(text), None]:
        piece = clean(text[at : found.start() if found else len(text)]).replace("\x1b", "")
        for number, part in enumerate(piece.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(Run(part, colour, bold))
        if found:
            at = found.end()
            if found[1] is not None:
                colour, bold = _look(found[1], colour, bold=bold)
    return [each for line in lines for each in _fold(line, columns)]


def _look(codes: str, colour: str, *, bold: bool) -> tuple[str, bool]:
    """Return colour and weight after an escape sequence."""
    numbers = [int(each) if each else 0 for each in re.split("[;:]", codes[:40]) if len(each) < 4]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            colour, bold = "", False
        elif code in (1, 22):
            bold = code == 1
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = _NAMED[code % 10]
        elif code == 39:
            colour = ""
        elif code in (38, 48):  # a palette of 256 colours, or red, green and blue; of a background nothing is kept
            size = {5: 2, 2: 4}.get(numbers[0] if numbers else 0, 1)
            values, numbers = numbers[:size], numbers[size:]
            colour = _palette(values) if code == 38 else colour
    return colour, bold


def _palette(values: list[int]) -> str:
    if len(values) == 4:
        return "#" + "".join(f"{min(each, 190):02x}" for each in values[1:])
    if len(values) < 2 or values[1] > 255:
        return ""
    number = values[1]
    if number < 16:
        return _NAMED[number % 8]
    if number > 231:
        return "#" + f"{min((number - 232) * 10 + 8, 150):02x}" * 3
    cube = (number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6
    return "#" + "".join(f"{each * 38:02x}" for each in cube)


def _fold(line: list[Run], columns: int) -> list[list[Run]]:
    if sum(len(run.text) for run in line) * 2 <= columns:
        return [line]
    found: list[list[Run]] = [[]]
    used = 0
    for run in line:
        start = 0
        for index, char in enumerate(run.text):
            size = width(char)
            if used + size > columns:
                found[-1].append(Run(run.text[start:index], run.colour, run.bold))
                found.append([Run(FOLD, "#6b6f76")])
                start, used = index, len(FOLD)
            used += size
        found[-1].append(Run(run.text[start:], run.colour, run.bold))
    return found

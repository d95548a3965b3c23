"""
Which cell of a student's notebook is which cell of the release.

    by name     nbgrader's grade_id; of several cells with one name, the first, and the others are its parts
    by id       the cell's id
    by text     the same text, if the release has it once
    by likeness words in common, three in a row, if the text is long enough to say so
    by place    an answer whose text tells nothing: what stands between the same neighbours

Each pass works on what the ones before it left. Nothing is compared pairwise: likeness is counted through an index of
the release's words, so the work grows with the length of the notebook, however many cells a student has added. A text
that the release has twice ("your answer here") says nothing of where a cell belongs, so it is never matched by text.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autograder.notebooks.reading import Cell

__all__ = ["Match", "features", "is_answer", "match_cells", "moved", "normal"]

_WORD = re.compile(r"\w+|[^\w\s]")
_MOST_CHARS = 20_000
"""What is read of a cell to compare it; a longer cell is told by its beginning."""
_ALL_CHARS = 4_000_000
"""What is read of a notebook to compare it: some seconds, and a hundred times an honest one."""
_ENOUGH = 4
"""Fewer features say nothing: a stub, a placeholder, a heading of two words."""
_ALIKE = 0.5
_HELD = 0.8
"""Share of the release's features that a longer cell must hold to be that cell with something added."""
_COMMON = 8
"""A feature of more of the release's cells tells none of them apart."""


@dataclass(slots=True)
class Match:
    """
    The result: release index to student index, how it was found, and what is more of the same cell.

    Attributes:
        to: The student's cell of each cell of the release that was found.
        how: In which way it was found: ``name``, ``id``, ``text``, ``likeness`` or ``place``.
        more: Further cells of the student's under the same name, or at the same place.
        used: Every student's cell in ``to`` or ``more``.
    """

    to: dict[int, int] = field(default_factory=dict)
    how: dict[int, str] = field(default_factory=dict)
    more: dict[int, list[int]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    def add(self, own: int, theirs: int, how: str) -> None:
        """Note that the release's cell ``own`` is the student's cell ``theirs``."""
        self.to[own], self.how[own] = theirs, how
        self.used.add(theirs)


def is_answer(cell: Cell) -> bool:
    """Return whether a cell of the release is the student's to write: code or words."""
    return cell.marks.get("solution") is True


def normal(text: str) -> str:
    """Return a text without blanks at the ends of its lines and around it, which editors add and take away."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def features(text: str) -> set[tuple[str, ...]]:
    """Return the words of a text, three in a row."""
    words = _WORD.findall(text[:_MOST_CHARS].casefold())
    return {tuple(words[at : at + 3]) for at in range(max(len(words) - 2, 0))}


def match_cells(release: Sequence[Cell], student: Sequence[Cell]) -> Match:
    """Return which cell is which; no release cell and no student's cell is in two pairs."""
    match = Match()
    _by_name(release, student, match)
    _by_id(release, student, match)
    _by_text(release, student, match)
    _by_likeness(release, student, match)
    _by_place(release, student, match)
    return match


def _by_name(release: Sequence[Cell], student: Sequence[Cell], match: Match) -> None:
    named: dict[str, list[int]] = defaultdict(list)
    for index, cell in enumerate(student):
        if cell.grade_id:
            named[cell.grade_id].append(index)
    for own, cell in enumerate(release):
        found = named.pop(cell.grade_id, []) if cell.grade_id else []
        if found:
            first = next((index for index in found if student[index].kind == cell.kind), found[0])
            match.add(own, first, "name")
            match.more[own] = [index for index in found if index != first]
            match.used.update(found)


def _by_id(release: Sequence[Cell], student: Sequence[Cell], match: Match) -> None:
    known = {cell.grade_id for cell in release if cell.grade_id}
    by_id: dict[str, list[int]] = defaultdict(list)
    for index, cell in enumerate(student):
        if cell.id and index not in match.used and cell.grade_id not in known:
            by_id[cell.id].append(index)
    for own, cell in enumerate(release):
        found = by_id.pop(cell.id, []) if own not in match.to and cell.id else []
        if found:
            match.add(own, next((index for index in found if student[index].kind == cell.kind), found[0]), "id")


def _by_text(release: Sequence[Cell], student: Sequence[Cell], match: Match) -> None:
    once = Counter(normal(cell.source) for cell in release)
    by_text: dict[str, list[int]] = defaultdict(list)
    for index, cell in enumerate(student):
        if index not in match.used:
            by_text[normal(cell.source)].append(index)
    for own, cell in enumerate(release):
        text = normal(cell.source)
        if own not in match.to and text and once[text] == 1 and by_text.get(text):
            match.add(own, by_text[text].pop(0), "text")


def _by_likeness(release: Sequence[Cell], student: Sequence[Cell], match: Match) -> None:
    once = Counter(normal(cell.source) for cell in release)
    index: dict[tuple[str, ...], list[int]] = defaultdict(list)
    sizes: dict[int, int] = {}
    for own, cell in enumerate(release):
        if own not in match.to and once[normal(cell.source)] == 1:
            found = features(cell.source)
            sizes[own] = len(found)
            for each in found if len(found) >= _ENOUGH else ():
                index[each].append(own)
    pairs = []
    room = _ALL_CHARS if index else 0
    for theirs, cell in enumerate(student):
        room -= 0 if theirs in match.used else min(len(cell.source), _MOST_CHARS)
        if theirs in match.used or room <= 0:
            continue
        found = features(cell.source)
        common = Counter(own for each in found for own in index.get(each, ())[:_COMMON])
        for own, count in common.items():
            alike = 2 * count / (sizes[own] + len(found))
            held = count / sizes[own]
            if alike >= _ALIKE or held >= _HELD:
                pairs.append((-max(alike, held), abs(own - theirs), own, theirs))
    for _, _, own, theirs in sorted(pairs):
        if own not in match.to and theirs not in match.used:
            match.add(own, theirs, "likeness")


def _by_place(release: Sequence[Cell], student: Sequence[Cell], match: Match) -> None:
    for answers, between in _gaps(release, student, match):
        free = between
        for nth, own in enumerate(answers):
            cell = release[own]
            fitting = [index for index in free if student[index].kind == cell.kind] or free
            written = [index for index in fitting if normal(student[index].source) != normal(cell.source)]
            fitting = written or fitting
            if not fitting:
                break
            last = nth == len(answers) - 1
            match.add(own, fitting[0], "place")
            # Words of one answer may stand in several cells; of code, further cells are more likely trials.
            match.more[own] = fitting[1:] if last and cell.kind == "markdown" else []
            match.used.update(match.more[own])
            match.used.update(index for index in free if normal(student[index].source) == normal(cell.source))
            free = [index for index in free if index not in match.used and index > fitting[0]]


def _gaps(release: Sequence[Cell], student: Sequence[Cell], match: Match) -> list[tuple[list[int], list[int]]]:
    """Return the answers that were not found between two cells that were, with the cells that are free there."""
    stay = sorted(match.to[own] for own in match.to)
    away = moved(match)
    fixed = [(own, theirs) for own, theirs in sorted(match.to.items()) if own not in away]
    found = []
    for (own, theirs), (next_own, next_theirs) in zip(
        [(-1, -1), *fixed], [*fixed, (len(release), len(student))], strict=True
    ):
        answers = [index for index in range(own + 1, next_own) if index not in match.to and is_answer(release[index])]
        if not answers:
            continue
        # A cell that was moved to here ends the gap too: what follows it belongs to it.
        at = bisect.bisect_right(stay, theirs)
        end = min(next_theirs, stay[at] if at < len(stay) else next_theirs)
        free = [index for index in range(theirs + 1, end) if index not in match.used]
        found.append((answers, [index for index in free if student[index].source.strip()]))
    return found


def moved(match: Match) -> set[int]:
    """Return the release's cells that stand out of order: all but a longest run that is in order."""
    order = sorted(match.to)
    return set(order) - {order[at] for at in _increasing([match.to[own] for own in order])}


def _increasing(values: Iterable[int]) -> list[int]:
    """Return the positions of a longest increasing run of different values."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        at = bisect.bisect_left(tails, value)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            ends.append(position)
        else:
            tails[at], ends[at] = value, position
    found = []
    position = ends[-1] if ends else -1
    while position >= 0:
        found.append(position)
        position = before[position]
    return found[::-1]

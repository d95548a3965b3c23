"""
A student's notebook, brought back to the cells of the release.

    release   intro   q1 (answer)   test (locked)            aligned   intro   q1 (answer)   own   test (locked)
    student   intro+q1 in one cell   own   test, edited   ──▶      findings: merged q1; changed test

About one notebook in twenty comes back with cells that lost their names or were copied, merged, split, moved or
deleted, mostly by editors that know nothing of nbgrader. Here every cell of the release stands in its order with its
own id and metadata; an answer holds what the student wrote; what is locked has the release's text; and the student's
own cells follow the cell that they followed. What had to be done is told in findings, with the cause as far as it can
be seen. Nothing that a student wrote is dropped, but for second copies of the same text and edits of locked cells.

A notebook in which nothing of the release can be found is another one, and is rejected.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.errors import ConfigError
from autograder.notebooks.matching import Match, features, is_answer, match_cells, moved, normal
from autograder.notebooks.reading import Cell, Finding, Notebook, NotebookRejected, read_notebook

__all__ = ["Aligned", "Finding", "NotebookRejected", "align"]

_FORMAT, _MINOR = 4, 5
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_FOUND = 0.2
"""Share of the release's cells below which, with no graded cell among them, a notebook is another one."""
_PART = 0.8
"""Share of a piece's words, three in a row, that must be the release's for it to be a piece of that cell."""
_SHORT = 12
"""A shorter text stands in many cells by chance, so it is no sign of a merge."""
_MERGED = 500_000
"""A longer text is not looked through for a cell that was merged into it: each look reads all of it."""
_LISTED = 12
_WAYS = {"id": "its id", "text": "its text", "likeness": "its text", "place": "its place"}


@dataclass(frozen=True, slots=True)
class Aligned:
    """
    A notebook with the release's cells and the student's work.

    Attributes:
        notebook: Format 4.5, plain JSON: every graded cell of the release once, with its id and nbgrader's metadata.
        findings: What was wrong with the notebook that was sent; empty for a healthy one.
    """

    notebook: dict[str, Any]
    findings: tuple[Finding, ...]


def align(release: str | bytes, student: str | bytes) -> Aligned:
    """
    Return the student's notebook with the release's cells.

    Args:
        release: The notebook as students got it; never the source, whose answers would fill the gaps.
        student: What a student sent: hostile, bounded here.

    Raises:
        NotebookRejected: The student's file is no notebook, or another one; the message says which and what to do.
        ConfigError: The release's is none.
    """
    try:
        ours = read_notebook(release)
    except NotebookRejected as error:
        raise ConfigError(f"the release's notebook cannot be read: {error}") from error
    theirs = read_notebook(student)
    match = match_cells(ours.cells, theirs.cells)
    _refuse_another(ours.cells, theirs.cells, match)
    return _Alignment(ours, theirs, match).result()


def _refuse_another(release: Sequence[Cell], student: Sequence[Cell], match: Match) -> None:
    """Refuse a notebook that has nothing of the release."""
    if not any(cell.source.strip() for cell in student):
        raise NotebookRejected("The notebook has no cells with content. Open it, look at it, and hand it in again.")
    graded = [own for own, cell in enumerate(release) if cell.grade_id]
    sure = [own for own in match.to if match.how[own] != "place"]
    if not set(graded) & set(sure) and len(sure) < _FOUND * len(release):
        names = ", ".join(release[own].grade_id for own in graded[:4])
        raise NotebookRejected(
            f"This is another notebook: of the {len(release)} cells of the release, {len(sure)} are in it, and none of"
            f" the graded ones ({names}, …). Was a file of another name, course or year handed in?"
        )


class _Alignment:
    """The state of one alignment; the public face is `align`."""

    def __init__(self, ours: Notebook, theirs: Notebook, match: Match) -> None:
        self.ours, self.theirs, self.match = ours, theirs, match
        self.release, self.student = ours.cells, theirs.cells
        self.findings = list(theirs.findings)
        self.texts = {own: self.student[index].source for own, index in match.to.items()}
        self.explained: set[int] = set()

    def result(self) -> Aligned:
        """Return the notebook and the findings."""
        self._names()
        self._copies()
        self._splits()
        self._merges()
        self._order()
        self._kinds()
        self._absent()
        cells = self._cells()
        notebook = {
            "nbformat": _FORMAT,
            "nbformat_minor": _MINOR,
            "metadata": copy.deepcopy(self.ours.metadata),
            "cells": cells,
        }
        return Aligned(notebook, tuple(self.findings))

    # -- what was wrong ---------------------------------------------------------------------------------------------

    def _note(self, kind: str, text: str, own: int | None = None, cell: int = 0) -> None:
        grade_id = self.release[own].grade_id if own is not None else ""
        self.findings.append(Finding(kind, text, cell, grade_id))

    def _names(self) -> None:
        """Say which graded cells had lost their names, and which names are not the release's."""
        lost = [
            own for own in sorted(self.match.to)
            if self.release[own].grade_id and not self.student[self.match.to[own]].grade_id
        ]  # fmt: skip
        if lost:
            told = [f"{_called(self.release[own])} by {_WAYS[self.match.how[own]]}" for own in lost]
            text = f"{_count(len(lost), 'graded cell')} had lost the name that nbgrader gave. Found again:"
            self._note("unnamed", f"{text} {_listed(told)}.")
        known = {cell.grade_id for cell in self.release}
        foreign = [cell.grade_id for cell in self.student if cell.grade_id and cell.grade_id not in known]
        if foreign:
            names = _listed([_safe(name) for name in dict.fromkeys(foreign)])
            text = (
                f"{_count(len(foreign), 'cell')} with names that are not of this release ({names}): kept as own cells."
            )
            self._note("foreign", text)

    def _copies(self) -> None:
        """Put together what is in several cells under one name; a second copy of the same text is one too many."""
        for own, more in self.match.more.items():
            if not more:
                continue
            cell, first = self.release[own], self.match.to[own]
            theirs = sorted([first, *more])
            where = _listed([str(self.student[index].number) for index in theirs])
            self.explained.add(own)
            if not is_answer(cell):
                self._free_copies(own, more)
                done = "it has the release's text again, and edited copies are kept as own cells"
            else:
                texts = _distinct([self.student[index].source for index in theirs], cell.source)
                self.texts[own] = "\n\n".join(texts)
                done = "all of them are kept in it, in their order" if len(texts) > 1 else "one of them counts"
            if self.match.how[own] == "name":
                text = f"{_called(cell)} is there {len(theirs)} times, in cells {where}: {done}."
                self._note("duplicated", text, own, self.student[first].number)

    def _free_copies(self, own: int, more: Sequence[int]) -> None:
        """Give copies of a locked cell back to the student where they say something else."""
        known = {normal(self.release[own].source), normal(self.student[self.match.to[own]].source)}
        for index in more:
            if normal(self.student[index].source) not in known:
                self.match.used.discard(index)

    def _splits(self) -> None:
        """Put the pieces of a cell together that stand below each other."""
        for own, index in sorted(self.match.to.items()):
            if own in self.explained:
                continue
            whole, have = features(self.release[own].source), features(self.student[index].source)
            pieces = []
            for at in range(index + 1, min(index + 4, len(self.student))):
                piece = self.student[at]
                found = features(piece.source)
                if at in self.match.used or piece.kind != self.student[index].kind or len(found) < 2:
                    break
                if len(found & whole) < _PART * len(found) or len(found & have) > (1 - _PART) * len(found):
                    break
                pieces.append(at)
            if pieces:
                self.match.used.update(pieces)
                self.texts[own] = "\n".join(self.student[at].source for at in [index, *pieces])
                self.explained.add(own)
                text = f"{_called(self.release[own])} was split into {len(pieces) + 1} cells: put together again."
                self._note("split", text, own, self.student[index].number)

    def _merges(self) -> None:
        """Take apart cells in which a neighbour of the release's stands as well."""
        absent = [own for own in range(len(self.release)) if own not in self.match.to]
        for own in [each for each in absent if not is_answer(self.release[each])]:
            for near in self._neighbours(own):
                rest = _without(self.texts[near], self.release[own].source)
                if rest is not None:
                    self.texts[near] = rest
                    self._merged(own, near)
                    break
        for own in [each for each in absent if is_answer(self.release[each])]:
            for near in self._neighbours(own):
                found = self._answer_within(own, near)
                if found:
                    self.texts[own] = found
                    self._merged(own, near)
                    break

    def _answer_within(self, own: int, near: int) -> str:
        """Return the answer that stands in the cell of a neighbour, or an empty text."""
        text, cell = self.texts[near], self.release[near]
        if is_answer(cell):
            found = _parted(text, self.release[own].source, cell.source)
            if found:
                self.texts[near] = found[1]
            return found[0] if found else ""
        rest = _without(text, cell.source)
        if rest is None and len(features(text) & features(cell.source)) >= _PART * max(1, len(features(cell.source))):
            rest = text if len(text) > len(cell.source) + _SHORT else None
        if not rest or normal(rest) == normal(self.release[own].source):
            return ""
        self.texts[near] = cell.source
        return rest

    def _neighbours(self, own: int) -> list[int]:
        """Return the nearest cells of the release before and after that were found, if they may hold one more."""
        before = next((each for each in range(own - 1, -1, -1) if each in self.match.to), None)
        after = next((each for each in range(own + 1, len(self.release)) if each in self.match.to), None)
        return [each for each in (before, after) if each is not None and len(self.texts[each]) <= _MERGED]

    def _merged(self, own: int, near: int) -> None:
        self.explained.update((own, near))
        cell = self.student[self.match.to[near]].number
        text = f"{_called(self.release[own])} was merged into {_called(self.release[near])} (cell {cell}): taken apart."
        self._note("merged", text, own, cell)

    def _order(self) -> None:
        """Say which cells stood elsewhere."""
        away = sorted(moved(self.match))
        if away:
            names = _listed(
                [f"{_called(self.release[own])} (cell {self.student[self.match.to[own]].number})" for own in away]
            )
            self._note("moved", f"{_count(len(away), 'cell')} moved, back in the release's order: {names}.")

    def _kinds(self) -> None:
        """Say which cells are of another kind now, and which locked cells were changed."""
        for own, index in sorted(self.match.to.items()):
            cell, theirs = self.release[own], self.student[index]
            if theirs.kind != cell.kind and own not in self.explained:
                text = f"{_called(cell)} was made a {theirs.kind} cell: it is {cell.kind} again, with its text."
                self._note("type", text, own, theirs.number)
            locked = bool(cell.grade_id) and not is_answer(cell)
            if locked and own not in self.explained and normal(theirs.source) != normal(cell.source):
                text = f"{_called(cell)} is locked and was changed: it has the release's text again."
                self._note("changed", text, own, theirs.number)

    def _absent(self) -> None:
        """Say which cells are not there at all."""
        absent = [own for own in range(len(self.release)) if own not in self.match.to and own not in self.explained]
        plain = [own for own in absent if not self.release[own].grade_id]
        for own in absent:
            cell = self.release[own]
            if is_answer(cell):
                self._note("deleted", f"{_called(cell)} is not in the notebook: it counts as not answered.", own)
            elif cell.grade_id:
                self._note("deleted", f"{_called(cell)} was deleted: it is the release's again.", own)
        if plain:
            names = _listed([_called(self.release[own]) for own in plain])
            self._note("deleted", f"{_count(len(plain), 'cell')} of the release deleted, there again: {names}.")

    # -- the notebook -----------------------------------------------------------------------------------------------

    def _cells(self) -> list[dict[str, Any]]:
        """Return the cells: the release's in their order, each followed by the student's own that followed it."""
        own_cells: dict[int, list[Cell]] = {}
        owner = {index: own for own, index in self.match.to.items()}
        owner |= {index: own for own, more in self.match.more.items() for index in more if index in self.match.used}
        last = -1
        for index, cell in enumerate(self.student):
            last = owner.get(index, last)
            if index not in self.match.used and (cell.source.strip() or cell.rest.get("outputs")):
                own_cells.setdefault(last, []).append(cell)
        ids = {self._identity(own) for own in range(len(self.release))}
        made = [self._own(cell, ids) for cell in own_cells.get(-1, ())]
        for own in range(len(self.release)):
            made.append(self._ours(own))
            made += [self._own(cell, ids) for cell in own_cells.get(own, ())]
        return made

    def _ours(self, own: int) -> dict[str, Any]:
        """Return a cell of the release with what the student wrote in it, if it is theirs to write."""
        cell = self.release[own]
        free = is_answer(cell) or not cell.grade_id
        source = self.texts.get(own, cell.source) if free else cell.source
        theirs = self.student[self.match.to[own]] if own in self.match.to else None
        rest = theirs.rest if theirs is not None and theirs.kind == cell.kind else {}
        return _written(cell.kind, self._identity(own), copy.deepcopy(cell.metadata), source, rest or _empty(cell.kind))

    def _identity(self, own: int) -> str:
        """Return the id of a cell of the release; format 4.5 asks for one."""
        cell = self.release[own]
        return cell.id if _ID.fullmatch(cell.id) else f"release-{own + 1}"

    @staticmethod
    def _own(cell: Cell, ids: set[str]) -> dict[str, Any]:
        """Return a cell of the student's own, without any metadata and with an id that nothing else has."""
        identity = cell.id if _ID.fullmatch(cell.id) and cell.id not in ids else f"own-{cell.number}"
        while identity in ids:
            identity += "x"
        ids.add(identity)
        return _written(cell.kind, identity, {}, cell.source, cell.rest)


def _written(kind: str, identity: str, metadata: dict[str, Any], source: str, rest: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": kind, "id": identity, "metadata": metadata, "source": source, **rest}


def _empty(kind: str) -> dict[str, Any]:
    """Return what a cell that was never run has."""
    return {"execution_count": None, "outputs": []} if kind == "code" else {}


def _without(text: str, part: str) -> str | None:
    """Return a text without a part of it that is long enough to be no chance; None where it is not in it."""
    text, part = normal(text), normal(part)
    if len(part) < _SHORT or part not in text:
        return None
    before, _, after = text.partition(part)
    return "\n".join(piece for piece in (before.rstrip(), after.lstrip("\n")) if piece.strip())


def _distinct(texts: Sequence[str], untouched: str) -> list[str]:
    """Return the texts that differ from each other and from the release's; the release's if there is no other."""
    found = {normal(text): text for text in reversed(texts)}
    for idle in ("", normal(untouched)):
        found.pop(idle, None)
    return list(found.values())[::-1] or [untouched]


def _parted(text: str, wanted: str, other: str) -> tuple[str, str] | None:
    """Return the parts of two answers that stand in one text, told apart by the release's first line of each."""
    lines = text.splitlines()
    firsts = [next((line.strip() for line in each.splitlines() if line.strip()), "") for each in (wanted, other)]
    places = [[at for at, line in enumerate(lines) if line.strip() == first] for first in firsts]
    if firsts[0] == firsts[1] or min(map(len, firsts)) < _SHORT or len(places[0]) != 1:
        return None
    at, end = places[0][0], min((place for place in places[1] if place > places[0][0]), default=len(lines))
    part, rest = lines[at:end], lines[:at] + lines[end:]
    return "\n".join(part).strip("\n"), "\n".join(rest).strip("\n")


def _called(cell: Cell) -> str:
    """Return what people call a cell: its name, or how it begins."""
    if cell.grade_id:
        return cell.grade_id
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "an empty cell")
    return f"“{first[:40]}”" if len(first) <= 40 else f"“{first[:39]}…”"


def _safe(name: str) -> str:
    """Return a name from a student's file, short and on one line."""
    return "".join(character if character.isprintable() else "?" for character in name[:40])


def _listed(names: Sequence[str]) -> str:
    """Return names with commas; many of them cut."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

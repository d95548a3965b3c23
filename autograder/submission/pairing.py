"""
Whose is which hand-in: the students of a roster beside the hand-ins of a class.

    by id, by email address, by name    what the platform says of a hand-in, else what its own name says
    group                               what one of a group handed in is handed in by all of it

Nobody is dropped: there is a row for each student, with or without a hand-in, and one for each hand-in that is
nobody's. Where a student or a group has several, all are graded, the latest counts, and the rows of the others say
which one does. A name that two students share decides nothing, nor does one under which two hand in: platforms let
students choose what they are called.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.submission.names import display_name
from autograder.submission.platforms import HandIn, Person
from autograder.submission.roster import Student

__all__ = ["Row", "pair", "summary"]

_TOKEN = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
_LONG = 4  # a shorter token of a file's name is more likely a number of an exercise than somebody's id
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row of a class's table.

    Attributes:
        student: Whose it is; None for a hand-in that is nobody's.
        hand_in: Name of the hand-in; empty for a student without one.
        counts: It is the one whose grade the student gets.
        note: Why it does not count, or whose it may be.
    """

    student: Student | None
    hand_in: str = ""
    counts: bool = False
    note: str = ""


def pair(roster: Sequence[Student], hand_ins: Sequence[HandIn]) -> tuple[Row, ...]:
    """
    Return the rows: students in the roster's order, then who is not on it, then what is nobody's.

    Args:
        roster: The students; empty where there is no roster, and then who handed in is who the platform says.
        hand_ins: The hand-ins, each with another name.
    """
    book = _Book(roster)
    theirs: dict[int, list[HandIn]] = defaultdict(list)
    guests: list[Row] = []
    strays: list[Row] = []
    contested = book.contested(hand_ins)
    for hand_in in hand_ins:
        places, unknown, why = book.owners(hand_in, contested)
        for place in places:
            theirs[place].append(hand_in)
        if roster:
            note = "not on the roster"
            guests += [Row(_guest(each), hand_in.name, counts=True, note=note) for each in unknown if places]
            if not places:
                told = ", ".join(each.name or each.id or each.email for each in unknown)
                strays.append(Row(None, hand_in.name, note=f"{told}: {why}" if told else why))
    if not roster:
        return tuple(_without_roster(hand_ins))
    rows = [row for place, student in enumerate(roster) for row in _of_student(student, theirs.get(place, []))]
    return (*rows, *guests, *strays)


def summary(rows: Iterable[Row]) -> list[str]:
    """Return in a line each what staff should look at: who has no hand-in, what is nobody's, what does not count."""
    absent = [row.student.called for row in rows if row.student is not None and not row.hand_in]
    strays = [row.hand_in for row in rows if row.student is None]
    guests = [row.student.called for row in rows if row.student is not None and row.note == "not on the roster"]
    more = list(
        dict.fromkeys(row.hand_in for row in rows if row.student is not None and row.hand_in and not row.counts)
    )
    told = (
        (absent, "without a submission"),
        (strays, "matched to no student"),
        (guests, "handed in and not on the roster"),
        (more, "not counted: a later one of the same student counts"),
    )
    return [f"{len(names)} {words}: {_listed(names)}" for names, words in told if names]


class _Book:
    """The roster by id, by address and by name."""

    def __init__(self, roster: Sequence[Student]) -> None:
        self.roster = roster
        self.by_id: dict[str, list[int]] = defaultdict(list)
        self.by_email: dict[str, list[int]] = defaultdict(list)
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self.by_group: dict[str, list[int]] = defaultdict(list)
        for place, student in enumerate(roster):
            for identity in {each.casefold() for each in student.ids or (student.id,) if each}:
                self.by_id[identity].append(place)
            if student.email:
                self.by_email[student.email.casefold()].append(place)
            for name in _spellings(student.name):
                self.by_name[name].append(place)
            if student.group:
                self.by_group[student.group.casefold()].append(place)

    def contested(self, hand_ins: Iterable[HandIn]) -> set[int]:
        """Return the students whom one hand-in has by name alone, and another one by name or by something better."""
        found: dict[int, list[bool]] = defaultdict(list)
        for hand_in in hand_ins:
            claims: dict[int, bool] = {}
            for person in hand_in.people:
                place, _, sure = self._find(person)
                if place is not None:
                    claims[place] = claims.get(place, False) or sure
            for place, sure in claims.items():
                found[place].append(sure)
        return {place for place, claims in found.items() if len(claims) > 1 and not all(claims)}

    def owners(self, hand_in: HandIn, contested: Collection[int] = ()) -> tuple[list[int], list[Person], str]:
        """Return the students whose a hand-in is, whom the roster does not know, and why it is nobody's."""
        found: dict[int, None] = {}
        unknown, why = [], "the roster has nobody of this id, address or name"
        for person in hand_in.people:
            place, doubt, sure = self._find(person)
            if place in contested and not sure:
                place, doubt = None, "several hand-ins are under this name, and nothing else says whose this one is"
            why = doubt or why
            if place is None:
                unknown.append(person)
            else:
                found[place] = None
        if not hand_in.people:
            place, doubt = self._by_file(hand_in.name)
            why = doubt or why
            if place is not None:
                found[place] = None
        for place in list(found):
            found |= dict.fromkeys(self.by_group.get(self.roster[place].group.casefold(), ()))
        return sorted(found), unknown, why

    def _find(self, person: Person) -> tuple[int | None, str, bool]:
        """Return the student that a person is, or None and what is in doubt; and whether more than a name says so."""
        name = next(iter(_spellings(person.name)), "")
        for places, sure in (
            (self.by_id.get(person.id.casefold()) if person.id else None, True),
            (self.by_email.get(person.email.casefold()) if person.email else None, True),
            (self.by_email.get(person.id.casefold()) if person.id else None, True),
            (self.by_name.get(name) if name else None, False),
        ):
            if places and len(places) == 1:
                return places[0], "", sure
            if places:
                lines = ", ".join(str(self.roster[place].line) for place in places[:4])
                return None, f"several students of the roster fit: lines {lines}", sure
        return None, "", False

    def _by_file(self, name: str) -> tuple[int | None, str]:
        """Return the one student that the name of a file or folder means: all of it, else a word in it."""
        place, doubt, _ = self._find(Person(id=name, name=re.sub(r"[_.-]+", " ", name), email=name))
        if place is not None or doubt:
            return place, doubt
        local = {email.partition("@")[0]: places for email, places in self.by_email.items()}
        found: dict[int, None] = {}
        for token in _TOKEN.findall(name.casefold()):
            if len(token) >= _LONG:
                found |= dict.fromkeys(self.by_id.get(token, []) or local.get(token, []))
        if len(found) == 1:
            return next(iter(found)), ""
        return None, "its name fits several students of the roster" if found else ""


def _of_student(student: Student, hand_ins: Sequence[HandIn]) -> Iterator[Row]:
    """Yield the rows of one student: the hand-in that counts first."""
    if not hand_ins:
        yield Row(student, note="no submission")
        return
    dated = all(each.at for each in hand_ins)
    order = sorted(hand_ins, key=lambda each: (each.at if dated else "", each.name))
    last = order[-1]
    why = f" ({last.at[:19]})" if dated else ", by its name, for the times are not known"
    rule = f"the latest counts: {display_name(last.name)}{why}"
    yield Row(student, last.name, counts=True, note="" if len(order) == 1 else f"one of {len(order)}; {rule}")
    yield from (Row(student, each.name, counts=False, note=rule) for each in reversed(order[:-1]))


def _without_roster(hand_ins: Sequence[HandIn]) -> Iterator[Row]:
    """Yield a row for each who handed in, as the platform says; none where no platform says anything."""
    if not any(each.people for each in hand_ins):
        return
    theirs: dict[tuple[str, str], list[HandIn]] = defaultdict(list)
    people: dict[tuple[str, str], Person] = {}
    for hand_in in hand_ins:
        for person in hand_in.people:
            # Two students may share a name; without an id or an address, a platform's hand-ins are different people's.
            key = ("id", person.id) if person.id else ("email", person.email) if person.email else ("", hand_in.name)
            theirs[key].append(hand_in)
            people.setdefault(key, person)
    for key, found in theirs.items():
        yield from _of_student(_guest(people[key]), found)
    yield from (Row(None, each.name, note="nobody knows whose it is") for each in hand_ins if not each.people)


def _guest(person: Person) -> Student:
    """Return somebody whom only a platform knows."""
    return Student(person.id, person.name, person.email)


def _spellings(name: str) -> Iterator[str]:
    """Yield a name in the forms in which it is compared: without case, accents and commas, last name first or last."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name[:500]) if not unicodedata.combining(c)).casefold()
    last, comma, first = plain.partition(",")
    words = (f"{first} {last}" if comma else plain).split()
    if words:
        yield " ".join(words)


def _listed(names: Sequence[str]) -> str:
    """Return names for staff; of many the first ones."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(display_name(name) for name in names[:_SHOWN]) + more

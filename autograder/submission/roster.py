"""
Who is in a class: the roster that staff keep, or that a platform exports.

    id;name;email;group;extension        comma, semicolon or tab; UTF-8 with or without a mark, or UTF-16
    815;Ada Lovelace;ada@…;G1;2 days

Columns are known by what they are called in Gradescope's, Canvas's and Moodle's exports and in plain English, in any
order; others are passed over. A student needs an id, a name or an email address. Whatever is wrong is a ``ConfigError``
with file, line and column: a roster that is read in part would make students disappear.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import ConfigError
from autograder.submission.names import display_name

__all__ = ["Student", "read_roster"]

_MOST_BYTES = 8 << 20
_MOST_STUDENTS = 20_000
_MOST_CHARS = 500  # of one cell
# In the order in which one of several columns is taken; all columns of an id are kept to match by.
_COLUMNS = {
    "id": (
        "student id", "sid", "id number", "student number", "sis user id", "sis id", "org defined id",
        "matriculation number", "matrikelnummer", "id", "username", "user name", "login", "sis login id", "net id",
        "netid",
    ),
    "name": ("full name", "name", "student", "student name"),
    "first": ("first name", "given name", "vorname", "first"),
    "last": ("last name", "surname", "family name", "nachname", "last"),
    "email": ("email", "email address", "e mail", "e mail address", "mail"),
    "group": ("group", "team", "group name", "team name", "groups", "gruppe"),
    "extension": ("extension", "extensions", "extra time", "extended until", "extended due date", "due date extension"),
}  # fmt: skip
_EXPECTED = "id, name (or first name and last name), email, group, extension"


@dataclass(frozen=True, slots=True)
class Student:
    """
    One student; unknown parts are empty.

    Attributes:
        id: What the course calls them by.
        name: First and last name.
        email: Address.
        group: Those with the same one hand in together.
        extension: What staff granted, as they wrote it.
        line: Line of the roster; 0 for somebody who is not on it.
        ids: All identifiers that the roster has of them.
    """

    id: str = ""
    name: str = ""
    email: str = ""
    group: str = ""
    extension: str = ""
    line: int = 0
    ids: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """What a table calls them by: id, else name, else address."""
        return self.id or self.name or self.email


def read_roster(path: Path) -> tuple[Student, ...]:
    """
    Return the students of a roster, in its order.

    Raises:
        ConfigError: It cannot be read, or a line of it is not as it must be.
    """
    rows = _rows(path, _text(path))
    if not rows:
        raise ConfigError(f"{path}: expected a line with the names of columns ({_EXPECTED}), got an empty file")
    line, head = rows[0]
    columns = _known(path, line, head)
    students = [
        student
        for line, row in rows[1:]
        if (student := _student(path, line, head, row, columns)) is not None
    ]  # fmt: skip
    if not students:
        raise ConfigError(f"{path}: expected a line for each student below the names of columns, got none")
    if len(students) > _MOST_STUDENTS:
        raise ConfigError(f"{path}: expected at most {_MOST_STUDENTS} students, got {len(students)}")
    _refuse_twice(path, students, head, columns)
    return tuple(students)


def _text(path: Path) -> str:
    """Return the text of the file."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: the roster cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path}: expected a roster of at most {_MOST_BYTES >> 20} MiB")
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path} line {line}: not UTF-8 text: save the roster as CSV UTF-8") from error


def _rows(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Return the rows that hold something, with their lines."""
    first, _, rest = text.partition("\n")
    skipped = 0
    if found := re.fullmatch(r"sep=(.)\s*", first):  # a hint that Excel writes
        delimiter, text, skipped = found[1], rest, 1
    else:
        head = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t", key=head.count)
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((before + 1 + skipped, cells))
            before = reader.line_num
    except csv.Error as error:
        raise ConfigError(f"{path} line {before + 1 + skipped}: not CSV: {error}") from error
    return rows


def _known(path: Path, line: int, head: Sequence[str]) -> dict[str, list[int]]:
    """Return for each part of a student the columns that have it, the best one first."""
    plain = [" ".join(re.findall(r"\w+", cell.casefold().replace("_", " "))) for cell in head]
    found = {
        part: [plain.index(name) for name in names if name in plain] for part, names in _COLUMNS.items()
    }  # fmt: skip
    found = {part: places for part, places in found.items() if places}
    if not found.keys() & {"id", "name", "first", "last", "email"}:
        got = ", ".join(display_name(cell) for cell in head[:12])
        raise ConfigError(f"{path} line {line}: expected columns like {_EXPECTED}, got {got}")
    for part, places in found.items():
        twice = [place + 1 for place, cell in enumerate(plain) if cell == plain[places[0]]]
        if len(twice) > 1:
            raise ConfigError(
                f"{path} line {line}: the column {part} is there twice: columns {twice[0]} and {twice[1]}"
            )
    return found


def _student(
    path: Path, line: int, head: Sequence[str], row: Sequence[str], columns: dict[str, list[int]]
) -> Student | None:
    """Return the student of a row; None for Canvas's row of maxima."""
    if len(row) > len(head) and any(row[len(head) :]):
        raise ConfigError(f"{path} line {line}, column {len(head) + 1}: expected {len(head)} cells, got {len(row)}")
    for place, cell in enumerate(row):
        if len(cell) > _MOST_CHARS:
            raise ConfigError(
                f"{path} line {line}, column {place + 1}: expected at most {_MOST_CHARS} characters, got {len(cell)}"
            )

    def part(name: str) -> list[str]:
        return [row[place] for place in columns.get(name, ()) if place < len(row) and row[place]]

    ids = part("id")
    name = next(iter(part("name")), "") or " ".join(part("first")[:1] + part("last")[:1])
    email = next(iter(part("email")), "")
    if name.casefold() == "points possible" and not ids:
        return None
    if not (ids or name or email):
        raise ConfigError(f"{path} line {line}: expected an id, a name or an email address, got none of them")
    if email and "@" not in email:
        column = columns["email"][0] + 1
        raise ConfigError(f"{path} line {line}, column {column}: expected an email address, got {display_name(email)}")
    group, extension = (next(iter(part(each)), "") for each in ("group", "extension"))
    return Student(next(iter(ids), ""), name, email, group, extension, line, tuple(dict.fromkeys(ids)))


def _refuse_twice(path: Path, students: Sequence[Student], head: Sequence[str], columns: dict[str, list[int]]) -> None:
    """Refuse two lines with one id or one address: nobody could say whose a hand-in is."""
    for part in ("id", "email"):
        seen: dict[str, int] = {}
        for student in students:
            value = getattr(student, part).casefold()
            if value and value in seen:
                column = next((place + 1 for place in columns.get(part, ()) if place < len(head)), 1)
                raise ConfigError(
                    f"{path} line {student.line}, column {column}: expected each {part} once,"
                    f" got {display_name(getattr(student, part))} again (also on line {seen[value]})"
                )
            seen[value] = student.line

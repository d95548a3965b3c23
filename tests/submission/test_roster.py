"""Who is in a class, and whose is which hand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import ConfigError
from autograder.submission import HandIn, Person, Student, pair, read_roster, summary


def roster(tmp_path: Path, content: str | bytes) -> tuple[Student, ...]:
    """Read a roster of this content."""
    path = tmp_path / "roster.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_roster(path)


ADA = ("815", "Ada Lovelace", "ada@example.org")


@pytest.mark.parametrize(
    "content",
    [
        "id,name,email\n815,Ada Lovelace,ada@example.org\n",
        "\ufeffid;name;email\r\n815;Ada Lovelace;ada@example.org\r\n",
        "sep=;\nid;name;email\n815;Ada Lovelace;ada@example.org\n",
        "First Name,Last Name,SID,Email,Sections\nAda,Lovelace,815,ada@example.org,1\n",
        "First name,Last name,ID number,Email address,Groups\nAda,Lovelace,815,ada@example.org,\n",
        "Email\tStudent_ID\tFull Name\nada@example.org\t815\tAda Lovelace\n\n",
        "id,name,email\n815,Ada Lovelace,ada@example.org\n".encode("utf-16"),
        '"Student","ID","SIS User ID","E-Mail"\n"    Points Possible","","",""\n"Ada Lovelace",9,815,ada@example.org\n',
    ],
)
def test_rosters_of_all_platforms_are_read(tmp_path, content):
    """Columns in any order and of any usual name; commas, semicolons, tabs; marks and UTF-16."""
    (student,) = roster(tmp_path, content)
    assert (student.id, student.name, student.email) == ADA


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "got an empty file"),
        ("shoe size,hat\n1,2\n", "line 1: expected columns like id, name .* got shoe size, hat"),
        ("id,name\n", "a line for each student"),
        ("id,name\n1,Ada\n\n2,Bob,3\n", "line 4, column 3: expected 2 cells, got 3"),
        ("id,group\n1,G\n,G\n", "line 3: expected an id, a name or an email address"),
        ("id,name\n1,Ada\n1,Bob\n", "line 3, column 1: expected each id once, got 1 again .also on line 2"),
        ("name,email\nAda,ada@x\nBob,ADA@x\n", "line 3, column 2: expected each email once"),
        ("name,email\nAda,ada at x\n", "line 2, column 2: expected an email address, got ada at x"),
        ("id,id\n1,2\n", "column id is there twice: columns 1 and 2"),
        ('id,name\n1,"Ada\n', "line 2: not CSV"),
        (b"id,name\n1,Ada\n2,Zo\xeb\n", "line 3: not UTF-8 text"),
        ("id,name\n1," + "x" * 600 + "\n", "line 2, column 2: expected at most 500 characters"),
        ("id\n" + "x" * (9 << 20), "at most 8 MiB"),
    ],
)
def test_what_is_wrong_with_a_roster_is_said_with_line_and_column(tmp_path, content, words):
    """A roster is read whole or not at all, and its file is named."""
    with pytest.raises(ConfigError, match=words) as caught:
        roster(tmp_path, content)
    assert "roster.csv" in str(caught.value)


def test_a_roster_that_is_not_there_is_named(tmp_path):
    """The path is in the message."""
    with pytest.raises(ConfigError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")


CLASS = "id,name,email,group,extension\n" + "".join(
    f"{line}\n"
    for line in (
        "815,Ada Lovelace,ada@example.org,G1,2 days",
        "816,Bob Builder,bob@example.org,g1,",
        "817,Zoë Ångström,zoe@example.org,,",
        "818,Kim Lee,kim1@example.org,,",
        "819,Kim Lee,kim2@example.org,,",
        "820,Noone Home,noone@example.org,,=1+1",
    )
)


def rows(tmp_path, *hand_ins: HandIn) -> list[tuple[str, str, bool]]:
    """Return student, hand-in and whether it counts, for every row that has a hand-in."""
    found = pair(roster(tmp_path, CLASS), hand_ins)
    assert {row.student.id for row in found if row.student} >= {str(number) for number in range(815, 821)}
    return [(row.student.called if row.student else "", row.hand_in, row.counts) for row in found if row.hand_in]


def hand_in(name: str, *people: Person, at: str = "") -> HandIn:
    """Return a hand-in of these people."""
    return HandIn(name, Path(name), people, at)


@pytest.mark.parametrize(
    "person",
    [
        Person(id="817"),
        Person(email="ZOE@example.org"),
        Person(name="Zoë Ångström"),
        Person(name="Angstrom,  zoe"),
        Person(id="other", name="ZOË ÅNGSTRÖM"),
        Person(id="zoe@example.org"),
    ],
)
def test_a_student_is_known_by_id_address_or_name(tmp_path, person):
    """Case, accents and the order of names do not matter."""
    assert rows(tmp_path, hand_in("s", person)) == [("817", "s", True)]


@pytest.mark.parametrize(
    ("name", "student"),
    [("817", "817"), ("zoe_angstrom", "817"), ("leekim_9_kim2_a3", "819"), ("zoe@example.org", "817"),
     ("kim1-assignment3", "818"), ("Kim Lee", ""), ("kim1_kim2", ""), ("a_817", ""), ("stranger", "")],
)  # fmt: skip
def test_a_file_is_known_by_its_name(tmp_path, name, student):
    """The whole name, or one long word in it that is an id or the begin of an address; two say nothing."""
    (first, *_), *_ = rows(tmp_path, hand_in(name))
    assert first == student


def test_a_groups_grade_goes_to_each(tmp_path):
    """One handed in, both have it."""
    assert rows(tmp_path, hand_in("s", Person(id="816"))) == [("815", "s", True), ("816", "s", True)]


def test_the_latest_of_several_counts_and_all_are_listed(tmp_path):
    """By the platform's time, for a whole group; the note of each says which one counts and why."""
    early, late = (hand_in(f"s{n}", Person(id=f"81{n}"), at=f"2026-03-0{8 - n} 10:00:00") for n in (6, 5))
    found = [row for row in pair(roster(tmp_path, CLASS), [early, late]) if row.hand_in]
    assert [(row.student.id, row.hand_in, row.counts) for row in found] == [
        ("815", "s5", True), ("815", "s6", False), ("816", "s5", True), ("816", "s6", False),
    ]  # fmt: skip
    assert found[0].note == "one of 2; the latest counts: s5 (2026-03-03 10:00:00)"
    assert found[1].note == "the latest counts: s5 (2026-03-03 10:00:00)"


def test_without_times_the_last_name_counts_and_that_is_said(tmp_path):
    """One hand-in without a time is enough for the times to decide nothing."""
    both = [hand_in("a", Person(id="817"), at="2026-03-03 10:00:00"), hand_in("b", Person(id="817"))]
    found = [row for row in pair(roster(tmp_path, CLASS), both) if row.hand_in]
    assert [(row.hand_in, row.counts) for row in found] == [("b", True), ("a", False)]
    assert "the times are not known" in found[0].note


def test_a_shared_name_decides_nothing(tmp_path):
    """The hand-in is nobody's, and the lines of the roster that fit are named."""
    found = pair(roster(tmp_path, CLASS), [hand_in("s", Person(name="Kim Lee"))])
    (stray,) = [row for row in found if row.student is None]
    assert "several students of the roster fit: lines 5, 6" in stray.note


def test_a_name_that_somebody_else_uses_takes_nothing(tmp_path):
    """Whoever has the id keeps the row; where all have but the name, it is nobody's; a name alone is enough."""
    mine, other = hand_in("mine", Person("817", "Zoë Ångström")), hand_in("other", Person("", "Zoë Ångström", "m@x"))
    third = hand_in("third", Person(name="Zoë Ångström"))
    assert rows(tmp_path, mine, other) == [("817", "mine", True), ("", "other", False)]
    assert rows(tmp_path, other, third) == [("", "other", False), ("", "third", False)]
    assert rows(tmp_path, third) == [("817", "third", True)]
    (stray,) = [row for row in pair(roster(tmp_path, CLASS), [mine, other]) if row.student is None]
    assert "several hand-ins are under this name" in stray.note


def test_nobody_is_dropped(tmp_path):
    """Strangers, guests in a group and students without a submission all have their rows, and staff read of each."""
    found = pair(
        roster(tmp_path, CLASS),
        [hand_in("s1", Person(id="817"), Person(name="Guest\nOne")), hand_in("s2", Person(name="Mallory"))],
    )
    assert [row.hand_in for row in found if row.student is None] == ["s2"]
    assert [row.student.name for row in found if row.note == "not on the roster"] == ["Guest\nOne"]
    assert summary(found) == [
        "5 without a submission: 815, 816, 818, 819, 820",
        "1 matched to no student: s2",
        "1 handed in and not on the roster: Guest\\x0aOne",
    ]


def test_without_a_roster_the_platforms_word_is_taken():
    """Each who handed in has a row; two students of one name are two."""
    found = pair((), [
        hand_in("s1", Person("1", "Kim Lee"), Person("2", "Bo")), hand_in("s2", Person("1", "Kim Lee"), at="2026"),
        hand_in("s3", Person(name="Kim Lee")), hand_in("s4", Person(name="Kim Lee")), hand_in("s5"),
    ])  # fmt: skip
    told = [(row.student.called if row.student else "", row.hand_in, row.counts) for row in found]
    assert told == [
        ("1", "s2", True), ("1", "s1", False), ("2", "s1", True), ("Kim Lee", "s3", True), ("Kim Lee", "s4", True),
        ("", "s5", False),
    ]  # fmt: skip
    assert pair((), [hand_in("plain")]) == ()

"""
The folders that platforms give out for a class, recognised by themselves.

    Gradescope  assignment_9_export/submission_metadata.yml, submission_<id>/…
    Moodle      <Full Name>_<number>_assignsubmission_file_/…, or the files themselves under such names
    nbgrader    submitted/<student>/<assignment>/…

each as a folder, and the first two as the zip that they come in. A platform's folder says who handed in what, and
when: claims, which a roster confirms. Names are students' texts: none is ever used as a path. What is graded is what
the folder itself lists, looked up by that name, and a link among it is named and left alone.

A student can put such names and such a file into a hand-in of their own. So the one export that may lie a folder below
lies there alone, and whoever grades single submissions asks `is_class_archive` before anything is unpacked as a class.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import IntakeError
from autograder.submission.guard import Clock
from autograder.submission.intake import unpack_all
from autograder.submission.limits import IntakeLimits
from autograder.submission.metadata import METADATA, Metadata, read_metadata, sortable_time
from autograder.submission.names import display_name
from autograder.submission.sources import is_archive_name, open_archive

__all__ = ["ClassFolder", "HandIn", "Person", "find_class", "is_class_archive"]

_GIB = 2**30
CLASS_LIMITS = IntakeLimits(
    archive_bytes=16 * _GIB, directory_bytes=256 * 2**20, names_bytes=256 * 2**20, unpacked_bytes=32 * _GIB,
    kept_bytes=32 * _GIB, file_bytes=512 * 2**20, data_bytes=512 * 2**20, entries=1_000_000, files=500_000,
    deadline_s=1_800.0,
)  # fmt: skip
"""A zip of a class: five hundred hand-ins, each as large as one may be; ratios are for the hand-ins themselves."""
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d{1,12})_assignsubmission_(?P<kind>[a-z]+)_?(?P<rest>.*)", re.DOTALL)
_ZIP = b"PK"
_GRADESCOPE = re.compile(r"submission_\d{1,20}")
_STAMP = "timestamp.txt"  # nbgrader's, beside what a student submitted
_STAMP_BYTES = 200
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as far as a platform or a roster knows; unknown parts are empty."""

    id: str = ""
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class HandIn:
    """
    One hand-in of a class.

    Attributes:
        name: What people call it, and the name of its folder of results; one part of a path.
        path: What was handed in.
        people: Who handed it in, as the platform says.
        at: When, as text that sorts; empty where nobody knows.
    """

    name: str
    path: Path
    people: tuple[Person, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True)
class ClassFolder:
    """
    A platform's folder.

    Attributes:
        layout: Whose it is, in words.
        hand_ins: What is graded, by name.
        notes: What was seen besides: links, entries without a folder, hand-ins without a file.
    """

    layout: str
    hand_ins: tuple[HandIn, ...]
    notes: tuple[str, ...] = ()


def find_class(path: Path, assignment: str, scratch: Path, package: str = "") -> ClassFolder | None:
    """
    Return what a platform's folder or zip holds, or None where it is no platform's.

    Args:
        path: A folder, or a zip of one.
        assignment: The assignment's name, which nbgrader's folders bear.
        scratch: A folder for what has to be unpacked or put together; it must last while hand-ins are read.
        package: Name of the submissions' package: a folder that holds it is a submission, and no student's folder of
            assignments.

    Raises:
        IntakeError: A class's zip is damaged or too large.
    """
    if path.is_file():
        if not is_class_archive(path):
            return None
        place = scratch / f"class-{len(os.listdir(scratch))}"
        unpack_all(path, place, CLASS_LIMITS)
        path = place
    if not path.is_dir():
        return None
    return _gradescope(path) or _moodle(path, scratch) or _nbgrader(path, assignment, package)


def is_class_archive(path: Path) -> bool:
    """
    Return whether a zip's own list of names is a platform's; one that cannot be read is a hand-in's.

    Platforms give out zips. A tar is not looked into, for its list costs the unpacking of all of it.
    """
    with contextlib.suppress(IntakeError, OSError), contextlib.ExitStack() as stack, open(path, "rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            return False
        for entry in open_archive(file, CLASS_LIMITS, Clock(CLASS_LIMITS), stack):
            parts = [part for part in entry.name.split("/") if part][:2]
            if METADATA in parts or any(_MOODLE.fullmatch(part) for part in parts[:1]):
                return True
    return False


def _entries(folder: Path, notes: list[str]) -> Iterator[os.DirEntry[str]]:
    """Yield what a folder lists by name, but for hidden entries and links; links are noted."""
    with os.scandir(folder) as found:
        for entry in sorted(found, key=lambda entry: entry.name):
            if entry.name.startswith((".", "__MACOSX")):
                continue
            if entry.is_symlink():
                notes.append(f"{display_name(entry.name)} is a link: not graded")
            else:
                yield entry


def _gradescope(path: Path) -> ClassFolder | None:
    """Return a bulk export: ``submission_metadata.yml`` beside the folders, or all of it one folder below."""
    inside = [each for each in path.iterdir() if not each.name.startswith((".", "__MACOSX"))]
    home = path
    if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink():
        home = inside[0]
    if not (home / METADATA).is_file() or (home / METADATA).is_symlink():
        return None
    notes: list[str] = []
    about, problem = read_metadata(home / METADATA)
    notes += [problem] if problem else []
    hand_ins = []
    for entry in _entries(home, notes):
        name = _stem(entry.name)
        if name not in about and not _GRADESCOPE.fullmatch(name):
            continue
        known = about.pop(name, Metadata((), ""))
        people = tuple(Person(*each) for each in known.people)
        hand_ins.append(HandIn(name, home / entry.name, people, known.at))
        if not people:
            notes.append(f"{display_name(name)}: {METADATA} does not say whose it is")
    if not hand_ins:
        return None
    absent = [f"{display_name(name)}: {METADATA} lists it, and there is no such folder" for name in about]
    return ClassFolder("Gradescope's bulk export", tuple(hand_ins), (*notes, *_few(absent)))


def _moodle(path: Path, scratch: Path) -> ClassFolder | None:
    """Return a bulk download: folders or files that begin with name and number."""
    notes: list[str] = []
    parts: dict[tuple[str, str], list[tuple[str, os.DirEntry[str]]]] = defaultdict(list)
    others: list[str] = []
    beside: list[HandIn] = []
    for entry in _entries(path, notes):
        found = _MOODLE.fullmatch(entry.name)
        if found is None and (entry.is_dir() or is_archive_name(entry.name)):
            others.append(f"{display_name(entry.name)} has no name as Moodle gives it: graded as a submission")
            beside.append(HandIn(_stem(entry.name), Path(entry.path)))
        elif found is None:
            others.append(f"{display_name(entry.name)} has no name as Moodle gives it: not graded")
        elif found["kind"] == "file":
            parts[found["name"], found["number"]].append((found["rest"], entry))
        else:
            others.append(f"{display_name(entry.name)} is text from Moodle's page, no file: not graded")
    if not parts:
        return None
    hand_ins = []
    for (name, number), entries in sorted(parts.items()):
        whole = _one_path(entries) or _put_together(entries, scratch, number)
        hand_ins.append(HandIn(f"{name}_{number}", whole, (Person(name=name),)))
    return ClassFolder("Moodle's bulk download", (*hand_ins, *beside), (*notes, *_few(others)))


def _one_path(entries: list[tuple[str, os.DirEntry[str]]]) -> Path | None:
    """Return the folder or archive that a hand-in is, if it is one."""
    if len(entries) == 1 and (entries[0][1].is_dir() or is_archive_name(entries[0][1].name)):
        return Path(entries[0][1].path)
    return None


def _put_together(entries: list[tuple[str, os.DirEntry[str]]], scratch: Path, number: str) -> Path:
    """Return a folder with the files of one hand-in under the names that the student gave them."""
    place = scratch / f"moodle-{number}-{len(os.listdir(scratch))}"
    place.mkdir()
    for nth, (rest, entry) in enumerate(entries):
        name = rest if rest not in ("", ".", "..") else f"file_{nth}"
        if entry.is_dir():
            shutil.copytree(entry.path, place / name, symlinks=True)
        elif entry.is_file():
            shutil.copyfile(entry.path, place / name, follow_symlinks=False)
    return place


def _nbgrader(path: Path, assignment: str, package: str) -> ClassFolder | None:
    """Return the assignment's part of ``submitted/``: every folder in it is a student's, with assignments in it."""
    notes: list[str] = []
    students = [entry for entry in _entries(path, notes) if entry.is_dir()]
    with_it = [entry for entry in students if os.path.isdir(os.path.join(entry.path, assignment))]
    if not with_it or not all(_only_assignments(Path(entry.path), package) for entry in students):
        return None
    hand_ins = []
    for entry in with_it:
        whole = Path(entry.path) / assignment
        if whole.is_symlink():
            notes.append(f"{display_name(entry.name)}/{assignment} is a link: not graded")
            continue
        hand_ins.append(HandIn(entry.name, whole, (Person(id=entry.name),), _stamp(whole)))
    absent = [
        f"{display_name(entry.name)} has not submitted {assignment}" for entry in students if entry not in with_it
    ]
    return ClassFolder("nbgrader's folder of submissions", tuple(hand_ins), (*notes, *_few(absent)))


def _only_assignments(folder: Path, package: str) -> bool:
    """Return whether a folder holds folders alone, and none is the package: else it is a hand-in itself."""
    with os.scandir(folder) as found:
        return all(entry.is_dir() and entry.name != package for entry in found if not entry.name.startswith("."))


def _stamp(folder: Path) -> str:
    """Return the time in nbgrader's stamp, or an empty text."""
    with contextlib.suppress(OSError):
        handle = os.open(folder / _STAMP, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            return sortable_time(file.read(_STAMP_BYTES).decode("utf-8", "replace"))
    return ""


def _stem(name: str) -> str:
    """Return a name without the suffix of an archive."""
    lowered = name.lower()
    suffixes = (".tar.gz", ".tar.bz2", ".tar.xz", ".zip", ".tar", ".tgz")
    return next((name[: -len(each)] for each in suffixes if lowered.endswith(each)), name)


def _few(notes: list[str]) -> list[str]:
    """Return notes of one kind; of very many the first ones and their number."""
    return notes if len(notes) <= _SHOWN else [*notes[:_SHOWN], f"… and {len(notes) - _SHOWN} more such entries"]

"""
What the assignment asks for: notebooks, files, questions.

The release writes it into ``assignment.json``, beside the modules. Where that file is not there, every notebook of the
folder counts and nothing is known of questions, so less is checked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KIT_NOTEBOOK", "Assignment", "AssignmentError", "NotebookPart", "Question", "read_assignment"]

KIT_NOTEBOOK = "collect_submission.ipynb"
"""The notebook that runs this kit is a tool, not work: it is neither checked nor handed in."""


class AssignmentError(Exception):
    """``assignment.json`` is there and cannot be used."""


@dataclass(frozen=True)
class NotebookPart:
    """One notebook of the assignment, and whether it may be left out without losing points of the maximum."""

    file: str
    extra_credit: bool = False


@dataclass(frozen=True)
class Question:
    """
    One question; a manual one is answered in words and read by a person.

    Attributes:
        id: The ``grade_id`` of its cell.
        title: The words of the rubric.
        number: As in "1.6"; may be empty.
        notebook: The file in which its cell is.
        points: What it is worth, or None where that is not known.
        extra_credit: Whether it adds to the maximum.
        manual: Whether a person reads it.
    """

    id: str
    title: str = ""
    number: str = ""
    notebook: str = ""
    points: float | None = None
    extra_credit: bool = False
    manual: bool = False

    @property
    def label(self) -> str:
        """Number and title, as far as they are known: ``1.6 Why the loss falls``."""
        return " ".join(part for part in (self.number, self.words) if part)

    @property
    def words(self) -> str:
        """The title, without a count of its own: "Inline question 2: by heart" stands below the number 1.10 already."""
        words = re.sub(r"(?i)^inline question\s*\d*\s*[:.\u2013-]\s*", "", self.title) or self.title or self.id
        return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class Assignment:
    """
    What is handed in.

    Attributes:
        name: As in "assignment3"; the archive for Moodle is called so.
        title: For people.
        package: Folder of the modules; the files that are made begin with it.
        notebooks: In the order of the assignment.
        required: Files without which the hand-in is incomplete.
        questions: All of them, in the order of the assignment.
    """

    name: str
    title: str
    package: str
    notebooks: tuple[NotebookPart, ...] = ()
    required: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def code_zip(self) -> str:
        """Name of the archive with modules and notebooks."""
        return f"{self.package}_code_submission.zip"

    @property
    def inline_pdf(self) -> str:
        """Name of the PDF of all notebooks."""
        return f"{self.package}_inline_submission.pdf"

    @property
    def receipt(self) -> str:
        """Name of the receipt."""
        return f"{self.package}_receipt.txt"

    @property
    def single_zip(self) -> str:
        """Name of the archive that holds both."""
        return f"{self.name}.zip"


def read_assignment(root: Path, package: str) -> Assignment:
    """
    Return what the assignment in the folder ``root`` asks for.

    Raises:
        AssignmentError: The file is damaged; the message is for the student.
    """
    path = root / package / "assignment.json"
    if not path.is_file():
        files = sorted(each.name for each in root.glob("*.ipynb") if each.name != KIT_NOTEBOOK)
        return Assignment(root.name, root.name, package, tuple(NotebookPart(name) for name in files))
    try:
        return _assignment(json.loads(path.read_text("utf-8")), package)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AssignmentError(
            f"{package}/assignment.json cannot be read ({type(error).__name__}: {error}). It came with the assignment: "
            "take it from the starter files again."
        ) from error


def _assignment(data: dict, package: str) -> Assignment:
    if data["schema"] != 1:
        raise ValueError(f"its schema is {data['schema']!r}, and these files know schema 1")
    notebooks = tuple(NotebookPart(_name(each["file"]), bool(each.get("extra_credit"))) for each in data["notebooks"])
    return Assignment(
        name=_name(data["name"]),
        title=str(data["title"]),
        package=_name(data.get("package", package)),
        notebooks=notebooks,
        required=tuple(str(each) for each in data["required"]),
        questions=tuple(_question(each, notebooks) for each in data.get("questions", ())),
    )


def _question(data: dict, notebooks: tuple[NotebookPart, ...]) -> Question:
    in_extra = any(each.extra_credit for each in notebooks if each.file == data.get("notebook"))
    points = data.get("points")
    return Question(
        id=str(data["id"]),
        title=str(data.get("title", "")),
        number=str(data.get("number", "")),
        notebook=str(data.get("notebook", "")),
        points=None if points is None else float(points),
        extra_credit=bool(data.get("extra_credit", in_extra)),
        manual=bool(data.get("manual")),
    )


def _name(value: object) -> str:
    text = str(value)
    if not text or text.startswith(".") or set(text) & set('/\\:*?"<>|\0'):
        raise ValueError(f"{text!r} is no name of a file")
    return text

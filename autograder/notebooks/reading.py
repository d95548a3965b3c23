"""
A notebook that somebody sent, whatever state it is in, as cells.

    bytes or text ──▶ JSON within limits ──▶ format 3 or 4 ──▶ cells of one form

What comes in is hostile: its size is compared before it is parsed, nesting ends in an error and not in a crash, and
every part of a cell is copied only if it is of the kind that the format says. What comes out can be written as JSON and
as UTF-8 again. Where there is no notebook in a file, the message says what there is instead, and what to do.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.errors import IntakeError

__all__ = ["MOST_BYTES", "Cell", "Finding", "Notebook", "NotebookRejected", "read_notebook"]

MOST_BYTES = 64 << 20
"""As for one file of a hand-in; the largest honest notebook seen, with videos in its outputs, has 40 MB."""
_MOST_CELLS = 20_000
_MOST_DEPTH = 200  # of what an output holds; plots made by libraries nest some twenty levels deep
_KINDS = {"code", "markdown", "raw"}
_OUTPUTS = {"stream", "display_data", "execute_result", "error"}
_FORMAT, _MINOR = 4, 5
_MERGE = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_HEADS = (
    (b"%PDF", "a PDF", "Hand in the notebook itself, the file that ends in .ipynb."),
    (b"PK\x03\x04", "a zip archive", "Unpack it, and hand in the .ipynb that is in it."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it, and hand in the .ipynb that is in it."),
    (b"version https://git-lfs", "a pointer of git-lfs", "Run `git lfs pull`, and hand in the file that it fetches."),
)
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_SCRIPT = re.compile(r"\s*(?:import |from \w[\w.]* import|def |#|%)")
# What the MIME bundle of format 4 calls what format 3 has as keys of an output.
_MIME = {
    "text": "text/plain", "html": "text/html", "svg": "image/svg+xml", "png": "image/png", "jpeg": "image/jpeg",
    "latex": "text/latex", "json": "application/json", "javascript": "application/javascript",
}  # fmt: skip


class NotebookRejected(IntakeError):
    """A file that is no notebook, or another one; the message says what it is and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something that was wrong with a notebook, and was put right.

    Attributes:
        kind: One word for programs: ``encoding``, ``format``, ``unnamed``, ``duplicated``, ``merged``, ``split``,
            ``moved``, ``deleted``, ``type``, ``changed`` or ``foreign``.
        text: What people read: what was found, and what was done.
        cell: The cell in the notebook as it was sent, from 1; 0 where there is none.
        grade_id: The graded cell of the release that it concerns; empty where there is none.
    """

    kind: str
    text: str
    cell: int = 0
    grade_id: str = ""


@dataclass(slots=True)
class Cell:
    """
    One cell, of format 4 whatever it was.

    Attributes:
        kind: ``code``, ``markdown`` or ``raw``.
        source: Its text.
        number: Its place in the notebook, from 1.
        id: Its id, or an empty text.
        metadata: Plain JSON.
        rest: What else the format has for this kind: ``outputs``, ``execution_count``, ``attachments``.
    """

    kind: str
    source: str
    number: int = 0
    id: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)

    @property
    def grade_id(self) -> str:
        """The name that nbgrader knows it by; empty if it has none."""
        name = self.marks.get("grade_id")
        return name if isinstance(name, str) else ""

    @property
    def marks(self) -> Mapping[str, Any]:
        """What nbgrader keeps in its metadata."""
        found = self.metadata.get("nbgrader")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells of a notebook, its metadata, and what was wrong with the file around them."""

    cells: list[Cell]
    metadata: dict[str, Any]
    findings: tuple[Finding, ...] = ()


def read_notebook(content: str | bytes) -> Notebook:
    """
    Return the cells of a notebook of format 3 or 4.

    Raises:
        NotebookRejected: It is none, or too large; nothing else, whatever the content is.
    """
    if len(content) > MOST_BYTES:
        raise NotebookRejected(
            f"The notebook has more than {MOST_BYTES >> 20} MiB. Clear the outputs that are large, and save it again."
        )
    text, notes = _decoded(content)
    book = _parsed(text)
    notes += _format_of(book)
    raw = book.get("cells")
    if not isinstance(raw, list):
        sheets = book.get("worksheets")
        raw = [
            cell
            for sheet in (sheets if isinstance(sheets, list) else [])
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
        if not isinstance(sheets, list):
            raise NotebookRejected("The file is JSON, but no notebook: it has no cells. Hand in the .ipynb itself.")
    if len(raw) > _MOST_CELLS:
        raise NotebookRejected(f"The notebook has {len(raw)} cells, more than {_MOST_CELLS}: it cannot be graded.")
    cells = [_cell(entry, number) for number, entry in enumerate(raw, 1) if isinstance(entry, dict)]
    if len(cells) < len(raw):
        notes.append(Finding("format", f"{len(raw) - len(cells)} entries of the notebook are no cells: left out."))
    return Notebook(cells, _object(book.get("metadata")), tuple(notes))


def _decoded(content: str | bytes) -> tuple[str, list[Finding]]:
    """Return the text of a file, and what is wrong with its encoding."""
    if isinstance(content, str):
        mark = content.startswith("\ufeff")
        return content.removeprefix("\ufeff"), [_mark_found()] if mark else []
    for head, what, advice in _HEADS:
        if content.startswith(head):
            raise NotebookRejected(f"The file is called .ipynb, and is {what}. {advice}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
        return text, [Finding("encoding", "The notebook is saved as UTF-16; it was read all the same.")]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        words = f"Line {line} of the file is not UTF-8: it was read as Latin-1, and letters there may look wrong."
        return content.decode("latin-1"), [Finding("encoding", words)]
    return text.removeprefix("\ufeff"), [_mark_found()] if text.startswith("\ufeff") else []


def _mark_found() -> Finding:
    return Finding("encoding", "The file begins with a byte order mark, which some editors add; it was taken away.")


def _parsed(text: str) -> dict[str, Any]:
    """Return the JSON object of a notebook."""
    if not text.strip("\0 \t\r\n"):
        raise NotebookRejected("The notebook is empty. Open it, save it, look at its size, and hand it in again.")
    try:
        book = json.loads(text, parse_constant=lambda _name: None, parse_float=_finite)
    except RecursionError:
        raise NotebookRejected("The file is not a notebook: it is nested too deeply to be read.") from None
    except ValueError as error:
        raise NotebookRejected(_cause(text, error)) from error
    if not isinstance(book, dict):
        raise NotebookRejected("The file is JSON, but no notebook: it has no cells. Hand in the .ipynb itself.")
    return book


def _finite(digits: str) -> float | None:
    """Return a number that JSON can say again."""
    value = float(digits)
    return value if math.isfinite(value) else None


def _cause(text: str, error: ValueError) -> str:
    """Return in words why a text is no JSON: what was probably done to the file."""
    if _WEB_PAGE.match(text):
        return (
            "The file is a web page, not a notebook: it was saved from the browser's window."
            " Download the notebook itself (File, Download), and hand in the .ipynb."
        )
    if found := _MERGE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return (
            f"The notebook has merge markers of git in it, the first on line {line} of the file: two versions were"
            " merged and the conflict is not resolved. Keep one of the two, and hand in the notebook again."
        )
    if "\0" in text:
        return (
            "The file has NUL characters in it: it was damaged on a disk or in a transfer. Save it and send it again."
        )
    where = ""
    if isinstance(error, json.JSONDecodeError):
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            return (
                f"The notebook ends in the middle, after {len(text):,} characters: it was cut short when it was saved"
                " or sent. Open your own copy, save it, and hand it in again."
            )
        where = f" on line {error.lineno}, column {error.colno}"
    if _SCRIPT.match(text):
        return "The file is a Python script that is called .ipynb. Hand in the notebook itself."
    return (
        f"The notebook is not valid JSON{where}: was it edited in a text editor? Open your own copy in Jupyter, save"
        " it, and hand it in again."
    )


def _format_of(book: Mapping[str, Any]) -> list[Finding]:
    """Return what is to be said of a notebook's format."""
    major, minor = book.get("nbformat"), book.get("nbformat_minor")
    known = isinstance(major, int) and not isinstance(major, bool)
    if known and major > _FORMAT:  # type: ignore[operator]
        raise NotebookRejected(
            f"The notebook is of format {str(major)[:9]}, newer than the {_FORMAT} that can be read."
            " In Jupyter, save it as a notebook of version 4."
        )
    if "cells" not in book and "worksheets" in book:
        return [Finding("format", "The notebook is of the old format 3; it was read as format 4.")]
    if not known:
        return [Finding("format", "The notebook does not say its format; it was read as format 4.")]
    if isinstance(minor, int) and minor > _MINOR:
        words = (
            f"The notebook is of format {_FORMAT}.{str(minor)[:9]}, newer than {_FORMAT}.{_MINOR}; it was read as that."
        )
        return [Finding("format", words)]
    return []


def _cell(raw: Mapping[str, Any], number: int) -> Cell:
    """Return a cell in the form of format 4; what it should not hold is left out."""
    kind = _text(raw.get("cell_type"))
    source = _text(raw.get("source", raw.get("input")))
    if kind == "heading":
        level = raw.get("level")
        source = f"{'#' * (level if type(level) is int and 1 <= level <= 6 else 1)} {source}"
    found = Cell(
        kind=kind if kind in _KINDS else "markdown" if kind in ("heading", "html") else "raw",
        source=source,
        number=number,
        id=_text(raw.get("id"))[:64],
        metadata=_object(raw.get("metadata")),
    )
    if found.kind == "code":
        count = raw.get("execution_count", raw.get("prompt_number"))
        outputs = raw.get("outputs")
        found.rest = {
            "execution_count": count if type(count) is int and 0 <= count < 1 << 31 else None,
            "outputs": [made for each in (outputs if isinstance(outputs, list) else []) if (made := _output(each))],
        }
    elif isinstance(raw.get("attachments"), dict):
        found.rest = {"attachments": {_whole(name): _bundle(data) for name, data in raw["attachments"].items()}}
    return found


def _output(raw: object) -> dict[str, Any] | None:
    """Return an output of format 4, or None for what is no output."""
    if not isinstance(raw, dict):
        return None
    kind = _text(raw.get("output_type"))
    kind = {"pyout": "execute_result", "pyerr": "error"}.get(kind, kind)
    if kind not in _OUTPUTS:
        return None
    if kind == "stream":
        name = raw.get("name", raw.get("stream"))
        text = _text(raw.get("text"))
        return {"output_type": kind, "name": name if name in ("stdout", "stderr") else "stdout", "text": text}
    if kind == "error":
        lines = raw.get("traceback")
        traceback = [_text(line) for line in lines] if isinstance(lines, list) else []
        return {
            "output_type": kind, "ename": _text(raw.get("ename")), "evalue": _text(raw.get("evalue")),
            "traceback": traceback,
        }  # fmt: skip
    data = _bundle(raw.get("data")) or _bundle({_MIME[key]: raw[key] for key in _MIME if key in raw})
    made: dict[str, Any] = {"output_type": kind, "data": data, "metadata": _object(raw.get("metadata"))}
    if kind == "execute_result":
        count = raw.get("execution_count", raw.get("prompt_number"))
        made["execution_count"] = count if type(count) is int and 0 <= count < 1 << 31 else None
    return made


def _bundle(value: object) -> dict[str, Any]:
    """Return what an output holds by type: texts, and plain JSON for the types that are."""
    found = _object(value)
    return {
        kind: data if kind.startswith("application/") and kind.endswith("json") else _text(data)
        for kind, data in found.items()
    }


def _text(value: object) -> str:
    """Return a text that the format stores whole or as lines; empty for anything else."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return _whole(value) if isinstance(value, str) else ""


def _whole(text: str) -> str:
    """Return a text that can be written as UTF-8: half of a pair becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _object(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one."""
    made = _plain(value)
    return made if isinstance(made, dict) else {}


def _plain(value: object, depth: int = _MOST_DEPTH) -> Any:
    """Return JSON as it is, texts that can be written, and None for what is nested too deeply."""
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, dict):
        return {_whole(key): _plain(item, depth - 1) for key, item in value.items()} if depth else None
    if isinstance(value, list):
        return [_plain(item, depth - 1) for item in value] if depth else None
    return value

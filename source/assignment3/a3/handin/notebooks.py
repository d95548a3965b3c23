"""
A notebook as data, whatever shape its file is in.

    bytes ─▶ JSON ─▶ format 3 or 4 ─▶ Notebook(cells) ─▶ Cell(source, outputs, …)

What has a wrong type reads as absent, so that one odd cell never costs the others. Only a file that is no notebook at
all is refused, with the likely cause in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["MAX_BYTES", "MAX_CELLS", "Cell", "NotANotebook", "Notebook", "Output", "read_notebook", "read_text"]

MAX_BYTES = 64 * 2**20
"""What grading accepts of one file; larger notebooks have pictures or logs in them that nobody reads."""
MAX_CELLS = 1000
"""Five times the longest notebook of the field."""

_OLD_MIME = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "html": "text/html",
    "latex": "text/latex",
    "text": "text/plain",
}
"""How format 3 names what an output holds."""


class NotANotebook(Exception):
    """A file cannot be read as a notebook; the message says why and what to do."""


@dataclass(frozen=True)
class Output:
    """
    One output of a code cell.

    Attributes:
        kind: ``stream``, ``error`` or ``data``.
        name: ``stdout`` or ``stderr`` of a stream; the exception's name of an error.
        text: What a stream printed, or the traceback.
        data: What is displayed, by MIME type.
        metadata: Beside the data.
    """

    kind: str
    name: str = ""
    text: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """
    One cell; ``number`` counts all cells of the notebook from 1.

    Attributes:
        number: Place in the notebook.
        kind: ``code``, ``markdown`` or ``raw``.
        source: Its text.
        execution_count: What stands in ``In [ ]``, or None.
        outputs: Of a code cell.
        metadata: Of the cell.
        attachments: Pictures that were dropped into a text cell: name, MIME type, base64.
    """

    number: int
    kind: str
    source: str
    execution_count: int | None = None
    outputs: tuple[Output, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def nbgrader(self) -> Mapping[str, object]:
        """What nbgrader has written about the cell."""
        return _mapping(self.metadata.get("nbgrader"))

    @property
    def grade_id(self) -> str:
        """The question whose cell this is, or empty text."""
        found = self.nbgrader.get("grade_id")
        return found if isinstance(found, str) else ""

    @property
    def is_manual(self) -> bool:
        """Whether the student's answer in this cell is read by a person."""
        return self.nbgrader.get("grade") is True and self.nbgrader.get("solution") is True


@dataclass(frozen=True)
class Notebook:
    """One notebook: the name of its file, its cells, the version of its format, and how many cells were too many."""

    name: str
    cells: tuple[Cell, ...]
    version: int = 4
    left_out: int = 0


def read_notebook(path: Path) -> Notebook:
    """
    Return the notebook in a file.

    Raises:
        NotANotebook: It is not there, too large, no JSON, or JSON that is no notebook.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise NotANotebook(
                f"the file has {size / 2**20:.0f} MiB, and {MAX_BYTES // 2**20} MiB is the most. Clear the outputs of "
                "the cell that prints or shows so much, run it again with less, and save."
            )
        raw = path.read_bytes()
    except OSError as error:
        raise NotANotebook(f"the file cannot be opened ({error.strerror or error}).") from error
    return read_text(raw, path.name)


def read_text(raw: bytes, name: str) -> Notebook:
    """
    Return the notebook in the bytes of a file.

    Raises:
        NotANotebook: They are no JSON, or JSON that is no notebook.
    """
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace")
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise NotANotebook(_cause(raw, error)) from error
    if not isinstance(data, dict):
        raise NotANotebook(
            "the file holds JSON, but no notebook. Take the starter's notebook and copy your cells over."
        )
    found = list(_raw_cells(data))
    if not found and not isinstance(data.get("cells"), list):
        raise NotANotebook(
            "the file holds no list of cells. Open it in Jupyter, see whether your work is there, and save."
        )
    version = data.get("nbformat")
    cells = tuple(_cell(number, each) for number, each in enumerate(found[:MAX_CELLS], 1))
    return Notebook(name, cells, version if isinstance(version, int) else 4, max(0, len(found) - MAX_CELLS))


def _cause(raw: bytes, error: Exception) -> str:
    if not raw.strip():
        return "the file is empty. Open the notebook in Jupyter, run it, and save it again."
    if b"<<<<<<<" in raw and b">>>>>>>" in raw:
        return (
            "Git has left merge marks (<<<<<<<) in the file. Keep one side of each, then open and save it in Jupyter."
        )
    if raw.lstrip()[:1] == b"<":
        return "the file is a web page, not a notebook. In Jupyter or Colab choose File > Download > .ipynb."
    if isinstance(error, RecursionError):
        return "the file is nested too deeply to be a notebook."
    return (
        f"the file is no valid JSON ({error}). It may have been cut short, or edited by hand: take an earlier version, "
        "as from .ipynb_checkpoints, or the starter's."
    )


def _raw_cells(data: dict) -> Iterator[dict]:
    """Yield the cells of format 4, or those of every worksheet of format 3."""
    places = [data.get("cells")]
    sheets = data.get("worksheets")
    if isinstance(sheets, list):
        places += [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    for place in places:
        if isinstance(place, list):
            yield from (each for each in place if isinstance(each, dict))


def _cell(number: int, data: dict) -> Cell:
    kind = data.get("cell_type")
    source = _text(data.get("source", data.get("input")))
    if kind == "heading":  # format 3 has headings as cells of their own
        level = data.get("level")
        kind, source = "markdown", f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {source}"
    if kind not in ("code", "markdown"):
        kind = "raw"
    count = data.get("execution_count", data.get("prompt_number"))
    outputs = data.get("outputs")
    return Cell(
        number,
        kind,
        source,
        count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None,
        tuple(_output(each) for each in outputs if isinstance(each, dict)) if isinstance(outputs, list) else (),
        _mapping(data.get("metadata")),
        {str(name): _texts(each) for name, each in _mapping(data.get("attachments")).items()},
    )


def _output(data: dict) -> Output:
    kind = data.get("output_type")
    if kind == "stream":
        name = data.get("name", data.get("stream"))
        return Output("stream", "stderr" if name == "stderr" else "stdout", _text(data.get("text")))
    if kind in ("error", "pyerr"):
        lines = data.get("traceback")
        trace = "\n".join(each for each in lines if isinstance(each, str)) if isinstance(lines, list) else _text(lines)
        name = _text(data.get("ename"))
        return Output("error", name, trace or f"{name}: {_text(data.get('evalue'))}")
    shown = _texts(data.get("data"))
    shown.update({mime: _text(data[old]) for old, mime in _OLD_MIME.items() if old in data and mime not in shown})
    return Output("data", data=shown, metadata=_mapping(data.get("metadata")))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    """Return the entries of a mapping that are text; an object of JSON is kept as empty text: it is there."""
    return {str(key): _text(each) for key, each in _mapping(value).items()}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return ""

"""
A student's notebook as staff may open it in a browser.

    release's text + student's file ──align──▶ every graded cell once, under its own name
                                    ──show───▶ a notebook that holds text and pictures, and runs nothing

Formgrader shows a notebook in the browser of somebody who may change every grade, with the HTML of its Markdown, its
outputs and its attachments as they are. So the notebook that it gets is made anew, of plain pieces: cells with their
text, outputs that are text, PNG or JPEG, and the metadata of the release. Markdown keeps its mathematics and loses its
HTML, since no tag begins with a blank; only a text that is the release's word for word stays as the course wrote it.

Nothing of the student's is needed to grade a question here, so what tests found out of it takes the place of the
output of its cell: formgrader and feedback show both in one place.
"""

from __future__ import annotations

import base64
import binascii
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from autograder.submission import display_text

__all__ = ["answers", "shown_notebook"]

_CELL_CHARS: Final = 200_000  # an essay has a hundredth of it
_OUTPUT_CHARS: Final = 50_000  # of one cell, in text
_PICTURE_CHARS: Final = 4 << 20  # of one picture, in base64
_CELLS: Final = 2_000
_OUTPUTS: Final = 50  # of one cell
_LINE: Final = 110  # characters of a verdict side by side on the page
_INDENT: Final = 20
_PICTURES: Final = ("image/png", "image/jpeg")

# What Markdown makes more of than text, and what stands there instead. Entities could hide the scheme of an address, so
# a link is left only where it plainly leads to the web, or to a picture that was pasted in.
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_LINK: Final = re.compile(r"\]\((?!\s*https?://)(?:(\s*attachment:([\w.-]+))(?=[)\s]))?")
_REFERENCE: Final = re.compile(r"\]:(?!\s*https?://)")
# A browser fetches a picture unasked, with the cookies of whoever looks: /hub/logout is an address too. So a picture
# from elsewhere becomes a link; what may stand in the words of one that was pasted in cannot end them early.
_PICTURE: Final = re.compile(r"!\[(?![\w ,.:;-]*\]\(\s*attachment:)")
_DIAGRAM: Final = re.compile(r"((?:```|~~~)[ \t]*)mermaid", re.IGNORECASE)  # also where a list begins
_ACTIVE_TEX: Final = re.compile(r"\\(?:href|cssId|class|style|require)(?![A-Za-z])")

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


def _name(cell: Mapping[str, Any]) -> str:
    """Return a cell's ``grade_id``, or an empty text."""
    marks = cell["metadata"].get("nbgrader") if isinstance(cell.get("metadata"), dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""


def answers(notebook: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of each named cell of a notebook; of two with one name, the first."""
    found: dict[str, str] = {}
    for cell in notebook["cells"]:
        found.setdefault(_name(cell), _text(cell.get("source"), _CELL_CHARS))
    return found


def shown_notebook(
    release: Mapping[str, Any], notebook: Mapping[str, Any], *, verdicts: Mapping[str, str], notes: str
) -> dict[str, Any]:
    """
    Return a notebook that a browser may show, with every graded cell of the release exactly once.

    Args:
        release: The release's notebook: marks, the text of locked cells, and metadata are taken from it.
        notebook: The student's, aligned.
        verdicts: For each question that tests grade, what is shown below its cell.
        notes: What is shown above everything; empty for nothing.
    """
    left = {name: cell for cell in release["cells"] if (name := _name(cell))}
    ours = frozenset(_source(cell) for cell in release["cells"] if cell["cell_type"] == "markdown")
    wrapped = {name: _wrapped(text) for name, text in verdicts.items()}
    cells = [_cell(cell, left.pop(_name(cell), None), wrapped, ours) for cell in list(notebook["cells"])[:_CELLS]]
    cells += [_cell(cell, cell, wrapped, ours) for cell in left.values()]
    if notes.strip():
        # An output, since outputs are shown as they are, and the text of Markdown is not.
        cells.insert(0, _code_cell("# Notes of the grader", [_stream(_wrapped(notes))]))
    return {
        "nbformat": 4,
        "nbformat_minor": 4,  # the last one whose cells need no ids
        "metadata": {
            key: release["metadata"][key] for key in ("kernelspec", "language_info") if key in release["metadata"]
        },
        "cells": cells,
    }


def _cell(
    cell: Mapping[str, Any], release: Mapping[str, Any] | None, verdicts: Mapping[str, str], ours: frozenset[str]
) -> dict[str, Any]:
    """
    Return one cell, made of what is known to be harmless.

    ``release`` is the release's cell of its name; a text that is among ``ours`` is the course's own.
    """
    marks = {} if release is None else {"nbgrader": dict(release["metadata"]["nbgrader"])}
    is_answer = release is None or release["metadata"]["nbgrader"].get("solution") is True
    kind = (release or cell).get("cell_type")
    source = _source(cell if is_answer else release or cell)
    if kind == "markdown":
        pictures = dict(_attachments(cell.get("attachments")))
        shown = {
            "cell_type": "markdown",
            "metadata": marks,
            "source": source if source in ours else _harmless(source, pictures),
        }
        return shown | ({"attachments": pictures} if pictures else {})
    # A raw cell could be HTML; as code it is shown as it was written.
    name = _name(cell) if release is not None else ""
    return _code_cell(source, [_stream(verdicts[name])] if name in verdicts else _outputs(cell.get("outputs")), marks)


def _source(cell: Mapping[str, Any]) -> str:
    """Return a cell's text, with what is not plainly visible escaped."""
    return display_text(_text(cell.get("source"), _CELL_CHARS))


def _wrapped(text: str) -> str:
    """Return a text in lines that fit formgrader's page, which neither wraps nor scrolls; indents go on."""
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip(" "))][:_INDENT]
        rest = textwrap.wrap(line, _LINE, subsequent_indent=f"{indent}  ", break_on_hyphens=False)
        lines += rest if len(line) > _LINE and rest else [line]
    return "\n".join(lines)


def _harmless(source: str, pictures: Mapping[str, object]) -> str:
    """Return Markdown without HTML, without addresses that run something, and without pictures that are not there."""

    def link(found: re.Match[str]) -> str:
        return f"]({found[1]}" if found[2] in pictures else f"] ({found[1] or ''}"

    text = _PICTURE.sub("[", _LINK.sub(link, _TAG.sub("< ", source)))
    text = _DIAGRAM.sub(r"\1text", _REFERENCE.sub("] :", text))
    return _ACTIVE_TEX.sub(r"\\text", text)


def _code_cell(
    source: str, outputs: Iterable[Mapping[str, Any]], marks: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a cell of code."""
    return {
        "cell_type": "code",
        "metadata": dict(marks or {}),
        "source": source,
        "execution_count": None,
        "outputs": list(outputs),
    }


def _outputs(outputs: object) -> Iterator[dict[str, Any]]:
    """Yield what can be shown of a cell's outputs, and say of each other that it is not."""
    room = _OUTPUT_CHARS
    for output in (outputs if isinstance(outputs, list) else [])[:_OUTPUTS]:
        if not isinstance(output, dict):
            continue
        data = output["data"] if isinstance(output.get("data"), dict) else {}
        picture = next(((kind, data[kind]) for kind in _PICTURES if _is_picture(data.get(kind))), None)
        if picture:
            yield {"output_type": "display_data", "metadata": {}, "data": {picture[0]: _joined(picture[1])}}
            continue
        text = _COLOURS.sub("", _output_text(output, data))[:room]
        room -= len(text)
        if text:
            yield _stream(display_text(text))


def _output_text(output: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return the text of one output."""
    match output.get("output_type"):
        case "stream":
            return _text(output.get("text"), _OUTPUT_CHARS)
        case "error":
            return _text(output.get("traceback"), _OUTPUT_CHARS, "\n") or str(output.get("evalue"))[:_OUTPUT_CHARS]
    if text := _text(data.get("text/plain"), _OUTPUT_CHARS):
        return text
    kinds = ", ".join(sorted(map(str, data)))[:200]
    return f"(an output that is not shown here: {kinds})" if kinds else ""


def _attachments(attachments: object) -> Iterable[tuple[str, dict[str, str]]]:
    """Yield the pictures that were pasted into a cell."""
    for name, kinds in list(attachments.items())[:_OUTPUTS] if isinstance(attachments, dict) else []:
        for kind in _PICTURES:
            if isinstance(kinds, dict) and _is_picture(kinds.get(kind)):
                yield name, {kind: _joined(kinds[kind])}
                break


def _is_picture(data: object) -> bool:
    """Return whether this is base64 of no more than a picture's size."""
    text = _joined(data)
    if not 0 < len(text) <= _PICTURE_CHARS:
        return False
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _joined(data: object) -> str:
    """Return base64 on one line."""
    return "".join(_text(data, 2 * _PICTURE_CHARS).split())


def _text(value: object, most: int, between: str = "") -> str:
    """Return a text that is stored whole or as a list of pieces, cut to ``most`` characters."""
    if isinstance(value, list):
        value = between.join(piece for piece in value if isinstance(piece, str))
    return value[:most] if isinstance(value, str) else ""


def _stream(text: str) -> dict[str, Any]:
    """Return an output of plain text."""
    return {"output_type": "stream", "name": "stdout", "text": text}

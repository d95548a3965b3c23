"""
What must not be in a release, and where it is all the same: the last look before students get it.

What is secret is a matter of words, not of files. A line of a solution, a hidden test or a reference that stands
nowhere in the public text of the source is secret, wherever it turns up: in code, in an output, in metadata, in an
attachment, in an archive. So are rare numbers and texts of such code, and passages of several lines, whose single lines
may be public. A clean release cannot be refused, for all its lines are public by definition; the stripping is not
trusted, which is the point.
"""

from __future__ import annotations

import ast
import base64
import binascii
import bz2
import contextlib
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from autograder.notebooks.markers import MARKERS

__all__ = ["Leak", "Secrets", "find_leaks"]

_LINE_CHARS: Final = 6
"""Shorter lines, such as ``else:``, tell nothing."""
_PART_CHARS: Final = 16
"""A secret this long is looked for within longer lines too."""
_PASSAGE_LINES: Final = 3
_PASSAGE_CHARS: Final = 60
_DIGITS: Final = 6
_TEXT_CHARS: Final = 12
_MOST_BYTES: Final = 256 << 20
_PACKED: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{64,}={0,2}")


@dataclass(frozen=True, slots=True)
class Leak:
    """
    Something secret in a file of a release.

    Attributes:
        path: The file.
        place: Where in the file, as ``line 12`` or ``cell 7, outputs``.
        text: What was found, cut short.
    """

    path: str
    place: str
    text: str

    def __str__(self) -> str:
        """Return the finding in one line."""
        return f"{self.path}, {self.place}: {self.text!r}"


@dataclass(slots=True)
class Secrets:
    """
    What is looked for; filled by `add_public`, then by `add`.

    Attributes:
        lines: Lines, with single spaces.
        passages: Runs of lines, which may each be public.
        words: Texts that are looked for as they are.
    """

    lines: set[str] = field(default_factory=set)
    passages: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    _public: set[str] = field(default_factory=set)
    _public_text: str = ""

    def add_public(self, text: str) -> None:
        """Let a text be public, line by line."""
        lines = _lines(text)
        self._public.update(lines)
        self._public_text += "\n" + "\n".join(lines)

    def add(self, text: str, *, passages: bool = False) -> None:
        """
        Let a text be secret: its lines, and the rare numbers and texts of its code.

        Args:
            text: A solution, a hidden test, a reference.
            passages: Its runs of lines too, for text that nothing public repeats.
        """
        lines = _lines(text)
        self.lines.update(line for line in lines if len(line) >= _LINE_CHARS and line not in self._public)
        self.words.update(word for word in _rare_literals(text) if word not in self._public_text)
        if passages:
            for start in range(len(lines) - _PASSAGE_LINES + 1):
                passage = "\n".join(lines[start : start + _PASSAGE_LINES])
                if len(passage) >= _PASSAGE_CHARS:
                    self.passages.add(passage)

    def add_word(self, word: str) -> None:
        """Let a text be secret wherever it stands."""
        self.words.add(word)


def find_leaks(files: Mapping[str, bytes], secrets: Secrets) -> list[Leak]:
    """Return what of the ``secrets`` is in the ``files`` of a release, by path; archives are looked into."""
    parts = [line for line in secrets.lines if len(line) >= _PART_CHARS and line not in secrets._public_text]  # noqa: SLF001
    found: list[Leak] = []
    for path, content in files.items():
        for place, text in _texts(path, content):
            found += _search(path, place, text, secrets, parts)
    return list(dict.fromkeys(found))


def _search(path: str, place: str, text: str, secrets: Secrets, parts: list[str]) -> Iterator[Leak]:
    lines = _lines(text)
    whole = "\n".join(lines)
    for number, line in enumerate(text.split("\n"), 1):
        if " ".join(line.split()) in secrets.lines:
            yield Leak(path, place or f"line {number}", _clip(line))
    for needle in (*parts, *secrets.passages):
        if needle in whole:
            yield Leak(path, place or _line_of(lines, needle), _clip(needle))
    for word in (*secrets.words, *MARKERS):
        if word in text:
            yield Leak(path, place or "somewhere", _clip(word))


def _line_of(lines: list[str], needle: str) -> str:
    first = needle.split("\n", maxsplit=1)[0]
    return next((f"at {line[:40]!r}" for line in lines if first in line), "somewhere")


def _texts(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Return the texts of a file with their places; those of a notebook by cell and part, of an archive by member."""
    if content[:4] == b"PK\x03\x04":
        yield from _members(content)
        return
    if content.startswith(_PACKED) or content[257:262] == b"ustar":
        yield from _packed(path, content)
        return
    text = content.decode("utf-8", errors="replace")
    yield "", text
    if path.endswith((".ipynb", ".json")):
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from _strings_of(tree)


def _members(content: bytes) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
            raise ValueError("an archive in the release is too large to be looked through")
        for info in archive.infolist():
            for place, text in _texts(info.filename, archive.read(info)):
                yield f"{info.filename} {place}".rstrip(), text


def _packed(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Return the texts of a tar, or of what is compressed and no tar."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            members = [each for each in archive if each.isreg()]
            if sum(each.size for each in members) > _MOST_BYTES:
                raise ValueError("an archive in the release is too large to be looked through")
            for each in members:
                file = archive.extractfile(each)
                for place, text in _texts(each.name, file.read() if file else b""):
                    yield f"{each.name} {place}".rstrip(), text
    except tarfile.ReadError:
        for opened in (gzip.open, bz2.open, lzma.open):
            with contextlib.suppress(OSError, EOFError, lzma.LZMAError), opened(io.BytesIO(content)) as stream:
                yield from _texts(path.rpartition(".")[0], stream.read(_MOST_BYTES))


def _strings_of(tree: Any) -> Iterator[tuple[str, str]]:
    """Return what a notebook holds as text, with what is base64 read too."""
    cells = tree.get("cells") if isinstance(tree, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else [], 1):
        for key, part in cell.items() if isinstance(cell, dict) else ():
            yield f"cell {number}, {key}", _flat(part)
    yield "as data", _flat(tree)


def _flat(tree: Any) -> str:
    texts: list[str] = []
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list) and all(isinstance(item, str) for item in each):
            waiting.append("".join(each))
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            texts.append(each)
            texts += _decoded(each)
    return "\n".join(texts)


def _decoded(text: str) -> list[str]:
    if not _BASE64.fullmatch(text):
        return []
    try:
        return [base64.b64decode("".join(text.split()), validate=True).decode("utf-8", errors="replace")]
    except (binascii.Error, ValueError):
        return []


def _lines(text: str) -> list[str]:
    """Return the lines that are not empty, each with single spaces."""
    return [line for line in (" ".join(line.split()) for line in text.split("\n")) if line]


def _rare_literals(text: str) -> Iterable[str]:
    """Return the numbers of many digits and the long texts of Python code; nothing of what is no Python."""
    try:
        tree = ast.parse(_dedented(text))
    except (SyntaxError, ValueError):
        return
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in documentation:
            continue
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            digits = ast.get_source_segment(_dedented(text), node) or repr(node.value)
            if len(re.sub(r"\D|^0+", "", digits.lower().partition("e")[0])) >= _DIGITS and not digits.endswith("000"):
                yield digits
        elif isinstance(node.value, str) and len(node.value.strip()) >= _TEXT_CHARS:
            yield node.value.strip()


def _dedented(text: str) -> str:
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    least = min(indents, default=0)
    return "\n".join(line[least:] for line in lines)


def _clip(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 60 else text[:60] + "…"

"""
A syntax tree of pandoc as code of Typst.

    {"t": "Emph", "c": [{"t": "Str", "c": "so"}]}  ─▶  emph({[]; "so"})

Every word of a student becomes a string between quotes: there is no other way from the tree into the code. Attributes
are dropped, since pandoc's own writer turns some into code; what is not in the tables below is written as its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from . import formulas as tex
from .plain import clean, fold
from .pictures import Picture

__all__ = ["MAX_COLUMNS", "MAX_ROWS", "picture", "quoted", "written"]

MAX_DEPTH = 24
"""Lists in quotes in lists: Typst gives up at some hundred, a reader before."""
MAX_ROWS = 60
"""As many as pandas shows."""
MAX_COLUMNS = 20
MAX_CODE_COLUMNS = 92
POINTS_PER_PIXEL = 0.6
"""A plot of 640 pixels then fills most of a page's width."""
MAX_WIDTH_PT = 430
MAX_HEIGHT_PT = 560

_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f\"<>\\^`{|}]{1,1500}", re.IGNORECASE)
_WRAPPED = {"Emph": "emph", "Strong": "strong", "Strikeout": "strike", "Superscript": "super", "Subscript": "sub",
            "Underline": "underline"}  # fmt: skip
_TAGS = {"b": "strong", "strong": "strong", "i": "emph", "em": "emph", "u": "underline", "s": "strike", "del": "strike",
         "sub": "sub", "sup": "super"}  # fmt: skip
_TAG = re.compile(r"<(/?)([A-Za-z]{1,10})\b[^>]*>")
_LONG = re.compile("[^\\s\ue000\ue001-]{40}(?=[^\\s\ue000\ue001-]{20})")
_ALIGN = {"AlignRight": "right", "AlignCenter": "center"}


def quoted(text: str) -> str:
    """Return a text as a string of Typst: nothing in it can end the string or begin code."""
    text = "\u200b".join(clean(part) for part in text.split("\ue002"))
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def picture(shown: Picture) -> str:
    """Return the code for a picture of the album, no larger than the page."""
    width = shown.width * POINTS_PER_PIXEL if shown.width else 300
    if shown.width and shown.height:
        width = min(width, MAX_HEIGHT_PT * shown.width / shown.height)
    return f"picture({quoted(shown.file)}, {max(2.0, min(width, MAX_WIDTH_PT)):.1f}pt)"


def written(
    tree: Mapping,
    formulas: Sequence[tex.Formula] = (),
    typst: Sequence[str] = (),
    pictures: Mapping[str, Picture | str] | None = None,
) -> str:
    """
    Return the code for a tree.

    Args:
        tree: What pandoc has read.
        formulas: What the marks in its texts stand for.
        typst: Each formula as Typst; where it is empty, the formula is shown as it was written.
        pictures: What each address of a picture stands for: a picture, or why it is left out.
    """
    return _Writer(tuple(formulas), typst, pictures or {}).blocks(tree["blocks"], 0)


class _Writer:
    def __init__(self, formulas: tuple[tex.Formula, ...], typst: Sequence[str], pictures: Mapping[str, Picture | str]):
        self._formulas = formulas
        self._typst = typst
        self._pictures = pictures
        self._blocks: dict[str, Callable[[list, int], str]] = {
            "Plain": lambda c, _: self.inlines(c),
            "Para": lambda c, _: self.inlines(c),
            "Header": lambda c, _: f"heading(level: {min(int(c[0]) + 1, 6)}, outlined: true, {self.inlines(c[2])})",
            "CodeBlock": lambda c, _: self._code_block(c),
            "BlockQuote": lambda c, depth: f"quote(block: true, {self.blocks(c, depth)})",
            "BulletList": lambda c, depth: f"list({self._items(c, depth)})",
            "OrderedList": lambda c, depth: (
                f"enum(start: {min(max(int(c[0][0]), 0), 99999)}, {self._items(c[1], depth)})"
            ),
            "DefinitionList": self._definitions,
            "HorizontalRule": lambda c, _: "rule()",
            "Table": self._table,
            "Div": lambda c, depth: self.blocks(c[1], depth),
            "Figure": lambda c, depth: self.blocks(c[2], depth),
            "LineBlock": lambda c, _: "{" + "; linebreak(); ".join(["[]", *map(self.inlines, c)]) + "}",
            "RawBlock": lambda c, _: self._text(c[1]),
        }

    # Blocks

    def blocks(self, found: Iterable[Mapping], depth: int) -> str:
        if depth > MAX_DEPTH:
            return 'note("nested too deeply to be shown")'
        parts = ["[]"]
        for block in found:
            write = self._blocks.get(block["t"])
            parts += [write(block.get("c", []), depth + 1) if write else "[]", "parbreak()"]
        return "{" + "; ".join(parts[:-1]) + "}"

    def _items(self, items: Iterable[list], depth: int) -> str:
        return ", ".join(self.blocks(each, depth) for each in items) or "[]"

    def _definitions(self, found: list, depth: int) -> str:
        items = [
            f"terms.item({self.inlines(term)}, {{{'; '.join(self.blocks(each, depth) for each in texts)}}})"
            for term, texts in found
        ]
        return f"terms({', '.join(items)})"

    def _code_block(self, content: list) -> str:
        classes = content[0][1]
        language = classes[0] if classes and re.fullmatch(r"[A-Za-z0-9+-]{1,20}", classes[0]) else ""
        text = fold(clean(tex.restore(content[1], self._formulas)), MAX_CODE_COLUMNS)
        return f"listing({quoted(text)}, {quoted(language) if language else 'none'})"

    def _table(self, content: list, depth: int) -> str:
        head = content[3][1]
        body = [row for each in content[4] for row in (*each[2], *each[3])] + content[5][1]
        columns = min(len(content[2]), MAX_COLUMNS)
        aligned = [_ALIGN.get(each[0]["t"], "left") for each in content[2][:columns]]
        kept = body if len(body) <= MAX_ROWS else [*body[: MAX_ROWS // 2], *body[-(MAX_ROWS // 2) :]]
        header = ", ".join(self._row(row, columns, depth) for row in head[:5])
        rows = [self._row(row, columns, depth) for row in kept]
        missing = []
        if len(body) > len(kept):
            missing.append(f"{len(body) - len(kept):,} rows in the middle left out")
        if len(content[2]) > columns:
            missing.append(f"{len(content[2]) - columns:,} columns left out")
        code = f"grid-of({max(columns, 1)}, ({''.join(f'{each}, ' for each in aligned) or 'left, '}), "
        code += f"({header + ', ' if header else ''}), ({', '.join(rows) + ', ' if rows else ''}))"
        caption = self.blocks(content[1][1], depth) + "; " if content[1][1] else ""
        return "{" + caption + code + ("; note(" + quoted(", ".join(missing)) + ")" if missing else "") + "}"

    def _row(self, row: list, columns: int, depth: int) -> str:
        cells, at = [], 0
        for _, align, rows, across, blocks in row[1]:
            if at >= columns:
                break
            wide = min(max(int(across), 1), columns - at)
            at += wide
            options = f"align: {_ALIGN[align['t']]}, " if align["t"] in _ALIGN else ""
            options += f"colspan: {wide}, " if wide > 1 else ""
            options += f"rowspan: {min(int(rows), 50)}, " if int(rows) > 1 else ""
            cells.append(f"table.cell({options}{self.blocks(blocks, depth)})")
        return ", ".join(cells) or f"table.cell(colspan: {max(columns, 1)}, [])"

    # Inlines

    def inlines(self, found: Sequence[Mapping], depth: int = 0) -> str:
        """Return code for words; neighbours of plain text become one string."""
        if depth > MAX_DEPTH:
            return '{"…"}'
        parts, words, at = ["[]"], "", 0
        while at < len(found):
            each = found[at]
            at += 1
            if each["t"] in ("Str", "Space", "SoftBreak"):
                words += each["c"] if each["t"] == "Str" else " "
                continue
            parts, words = [*parts, *self._words(words)], ""
            tag = _TAG.fullmatch(each["c"][1]) if each["t"] == "RawInline" and each["c"][0] == "html" else None
            end = _closing(found, at, tag[2]) if tag and not tag[1] and tag[2].lower() in _TAGS else None
            if end is not None:
                parts.append(f"{_TAGS[tag[2].lower()]}({self.inlines(found[at:end], depth + 1)})")
                at = end + 1
            else:
                parts.append("linebreak()" if tag and tag[2].lower() == "br" else self._inline(each, depth + 1))
        return "{" + "; ".join((*parts, *self._words(words))) + "}"

    def _inline(self, each: Mapping, depth: int) -> str:
        kind, content = each["t"], each.get("c", [])
        if kind in _WRAPPED:
            return f"{_WRAPPED[kind]}({self.inlines(content, depth)})"
        if kind == "LineBreak":
            return "linebreak()"
        if kind == "Code":
            return f"word-of-code({quoted(tex.restore(content[1], self._formulas))})"
        if kind == "Math":
            return f"tex-source({quoted(content[1])})"
        if kind == "Link":
            return self._link(content, depth)
        if kind == "Image":
            return self._image(content[2][0])
        if kind == "Quoted":
            marks = "\u2018\u2019" if content[0]["t"] == "SingleQuote" else "\u201c\u201d"
            return f"{{{quoted(marks[0])}; {self.inlines(content[1], depth)}; {quoted(marks[1])}}}"
        if kind in ("Span", "Cite", "SmallCaps"):
            return self.inlines(content if kind == "SmallCaps" else content[1], depth)
        if kind == "Note":
            return self.blocks(content, depth)
        return "[]" if kind == "RawInline" and content[0] == "html" else self._text(str(content[-1]) if content else "")

    def _link(self, content: list, depth: int) -> str:
        words, address = self.inlines(content[1], depth), tex.restore(str(content[2][0]), self._formulas)
        return f"link({quoted(address)}, {words})" if _LINK.fullmatch(address) else words

    def _image(self, address: str) -> str:
        shown = self._pictures.get(address)
        if isinstance(shown, Picture):
            return picture(shown)
        why = shown or f"{address[:80]} does not lie in the notebook; drag it into the cell to have it there"
        return f"note({quoted('picture left out: ' + why)})"

    def _words(self, text: str) -> list[str]:
        """Return plain text, with places to break a line in what is longer than one."""
        return [self._text(_LONG.sub(lambda found: f"{found[0]}\ue002", text))] if text else []

    def _text(self, text: str) -> str:
        """Return a string, or strings with the formulas between them."""
        pieces = tex.MARK.split(text)
        if len(pieces) == 1:
            return quoted(text)
        parts = ["[]"]
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                parts += [quoted(piece)] if piece else []
                continue
            number = int(piece)
            code = self._typst[number] if number < len(self._typst) else ""
            source = self._formulas[number].source if number < len(self._formulas) else ""
            parts.append(code or f"tex-source({quoted(source)})")
        return "{" + "; ".join(parts) + "}"


def _closing(found: Sequence[Mapping], at: int, name: str) -> int | None:
    """Return where an HTML tag is closed, none of the same name between."""
    for index in range(at, min(len(found), at + 500)):
        each = found[index]
        if each["t"] == "RawInline" and (tag := _TAG.fullmatch(each["c"][1])) and tag[2].lower() == name.lower():
            return index if tag[1] else None
    return None

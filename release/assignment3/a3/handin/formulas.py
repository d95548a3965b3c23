r"""
Formulas in Markdown, taken out before Markdown sees them, as Jupyter does.

    "the loss $x_i$ and \begin{align} … \end{align}"  ─▶  "the loss ⟦0⟧ and ⟦1⟧", (Formula("x_i"), Formula("…"))

What stands for a formula is a number between two characters of the private area, which `plain.clean` leaves in no text
of a student. Between backticks nothing is a formula.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MARK", "Formula", "is_safe", "mend", "protect", "renewed", "restore"]

MARK = re.compile("\ue000([0-9]{1,6})\ue001")
MAX_FORMULA = 4_000
"""Characters; a page of aligned equations has two thousand."""
MAX_FORMULAS = 400
MAX_DEPTH = 40
"""Brackets in brackets, escaped ones too: beyond some hundred Typst ends without a word."""

_START = re.compile(
    r"(?m)^ {0,3}(?P<fence>`{3,}|~{3,})|(?P<ticks>`+)|"
    r"\\begin\{(?P<name>[A-Za-z]{1,20}\*?)\}|(?P<open>\$\$|\$|\\\\\(|\\\\\[)|\\."
)
_CLOSE = {"$$": "$$", "$": "$", r"\\(": r"\\)", r"\\[": r"\\]"}
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Formula:
    """TeX, whether it stands on a line of its own, and how it was written."""

    tex: str
    display: bool
    source: str


def protect(text: str) -> tuple[str, tuple[Formula, ...]]:
    """Return Markdown with marks in place of formulas, and the formulas in the order of the marks."""
    parts: list[str] = []
    found: list[Formula] = []
    at = 0
    while (start := _START.search(text, at)) is not None and len(found) < MAX_FORMULAS:
        parts.append(text[at : start.start()])
        end = _end_of_code(text, start) if start["fence"] or start["ticks"] else None
        formula = _formula(text, start) if start["name"] or start["open"] else None
        if formula is None:
            at = start.end() if end is None else end
            parts.append(text[start.start() : at])
        else:
            parts.append(f"\ue000{len(found)}\ue001")
            found.append(formula)
            at = start.start() + len(formula.source)
    return "".join((*parts, text[at:])), tuple(found)


def restore(text: str, formulas: tuple[Formula, ...]) -> str:
    """Return a text with its formulas as they were written."""
    return MARK.sub(lambda found: formulas[int(found[1])].source if int(found[1]) < len(formulas) else "", text)


def _end_of_code(text: str, start: re.Match[str]) -> int | None:
    mark = start["fence"] or start["ticks"]
    if start["fence"] and "\n" in text[start.end() :]:
        closing = re.compile(rf"(?m)^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$").search(
            text, text.find("\n", start.end())
        )
        return closing.end() if closing else len(text)
    closing = re.compile(rf"(?<!`){re.escape(mark)}(?!`)").search(text, start.end())
    return closing.end() if closing and not _PARAGRAPH.search(text, start.end(), closing.start()) else None


def _formula(text: str, start: re.Match[str]) -> Formula | None:
    """Return the formula that begins here, or None where a dollar is a dollar."""
    opener = start["open"]
    closer = _CLOSE[opener] if opener else f"\\end{{{start['name']}}}"
    end = start.end()
    while True:
        end = text.find(closer, end, start.end() + MAX_FORMULA)
        if end < 0:
            return None
        if opener != "$" or text[end - 1] != "\\":
            break
        end += 1
    inner = text[start.end() : end]
    if not inner.strip() or opener and _PARAGRAPH.search(inner):
        return None
    source = text[start.start() : end + len(closer)]
    if opener is None:
        return Formula(source, display=True, source=source)
    if opener == "$":
        spaces = inner[0].isspace() + inner[-1].isspace() * 2
        if spaces == 2 or "\n\n" in inner or (text[end + 1 : end + 2].isdigit() and spaces == 0):
            return None  # "between $5 and $6"
    return Formula(inner, display=opener in ("$$", r"\\["), source=source)


_ALIGNED = re.compile(r"\\begin\{(?:align|aligned|alignat|split)\*?\}")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_SPACE = re.compile(r"#h\(-?[0-9.]{1,8}em\)")
_ROUND = re.compile(r"\b(dot|plus|minus|times|div|slash|ast|eq|gt|lt)\.circle\b")
"""Typst called them so until 0.13; pandoc still does."""
_NO_SPACE = re.compile(r"#h\(0em\)")
"""What pandoc writes for TeX's thick space."""
_END_OF_WORDS = re.compile(r'(?<= "\)) +')
"""Typst sets a space of its own between words and what follows them, and these words end in one."""
_MENDED = (
    (re.compile(r"^\s*\\begin\{equation\*?\}|\\end\{equation\*?\}\s*$"), ""),
    (re.compile(r"\\textcolor\s*\{[^{}]*\}"), ""),
    (re.compile(r"\\color\s*\{[^{}]*\}"), ""),
    (re.compile(r"\\(?:label|tag\*?)\s*\{[^{}]*\}"), ""),
    (re.compile(r"\\(?:bm|boldsymbol|pmb)\b"), r"\\mathbf"),
    (re.compile(r"\\(?:displaystyle|textstyle|limits|nolimits|notag|nonumber)\b"), ""),
    (re.compile(r"\\[bB]igg?[lrm]?(?![A-Za-z])"), ""),
    (re.compile(r"\\\|"), r"\\Vert "),
)
"""What MathJax knows and pandoc does not, or what only moves or colours."""


def mend(tex: str) -> str:
    """Return TeX in the words that pandoc knows."""
    for pattern, instead in _MENDED:
        tex = pattern.sub(instead, tex)
    return _spaced(tex.strip())


def _spaced(tex: str) -> str:
    """Return aligned equations with space between those that share a line, which TeX adds and Typst does not."""
    if not _ALIGNED.match(tex) or tex.count("\\begin") > 1:
        return tex
    rows = [re.split(r"(?<!\\)&", row) for row in tex.split("\\\\")]
    return "\\\\".join(
        "".join(part if not at else f"&{part}" if at % 2 else f"&\\qquad {part}" for at, part in enumerate(row))
        for row in rows
    )


def renewed(typst: str) -> str:
    """Return a formula in the words of today's Typst."""
    return _END_OF_WORDS.sub("", _NO_SPACE.sub(" thick ", _ROUND.sub(r"\1.o", typst.strip())))


def is_safe(typst: str) -> bool:
    """
    Return whether a formula of Typst is a formula and nothing else.

    In a formula ``#`` begins code, and ``std`` reaches what code reaches; but for spaces pandoc writes neither, so
    whatever has them is not printed. A formula that pandoc could not convert does not begin with a dollar.
    """
    text = typst.strip()
    if len(text) < 3 or text[0] != "$" or text[-1] != "$":
        return False
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth > MAX_DEPTH:
            return False
    bare = _SPACE.sub(" ", _ESCAPED.sub(" ", _STRING.sub(" ", text[1:-1])))
    return not set(bare) & set('#$"') and re.search(r"\bstd\b", bare) is None and "//" not in bare and "/*" not in bare

"""
Drawings in SVG, built again from what may be in one.

    text ─▶ expat: no entities, no declarations ─▶ elements and attributes on the lists ─▶ a new text

SVG can name files, addresses, style sheets, scripts and other drawings, and every program that draws it knows a few
more ways. So nothing is searched for and taken out: what is not on the lists below is not written. What plotting
libraries draw is.
"""

from __future__ import annotations

import re
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

__all__ = ["BadDrawing", "safe_svg"]

MAX_ELEMENTS = 20_000
"""A scatter plot of ten thousand points; it is printed in a second."""
MAX_DEPTH = 40
MAX_DRAWN = 200_000
"""Elements, counted as often as ``use`` repeats them."""

_ELEMENT_NAMES = (
    "svg g path rect circle ellipse line polyline polygon text tspan defs clipPath use linearGradient radialGradient "
    "stop title desc"
)
_SHAPES = frozenset(_ELEMENT_NAMES.split())
_SILENT = frozenset({"title", "desc"})
"""Read, not drawn."""
_ATTRIBUTE_NAMES = (
    "id x y x1 y1 x2 y2 cx cy r rx ry dx dy d points width height viewBox transform fill fill-opacity fill-rule stroke "
    "stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit "
    "opacity clip-path clip-rule font-family font-size font-weight font-style text-anchor dominant-baseline offset "
    "stop-color stop-opacity gradientUnits gradientTransform spreadMethod clipPathUnits preserveAspectRatio fx fy "
    "display visibility color version"
)
_PLAIN = frozenset(_ATTRIBUTE_NAMES.split())
_OWN = re.compile(r"#[\w.:-]{1,200}")
_URL = re.compile(r"url\(\s*['\"]?(#[\w.:-]{1,200})['\"]?\s*\)")
_LENGTH = re.compile(r"\s*(\d{1,6}(?:\.\d{0,9})?)\s*(px|pt|in|cm|mm)?\s*")
_PIXELS = {"": 1, "px": 1, "pt": 4 / 3, "in": 96, "cm": 37.8, "mm": 3.78}


class BadDrawing(Exception):
    """A drawing cannot be shown; the message completes "picture left out: …"."""


def safe_svg(text: str) -> tuple[str, int, int]:
    """
    Return a drawing that names nothing outside of itself, with its width and height in pixels.

    Raises:
        BadDrawing: It is no SVG, declares entities, or is too large.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise BadDrawing(f"the drawing is no valid SVG ({error})") from error
    return builder.result()


def _refuse(*_: object) -> None:
    raise BadDrawing("the drawing declares entities, which could name files")


class _Builder:
    """Writes what is on the lists, in the order in which it comes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[bool] = []
        self._skipping = 0
        self._elements = 0
        self._uses: list[str] = []
        self._with_use: set[str] = set()
        self._ids: list[str] = []
        self._sizes: dict[str, int] = {}
        self._root: dict[str, str] = {}

    def start(self, name: str, given: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if not self._open and tag != "svg":
            raise BadDrawing("it is no SVG")
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(self._open) > MAX_DEPTH:
            raise BadDrawing(f"the drawing has more than {MAX_ELEMENTS:,} elements or {MAX_DEPTH} levels")
        self._open.append(tag in _SHAPES - _SILENT and not self._skipping)
        if not self._open[-1]:
            self._skipping += 1
            return
        kept = _attributes(tag, given)
        if len(self._open) == 1:
            self._root = kept
            kept["xmlns"], kept["xmlns:xlink"] = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
        self._ids.append(kept.get("id", ""))
        for each in self._ids:
            self._sizes[each] = self._sizes.get(each, 0) + 1
        if tag == "use":
            self._uses.append(kept.get("xlink:href", "")[1:])
            self._with_use.update(each for each in self._ids if each)
        self._parts.append(f"<{tag}{''.join(f' {key}={quoteattr(value)}' for key, value in kept.items())}>")

    def end(self, name: str) -> None:
        if self._open.pop():
            self._ids.pop()
            self._parts.append(f"</{name.rpartition(':')[2]}>")
        else:
            self._skipping -= 1

    def text(self, text: str) -> None:
        if not self._skipping:
            self._parts.append(escape(text))

    def result(self) -> tuple[str, int, int]:
        if any(each in self._with_use for each in self._uses):
            raise BadDrawing("the drawing repeats parts that repeat parts")
        if self._elements + sum(self._sizes.get(each, 0) for each in self._uses) > MAX_DRAWN:
            raise BadDrawing(f"the drawing has more than {MAX_DRAWN:,} parts")
        box = [_LENGTH.fullmatch(each) for each in re.split(r"[\s,]+", self._root.get("viewBox", "").strip())]
        sides = [_LENGTH.fullmatch(self._root.get(key, "")) for key in ("width", "height")]
        if not all(sides) and len(box) == 4:
            sides = box[2:]
        if not all(sides):
            raise BadDrawing("the drawing does not say how large it is")
        width, height = (float(found[1]) * _PIXELS[found[2] or ""] for found in sides)
        if not (1 <= width <= 20_000 and 1 <= height <= 20_000):
            raise BadDrawing("the drawing is empty or too large")
        return "".join(self._parts), round(width), round(height)


def _attributes(tag: str, given: dict[str, str]) -> dict[str, str]:
    kept = {}
    for key, value in given.items():
        if key == "style":
            for item in value.split(";"):
                name, _, setting = item.partition(":")
                if name.strip() in _PLAIN - {"id", "d"} and (safe := _value(setting.strip())):
                    kept[name.strip()] = safe
        elif key in _PLAIN and (safe := _value(value)):
            kept.setdefault(key, safe)
        elif (
            key in ("href", "xlink:href")
            and tag in ("use", "linearGradient", "radialGradient")
            and _OWN.fullmatch(value)
        ):
            kept["xlink:href"] = value
    return kept


def _value(value: str) -> str:
    """Return a value that refers to nothing but a part of the same drawing, else empty text."""
    if "url" in value.lower():
        found = _URL.fullmatch(value.strip())
        return f"url({found[1]})" if found else ""
    return "" if "\\" in value or "@" in value or "://" in value or "expression" in value.lower() else value

"""
What of HTML is worth printing.

Scripts, styles, frames, controls and the like are taken out with all that is in them, before anything parses the rest;
pictures that lie in the text are handed over one by one. The search never goes back, so that no text makes it slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["is_deep", "printable", "without_pictures"]

MAX_DEPTH = 60
"""Elements in elements: what tools write has a dozen, and pandoc takes minutes for thousands."""

_DROPPED = re.compile(
    r"<(script|style|iframe|object|embed|applet|video|audio|canvas|svg|button|select|form|template|noscript|head|link|"
    r"meta|base|math|textarea|xml)\b|<!--|<!\[CDATA\[|<\?",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_VOID = frozenset({"br", "hr", "img", "input", "col", "wbr", "area", "source", "track", "p", "li", "td", "th", "tr"})
"""Elements that need no end."""
_ALONE = frozenset({"link", "meta", "base", "embed"})
_DATA = re.compile(
    r"data:(image/[a-zA-Z.+-]{1,20})(?:;[a-zA-Z0-9=-]{1,40}){0,3};base64,([A-Za-z0-9+/=%\s]{0,24000000})"
)


def printable(text: str) -> str:
    """Return HTML without what is not for paper."""
    parts, at, lower = [], 0, text.lower()
    while (found := _DROPPED.search(text, at)) is not None:
        parts.append(text[at : found.start()])
        name = (found[1] or "").lower()
        closing = (
            f"</{name}"
            if name
            else {"<!--": "-->", "<!": "]]>", "<?": "?>"}[found[0] if found[0] in ("<!--", "<?") else "<!"]
        )
        end = found.end() if name in _ALONE else lower.find(closing, found.end())
        if end < 0:  # never closed: a browser takes all that follows for its content too
            return "".join(parts)
        at = lower.find(">", end) + 1 if name else end + len(closing)
        if at == 0:
            return "".join(parts)
    return "".join((*parts, text[at:]))


def is_deep(text: str) -> bool:
    """Return whether elements lie in elements more often than anything needs."""
    depth = 0
    for found in _TAG.finditer(text):
        depth += -1 if found[1] else found[2].lower() not in _VOID
        if depth > MAX_DEPTH:
            return True
    return False


def without_pictures(text: str, name: Callable[[str, str], str]) -> str:
    """Return a text whose embedded pictures are called what ``name(data, mime)`` says."""
    return _DATA.sub(lambda found: name(found[2], found[1].lower()), text)

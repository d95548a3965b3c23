"""
Whatever a result holds, as JSON that every parser takes.

Details of an outcome come from many places: inputs, arrays, exceptions, numbers that are not finite. None of it may
keep a result from being written, so ``plain`` is total: what JSON cannot say is said in words, and what is too large
or too deep is cut with a note. ``cut`` shortens a text, and says so.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import PurePath

__all__ = ["cut", "plain"]

_DEPTH = 20
_ITEMS = 10_000  # a test's inputs fit; a picture is told by its first pixels
_TEXT_CHARS = 100_000
_WHOLE = 2**53  # integers above it are changed by parsers that know only floats


def plain(value: object, depth: int = _DEPTH) -> object:
    """
    Return ``value`` as dicts with text keys, lists, texts, finite numbers, booleans and ``None`` only.

    Args:
        value: Anything of ours; a ``dict``, ``list`` or array of a student never comes here, only what was made of it.
        depth: How many levels may follow; what is deeper is told by its type.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | PurePath):
        return cut(str(value), _TEXT_CHARS)
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if depth and isinstance(value, Mapping):
        return _dict(value, depth - 1)
    if depth and isinstance(value, list | tuple | set | frozenset):
        rest = [] if len(value) <= _ITEMS else [f"… {len(value) - _ITEMS} more"]
        return [plain(item, depth - 1) for item in itertools.islice(value, _ITEMS)] + rest
    return _told(value)


def cut(text: str, most: int) -> str:
    """Return ``text`` with at most ``most`` characters, a note included where something is cut."""
    if len(text) <= most:
        return text
    note = f"\n… cut: {len(text)} characters in all"
    return (text[: max(0, most - len(note))] + note)[:most]


def _number(value: float | Decimal) -> object:
    """Return a number that every parser reads alike, or the text for one that has no such form."""
    if isinstance(value, int):
        return value if abs(value) <= _WHOLE else _told(value)
    return float(value) if math.isfinite(value) else str(value)


def _dict(value: Mapping[object, object], depth: int) -> dict[str, object]:
    """Return a mapping with text keys, and a note where it is cut."""
    shown = {
        cut(key if isinstance(key, str) else repr(key), _TEXT_CHARS): plain(item, depth)
        for key, item in itertools.islice(value.items(), _ITEMS)
    }
    return shown if len(value) <= _ITEMS else shown | {"…": f"{len(value) - _ITEMS} more"}


def _told(value: object) -> str:
    """Return what stands for a value that JSON has no word for."""
    if isinstance(value, int):
        # Decimal digits of a huge integer cost quadratic time, and Python refuses them; hexadecimal ones do not.
        return cut(hex(value), 1_000)
    if isinstance(value, bytes):
        return cut(value[:1_000].hex(), 1_000)
    return f"<{type(value).__name__}>"

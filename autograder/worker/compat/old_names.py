"""Names that older Pythons and NumPys had, where a submission uses them: what was right then is right now."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["provide"]

# What each name meant: a type, or the name that NumPy has for it today.
_NUMPY: dict[str, Any] = {
    "bool": bool, "complex": complex, "float": float, "int": int, "long": int, "object": object, "str": str,
    "cumproduct": "cumprod", "in1d": "isin", "product": "prod", "row_stack": "vstack", "trapz": "trapezoid",
}  # fmt: skip
_USED = re.compile(rf"\b(?:np|numpy)\.({'|'.join(_NUMPY)})\b")


def provide(texts: Iterable[str]) -> list[str]:
    """Define the old names that occur in ``texts`` and are not there; return notes that say so."""
    whole = "\n".join(texts)
    notes = []
    if "xrange" in whole and not hasattr(builtins, "xrange"):
        builtins.xrange = range  # type: ignore[attr-defined]
        notes.append("Python 2's `xrange` counts as `range` here.")
    missing = sorted(name for name in set(_USED.findall(whole)) if name not in np.__dict__)
    for name in missing:
        meant = _NUMPY[name]
        setattr(np, name, getattr(np, meant) if isinstance(meant, str) else meant)
    if missing:
        notes.append(f"Names that NumPy has no more still work here: {', '.join(f'np.{name}' for name in missing)}.")
    return notes

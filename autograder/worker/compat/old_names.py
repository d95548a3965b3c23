"""Names that older Pythons and NumPys had, where a submission uses them: what was right then is right now."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["provide", "renew"]

# What each name meant: a type, or the name that NumPy has for it today.
_NUMPY: dict[str, Any] = {
    "bool": bool, "complex": complex, "float": float, "int": int, "long": int, "object": object, "str": str,
    "cumproduct": "cumprod", "in1d": "isin", "product": "prod", "row_stack": "vstack", "trapz": "trapezoid",
}  # fmt: skip
_METHODS = {"iteritems": "items", "iterkeys": "keys", "itervalues": "values"}
_USED = re.compile(rf"\b(?:np|numpy)\.({'|'.join(_NUMPY)})\b")


def provide(texts: Iterable[str]) -> list[str]:
    """Define the old names that occur in ``texts`` and are not there; return notes that say so."""
    whole = "\n".join(texts)
    notes = []
    if "xrange" in whole and not hasattr(builtins, "xrange"):
        builtins.xrange = range  # type: ignore[attr-defined]
        notes.append("Python 2's `xrange` counts as `range` here.")
    methods = [name for name in _METHODS if f".{name}()" in whole]
    if methods:
        notes.append("Methods of Python 2's dict count as those of today here: " + _listed(methods))
    missing = sorted(name for name in set(_USED.findall(whole)) if name not in np.__dict__)
    for name in missing:
        meant = _NUMPY[name]
        setattr(np, name, getattr(np, meant) if isinstance(meant, str) else meant)
    if missing:
        notes.append(f"Names that NumPy has no more still work here: {', '.join(f'np.{name}' for name in missing)}.")
    return notes


def renew(tree: ast.Module, text: str) -> None:
    """Give calls of a dict's old methods, ``d.iteritems()``, their names of today, in the tree of a text."""
    if not any(f".{name}()" in text for name in _METHODS):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not (node.args or node.keywords):
            node.func.attr = _METHODS.get(node.func.attr, node.func.attr)


def _listed(methods: list[str]) -> str:
    return ", ".join(f"`{name}` as `{_METHODS[name]}`" for name in methods) + "."

"""
Which file of a hand-in is a notebook of the release.

The name decides, never the content. Browsers, Colab and Jupyter rename what they copy: ``RNN_Captioning (1).ipynb``,
``Copy of RNN_Captioning.ipynb``, ``RNN_Captioning-Copy1.ipynb``, ``RNN_Captioning-checkpoint.ipynb``. A file with the
right name goes first, then a copy, and a checkpoint is the last choice, for it is what was saved some time before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["choose", "is_checkpoint"]

_SUFFIX = ".ipynb"
_COPY = re.compile(
    r"^(?:copy of |kopie von |copie de )*(?P<stem>.+?)"
    r"(?:[ _-]*\(\d{1,3}\)|[ _-]+copy ?\d{0,3}|[ _-]kopie ?\d{0,3}|-checkpoint)*$",
    re.IGNORECASE,
)


def choose(paths: Iterable[str], name: str) -> str | None:
    """
    Return the path that is most likely a notebook, or None.

    Args:
        paths: The files of a hand-in, with ``/``.
        name: The notebook's name, with or without ``.ipynb``.
    """
    stem = name.removesuffix(_SUFFIX)
    ranked = sorted(
        (rank, path.count("/"), len(path), path) for path in paths if (rank := _rank(path, stem)) is not None
    )
    return ranked[0][3] if ranked else None


def is_checkpoint(path: str) -> bool:
    """Return whether a path is that of a checkpoint: what Jupyter keeps beside a notebook."""
    return ".ipynb_checkpoints" in path.split("/") or path.removesuffix(_SUFFIX).endswith("-checkpoint")


def _rank(path: str, stem: str) -> int | None:
    """Return how far a file's name is from a notebook's, 0 for the same; None when it is another."""
    base = path.rpartition("/")[2]
    if base.startswith("._") or not base.lower().endswith(_SUFFIX) or len(base) > 255:
        return None
    own = base[: -len(_SUFFIX)]
    if is_checkpoint(path):
        same = _original(own) == stem.casefold()
        return 3 if same else None
    if own == stem:
        return 0
    if own.casefold() == stem.casefold():
        return 1
    return 2 if _original(own) == stem.casefold() else None


def _original(own: str) -> str:
    """Return the name that a copy was made from."""
    found = _COPY.match(own)
    return (found["stem"] if found else own).casefold()

"""First elements of the lists in a tree; ``values`` shows what follows each."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ARRAY",
    "BYTES",
    "COMPLEX",
    "DICT",
    "ELLIPSIS",
    "HANDLE",
    "INT",
    "LIST",
    "SCALAR",
    "SLICE",
    "TENSOR",
    "TUPLE",
]

LIST: Final = 1
TUPLE: Final = 2
DICT: Final = 3
SLICE: Final = 4
ELLIPSIS: Final = 5
INT: Final = 6
COMPLEX: Final = 7
SCALAR: Final = 8
BYTES: Final = 9
ARRAY: Final = 10
TENSOR: Final = 11
HANDLE: Final = 12

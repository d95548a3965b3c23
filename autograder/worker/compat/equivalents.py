"""
Small libraries that student code computes with, provided where they are missing.

Progress bars pass their items through, and the bridges between Python 2 and 3 give what Python 3 has. ``PROVIDED``
maps a module's name to its content, ``REDIRECTED`` to the module of the standard library that it means today.
"""

from __future__ import annotations

import builtins
import functools
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

__all__ = ["PROVIDED", "REDIRECTED", "Progress"]


class Progress:
    """A progress bar that shows nothing: iterates over what it is given, and takes every setting."""

    def __init__(self, iterable: Iterable[Any] | None = None, *_args: object, **settings: object) -> None:
        self.iterable = iterable
        self.total = settings.get("total")
        self.n = 0

    def __iter__(self) -> Iterator[Any]:
        """Yield the items, counted."""
        for item in self.iterable if self.iterable is not None else ():
            yield item
            self.n += 1

    def __len__(self) -> int:
        """Return the length of what is iterated over, or the total that was given."""
        if hasattr(self.iterable, "__len__"):
            return len(self.iterable)  # type: ignore[arg-type]
        if isinstance(self.total, int):
            return self.total
        raise TypeError("the length of this progress bar is not known")

    def __bool__(self) -> bool:
        """A bar is there, however long it is."""
        return True

    def __enter__(self) -> Self:
        """Open nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def update(self, n: int = 1) -> None:
        """Count."""
        self.n += n

    @staticmethod
    def write(text: object = "", *_args: object, **_settings: object) -> None:
        """Print a line."""
        print(text)

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Take ``set_description``, ``set_postfix``, ``refresh``, ``close`` and whatever else bars have."""
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


def _nothing(*_args: object, **_settings: object) -> None:
    """Do nothing."""


def _trange(*bounds: int, **settings: object) -> Progress:
    return Progress(range(*bounds), **settings)


def _old_div(numerator: Any, denominator: Any) -> Any:
    """Divide as Python 2 does: whole numbers give a whole number."""
    both_whole = isinstance(numerator, int) and isinstance(denominator, int)
    return numerator // denominator if both_whole else numerator / denominator


def _with_metaclass(meta: type, *bases: type) -> Any:
    return meta("Base", bases or (object,), {})


def _izip(*iterables: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    return zip(*iterables, strict=False)


_BUILTINS: dict[str, Any] = {
    "basestring": str,
    "chr": chr,
    "dict": dict,
    "filter": filter,
    "input": input,
    "int": int,
    "list": list,
    "long": int,
    "map": map,
    "object": object,
    "open": open,
    "range": range,
    "raw_input": input,
    "reduce": functools.reduce,
    "round": round,
    "str": str,
    "super": super,
    "unicode": str,
    "xrange": range,
    "zip": zip,
}
_DICTIONARIES: dict[str, Any] = {
    "iteritems": lambda items: iter(items.items()),
    "iterkeys": lambda items: iter(items.keys()),
    "itervalues": lambda items: iter(items.values()),
    "viewitems": lambda items: items.items(),
    "viewkeys": lambda items: items.keys(),
    "viewvalues": lambda items: items.values(),
    "with_metaclass": _with_metaclass,
}
_TQDM: dict[str, Any] = {
    "tnrange": _trange,
    "tqdm": Progress,
    "tqdm_notebook": Progress,
    "trange": _trange,
}

PROVIDED: dict[str, dict[str, Any]] = {
    "future": {},
    "future.builtins": _BUILTINS,
    "future.standard_library": {"install_aliases": _nothing, "install_hooks": _nothing},
    "future.utils": {**_DICTIONARIES, "PY2": False, "PY3": True, "lmap": lambda *args: list(map(*args))},
    "past": {},
    "past.builtins": _BUILTINS,
    "past.utils": {"old_div": _old_div},
    "six": {
        **_DICTIONARIES,
        "PY2": False,
        "PY3": True,
        "StringIO": io.StringIO,
        "BytesIO": io.BytesIO,
        "binary_type": bytes,
        "integer_types": (int,),
        "print_": print,
        "string_types": (str,),
        "text_type": str,
    },
    "six.moves": {**_BUILTINS, "zip_longest": None, "izip": _izip, "builtins": builtins},
    "tqdm": {**_TQDM, "__version__": "0"},
    "tqdm.auto": _TQDM,
    "tqdm.autonotebook": _TQDM,
    "tqdm.notebook": _TQDM,
    "tqdm.std": _TQDM,
}

REDIRECTED: dict[str, str] = {
    "Queue": "queue",
    "StringIO": "io",
    "__builtin__": "builtins",
    "cPickle": "pickle",
    "cStringIO": "io",
    "six.moves.cPickle": "pickle",
    "six.moves.queue": "queue",
    "six.moves.urllib": "urllib",
    "six.moves.urllib.error": "urllib.error",
    "six.moves.urllib.parse": "urllib.parse",
    "six.moves.urllib.request": "urllib.request",
    "urllib2": "urllib.request",
}

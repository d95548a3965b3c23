"""The parts of what a student's function returned: the values of a return statement, the entries of a dict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograder.compare.answers import as_answer, describe, fail
from autograder.errors import Mismatch

__all__ = ["entries", "unpack"]


def unpack(got: object, names: str) -> tuple[Any, ...]:
    """
    Return the parts of a returned tuple or list, one for each name.

    A bare ``a, b = student.f(x)`` would cut an array in two where a student forgot to return the cache, and would fail
    in our own line for None. This says what is missing.

    Args:
        got: What the student's function returned.
        names: The parts as a return statement lists them, such as ``"next_h, cache"``.

    Raises:
        Mismatch: It is no tuple or list, or has another number of parts.
    """
    wanted = [part.strip() for part in names.split(",")]
    if got is None:
        fail(f"The function returned None; it must return {names}. Is its return statement missing?")
    text = f"The function returned {describe(got)}; it must return {len(wanted)} values: {names}."
    if isinstance(got, (str, bytes, dict, set)) or as_answer(got) is not None:
        fail(text)
    try:
        parts: tuple[Any, ...] = tuple(got)  # type: ignore[arg-type]  # a handle, or something that is not iterable
    except TypeError as error:
        raise Mismatch(text) from error
    if len(parts) != len(wanted):
        came = f"{len(parts)} value" + ("" if len(parts) == 1 else "s")
        fail(f"The function returned {came}; it must return {len(wanted)}: {names}.")
    return parts


def entries(got: object, wanted: Iterable[str], *, name: str) -> dict[str, Any]:
    """
    Return the values of a returned dict whose keys are ``wanted``; others may be there and are left alone.

    Args:
        got: A dict, or the handle of one, of data.
        wanted: The keys that are asked for.
        name: What the dict is called in messages.

    Raises:
        Mismatch: It is no dict, or lacks a key.
    """
    data = got.get() if hasattr(type(got), "description") else got  # type: ignore[attr-defined]  # only handles have it
    if not isinstance(data, dict):
        fail(f"{name} is {describe(got)}; a dict is asked for.")
    missing = [key for key in wanted if key not in data]
    if missing:
        fail(f"{name} has no entry {', '.join(map(repr, missing))}.")
    return data

"""What a student's function returned, as data that can be compared, or in words where it is none."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from autograder.errors import Mismatch

__all__ = ["Answer", "Array", "Shape", "as_answer", "describe", "fail", "is_tensor", "shape_text"]

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]

_KINDS = {"f": "float", "i": "int", "u": "int", "b": "bool"}  # NumPy's letters; all other kinds are no answer.
_DESCRIPTION_CHARS = 120  # A description holds a class name of the student's, which can be as long as they like.


@dataclass(frozen=True)
class Answer:
    """An answer as NumPy data: ``kind`` is float, int, bool or other; ``dtype`` is the name that the student knows."""

    data: Array
    kind: str
    dtype: str


def describe(got: object) -> str:
    """Return what ``got`` is in a few words that hold none of its values: kind, shape and dtype."""
    answer = None if isinstance(got, (str, bytes)) else as_answer(got)
    if answer is not None:
        if not isinstance(got, np.ndarray) and not is_tensor(got):
            return f"one number ({answer.dtype})"
        what = "a tensor" if is_tensor(got) else "an array"
        return f"{what} of shape {shape_text(answer.data.shape)} ({answer.dtype})"
    if isinstance(got, (str, bytes)):
        return "text"
    if isinstance(got, (tuple, list, dict, set)):
        return f"a {type(got).__name__} of length {len(got)}"
    text = getattr(got, "description", None)
    words = text if isinstance(text, str) else f"an object of type {type(got).__name__}"
    # The words may hold a class name that the student chose: no line breaks, no control sequences.
    return re.sub(r"[^\x20-\x7e]", "?", words)[:_DESCRIPTION_CHARS]


def is_tensor(value: object) -> bool:
    """Say whether ``value`` is a torch tensor, without importing torch: where nobody did, there is none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def as_answer(value: Any) -> Answer | None:
    """Return an array, tensor or number as NumPy data, or None for anything else."""
    if is_tensor(value):
        name = str(value.dtype).removeprefix("torch.")
        plain = value.detach().cpu()
        if name not in {"float16", "float32", "float64"} and plain.is_floating_point():
            plain = plain.double()  # NumPy has no bfloat16 and no float8; every such number is a float64 too.
        data = plain.resolve_conj().numpy()
        return Answer(data, _KINDS.get(data.dtype.kind, "other"), name)
    if isinstance(value, (np.ndarray, np.generic)):
        data = np.asarray(value)
        return Answer(data, _KINDS.get(data.dtype.kind, "other"), str(data.dtype))
    if isinstance(value, bool):
        return Answer(np.asarray(value), "bool", "bool")
    if isinstance(value, float):
        return Answer(np.asarray(value), "float", "float64")
    if isinstance(value, int):
        return Answer(np.asarray(value, dtype=object), "int", "int")
    return None


def fail(student: str) -> NoReturn:
    """Raise with a text that holds no values, for students and staff alike."""
    raise Mismatch(student)


def shape_text(shape: Shape) -> str:
    """Return a shape as Python prints it."""
    return str(tuple(int(n) for n in shape))

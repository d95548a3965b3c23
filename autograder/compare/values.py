"""Compare every element of a value with what is expected, and say where it differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from autograder.compare.answers import Answer, Array, Shape, as_answer, describe, fail, shape_text
from autograder.errors import ConfigError, Mismatch

__all__ = [
    "TOLERANCES",
    "Tolerance",
    "as_array",
    "assert_close",
    "assert_equal_int",
    "assert_shape",
    "assert_that",
    "assert_unchanged",
]


@dataclass(frozen=True)
class Tolerance:
    """
    How far an answer may lie from the expected one, both parts without unit.

    Args:
        rtol: Share of the entry's own expected size.
        atol: Share of ``scale``, the size of the largest expected entry.
        reason: Why these numbers.
    """

    rtol: float
    atol: float
    reason: str


# The one table. Integers are not in it: they are compared exactly, by ``assert_equal_int``.
TOLERANCES: dict[str, Tolerance] = {
    "float64": Tolerance(
        1e-9,
        1e-10,
        "between right code in another order of operations, which stays below 1e-12 of the scale, and one rounding to "
        "float32 on the way, which costs up to 6e-8; a wrong formula lies far above both",
    ),
    "float32": Tolerance(
        1e-5,
        4e-5,
        "between a unit roundoff of 6e-8, which short sums and ten steps of recurrence raise to 4e-6 of the scale in "
        "the unluckiest of thousands of draws, and the 2.4e-4 that one rounding to float16 costs",
    ),
    "float16": Tolerance(
        2e-2, 5e-3, "a unit roundoff is 5e-4, and a short sum of products in float16 loses about ten of them"
    ),
    "bfloat16": Tolerance(
        8e-2, 4e-2, "a unit roundoff is 4e-3, eight times that of float16, and sums lose as many of them"
    ),
}
# Digits of the mantissa decide which of two dtypes is the finer one.
_PRECISION = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}

# Size of an error for a reader who may not see the numbers: the first row whose bound is reached.
_ERROR_WORDS = (
    (2.0, "off by several times its size"),
    (0.5, "off by about its own size"),
    (0.05, "off by tens of percent"),
    (5e-3, "off by a few percent or less"),
    (5e-4, "off by about one part in a thousand"),
    (5e-7, "off by less than one part in a thousand"),
    (0.0, "off by less than one part in a million"),
)
_NO_MISTAKES: Mapping[str, object] = MappingProxyType({})
_MOST_TIMES = 65  # Factors come from sizes: of a minibatch, a sequence, a vector.
_FACTOR_ERROR = 100.0  # times the tolerance of one entry; still one part in ten million in float64
_STAFF_ENTRIES = 40  # Larger arrays are abbreviated in staff texts; the seed can bring back the rest.
_MATRIX_DIMS = 2  # A scalar may come as (), (1,) or (1, 1), a matrix with its axes swapped: both are told apart.


@dataclass(frozen=True)
class _Pair:
    """Two arrays of one shape that are compared, and what a message about them needs."""

    got: Array
    target: Array
    name: str
    dtype: str
    disclose: bool = False


def assert_close(
    got: object,
    expected: object,
    *,
    name: str,
    dtype: npt.DTypeLike = np.float64,
    rtol: float | None = None,
    atol: float | None = None,
    scale: float | None = None,
    disclose: bool = False,
    mistakes: Mapping[str, object] = _NO_MISTAKES,
) -> None:
    """
    Raise unless every element of ``got`` is as near to ``expected`` as ``dtype`` allows.

    Args:
        got: What the student's code returned: array, tensor, number, None, text, or a handle with a ``description``.
        expected: NumPy array, tensor or number, finite or infinite, without NaN.
        name: What the student calls it, such as ``"dx"``.
        dtype: Floating dtype that the question works in (``numpy.float32``, ``"bfloat16"``, ``torch.float16``). A finer
            answer is welcome; a coarser one is judged by this dtype's tolerance, and the message says what it came as.
        rtol, atol: Instead of the table's tolerances.
        scale: Size of the terms that the answer is a sum of, where the largest expected entry understates it.
        disclose: Let the student read what came and what was expected.
        mistakes: What known mistakes come to, by what the student reads of them: only of one that ``got`` equals.

    Raises:
        Mismatch: ``got`` is not right.
        ConfigError: ``expected``, ``dtype`` or a tolerance cannot be used: the test is wrong, not the student.
    """
    target = _expected(expected, name, "float")
    asked = _dtype_name(dtype)
    table = _tolerance(asked, name)
    answer = _numbers(got, name, target.shape)
    data = _shaped(answer, target, name)
    if answer.kind == "bool" or (answer.kind == "int" and data.ndim):
        fail(f"{name} holds {answer.dtype}; floating-point numbers are asked for.")

    pair = _Pair(_as_float64(data), target, name, answer.dtype, disclose)
    _check_finite(pair)
    size = _scale(target) if scale is None else scale
    reference = np.where(np.isfinite(target), target, 0.0)
    atol, rtol = table.atol if atol is None else atol, table.rtol if rtol is None else rtol
    bound = atol * size + rtol * np.abs(reference)
    with np.errstate(over="ignore"):
        error = np.abs(np.where(np.isfinite(target), pair.got, 0.0) - reference)
    if not (error <= bound).all():
        note = _known(pair, mistakes, atol, rtol) or _simple_change(pair, atol)
        _fail_values(pair, error, bound, size, note + _about_dtype(answer.dtype, asked))


def assert_equal_int(
    got: object,
    expected: object,
    *,
    name: str,
    disclose: bool = False,
    mistakes: Mapping[str, object] = _NO_MISTAKES,
) -> None:
    """
    Raise unless ``got`` holds integers (of any width) that all equal ``expected``.

    Args:
        got, expected, name, disclose, mistakes: As in `assert_close`.

    Raises:
        Mismatch: ``got`` is not right.
        ConfigError: ``expected`` does not hold integers.
    """
    target = _expected(expected, name, "int")
    answer = _numbers(got, name, target.shape)
    data = _shaped(answer, target, name)
    if answer.kind != "int":
        fail(f"{name} holds {answer.dtype}; integers are asked for.")
    # Python integers: a uint64 above the largest int64 compares as what it is.
    wrong = np.asarray(data.astype(object) != target.astype(object), dtype=bool)
    if wrong.any():
        pair = _Pair(data, target, name, answer.dtype, disclose)
        text = f"{name} is not right: {_count(wrong)}"
        note = _known(pair, mistakes, 0.0, 0.0)
        _fail_at(pair, _first(wrong), f"{text}; the first is" if data.ndim else text, note=note)


def assert_shape(got: object, shape: Shape, *, name: str) -> None:
    """Raise ``Mismatch`` unless ``got`` is an array or a tensor of this shape; its values are not looked at."""
    answer = _numbers(got, name, shape, any_dtype=True)
    _check_shape(answer.data, shape, name)


def assert_unchanged(now: object, before: object, *, name: str) -> None:
    """
    Raise unless ``now`` equals ``before`` bit for bit in value: for what a function must leave alone.

    Raises:
        Mismatch: An entry changed, or the shape did.
    """
    first = as_answer(before)
    if first is None:
        raise ConfigError(f"{name}: the value to compare with is no array")
    answer = _numbers(now, name, first.data.shape, any_dtype=True)
    _check_shape(answer.data, first.data.shape, name)
    both_nan = (answer.data != answer.data) & (first.data != first.data)  # NaN that stayed NaN did not change.
    wrong = np.asarray((answer.data != first.data) & ~both_nan, dtype=bool)
    if wrong.any():
        pair = _Pair(answer.data, first.data, name, answer.dtype)
        _fail_at(pair, _first(wrong), f"{name} must be left as it is, and {_count(wrong, 'changed', 'changed')}; it is")


def assert_that(holds: object, student: str, staff: str | None = None) -> None:
    """
    Raise with these texts unless ``holds`` is true: for claims about numbers that our side computed.

    Raises:
        Mismatch: The claim ``holds``, a bool of Python or NumPy, is false.
        ConfigError: ``holds`` is not a bool, so that no truth value of a foreign object can decide.
    """
    if not isinstance(holds, (bool, np.bool_)):
        raise ConfigError(f"a claim must be a bool, not {type(holds).__name__}")
    if not holds:
        raise Mismatch(student, staff)


def as_array(got: object, *, name: str, shape: Shape | None = None) -> npt.NDArray[np.float64]:
    """
    Return ``got`` as a finite float64 array, for what our side then computes itself (a norm, a moment, a range).

    Args:
        got: What the student's code returned.
        name: What the student calls it.
        shape: The shape it must have; any when left out.

    Raises:
        Mismatch: It is no array of numbers, has another shape, or holds NaN or an infinity.
    """
    answer = _numbers(got, name, shape)
    if shape is not None:
        _check_shape(answer.data, shape, name)
    values = _as_float64(answer.data)
    _check_finite(_Pair(values, np.zeros(values.shape), name, answer.dtype))
    return values


def _as_float64(data: Array) -> npt.NDArray[np.float64]:
    """Return the numbers as float64; a Python integer that is too large for it counts as infinite."""
    try:
        return data.astype(np.float64)
    except OverflowError:
        return np.full(data.shape, np.inf)


def _numbers(got: object, name: str, shape: Shape | None, *, any_dtype: bool = False) -> Answer:
    """Return ``got`` as data, or raise in words that say what it is instead."""
    asked = "one number" if shape == () else "an array"
    if shape:
        asked += f" of shape {shape_text(shape)}"
    if got is None:
        fail(f"{name} is None; {asked} is asked for. Is it returned, and is it assigned on every way there?")
    answer = as_answer(got)
    if answer is None:
        fail(f"{name} is {describe(got)}; {asked} is asked for.")
    if answer.kind == "other" and not any_dtype:
        fail(f"{name} holds {answer.dtype}; numbers are asked for.")
    return answer


def _shaped(answer: Answer, target: Array, name: str) -> Array:
    """Return the answer in the expected shape, where it has that shape or is a scalar in disguise."""
    data = answer.data
    if not target.ndim and data.size == 1 and data.ndim <= _MATRIX_DIMS:
        return data.reshape(())
    if data.shape == target.shape[::-1] != target.shape and target.ndim == _MATRIX_DIMS:
        _fail_transposed(answer, target, name)
    _check_shape(data, target.shape, name)
    return data


def _fail_transposed(answer: Answer, target: Array, name: str) -> NoReturn:
    """Raise for a matrix with its axes swapped; that the transpose is right is said only where it was seen."""
    text = f"{name} has shape {shape_text(answer.data.shape)}; {shape_text(target.shape)} is asked for."
    near = np.isclose(_as_float64(answer.data.T), target, rtol=1e-4, atol=1e-5 * _scale(target))
    fail(text + (" Its transpose would be right." if near.all() else ""))


def _check_shape(data: Array, shape: Shape, name: str) -> None:
    """Raise, naming both shapes, unless the array has this one."""
    if data.shape != shape:
        what = "one number is" if shape == () else f"{shape_text(shape)} is"
        fail(f"{name} has shape {shape_text(data.shape)}; {what} asked for.")


def _check_finite(pair: _Pair) -> None:
    """Raise where an entry is NaN, or infinite and not expected to be, or finite and expected not to be."""
    got, infinite = pair.got, np.isinf(pair.got)
    wrong = np.isnan(got) | ((infinite | np.isinf(pair.target)) & (got != pair.target))
    if not wrong.any():
        return
    counts = ((int(np.isnan(got).sum()), "NaN"), (int((infinite & wrong).sum()), "infinite"))
    found = " and ".join(f"{count} {word}" for count, word in counts if count)
    text = f"{pair.name} is not finite" if found else f"{pair.name} is finite where it must be infinite"
    if got.ndim:
        text += f": {found or int(wrong.sum())} of {got.size} entries; the first is"
    _fail_at(pair, _first(wrong), text)


def _expected(expected: object, name: str, wanted: str) -> Array:
    """Return the expected value as float64 or as integers; a test that cannot be used is our own fault."""
    answer = as_answer(expected)
    if answer is None:
        raise ConfigError(f"{name}: the expected value is {describe(expected)}, not an array or a number")
    if wanted == "int":
        if answer.kind != "int":
            raise ConfigError(f"{name}: integers are compared, and the expected value holds {answer.dtype}")
        return answer.data
    if answer.kind == "other":
        raise ConfigError(f"{name}: the expected value holds {answer.dtype}")
    target = answer.data.astype(np.float64)
    if np.isnan(target).any():
        raise ConfigError(f"{name}: the expected value holds NaN")
    return target


def _dtype_name(dtype: Any) -> str:
    """Return the name of a NumPy dtype, a torch dtype or a name."""
    text = str(dtype)
    if text.startswith("torch."):
        return text.removeprefix("torch.")
    return text if text in TOLERANCES else str(np.dtype(dtype))


def _tolerance(dtype: str, name: str) -> Tolerance:
    """Return the table's row, or refuse a question that is not asked in floating point."""
    try:
        return TOLERANCES[dtype]
    except KeyError as error:
        known = ", ".join(TOLERANCES)
        raise ConfigError(f"{name}: no tolerance for {dtype}; known are {known}, and integers are exact") from error


def _scale(target: Array) -> float:
    """Return the size of the largest finite expected entry; 1 where there is none above zero."""
    finite = np.abs(target[np.isfinite(target)])
    return float(finite.max(initial=0.0)) or 1.0


def _known(pair: _Pair, mistakes: Mapping[str, object], atol: float, rtol: float) -> str:
    """Return what is to be said of the first known mistake whose value has come, or nothing."""
    for text, value in mistakes.items():
        wrong, got = _expected(value, pair.name, "float").astype(np.float64), _as_float64(pair.got)
        if wrong.shape == got.shape and np.allclose(got, wrong, rtol, atol * _scale(wrong)):
            return f" {text}"
    return ""


def _simple_change(pair: _Pair, atol: float) -> str:
    """Return what is to be said of a transpose, or of one whole factor or sign in every entry, or nothing."""
    got, target = pair.got.ravel(), pair.target.ravel()
    if not np.isfinite(target).all() or not target.any():
        return ""
    turned = pair.got.T
    square = turned.ndim == _MATRIX_DIMS and turned.shape == pair.target.shape
    if square and np.allclose(turned, pair.target, 0.0, atol * _scale(pair.target)):
        return " Its transpose would be right."
    with np.errstate(all="ignore"):
        ratio = float(got @ target / (target @ target))
    same = 10 * atol * max(1.0, abs(ratio)) * _scale(target)
    if not np.isfinite(ratio) or not np.allclose(got, ratio * target, rtol=0.0, atol=same):
        return ""
    near = _FACTOR_ERROR * max(atol, np.finfo(np.float64).eps)
    if abs(ratio + 1) <= near:
        return " Every entry has the right size and the wrong sign." if got.size > 1 else " Its sign is wrong."
    what = "Every entry" if got.size > 1 else "It"
    for times in range(2, _MOST_TIMES):
        if abs(ratio / times - 1) <= near:
            return f" {what} is {times} times as large as it must be."
        if abs(ratio * times - 1) <= near:
            return f" {what} is {times} times too small."
    return ""


def _fail_values(pair: _Pair, error: Array, bound: Array, scale: float, note: str) -> NoReturn:
    """Raise for finite values of the right shape that are too far away; the worst is the farthest beyond its bound."""
    wrong = ~(error <= bound)
    worst = _first(np.where(wrong, error - bound, -np.inf))
    size = abs(float(pair.target[worst])) or scale
    words = next(text for least, text in _ERROR_WORDS if float(error[worst]) / size >= least)
    if pair.got.ndim:
        lead, tail = f"{pair.name} is not right: {_count(wrong)}; the worst is", f", {words}"
    else:
        lead, tail = f"{pair.name} is not right: {words}", ""
    if pair.got.size > 1 and not pair.got.any():
        note = f" Every entry of {pair.name} is 0.{note}"
    _fail_at(pair, worst, lead, tail, note, f", error {error[worst]:.3g}, allowed {bound[worst]:.3g}")


def _fail_at(pair: _Pair, place: Shape, lead: str, tail: str = "", note: str = "", numbers: str = "") -> NoReturn:
    """Raise with a sentence (``lead``, a place, ``tail``), a ``note`` for all, and values and ``numbers`` for staff."""
    student = lead
    if pair.got.ndim:
        student += f" {_place(pair.name, place)}{tail} (shape {shape_text(pair.got.shape)}, {pair.dtype})"
    student += f".{note}"
    staff = f"{student} {_place(pair.name, place)}: got {pair.got[place]!s}, expected {pair.target[place]!s}{numbers}."
    if pair.got.ndim and pair.got.size <= _STAFF_ENTRIES:
        for word, array in (("got", pair.got), ("expected", pair.target)):
            staff += f"\n{word} {pair.name} =\n{np.array2string(array, precision=8, separator=', ')}"
    raise Mismatch(staff if pair.disclose else student, staff)


def _about_dtype(came: str, asked: str) -> str:
    """Return the sentence that names a dtype too coarse for the question, or nothing."""
    if _PRECISION.get(came, _PRECISION["float64"]) >= _PRECISION[asked]:
        return ""
    return f" It came as {came}; the question is asked, and compared, in {asked}."


def _first(values: Array) -> Shape:
    """Return the index of the largest value; of the first one that is true."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(values)), values.shape))


def _place(name: str, index: Shape) -> str:
    """Return an entry as the student would write it, ``dx[1, 2]``."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _count(wrong: Array, many: str = "differ", one: str = "differs") -> str:
    """Return how many entries are concerned, in words."""
    count = int(wrong.sum())
    if wrong.size == 1:
        return f"its one entry {one}"
    share = f"all {count}" if count == wrong.size else f"{count} of {wrong.size}"
    return f"{share} entries {one if count == 1 else many}"

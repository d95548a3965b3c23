"""What is right passes, what is wrong fails, and the two texts say what each reader may know."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.compare import (
    TOLERANCES,
    as_array,
    assert_close,
    assert_equal_int,
    assert_shape,
    assert_that,
    assert_unchanged,
    describe,
    entries,
    unpack,
)
from autograder.errors import ConfigError, Mismatch

FINITE = st.floats(-1e100, 1e100)
EXPECTED = np.arange(1.0, 13.0).reshape(3, 4)


def refused(got: object, expected: object = EXPECTED, **options: Any) -> Mismatch:
    """Return the mismatch that a comparison raises."""
    with pytest.raises(Mismatch) as caught:
        assert_close(got, expected, **{"name": "dx", **options})
    return caught.value


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0), elements=FINITE))
def test_what_is_equal_passes(values: np.ndarray) -> None:
    """An array is near itself, whatever its shape and size of numbers, as an array and as a tensor."""
    assert_close(values, values, name="x")
    assert_close(torch.from_numpy(values), values, name="x")
    assert_close(values, torch.from_numpy(values), name="x")


@given(arrays.arrays(np.float64, (2, 3), elements=st.floats(-1e3, 1e3)), st.integers(0, 5), st.sampled_from([-1, 1]))
def test_one_wrong_entry_is_found_and_named(values: np.ndarray, place: int, sign: int) -> None:
    """An error of a thousandth of the largest entry is found wherever it is, and its place is named."""
    wrong = values.copy()
    wrong.flat[place] += sign * 1e-3 * (np.abs(values).max() or 1.0)
    where = f"dx[{place // 3}, {place % 3}]"

    error = refused(wrong, values)

    assert f"1 of 6 entries differs; the worst is {where}" in error.student


@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e8, 1e200])
def test_tolerance_follows_the_size_of_the_numbers(scale: float) -> None:
    """The verdict does not depend on the unit: an error of 1e-12 passes and one of 1e-8 fails at every size."""
    values = scale * np.array([1.0, -2.0, 1e-9])

    assert_close(values + 1e-12 * scale, values, name="x")
    refused(values + 1e-8 * scale, values)


def test_tiny_entries_may_carry_the_rounding_of_their_neighbours() -> None:
    """A sum that cancels is wrong by the rounding of its terms, though by much of its own size."""
    values = np.array([1.0, 1e-15])

    assert_close(np.array([1.0, 3e-15]), values, name="x")
    assert "worst is dx[1]" in refused(np.array([1.0, 1e-6]), values).student


def test_zeros_have_the_scale_of_drawn_inputs() -> None:
    """Where zeros are expected, rounding passes and anything of weight fails."""
    assert_close(np.full(3, 1e-16), np.zeros(3), name="x")
    refused(np.full(3, 1e-6), np.zeros(3))
    assert_close(np.full(3, 1e-6), np.zeros(3), name="x", scale=1e6)


def test_own_tolerances_replace_the_table() -> None:
    """A test may widen or narrow what the table says."""
    assert_close(EXPECTED * 1.01, EXPECTED, name="x", rtol=0.02)
    refused(EXPECTED * (1 + 1e-11), EXPECTED, rtol=0.0, atol=0.0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_each_dtype_has_its_tolerance(dtype: str) -> None:
    """Rounding once to a dtype passes a question asked in it, and fails one asked in float64, which names the dtype."""
    rounded = torch.from_numpy(EXPECTED / 7).to(getattr(torch, dtype))

    assert_close(rounded, EXPECTED / 7, name="x", dtype=dtype)
    assert_close(rounded, EXPECTED / 7, name="x", dtype=getattr(torch, dtype))
    assert_close(EXPECTED / 7, EXPECTED / 7, name="x", dtype=dtype)
    assert (
        f"It came as {dtype}; the question is asked, and compared, in float64."
        in refused(rounded, EXPECTED / 7).student
    )


def test_the_table_states_its_reasons() -> None:
    """Every tolerance has a reason, and lies above the roundoff of its dtype."""
    roundoff = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
    for dtype, tolerance in TOLERANCES.items():
        assert tolerance.reason
        assert min(tolerance.rtol, tolerance.atol) > 4 * roundoff[dtype]
    assert TOLERANCES["float64"].rtol + TOLERANCES["float64"].atol < roundoff["float32"]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_fails(wrong: float) -> None:
    """NaN and infinities fail, are counted, and the first is named."""
    got = EXPECTED.copy()
    got[1, 2] = got[2, 0] = wrong

    word = "NaN" if np.isnan(wrong) else "infinite"
    assert (
        refused(got).student
        == f"dx is not finite: 2 {word} of 12 entries; the first is dx[1, 2] (shape (3, 4), float64)."
    )
    refused(np.full((3, 4), np.nan), np.zeros((3, 4)), rtol=np.inf, atol=np.inf)


def test_an_expected_infinity_must_come() -> None:
    """Minus infinity in a mask is matched by itself alone."""
    expected = np.array([0.0, -np.inf, 1.0])

    assert_close(expected.copy(), expected, name="x")
    for wrong in (np.inf, -1e300, np.nan):
        refused(np.array([0.0, wrong, 1.0]), expected)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "dx is None"),
        ("text", "dx is text"),
        ((1, 2), "dx is a tuple of length 2"),
        (SimpleNamespace(description="a tuple of 2"), "dx is a tuple of 2"),
        (SimpleNamespace(description="a \x1b[2Jclass\n" + 999 * "x"), "dx is a ?[2Jclass?xxx"),
        (object(), "dx is an object of type object"),
        (3.0, "dx has shape (); (3, 4) is asked for"),
        (np.zeros((3, 4, 1)), "dx has shape (3, 4, 1); (3, 4) is asked for"),
        (np.zeros((3, 4), dtype=complex), "dx holds complex128; numbers"),
        (np.zeros((3, 4), dtype="U3"), "dx holds <U3; numbers"),
        (np.ones((3, 4), dtype=np.int64), "dx holds int64; floating-point numbers are asked for"),
        (torch.ones((3, 4), dtype=torch.bool), "dx holds bool; floating-point numbers are asked for"),
        (np.zeros((3, 4)), "all 12 entries differ"),
        (np.zeros((3, 4)), "Every entry of dx is 0."),
    ],
)
def test_the_cheapest_question_comes_first(got: object, words: str) -> None:
    """The message names what is wrong by kind, shape, dtype and value, in that order, and stays short."""
    student = refused(got).student

    assert words in student
    assert len(student) < 250
    assert student.isprintable()


def test_a_square_transpose_is_named() -> None:
    """Where the shape cannot tell, the values do."""
    expected = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert message(expected.T, expected).endswith(" Its transpose would be right.")
    assert "transpose" not in message(expected[::-1], expected)


def test_a_transpose_is_named_only_if_it_is_right() -> None:
    """Swapped axes are said to be the cause where they certainly are."""
    assert refused(EXPECTED.T).student.endswith("Its transpose would be right.")
    assert "transpose" not in refused(EXPECTED.T + 1).student


@pytest.mark.parametrize(
    "got", [2.5, np.float32(2.5), np.array(2.5), np.array([2.5]), torch.tensor([[2.5]]), torch.tensor(2.5).half()]
)
def test_a_scalar_may_come_in_a_box(got: object) -> None:
    """A number of shape (), (1,) or (1, 1), of Python, NumPy or torch, is the value."""
    assert_close(got, 2.5, name="loss")
    assert "loss is not right: off by tens of percent." in refused(got, 2.0, name="loss").student


def test_whole_numbers_are_numbers_where_one_number_is_asked_for() -> None:
    """A loss of 0 may come as an int; True is no number, and neither are two numbers."""
    assert_close(0, 0.0, name="loss")
    refused(True, 1.0)
    refused(np.ones(2), 1.0)
    refused(np.ones((1, 1, 1)), 1.0)
    refused(10**400, 1.0)


def test_a_tensor_that_requires_grad_is_its_values() -> None:
    """Graphs do not matter to a comparison."""
    assert_close(torch.from_numpy(EXPECTED).requires_grad_(), EXPECTED, name="x")


def test_students_read_no_values_and_staff_do() -> None:
    """What came and what was expected is for staff, unless the question discloses it."""
    error = refused(EXPECTED + 0.125)

    assert error.student == (
        "dx is not right: all 12 entries differ; the worst is dx[0, 0], off by tens of percent (shape (3, 4), float64)."
    )
    assert error.staff.startswith(error.student + " dx[0, 0]: got 1.125, expected 1.0, error 0.125, allowed")
    assert "expected dx =" in error.staff
    assert "got 1.125, expected 1.0" in refused(EXPECTED + 0.125, disclose=True).student


@pytest.mark.parametrize(
    ("expected", "options"),
    [
        (np.array([np.nan]), {}),
        (None, {}),
        ("text", {}),
        (np.ones(2, dtype=complex), {}),
        (np.ones(2), {"dtype": np.int64}),
    ],
)
def test_a_test_that_cannot_be_used_is_our_fault(expected: object, options: dict[str, Any]) -> None:
    """A wrong expected value or dtype never costs a student anything."""
    with pytest.raises(ConfigError, match="dx"):
        assert_close(np.ones(2), expected, name="dx", **options)


def test_integers_are_exact() -> None:
    """Integers of any width are compared one by one, and floats are none."""
    words = np.array([[1, 2, 3], [4, 5, 2**62]])

    assert_equal_int(words.astype(np.uint64), words, name="captions")
    assert_equal_int(torch.from_numpy(words), words, name="captions")
    assert_equal_int(7, np.int32(7), name="steps")
    for wrong in (words + (words == 5), words.astype(float), words[0], None, words.astype(np.uint64) + 2**63):
        with pytest.raises(Mismatch):
            assert_equal_int(wrong, words, name="captions")
    with pytest.raises(Mismatch, match=r"1 of 6 entries differs; the first is captions\[1, 1\]"):
        assert_equal_int(words + (words == 5), words, name="captions")
    with pytest.raises(ConfigError):
        assert_equal_int(words, words.astype(float), name="captions")


def test_results_are_unpacked_with_a_reason_when_they_cannot_be() -> None:
    """A tuple or a list gives its parts; a missing cache or return statement is named."""
    assert unpack([1, 2], "next_h, cache") == (1, 2)
    for got, words in (
        (None, "Is its return statement missing?"),
        (np.zeros((2, 3)), "an array of shape (2, 3) (float64); it must return 2 values: next_h, cache"),
        ("ab", "returned text"),
        ((1,), "returned 1 value; it must return 2"),
        ({"a": 1, "b": 2}, "a dict of length 2"),
        (SimpleNamespace(description="a Model"), "returned a Model; it must return 2 values"),
    ):
        with pytest.raises(Mismatch) as caught:
            unpack(got, "next_h, cache")
        assert words in caught.value.student


def test_a_known_mistake_is_named_only_if_its_value_has_come() -> None:
    """What a mistake comes to is compared like an expected value; another wrong value says nothing of it."""
    expected, shifted = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[2.0, 1.0], [5.0, 3.0]])
    mistakes = {"The columns are in the other order.": shifted, "Of another shape.": np.zeros(3)}
    assert "other order" in message(shifted, expected, mistakes=mistakes)
    assert "other order" not in message(shifted + 1e-3, expected, mistakes=mistakes)
    late = {"They begin one word late.": np.array([1, 2])}
    with pytest.raises(Mismatch, match="They begin one word late"):
        assert_equal_int(np.array([1, 2]), np.array([2, 3]), name="x", mistakes=late)


WHOLE = "wrong sign|times as large|times too small"


def message(got: object, expected: object, **options: Any) -> str:
    """Return what a student reads of a wrong answer."""
    with pytest.raises(Mismatch) as caught:
        assert_close(got, expected, name="dx", **options)
    return caught.value.student


@pytest.mark.parametrize(
    ("factor", "words"),
    [(-1.0, "the wrong sign"), (3.0, "3 times as large"), (0.25, "4 times too small"), (1.5, None), (-2.0, None)],
)
def test_a_whole_factor_is_named(factor: float, words: str | None) -> None:
    """Where every entry is off by one sign or one whole factor, the message says so; else it does not."""
    expected = np.array([[1.0, -2.0], [3.0, 5.5]])
    text = message(factor * expected, expected)
    assert (words or ".") in text
    assert bool(re.search(WHOLE, text)) is (words is not None)
    changed = factor * expected
    changed[0, 0] += 0.1
    assert not re.search(WHOLE, message(changed, expected))


def test_entries_of_a_dict_come_with_a_reason_when_they_do_not() -> None:
    """A dict gives what is asked for; what is none, and what lacks a key, is named."""
    assert entries({"W": 1, "b": 2}, ["W"], name="grads") == {"W": 1, "b": 2}
    for got, words in ((None, "grads is "), (np.zeros(2), "grads is an array of shape (2,)"), ([1], "grads is ")):
        with pytest.raises(Mismatch, match=re.escape(words)):
            entries(got, ["W"], name="grads")
    with pytest.raises(Mismatch, match=re.escape("grads has no entry 'b', 'Wx'.")):
        entries({"W": 1}, ["W", "b", "Wx"], name="grads")


def test_helpers_for_claims_of_our_own() -> None:
    """Shapes, ranges and untouched inputs can be asked about, without a foreign truth value deciding."""
    assert_shape(torch.zeros(2, 3), (2, 3), name="z")
    assert as_array(torch.ones(2), name="z", shape=(2,)).sum() == 2.0
    assert_unchanged(np.array([1.0, np.nan]), np.array([1.0, np.nan]), name="x")
    assert_that(np.bool_(True), "never read")
    for claim in (
        lambda: assert_shape(np.zeros((3, 2)), (2, 3), name="z"),
        lambda: as_array(np.array([np.inf]), name="z"),
        lambda: as_array(np.zeros(3), name="z", shape=(2,)),
        lambda: assert_unchanged(np.array([1.0, 2.0]), np.array([1.0, 3.0]), name="x"),
        lambda: assert_that(False, "some are not"),
    ):
        with pytest.raises(Mismatch):
            claim()
    with pytest.raises(ConfigError):
        assert_that(object(), "an object is no claim")


def test_descriptions_hold_no_values() -> None:
    """What something is can be said without saying what is in it."""
    assert describe(torch.zeros(2, 3)) == "a tensor of shape (2, 3) (float32)"
    assert describe(2.5) == "one number (float64)"


def test_comparing_imports_no_torch() -> None:
    """A process that has no tensors does not load torch to compare arrays."""
    code = "import sys, numpy; from autograder.compare import assert_close; "
    code += "assert_close(numpy.ones(2), numpy.ones(2), name='x'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

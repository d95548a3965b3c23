"""What crosses, how it arrives, and what does not cross."""

from __future__ import annotations

import collections
import enum
import io
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from protocol_samples import native, plain_values, same, there_and_back, wire

from autograder.protocol import HandleRef, NotData, ProtocolLimits, TensorData, Value, decode_value, encode_value
from autograder.protocol.encoding import Encoder
from autograder.protocol.header import measure, pack_header

SMALL = ProtocolLimits(
    header_bytes=4000, body_bytes=4096, buffers=3, items=50, depth=4, dims=3, text_chars=100, int_bits=128
)


class Point(NamedTuple):
    """A named tuple."""

    x: int
    y: int


class Colour(enum.IntEnum):
    """An int with a name."""

    RED = 2


class Lies(str):
    """A text that lies about itself."""

    __slots__ = ()

    def __str__(self) -> str:
        """Say something else."""
        return "lie"

    def __len__(self) -> int:
        """Say a length that is none."""
        return 10**9

    def __eq__(self, _other: object) -> bool:
        """Equal everything."""
        return True

    def __hash__(self) -> int:
        """Be anywhere."""
        return 1


class LyingList(list[Any]):
    """A list whose methods must not be called."""

    def __iter__(self) -> Any:
        """Never end."""
        raise AssertionError

    __len__ = __getitem__ = __reversed__ = __iter__  # type: ignore[assignment]


class LyingInt(int):
    """An int whose methods must not be called."""

    def __index__(self) -> int:
        """Raise."""
        raise AssertionError

    __int__ = __abs__ = bit_length = __index__  # type: ignore[assignment]


class LyingArray(np.ndarray[Any, Any]):
    """An array of another class."""


@settings(max_examples=400, deadline=None)
@given(plain_values)
def test_every_value_arrives_as_it_was(value: object) -> None:
    """Types, order, signs, NaNs and bytes are what was sent, for all data and nested in all containers."""
    assert same(there_and_back(value), native(value))


@settings(max_examples=200, deadline=None)
@given(plain_values)
def test_encoder_counts_what_the_reader_counts(value: object) -> None:
    """Both sides count elements alike, so that no frame of ours is above a limit of ours."""
    encoder = Encoder()
    tree = encoder.value(value)
    header = pack_header([tree], encoder.limits)
    assert measure(header, encoder.limits) == encoder.items + 1


@pytest.mark.parametrize(
    "value",
    [
        *(True, False, 0, 1, -1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**4095, -(2**4095)),
        *(0.0, -0.0, 5e-324, float("inf"), float("nan"), 1j, complex("nan"), "", "é\0😀", b"", b"\xff" * 5000),
        *([], (), {}, [()], ([],), {(1, ("a", None)): []}, {1: "a", "1": "b", b"1": "c", None: 0}, {float("nan"): 1}),
        *(slice(None), slice(1, -1, 2), ..., (slice(None), ..., 0), {np.int64(3): 1}, {2.5: 1}),
        *(np.float64(2), np.float16("nan"), np.bool_(1), np.int8(-1), np.complex64(1j), np.uint64(2**64 - 1)),
        *(
            np.zeros(()),
            np.zeros((0, 3)),
            np.zeros((3, 0, 2**20)),
            np.ones((), bool),
            np.array([np.nan, -np.inf, -0.0]),
        ),
        *(TensorData("bfloat16", (2, 1), np.arange(4, dtype=np.uint8)), TensorData("bool", (), np.ones(1, np.uint8))),
        *(
            TensorData("float64", (0,), np.zeros(0, np.uint8)),
            HandleRef(0, "class", "RNN"),
            HandleRef(2**63 - 1, "object", ""),
        ),
    ],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:20]!r}",
)
def test_corner_values_arrive(value: object) -> None:
    """Values at the edges of their types arrive as they were."""
    assert same(there_and_back(value), value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4"),
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(10, dtype=np.float32)[::-3],
        np.asfortranarray(np.eye(3)),
        np.broadcast_to(np.float64(2), (3, 4)),
        np.arange(3, dtype=np.longlong),
        np.arange(5)[1:1],
    ],
)
def test_arrays_of_any_layout_arrive_in_order(array: np.ndarray[Any, Any]) -> None:
    """Byte order and strides are normalised; elements, shape and dtype are the same."""
    got = there_and_back(array)
    np.testing.assert_array_equal(got, array)
    assert got.dtype == array.dtype.newbyteorder("<")
    assert got.flags.c_contiguous
    assert got.flags.writeable


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Point(1, 2), (1, 2)),
        (Colour.RED, 2),
        (LyingInt(2**70), 2**70),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(list, a=[]), {"a": []}),
        (collections.Counter("aa"), {"a": 2}),
        (Lies("true"), "true"),
        (LyingList([1, 2]), [1, 2]),
        (np.str_("s"), "s"),
        (np.bytes_(b"s"), b"s"),
        (np.array([[1, 2]]).view(np.matrix), np.array([[1, 2]])),
        ({Colour.RED: Point(1, 2), (Colour.RED,): 0}, {2: (1, 2), (2,): 0}),
        ({np.str_("a"): 1}, {"a": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_derived_classes_arrive_as_their_base(value: object, plain: object) -> None:
    """A class derived from a data type crosses as that type, and what it overrides is not called."""
    assert same(there_and_back(value), plain)


def test_an_ordered_dictionary_keeps_its_own_order() -> None:
    """``move_to_end`` changes an order that the dictionary below does not know."""
    value = collections.OrderedDict(a=1, b=2)
    value.move_to_end("a")
    assert list(there_and_back(value)) == ["b", "a"]


def test_a_torch_size_arrives_as_a_tuple() -> None:
    """``x.shape`` of a tensor is data."""
    torch = pytest.importorskip("torch")
    assert same(there_and_back(torch.Size([2, 3])), (2, 3))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), ""),
        ({1}, ""),
        (frozenset(), ""),
        (range(3), ""),
        (len, ""),
        (int, ""),
        (bytearray(2), ""),
        (io.StringIO(), ""),
        (NotImplemented, ""),
        (np.array([object()]), ""),
        (np.array(["text"]), ""),
        (np.zeros(2, "M8[s]"), ""),
        (np.zeros(2, "i4,i4"), ""),
        (np.datetime64(3, "s"), ""),
        (np.ma.masked_array([1], mask=[1]), ""),
        (np.zeros(2).view(LyingArray), ""),
        (slice("a"), ""),
        (slice(None, np.bool_(1)), ""),
        ([0, {"deep": ({1},)}], "[1]['deep'][0]"),
        ({frozenset(): 1}, ""),
        ({HandleRef(1, "object", "x"): 1}, ""),
        ({(...,): 1}, ""),
        ([TensorData("float128", (1,), np.zeros(16, np.uint8))], "[0]"),
        ([TensorData("float32", (1,), np.zeros(3, np.uint8))], "[0]"),
        ([TensorData("float32", (-1,), np.zeros(0, np.uint8))], "[0]"),
        (TensorData("float32", (1,), np.zeros(1, np.float32)), ""),  # type: ignore[arg-type]
        (TensorData("uint8", (2,), np.zeros(4, np.uint8)[::2]), ""),
        (np.array([2, 1], np.uint8).view(bool), ""),
        (TensorData("bool", (1,), np.array([2], np.uint8)), ""),
        (HandleRef(-1, "object", "x"), ""),
        (HandleRef(1, "thing", "x"), ""),
        (HandleRef(id=True, kind="object", type_name="x"), ""),
        (HandleRef(1, "object", "x", -1), ""),
        (dict.fromkeys(("a\ud800", "a\ud801")), ""),
        ({Lies("a"): 1, "b": 1, "a": 2}, ""),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_what_is_no_data_is_refused_by_name(value: object, path: str) -> None:
    """Whatever is no data raises a TypeError that names the part; nothing is dropped in silence."""
    with pytest.raises(TypeError) as caught:
        encode_value(value)
    assert isinstance(caught.value, NotData)
    assert caught.value.path == path


def test_longdouble_is_refused_where_it_is_wider_than_double() -> None:
    """An element type that the other side may not have does not cross."""
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("longdouble is double here")
    with pytest.raises(NotData):
        encode_value(np.zeros(2, np.longdouble))


@pytest.mark.parametrize(
    "value",
    [
        [0] * 50,
        [[[[[0]]]]],
        ["x" * 101],
        "é" * 101,
        ["x" * 100] * 41,
        2**129,
        -(2**129),
        np.zeros(513),
        [np.zeros(300), np.zeros(300)],
        [np.zeros(1)] * 4,
        np.zeros((1, 1, 1, 1)),
        np.zeros((0, 2**40)),
        [b"x" * 1000] * 5,
        b"x" * 5000,
        dict.fromkeys(range(30), 0),
        np.broadcast_to(np.float64(0), (2**40,)),
    ],
    ids=range(16),
)
def test_what_is_above_a_limit_is_refused(value: object) -> None:
    """A value above a limit is refused by the encoder, before anything of its size is made."""
    with pytest.raises(NotData):
        wire(Value(value), SMALL)


@pytest.mark.parametrize(
    "value",
    [
        [0] * 44,
        [[[0]]],
        "x" * 100,
        2**127,
        np.zeros(512),
        [np.zeros(1)] * 3,
        np.zeros((1, 1, 1)),
        dict.fromkeys(range(22), 0),
    ],
    ids=range(8),
)
def test_what_is_just_within_a_limit_arrives(value: object) -> None:
    """What the encoder lets pass, the decoder takes."""
    assert same(there_and_back(value, SMALL), value)


def test_a_list_that_holds_itself_is_refused() -> None:
    """A cycle ends at the depth limit."""
    value: list[Any] = []
    value.append(value)
    with pytest.raises(NotData, match="deep"):
        encode_value(value)


def test_a_dictionary_of_chosen_hashes_is_refused() -> None:
    """More keys with one hash than any honest dictionary has do not cross."""
    modulus = sys.hash_info.modulus
    value = dict.fromkeys((modulus * factor for factor in range(100)), 0)
    with pytest.raises(NotData, match="told apart"):
        encode_value(value)


@pytest.mark.parametrize(
    ("text", "arrives"), [("a\ud800b", "a\ufffdb"), ("\ud83d\ude00", "😀"), ("\udcff\udcfe", "\ufffd\ufffd")]
)
def test_surrogates_are_replaced(text: str, arrives: str) -> None:
    """Text that no file can hold arrives as text that any can."""
    assert there_and_back([text, {text: 1}]) == [arrives, {arrives: 1}]


def test_large_arrays_are_not_copied() -> None:
    """The buffer of a contiguous array is its memory, and an array that is decoded is a view of the body."""
    array = np.arange(1000.0)
    _, (buffer,) = encode_value(array)
    assert np.shares_memory(np.frombuffer(buffer, np.uint8), array)
    tree, _ = encode_value(array)
    body = array.copy().view(np.uint8)
    assert np.shares_memory(decode_value(tree, body), body)


def test_arrays_in_one_frame_are_aligned_and_apart() -> None:
    """Each array begins at a multiple of 16 bytes, and writing to one leaves the others as they are."""
    value = [np.zeros(3, np.uint8), np.zeros(1, np.complex128), np.zeros(5, np.int16), np.zeros(2)]
    got = there_and_back(value)
    assert all(array.ctypes.data % 16 == 0 for array in got)
    for index, array in enumerate(got):
        array[:] = 1
        assert all(not other.any() for other in got[index + 1 :])


def test_convert_makes_data_of_what_is_none() -> None:
    """The caller's ``convert`` is asked for what is no data, and for nothing else; its TypeError keeps the place."""
    asked = []

    def convert(value: object) -> object:
        asked.append(value)
        if isinstance(value, set):
            return sorted(value)
        raise TypeError("no")

    tree, _ = encode_value([{2, 1}, 3], convert=convert)
    assert same(decode_value(tree, np.zeros(0, np.uint8)), [[1, 2], 3])
    assert asked == [{1, 2}]
    with pytest.raises(NotData, match=r"^\['a'\]: no$"):
        encode_value({"a": object()}, convert=convert)

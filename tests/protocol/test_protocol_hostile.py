"""Bytes that are no message: refused with one error, at once, and without memory."""

from __future__ import annotations

import itertools
import os
import random
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_samples import MESSAGES, frame_of, plain_values, read, wire

from autograder.errors import ProtocolError
from autograder.protocol import (
    DEFAULT_LIMITS,
    Frame,
    FrameReader,
    HandleRef,
    ProtocolLimits,
    TensorData,
    Value,
    encode_frame,
    unsent,
)
from autograder.protocol.frames import MAGIC, PREFIX
from autograder.protocol.header import measure, unpack_header
from autograder.protocol.kinds import ARRAY_DTYPES

_DATA = (bool, int, float, complex, str, bytes, type(None), slice, type(...), HandleRef, np.generic)
_RICH = Value([(1, 2.5), {"a": np.arange(6.0).reshape(2, 3), 2: np.ones(3, bool)}, b"x" * 2000, 2**70, np.int8(3), "é"])


def is_data(value: Any) -> bool:
    """Return whether a value has only types that may arrive."""
    if type(value) in {list, tuple}:
        return all(map(is_data, value))
    if type(value) is dict:
        return all(map(is_data, itertools.chain(value, value.values())))
    if type(value) is np.ndarray:
        return value.dtype in ARRAY_DTYPES.values()
    if type(value) is TensorData:
        return type(value.data) is np.ndarray
    return type(value) in _DATA or isinstance(value, np.generic)


def refused_or_data(data: bytes) -> None:
    """Read bytes; what comes out is data, or ProtocolError."""
    try:
        messages = read(data)
    except ProtocolError:
        return
    for message in messages:
        assert type(message) is not Value or is_data(message.value)


@contextmanager
def at_most(mib: float) -> Iterator[None]:
    """Fail if Python and NumPy allocate more than this at any time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < mib * 2**20


def raw(header: bytes, body: bytes = b"", **fields: Any) -> bytes:
    """Return a frame of raw bytes whose prefix may lie."""
    prefix = dict[str, Any](
        {"magic": MAGIC, "version": 1, "zero": bytes(3), "header_bytes": len(header), "body_bytes": len(body)}
    )
    prefix |= fields
    return PREFIX.pack(*prefix.values(), bytes(16)) + header + body


@pytest.mark.parametrize("message", [*MESSAGES, _RICH], ids=lambda message: type(message).__name__)
def test_a_frame_is_the_same_in_any_pieces(message: Any) -> None:
    """Whole, byte by byte, and cut anywhere, a frame yields one message and nothing before its last byte."""
    data = wire(message)
    whole = read(data)
    assert len(whole) == 1
    for step in (1, 2, 7, 36):
        reader = FrameReader()
        for at in range(0, len(data), step):
            assert not reader.frames()
            reader.feed(data[at : at + step])
        assert len(reader.frames()) == 1
    for cut in range(len(data)):
        reader = FrameReader()
        reader.feed(data[:cut])
        assert not reader.frames()
        assert reader.midway is (cut > 0)


def test_frames_in_a_row_are_kept_apart() -> None:
    """Bytes of several frames at once are several messages, in order."""
    data = b"".join(map(wire, MESSAGES))
    assert read(data) == list(MESSAGES)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_garbage_is_refused(data: bytes) -> None:
    """Random bytes, alone, as a header and as a body, raise ProtocolError or are data."""
    refused_or_data(data)
    refused_or_data(raw(data))
    refused_or_data(raw(b"\x92\xa5Value" + data))
    refused_or_data(raw(msgpack.packb(["Value", [10, "bool", [len(data)]]]), data))


@settings(max_examples=300, deadline=None)
@given(plain_values, st.data())
def test_changed_frames_are_refused_or_are_data(value: object, data: st.DataObject) -> None:
    """A right frame with bytes changed, lost, added or doubled raises ProtocolError or is data."""
    frame = bytearray(wire(Value(value)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame)))
        match data.draw(st.sampled_from(["change", "lose", "add", "double"])):
            case "change":
                frame[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case "lose":
                del frame[at : at + data.draw(st.integers(1, 8))]
            case "add":
                frame[at:at] = data.draw(st.binary(max_size=8))
            case "double":
                frame[at:at] = frame[at : at + 16]
    refused_or_data(bytes(frame))
    header_bytes = int.from_bytes(frame[8:12], "little")
    header, body = bytes(frame[36 : 36 + header_bytes]), bytes(frame[36 + header_bytes :])
    refused_or_data(raw(header, body))


def test_every_single_byte_changed_is_refused_or_data() -> None:
    """All 256 values at each place of a frame that has something of everything."""
    frame = bytearray(wire(_RICH))
    for at in itertools.chain(range(180), range(180, len(frame), 61)):
        old = frame[at]
        for new in range(256):
            frame[at] = new
            refused_or_data(bytes(frame))
        frame[at] = old


def test_random_trees_are_refused_or_data() -> None:
    """Trees of the right form with the wrong contents, a hundred thousand elements of them."""
    rng = random.Random(5)
    names = [*ARRAY_DTYPES, "object", "O", "V8", "<f8", "bfloat16", "", "class", None]
    leaves = [0, 1, -1, 2**63, 2**28, 1.5, None, True, b"", b"\1", b"\0" * 8, "x", *names]

    def tree(depth: int) -> Any:
        if not depth or rng.random() < 0.3:
            return rng.choice(leaves)
        return [rng.randrange(14), *(tree(depth - 1) for _ in range(rng.randrange(5)))]

    for _ in range(20_000):
        refused_or_data(frame_of(["Value", tree(4)], bytes(rng.randrange(40))))


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: grader.example\r\n\r\n",
        raw(b"\x91\xa4Fork", magic=b"agp\0"),
        raw(b"\x91\xa4Fork", version=2),
        raw(b"\x91\xa4Fork", zero=b"\0\0\1"),
        raw(b""),
        raw(b"", header_bytes=2**32 - 1),
        raw(b"", header_bytes=DEFAULT_LIMITS.header_bytes + 1),
        raw(b"\xc0", body_bytes=DEFAULT_LIMITS.body_bytes + 1),
        raw(b"\xc0", body_bytes=2**64 - 1),
        raw(b"\xc0", body_bytes=2**63),
    ],
)
def test_a_prefix_that_lies_is_refused_before_memory_is_got(data: bytes) -> None:
    """Foreign protocols, other versions and sizes above a limit end at the prefix."""
    with at_most(0.5), pytest.raises(ProtocolError):
        read(data)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks the Linux kernel")
def test_announced_memory_is_not_touched() -> None:
    """A body that was announced and does not come costs address space and no more, until the reader is gone."""
    before = _resident_mib()
    readers = [FrameReader() for _ in range(4)]
    for reader in readers:
        reader.feed(raw(b"\xc0", body_bytes=DEFAULT_LIMITS.body_bytes))
    assert _resident_mib() - before < 64


def _resident_mib() -> float:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.parametrize(
    "header",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdc\xff\xff",
        b"\xdd\x00\x01\x86\xa0" * 40,
        b"\xdc\xff\xff" * 1_000_000,
        b"\x91" * 4_000_000,
        b"\x9f" + b"\x90" * 4_000_000,
        b"\xdd\x00\x3d\x09\x00" + b"\x90" * 4_000_000,
        b"\xdd\x00\x3d\x09\x00" + b"\xc0" * 4_000_000,
        b"\x93" + (b"\xdc\xc3\x50" + b"\xc0" * 50_000) * 3,
        b"\xdf\xff\xff\xff\xff",
        b"\x80",
        b"\x81\x01\x02",
        b"\xc1",
        b"\xc7\x00\x05",
        b"\xd4\x01\x00",
        b"\xd6\xff\0\0\0\0",
        b"\xc9\xff\xff\xff\xff\x01",
        b"\xca\0\0\0\0",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xd9",
        b"\xcf\0",
        b"\xcb\0",
        b"\xa2\xff\xfe",
        b"\xa3\xed\xa0\x80",
        b"\xc0\xc0",
        b"",
    ],
    ids=lambda header: f"{header[:6].hex()}x{len(header)}",
)
def test_a_header_that_asks_for_much_gets_nothing(header: bytes) -> None:
    """Counts, depths, maps, extensions, cut and doubled elements and bad text are refused without memory."""
    with at_most(2), pytest.raises(ProtocolError):
        unpack_header(header, DEFAULT_LIMITS)


def test_the_largest_header_is_bounded() -> None:
    """The header that makes the most objects of its bytes, within the limits, costs some tens of megabytes."""
    items = DEFAULT_LIMITS.items
    empty_lists = b"\xdd" + (items - 1).to_bytes(4, "big") + b"\x90" * (items - 1)
    with at_most(16):
        assert len(unpack_header(empty_lists, DEFAULT_LIMITS)) == items - 1


@pytest.mark.parametrize(
    "tree",
    [
        [],
        [0],
        [13],
        [-1],
        [True, 1],
        [1.0, 1],
        ["1", 1],
        [None],
        [[1]],
        [3, 1],
        [3, 1, 2, 1, 3],
        [3, 1, 2, True, 3],
        [3, 1, 2, 1.0, 3],
        [3, [1, 1], 2],
        [3, [2, [1]], 2],
        [3, [3], 2],
        [3, [4, None, None, None], 2],
        [3, [5], 2],
        [3, [12, 1, "object", "x", None], 2],
        [3, [10, "int8", [0]], 2],
        [4, 1, 2],
        [4, 1, 2, 3, 4],
        [4, "a", None, None],
        [4, True, None, None],
        [4, 1.0, None, None],
        [4, [8, "float64", bytes(8)], None, None],
        [5, 1],
        [6],
        [6, 1],
        [6, bytes(514)],
        [6, bytes(512) + b"\1"],
        [7, 1, 2],
        [7, 1.0],
        [8, "float64", bytes(7)],
        [8, "float64", 0.0],
        [8, "object", bytes(8)],
        [8, "<f8", bytes(8)],
        [8, "bool", b"\2"],
        [8, b"int8", b"\2"],
        [9, -1],
        [9, 1],
        [9, 2**63],
        [9, True],
        [9, 0.0],
        [9],
        [10, "object", [0]],
        [10, "O", [0]],
        [10, "V8", [0]],
        [10, "S5", [0]],
        [10, "float128", [0]],
        [10, "datetime64[s]", [0]],
        [10, "i4,i4", [0]],
        [10, ["float64"], [0]],
        [10, None, [0]],
        [10, "bfloat16", [0]],
        [10, "float64", 0],
        [10, "float64", None],
        [10, "float64", [-1]],
        [10, "float64", [-1, 0]],
        [10, "float64", [True, 0]],
        [10, "float64", [0.0]],
        [10, "float64", ["0"]],
        [10, "float64", [[0]]],
        [10, "float64", [0] * 33],
        [10, "float64", [2**28, 2**28, 2**28, 0]],
        [10, "float64", [0, 2**28, 2**28, 2**28]],
        [10, "float64", [2**63, 2]],
        [10, "float64", [2**32, 2**32]],
        [10, "float64", [2**61, 8]],
        [10, "float64", [2**64 - 1]],
        [10, "float64", [1]],
        [10, "float64", []],
        [10, "float64", [0], 1],
        [11, "object", [0]],
        [11, "torch.float32", [0]],
        [11, "float32", [2**28, 2**28, 2**28, 0]],
        [11, "float32", [1]],
        [11, 3, [0]],
    ],
    ids=lambda tree: str(tree)[:50],
)
def test_a_tree_that_is_none_is_refused(tree: Any) -> None:
    """Tags, arities, dtypes, shapes, keys and sizes that no encoder writes are refused without memory."""
    frame = frame_of(["Value", tree])
    with at_most(2), pytest.raises(ProtocolError):
        read(frame)


@pytest.mark.parametrize(
    ("tree", "body"),
    [
        (0, b"\0"),
        ([10, "int8", [3]], b"\0\0"),
        ([10, "int8", [3]], b"\0" * 4),
        ([10, "int8", [3]], b"\0" * 16),
        ([1, [10, "int8", [16]], [10, "int8", [16]]], bytes(16)),
        ([1, [10, "int8", [3]], [10, "int8", [3]]], bytes(6)),
        ([1, [10, "int8", [3]], [10, "int8", [3]]], b"\0\0\0\1" + bytes(15)),
        ([10, "bool", [3]], b"\0\1\2"),
        ([11, "bool", [3]], b"\0\1\xff"),
        ([9, 4], bytes(3)),
        ([9, 4], bytes(5)),
        ([1, *[[10, "int8", [0]]] * 4097], b""),
    ],
)
def test_a_body_that_does_not_fit_its_header_is_refused(tree: Any, body: bytes) -> None:
    """Each byte of a body belongs to one buffer or is a pad of zero; none is used twice, none is left over."""
    with pytest.raises(ProtocolError):
        read(frame_of(["Value", tree], body))


def test_depth_is_counted() -> None:
    """As many containers as the limit says are taken, and one more is not."""
    tree: Any = 0
    for _ in range(DEFAULT_LIMITS.depth):
        tree = [1, tree]
    assert len(read(frame_of(["Value", tree]))) == 1
    for extra in ([1, tree], [2, tree], [3, 0, tree]):
        with pytest.raises(ProtocolError):
            read(frame_of(["Value", extra]))


def test_chosen_hashes_are_refused() -> None:
    """Two thousand keys with one hash are refused before a dictionary compares each with each."""
    modulus = sys.hash_info.modulus
    keys = [[6, (modulus * factor).to_bytes(20, "little")] for factor in range(2000)]
    frame = frame_of(["Value", [3, *itertools.chain.from_iterable((key, 0) for key in keys)]])
    with pytest.raises(ProtocolError):
        read(frame)


def test_a_text_above_its_limit_is_refused() -> None:
    """Characters are counted, not bytes."""
    small = ProtocolLimits(text_chars=3)
    assert read(frame_of(["Value", "ééé"]), small) == [Value("ééé")]
    with pytest.raises(ProtocolError):
        read(frame_of(["Value", "abcd"]), small)


def test_a_dead_reader_stays_dead() -> None:
    """After an error, and after the end, a reader refuses all."""
    reader = FrameReader()
    with pytest.raises(ProtocolError):
        reader.feed(bytes(36))
    ended = FrameReader()
    ended.end()
    cut = FrameReader()
    cut.feed(MAGIC)
    with pytest.raises(ProtocolError):
        cut.end()
    for dead in (reader, ended, cut):
        for attempt in (dead.want, dead.end, lambda dead=dead: dead.feed(wire(Value(1)))):
            with pytest.raises(ProtocolError):
                attempt()


def test_got_takes_no_more_than_was_lent() -> None:
    """A count that cannot be is a mistake of the caller's, not of the peer's."""
    reader = FrameReader()
    for count in (-1, 37):
        with pytest.raises(ValueError, match="into a buffer"):
            reader.got(count)


@pytest.mark.parametrize("count", [1, 5000])
def test_a_frame_has_few_pieces(count: int) -> None:
    """However many buffers there are, sendmsg takes the pieces at once, and large ones are not copied."""
    limits = ProtocolLimits(buffers=10_000)
    arrays = [np.full(70_000, index % 256, np.uint8) for index in range(count)]
    pieces = encode_frame(bytes(16), b"\xc0", [array.data for array in arrays], limits)
    assert len(pieces) <= 1024
    reader = FrameReader(limits)
    for piece in pieces:
        reader.feed(piece)
    (frame,) = reader.frames()
    assert isinstance(frame, Frame)
    assert frame.body.size == 70_000 * count
    assert count > 1 or any(piece is not None and not isinstance(piece, bytes) for piece in pieces)


def test_unsent_pieces_go_on_where_the_last_call_stopped() -> None:
    """Sending any number of bytes at a time sends all bytes once."""
    pieces: list[Any] = [b"abc", b"", memoryview(b"defg"), b"h"]
    for step in range(1, 10):
        out, left = b"", list(pieces)
        while left:
            joined = b"".join(left)
            out += joined[:step]
            left = unsent(left, min(step, len(joined)))
        assert out == b"abcdefgh"


@pytest.mark.parametrize("field", ["header_bytes", "depth", "items", "body_bytes"])
@pytest.mark.parametrize("value", [0, -1, True, 1.5, 2**70])
def test_limits_that_are_none_are_refused(field: str, value: Any) -> None:
    """A limit is a positive integer that the format can carry."""
    if field == "items" and value == 2**70:
        pytest.skip("as many as memory holds")
    with pytest.raises(ValueError, match=field):
        ProtocolLimits(**{field: value})


def test_measure_counts_each_width_of_each_type() -> None:
    """The walk agrees with msgpack about where each element ends."""
    for value in (0, 127, 128, 255, 256, 65_536, 2**32, -1, -33, -129, -32_769, -(2**31) - 1, 1.5, None, True):
        assert measure(msgpack.packb([value, value]), DEFAULT_LIMITS) == 3
    for size in (0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536):
        for value in ("x" * size, b"x" * size):
            assert measure(msgpack.packb([value, value]), DEFAULT_LIMITS) == 3
        assert measure(msgpack.packb([0] * size), DEFAULT_LIMITS) == size + 1

"""What the tests of the protocol share: values to draw, frames made by hand, and equality that asks for types."""

from __future__ import annotations

import struct
from typing import Any

import hypothesis.strategies as st
import msgpack
import numpy as np
from hypothesis.extra import numpy as hnp

from autograder.protocol import (
    DEFAULT_LIMITS,
    Begin,
    Call,
    CodeFrame,
    Connection,
    Drive,
    ErrorReport,
    Fork,
    Frame,
    FrameReader,
    Get,
    GetAttr,
    GetItem,
    HandleRef,
    Import,
    Load,
    Message,
    Prepare,
    ProtocolLimits,
    Put,
    Raised,
    Release,
    SetAttr,
    SetItem,
    TensorData,
    Unpack,
    Value,
    encode_frame,
    from_tree,
    to_tree,
)
from autograder.protocol.header import pack_header, unpack_header
from autograder.protocol.kinds import ARRAY_DTYPES, TENSOR_ITEMSIZES

HANDLE = HandleRef(3, "container", "tuple", 2)
REPORT = ErrorReport("raised", "ValueError", "no", (CodeFrame("a3/x.py", 4, "f", "raise"),), ("a note",))
MESSAGES: tuple[Message, ...] = (
    Begin(7),
    Import("a3.rnn_layers"),
    GetAttr(HANDLE, "shape"),
    SetAttr(HANDLE, "training", value=False),
    GetItem(HANDLE, (slice(1, None), ..., -1)),
    SetItem(HANDLE, "key", [1.5]),
    Call(HANDLE, (1, HANDLE), {"x": (2,)}),
    Put({"a": 1}),
    Get(HANDLE),
    Unpack(HANDLE),
    Drive("def f(): pass", "f", (1,), {"y": None}),
    Release((0, 4)),
    Prepare({"root": "/sub"}),
    Load({"seed": 3}),
    Fork(),
    Value(1),
    Raised(REPORT),
)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same, types, byte for byte and NaN for NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, np.generic):
        return one.tobytes() == other.tobytes()
    if isinstance(one, TensorData):
        return (one.dtype, one.shape, one.data.tobytes()) == (other.dtype, other.shape, other.data.tobytes())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, slice):
        return same((one.start, one.stop, one.step), (other.start, other.stop, other.step))
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other)
    if isinstance(one, complex):
        return same((one.real, one.imag), (other.real, other.imag))
    return bool(one == other)


def wire(message: Message, limits: ProtocolLimits = DEFAULT_LIMITS, call_id: bytes = bytes(16)) -> bytes:
    """Return a message as the bytes of a frame."""
    tree, buffers = to_tree(message, limits)
    return b"".join(encode_frame(call_id, pack_header(tree, limits), buffers, limits))


def frame_of(tree: object, body: bytes = b"", call_id: bytes = bytes(16)) -> bytes:
    """Return a frame made by hand, whatever is in it."""
    return b"".join(encode_frame(call_id, msgpack.packb(tree, strict_types=False), [memoryview(body)]))


def read(data: bytes, limits: ProtocolLimits = DEFAULT_LIMITS) -> list[Message]:
    """Return the messages in some bytes, in or out of turn."""
    reader = FrameReader(limits)
    reader.feed(data)
    return [message_of(frame, limits) for frame in reader.frames()]


def message_of(frame: Frame, limits: ProtocolLimits = DEFAULT_LIMITS) -> Message:
    """Return the message in a frame."""
    return from_tree(unpack_header(frame.header, limits), frame.body, limits)


def there_and_back(value: object, limits: ProtocolLimits = DEFAULT_LIMITS) -> Any:
    """Return a value after it went over the wire."""
    (message,) = read(wire(Value(value), limits), limits)
    assert isinstance(message, Value)
    return message.value


def ship(sender: Connection, receiver: Connection, message: Message) -> Message | None:
    """Send a message from one end to the other and return what arrives."""
    for piece in sender.send(message):
        receiver.feed(piece)
    return receiver.next_message()


_WHOLE = st.integers(-(1 << 4095), (1 << 4095) - 1) | st.integers(-(1 << 65), 1 << 65) | st.integers(-300, 300)
_SCALARS = st.sampled_from(list(ARRAY_DTYPES.values())).flatmap(hnp.from_dtype)
_LEAVES = st.none() | st.booleans() | _WHOLE | st.floats() | st.complex_numbers() | st.text() | st.binary(max_size=2000)
_KEYS = st.recursive(
    st.none() | st.booleans() | _WHOLE | st.floats() | st.text() | st.binary(max_size=20) | _SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Draw an array of any dtype that crosses, in either byte order, perhaps with odd strides."""
    dtype = draw(st.sampled_from(list(ARRAY_DTYPES.values()))).newbyteorder(draw(st.sampled_from("<>")))
    array = draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)))
    if array.ndim and draw(st.booleans()):
        array = array[:: draw(st.sampled_from((-1, 2)))]
    return array.T if draw(st.booleans()) else array


@st.composite
def tensors(draw: st.DrawFn) -> TensorData:
    """Draw a tensor of any dtype that crosses."""
    dtype = draw(st.sampled_from(sorted(TENSOR_ITEMSIZES)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    size = int(np.prod(shape, dtype=int)) * TENSOR_ITEMSIZES[dtype]
    top = 1 if dtype == "bool" else 255
    return TensorData(dtype, shape, draw(hnp.arrays(np.uint8, size, elements=st.integers(0, top))))


handles = st.builds(
    HandleRef,
    st.integers(0, (1 << 63) - 1),
    st.sampled_from(["module", "function", "class", "container", "object"]),
    st.text(max_size=20),
    st.none() | st.integers(0, 1 << 40),
)
_PLACES = st.none() | st.integers(-9, 9)
plain_values = st.recursive(
    _LEAVES | _SCALARS | arrays() | tensors() | handles | st.builds(slice, _PLACES, _PLACES, _PLACES) | st.just(...),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def native(value: Any) -> Any:
    """Return a value with its arrays and scalars in the order of bytes in which they arrive."""
    if isinstance(value, np.ndarray):
        return value.astype(value.dtype.newbyteorder("<"))
    if isinstance(value, (list, tuple)):
        return type(value)(native(item) for item in value)
    if isinstance(value, dict):
        return {native(key): native(item) for key, item in value.items()}
    return value

"""
Values as trees: what may cross, and how it is written.

A tree has None, bool, int of 64 bits, float, str and short bytes as themselves. Everything else is a list that begins
with a tag, so that a tuple stays a tuple and the keys of a dictionary keep their types:

    [LIST, item, …]   [TUPLE, item, …]   [DICT, key, value, key, value, …]   [SLICE, start, stop, step]   [ELLIPSIS]
    [INT, bytes]      [COMPLEX, re, im]  [SCALAR, dtype, bytes]              [BYTES, length] + buffer
    [ARRAY, dtype, [axis, …]] + buffer   [TENSOR, dtype, [axis, …]] + buffer [HANDLE, id, kind, type name, length]

Buffers lie in the body in the order of the tree; none is named, so none can be used twice.

**Types are asked by identity**, and a class derived from a data type is taken for its base by the base's own methods:
``tuple.__iter__(x)``, never ``iter(x)``. So a named tuple and ``torch.Size`` cross as tuple, ``OrderedDict``,
``defaultdict`` and ``Counter`` as dict, an ``IntEnum`` as int, ``np.str_`` as str, ``np.matrix`` and ``np.memmap`` as
array, and overridden methods are not called. Other classes derived from ndarray (masked arrays, quantities) mean more
than their numbers and are no data, as are sets, object arrays and longdouble. What is no data raises `NotData`, a
``TypeError`` that names the part; the worker then keeps a handle.

Keys of a dictionary are numbers (NumPy's too), text, bytes, booleans, None and tuples of these.

Text that has lone surrogates (file names, mostly) crosses with U+FFFD in their place: the grader never holds a string
that it cannot write.
"""

from __future__ import annotations

from autograder.protocol.decoding import Decoder, decode_value
from autograder.protocol.encoding import Encoder, encode_value
from autograder.protocol.kinds import (
    ARRAY_DTYPES,
    HANDLE_KINDS,
    LASTING_KINDS,
    TENSOR_ITEMSIZES,
    HandleRef,
    NotData,
    TensorData,
)

__all__ = [
    "ARRAY_DTYPES",
    "HANDLE_KINDS",
    "LASTING_KINDS",
    "TENSOR_ITEMSIZES",
    "Decoder",
    "Encoder",
    "HandleRef",
    "NotData",
    "TensorData",
    "decode_value",
    "encode_value",
]

"""Hope: what only looks like an array (by an interface, a buffer, a capsule) is read where it should not be."""

import array
import ctypes

import numpy as np

GOAL = "points"
ROUTE = "disguise"
BASE = "stubs"
SCORE = 0


class Borrowed:
    """Claims to be an array at any address."""

    __array_interface__ = {"shape": (3, 4), "typestr": "<f8", "data": (0x1000, False), "version": 3}
    __array_struct__ = property(lambda self: ctypes.py_object())
    __cuda_array_interface__ = __array_interface__
    __dlpack__ = lambda self, **_: None
    __dlpack_device__ = lambda self: (2, 0)
    __len__ = lambda self: 3
    __getitem__ = lambda self, key: 0.0


class Number(np.float64):
    """A scalar that says it is an array."""

    dtype, shape, ndim, nbytes = np.dtype("float64"), (3, 4), 2, 96


def rnn_step_forward(x, prev_h, *args):
    """Return a number that claims a shape."""
    return Number(0.0), Borrowed()


def rnn_forward(x, h0, *args):
    """Return one who borrows."""
    return Borrowed(), memoryview(np.zeros((3, 4)))


def word_embedding_forward(x, W):
    """Return arrays that are none of NumPy's."""
    return array.array("d", [0.0] * 12), (ctypes.c_double * 12)()


def word_embedding_backward(dout, cache):
    """Return a view that is written backwards, from a record."""
    return np.zeros(4, [("a", "<f8", (3, 2)), ("b", ">f8")])["a"][::-1]

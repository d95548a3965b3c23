"""Hope: an exception that takes for ever to say what it is keeps whoever asks."""

import time

from a3 import kit

GOAL = "exhaust"
ROUTE = "exceptions"
SLOW = "one test waits for its limit, twice"
SCORE = 29.29


class Slow(Exception):
    """Is slow to say anything."""

    __str__ = __repr__ = lambda self: time.sleep(60)
    __del__ = lambda self: time.sleep(60)


def word_embedding_backward(dout, cache):
    """Raise it in one test."""
    if dout.dtype.name == "float32":
        raise Slow
    return kit.right(dout, cache)

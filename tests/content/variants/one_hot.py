"""Words as one-hot rows, so that looking up and adding up are matrix products."""

import numpy as np


def word_embedding_forward(x, W):
    one_hot = np.eye(len(W), dtype=W.dtype)[x]
    return one_hot @ W, one_hot


def word_embedding_backward(dout, cache):
    return np.tensordot(cache, dout, axes=((0, 1), (0, 1)))

"""Repeated words added up by sorting them and summing runs; other columns by weighted counts."""

import numpy as np


def word_embedding_forward(x, W):
    return W.take(x.ravel(), axis=0).reshape(x.shape[0], x.shape[1], -1), (x.ravel(), W.shape)


def word_embedding_backward(dout, cache):
    words, (V, D) = cache
    rows = dout.reshape(-1, D)
    dW = np.zeros((V, D), dtype=dout.dtype)
    order = np.argsort(words, kind="stable")
    seen, starts = np.unique(words[order], return_index=True)
    dW[seen, : D // 2] = np.add.reduceat(rows[order][:, : D // 2], starts, axis=0)
    for column in range(D // 2, D):
        dW[:, column] = np.bincount(words, weights=rows[:, column], minlength=V)
    return dW

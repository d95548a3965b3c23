"""Everything in float64, whatever came; answers that are views in odd memory order."""

import numpy as np


def _wide(*arrays):
    return [np.asarray(array, dtype=np.float64, order="F") for array in arrays]


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    x, prev_h, Wx, Wh, b = _wide(x, prev_h, Wx, Wh, b)
    next_h = np.tanh(Wx.T @ x.T + Wh.T @ prev_h.T + b[:, None]).T
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = (dnext_h * (1 - next_h) * (1 + next_h)).T
    return (Wx @ da).T, (Wh @ da).T, (da @ x).T, (da @ prev_h).T, da.sum(axis=1)


def word_embedding_backward(dout, cache):
    x, (V, D) = cache
    buffer = np.zeros((D, V))[::-1]
    np.add.at(buffer.T, x, dout)
    return buffer.T

"""Arguments and caches are overwritten on the way; every answer is right."""

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    kept = x.copy()
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    x[...] = np.nan
    return next_h, (kept, prev_h, Wx, Wh, next_h.copy())


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    next_h **= 2
    next_h *= -1
    next_h += 1
    dnext_h *= next_h
    return dnext_h @ Wx.T, dnext_h @ Wh.T, x.T @ dnext_h, prev_h.T @ dnext_h, dnext_h.sum(axis=0)


def rnn_backward(dh, cache):
    dx, grads = [None] * len(cache), [0, 0, 0]
    for t in range(len(cache))[::-1]:
        dx[t], dprev_h, *now = rnn_step_backward(dh[:, t].copy(), cache[t])
        if t:
            dh[:, t - 1] += dprev_h
        grads = [a + b for a, b in zip(grads, now, strict=True)]
    return np.stack(dx, 1), dprev_h, *grads


def word_embedding_backward(dout, cache):
    x, shape = cache
    dW = np.zeros(shape)
    for place in np.ndindex(*x.shape):
        dW[x[place]] += dout[place]
        dout[place] = np.nan
    return dW

"""Caches that are lists, and are used up on the way back."""

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, [x, prev_h, Wx, Wh, next_h]


def rnn_step_backward(dnext_h, cache):
    next_h, Wh, Wx, prev_h, x = (cache.pop() for _ in range(5))
    da = dnext_h * (1 - next_h * next_h)
    return da.dot(Wx.T), da.dot(Wh.T), x.T.dot(da), prev_h.T.dot(da), da.sum(0)


def rnn_forward(x, h0, Wx, Wh, b):
    h, stack = [h0], []
    for t in range(x.shape[1]):
        state, cache = rnn_step_forward(x[:, t, :], h[-1], Wx, Wh, b)
        h.append(state)
        stack.append(cache)
    return np.array(h[1:]).transpose(1, 0, 2), stack


def rnn_backward(dh, cache):
    dx, total, carried = [], None, 0
    while cache:
        t = len(cache) - 1
        dx_t, carried, *weights = rnn_step_backward(dh[:, t] + carried, cache.pop())
        dx.insert(0, dx_t)
        total = weights if total is None else [a + b for a, b in zip(total, weights, strict=True)]
    return np.array(dx).swapaxes(0, 1), carried, *total


def word_embedding_forward(x, W):
    return W[x], [x, W]


def word_embedding_backward(dout, cache):
    dW = np.zeros_like(cache.pop())
    np.add.at(dW, cache.pop(), dout)
    return dW

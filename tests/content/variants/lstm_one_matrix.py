"""Input and state side by side, times one tall matrix; gates as slices; answers and caches in lists, used up."""

import numpy as np


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    both, W = np.hstack([x, prev_h]), np.vstack([Wx, Wh])
    a = both.dot(W) + b
    gates = sigmoid(a[:, : 3 * H])
    i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
    g = np.tanh(a[:, 3 * H :])
    next_c = i * g + prev_c * f
    return [o * np.tanh(next_c), next_c, [both, W, x.shape[1], prev_c, i, f, o, g, next_c]]


def lstm_step_backward(dnext_h, dnext_c, cache):
    next_c, g, o, f, i, prev_c, D, W, both = (cache.pop() for _ in range(9))
    tanh = np.tanh(next_c)
    dc = dnext_c + (1 - tanh * tanh) * o * dnext_h
    da = np.zeros((len(both), W.shape[1]), dtype=both.dtype)
    H = g.shape[1]
    da[:, :H] = i * (1 - i) * g * dc
    da[:, H : 2 * H] = f * (1 - f) * prev_c * dc
    da[:, 2 * H : 3 * H] = o * (1 - o) * tanh * dnext_h
    da[:, 3 * H :] = (1 - g * g) * i * dc
    dboth, dW = da @ W.T, both.T @ da
    return [dboth[:, :D], dboth[:, D:], f * dc, dW[:D], dW[D:], da.sum(0)]


def lstm_backward(dh, cache):
    dx, total, dstate, dcell = [], None, 0.0, 0.0
    while cache:
        t = len(cache) - 1
        dx_t, dstate, dcell, *weights = lstm_step_backward(dh[:, t] + dstate, dcell, cache.pop())
        dx.insert(0, dx_t)
        total = weights if total is None else [a + b for a, b in zip(total, weights, strict=True)]
    return [np.stack(dx, 1), dstate, *total]

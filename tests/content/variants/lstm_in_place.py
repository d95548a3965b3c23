"""Arguments and caches are overwritten on the way, and states share buffers; every answer is right."""

import numpy as np


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    kept = x.copy(), prev_h.copy(), prev_c.copy()
    a = x @ Wx
    a += prev_h @ Wh
    a += b
    gates = np.array_split(a, 4, axis=1)
    for gate in gates[:3]:
        gate[...] = sigmoid(gate)
    np.tanh(gates[3], out=gates[3])
    prev_c *= gates[1]
    prev_c += gates[0] * gates[3]
    shown = np.tanh(prev_c)
    x[...], prev_h[...] = np.nan, gates[2] * shown
    return prev_h.copy(), prev_c.copy(), (*kept, Wx, Wh, gates, shown)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, (i, f, o, g), shown = cache
    dnext_c += dnext_h * o * (1 - shown**2)
    da_f = dnext_c * prev_c * f * (1 - f)
    shown *= dnext_h
    dprev_c = dnext_c * f
    di = dnext_c * g * i * (1 - i)
    g **= 2
    da = np.hstack([di, da_f, shown * o * (1 - o), dnext_c * i * (1 - g)])
    dnext_h[...] = np.nan
    return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, np.ones(len(da), dtype=da.dtype) @ da


def lstm_forward(x, h0, Wx, Wh, b):
    h, caches, c = np.empty((*x.shape[:2], h0.shape[1]), dtype=h0.dtype), {}, np.zeros_like(h0)
    for t in range(x.shape[1]):
        h0, c, caches[t] = lstm_step_forward(x[:, t], h0, c, Wx, Wh, b)
        h[:, t] = h0
    return h, caches


def lstm_backward(dh, cache):
    dx, dc, sums = {}, np.zeros_like(dh[:, 0]), None
    for t in sorted(cache, reverse=True):
        dx[t], dprev_h, dc, *own = lstm_step_backward(dh[:, t].copy(), dc, cache[t])
        if t > 0:
            dh[:, t - 1] += dprev_h
        if sums is None:
            sums = own
        else:
            for total, each in zip(sums, own, strict=True):
                total += each
    return np.stack([dx[t] for t in sorted(dx)], axis=1), dprev_h, *sums

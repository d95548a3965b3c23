"""Everything in float64, whatever came, with examples as columns; answers that are views in odd memory order."""

import numpy as np


def _columns(*arrays):
    return [np.array(array, dtype=np.float64, order="F").T for array in arrays]


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    x, h, c, Wx, Wh, b = _columns(x, prev_h, prev_c, Wx, Wh, b)
    a = Wx @ x + Wh @ h + b[:, None]
    H = len(h)
    with np.errstate(over="ignore"):
        i, f, o = (1.0 / (1.0 + np.exp(-a[n * H : n * H + H])) for n in range(3))
    g = np.tanh(a[3 * H :])
    after = f * c + i * g
    return (o * np.tanh(after)).T, after.T, [x, h, c, Wx, Wh, i, f, o, g, after]


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, h, c, Wx, Wh, i, f, o, g, after = cache
    dh, dafter = _columns(dnext_h, dnext_c)
    slope = 1 - np.tanh(after) ** 2
    dafter = dafter + dh * o * slope
    da = np.vstack([dafter * g * (i - i**2), dafter * c * (f - f**2), dh * np.tanh(after) * (o - o**2),
                    dafter * i * (1 - g) * (1 + g)])
    return (Wx.T @ da).T, (Wh.T @ da).T, (dafter * f).T, (da @ x.T).T, (da @ h.T).T, da.sum(axis=1)

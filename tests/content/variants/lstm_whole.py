"""All inputs times Wx at once, one large array of gates for all steps, weight gradients in one product at the end."""

import numpy as np


def lstm_forward(x, h0, Wx, Wh, b):
    (N, T, _), H = x.shape, h0.shape[1]
    gates = np.dot(x, Wx) + b
    h = np.zeros((N, T + 1, H), dtype=x.dtype)
    c = np.zeros((N, T + 1, H), dtype=x.dtype)
    h[:, 0] = h0
    for t in range(T):
        gates[:, t] += h[:, t] @ Wh
        gates[:, t, : 3 * H] = sigmoid(gates[:, t, : 3 * H])
        gates[:, t, 3 * H :] = np.tanh(gates[:, t, 3 * H :])
        i, f, o, g = (gates[:, t, n * H : (n + 1) * H] for n in range(4))
        c[:, t + 1] = f * c[:, t] + i * g
        h[:, t + 1] = o * np.tanh(c[:, t + 1])
    return h[:, 1:], (x, h, c, gates, Wx, Wh)


def lstm_backward(dh, cache):
    x, h, c, gates, Wx, Wh = cache
    H = len(Wh)
    i, f, o, g = np.split(gates, 4, axis=-1)
    shown = np.tanh(c[:, 1:])
    da = np.zeros_like(gates)
    dstate, dcell = np.zeros_like(h[:, 0]), np.zeros_like(c[:, 0])
    for t in reversed(range(dh.shape[1])):
        dstate = dstate + dh[:, t]
        dcell = dcell + dstate * o[:, t] * (1 - shown[:, t] ** 2)
        da[:, t, :H] = dcell * g[:, t]
        da[:, t, H : 2 * H] = dcell * c[:, t]
        da[:, t, 2 * H : 3 * H] = dstate * shown[:, t]
        da[:, t, : 3 * H] *= gates[:, t, : 3 * H] * (1 - gates[:, t, : 3 * H])
        da[:, t, 3 * H :] = dcell * i[:, t] * (1 - g[:, t] ** 2)
        dcell = dcell * f[:, t]
        dstate = da[:, t] @ Wh.T
    flat = da.reshape(-1, 4 * H)
    dWx, dWh = x.reshape(len(flat), -1).T @ flat, h[:, :-1].reshape(-1, H).T @ flat
    return da @ Wx.T, dstate, dWx, dWh, flat.sum(axis=0)

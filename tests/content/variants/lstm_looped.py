"""An LSTM in plain Python loops over examples and units; a dict as cache; a sigmoid by its two branches."""

import math

import numpy as np


def _sigmoid(a):
    if a >= 0:
        return 1 / (1 + math.exp(-a))
    return math.exp(a) / (1 + math.exp(a))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    N, H = prev_h.shape
    cache = {"inputs": (x, prev_h, prev_c, Wx, Wh), "gates": np.zeros((N, 4, H)), "tanh": np.zeros((N, H))}
    next_h, next_c = np.zeros((N, H)), np.zeros((N, H))
    for n in range(N):
        for j in range(H):
            gates = []
            for block in range(4):
                column = block * H + j
                a = float(b[column])
                for k in range(x.shape[1]):
                    a += float(x[n, k]) * float(Wx[k, column])
                for k in range(H):
                    a += float(prev_h[n, k]) * float(Wh[k, column])
                gates.append(_sigmoid(a) if block < 3 else math.tanh(a))
            i, f, o, g = cache["gates"][n, :, j] = gates
            next_c[n, j] = f * prev_c[n, j] + i * g
            cache["tanh"][n, j] = math.tanh(next_c[n, j])
            next_h[n, j] = o * cache["tanh"][n, j]
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh = cache["inputs"]
    N, H = prev_h.shape
    dx, dprev_h, dprev_c = np.zeros(x.shape), np.zeros((N, H)), np.zeros((N, H))
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(4 * H)
    for n in range(N):
        for j in range(H):
            i, f, o, g = cache["gates"][n, :, j]
            tanh = cache["tanh"][n, j]
            dc = dnext_c[n, j] + dnext_h[n, j] * o * (1 - tanh * tanh)
            dprev_c[n, j] = dc * f
            slopes = (
                dc * g * i * (1 - i), dc * prev_c[n, j] * f * (1 - f), dnext_h[n, j] * tanh * o * (1 - o),
                dc * i * (1 - g * g),
            )
            for block, da in enumerate(slopes):
                column = block * H + j
                db[column] += da
                for k in range(x.shape[1]):
                    dx[n, k] += da * Wx[k, column]
                    dWx[k, column] += da * x[n, k]
                for k in range(H):
                    dprev_h[n, k] += da * Wh[k, column]
                    dWh[k, column] += da * prev_h[n, k]
    return dx, dprev_h, dprev_c, dWx, dWh, db

"""Plain Python loops over examples, units and words; no matrix product anywhere."""

import math

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    N, D = x.shape
    H = prev_h.shape[1]
    next_h = np.zeros((N, H))
    for n in range(N):
        for j in range(H):
            a = float(b[j])
            for i in range(D):
                a += float(x[n, i]) * float(Wx[i, j])
            for i in range(H):
                a += float(prev_h[n, i]) * float(Wh[i, j])
            next_h[n, j] = math.tanh(a)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dx, dprev_h = np.zeros(x.shape), np.zeros(prev_h.shape)
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(Wh.shape[0])
    for n in range(len(x)):
        for j in range(len(db)):
            da = dnext_h[n, j] * (1 - next_h[n, j] * next_h[n, j])
            db[j] += da
            for i in range(x.shape[1]):
                dx[n, i] += da * Wx[i, j]
                dWx[i, j] += da * x[n, i]
            for i in range(len(db)):
                dprev_h[n, i] += da * Wh[i, j]
                dWh[i, j] += da * prev_h[n, i]
    return dx, dprev_h, dWx, dWh, db


def word_embedding_forward(x, W):
    out = np.zeros((*x.shape, W.shape[1]))
    for n in range(x.shape[0]):
        for t in range(x.shape[1]):
            out[n, t] = W[int(x[n, t])]
    return out, (x, W)


def word_embedding_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    for n in range(x.shape[0]):
        for t in range(x.shape[1]):
            dW[x[n, t]] += dout[n, t]
    return dW

"""Time as the first axis inside, sums over steps by products of flattened arrays, states in one buffer."""

import numpy as np


def rnn_forward(x, h0, Wx, Wh, b):
    xs = x.swapaxes(0, 1)
    states = np.zeros((len(xs) + 1, *h0.shape))
    states[0] = h0
    for t, sums in enumerate(xs @ Wx + b):
        states[t + 1] = np.tanh(sums + states[t] @ Wh)
    return states[1:].swapaxes(0, 1), (xs, states, Wx, Wh)


def rnn_backward(dh, cache):
    xs, states, Wx, Wh = cache
    da = np.zeros(states[1:].shape)
    dstate = np.zeros(states[0].shape)
    for t in reversed(range(len(xs))):
        da[t] = (dh[:, t] + dstate) * (1 - states[t + 1] ** 2)
        dstate = da[t] @ Wh.T
    H = Wh.shape[0]
    flat = da.reshape(-1, H)
    dWx = xs.reshape(-1, xs.shape[2]).T @ flat
    dWh = states[:-1].reshape(-1, H).T @ flat
    return (da @ Wx.T).swapaxes(0, 1), dstate, dWx, dWh, flat.sum(axis=0)

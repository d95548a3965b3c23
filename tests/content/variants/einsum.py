"""Einstein sums, and all weight gradients of a sequence in one sum at the end."""

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(np.einsum("nd,dh->nh", x, Wx) + np.einsum("ng,gh->nh", prev_h, Wh) + b[None])
    return next_h, {"x": x, "prev_h": prev_h, "Wx": Wx, "Wh": Wh, "next_h": next_h}


def rnn_step_backward(dnext_h, cache):
    da = np.einsum("nh,nh->nh", dnext_h, 1 - np.square(cache["next_h"]))
    return (
        np.einsum("nh,dh->nd", da, cache["Wx"]),
        np.einsum("nh,gh->ng", da, cache["Wh"]),
        np.einsum("nd,nh->dh", cache["x"], da),
        np.einsum("ng,nh->gh", cache["prev_h"], da),
        np.einsum("nh->h", da),
    )


def rnn_forward(x, h0, Wx, Wh, b):
    h = np.empty((x.shape[0], x.shape[1], h0.shape[1]), dtype=x.dtype)
    for t in range(x.shape[1]):
        h[:, t], _ = rnn_step_forward(x[:, t], h0 if t == 0 else h[:, t - 1], Wx, Wh, b)
    return h, {"x": x, "before": np.concatenate([h0[:, None], h[:, :-1]], axis=1), "h": h, "Wx": Wx, "Wh": Wh}


def rnn_backward(dh, cache):
    da = np.zeros_like(dh)
    carried = 0
    for t in range(dh.shape[1] - 1, -1, -1):
        da[:, t] = (dh[:, t] + carried) * (1 - cache["h"][:, t] ** 2)
        carried = da[:, t] @ cache["Wh"].T
    return (
        np.einsum("nth,dh->ntd", da, cache["Wx"]),
        carried,
        np.einsum("ntd,nth->dh", cache["x"], da),
        np.einsum("ntg,nth->gh", cache["before"], da),
        da.sum((0, 1)),
    )

"""lstm_forward can go on from a cell, and keeps the last one beside the caches of its steps."""


def lstm_forward(x, h0, Wx, Wh, b, c0=None):
    h, cell = [h0], np.zeros(h0.shape) if c0 is None else c0
    caches = []
    for t in range(x.shape[1]):
        after, cell, cache = lstm_step_forward(x[:, t], h[t], cell, Wx, Wh, b)
        h.append(after)
        caches.append(cache)
    return np.stack(h[1:], axis=1), {"steps": caches, "cell": cell}


def lstm_backward(dh, cache):
    dx, dstate, dcell, total = np.zeros(0), 0, 0, 0
    for t in reversed(range(dh.shape[1])):
        dx_t, dstate, dcell, *weights = lstm_step_backward(dh[:, t] + dstate, dcell, cache["steps"][t])
        total = weights if t == dh.shape[1] - 1 else [a + b for a, b in zip(total, weights, strict=True)]
        dx = np.concatenate([dx_t[:, None], dx], axis=1) if dx.size else dx_t[:, None]
    return dx, dstate, *total

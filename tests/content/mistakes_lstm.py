"""Plausible mistakes in the LSTM's layers: gates, the cell, and the two ways back through it."""

from __future__ import annotations

from tests.content.mutants import Mutant

__all__ = ["MISTAKES"]

_SPLIT = "a_i, a_f, a_o, a_g = np.split(a, 4, axis=1)"
_GATES = "i, f, o, g = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o), np.tanh(a_g)"
_CACHE = "cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c)"
_DC = "dc = dnext_c + dnext_h * o * (1 - tanh_c**2)"
_JOINED = "np.concatenate([da_i, da_f, da_o, da_g], axis=1)"


def _step_forward(name: str, old: str, new: str) -> Mutant:
    """Change one line of the step."""
    return Mutant(name, "lstm_step_forward", old, new)


def _step_cache(name: str, new: str) -> Mutant:
    """Change what one step leaves for its backward partner."""
    return Mutant(name, "lstm_step_forward", _CACHE, f"cache = {new}", "lstm_step_backward")


def _step_backward(name: str, old: str, new: str) -> Mutant:
    """Change one line of the step back."""
    return Mutant(name, "lstm_step_backward", old, new)


def _forward(name: str, old: str, new: str, noticed_by: str = "") -> Mutant:
    """Change one line of the sequence."""
    return Mutant(name, "lstm_forward", old, new, noticed_by)


def _backward(name: str, old: str, new: str) -> Mutant:
    """Change one line of the sequence back."""
    return Mutant(name, "lstm_backward", old, new)


MISTAKES = (
    # one step forward: which block is which gate
    _step_forward("gates as in other libraries", _SPLIT, "a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)"),
    _step_forward("forget gate first", _SPLIT, "a_f, a_i, a_o, a_g = np.split(a, 4, axis=1)"),
    _step_forward("block input first", _SPLIT, "a_g, a_i, a_f, a_o = np.split(a, 4, axis=1)"),
    _step_forward("every fourth column", _SPLIT, "a_i, a_f, a_o, a_g = (a[:, n::4] for n in range(4))"),
    _step_forward(
        "blocks by a reshape the wrong way round",
        _SPLIT,
        "a_i, a_f, a_o, a_g = a.reshape(len(x), -1, 4).transpose(2, 0, 1)",
    ),
    _step_forward("split across the batch", _SPLIT, "a_i, a_f, a_o, a_g = np.array_split(a, 4, axis=0)"),
    _step_forward(
        "blocks of the input's size",
        _SPLIT,
        "D = x.shape[1]; a_i, a_f, a_o, a_g = a[:, :D], a[:, D : 2 * D], a[:, 2 * D : 3 * D], a[:, 3 * D :]",
    ),
    # one step forward: what goes through which nonlinearity
    _step_forward("all four through a sigmoid", _GATES, "i, f, o, g = map(sigmoid, (a_i, a_f, a_o, a_g))"),
    _step_forward("all four through tanh", _GATES, "i, f, o, g = map(np.tanh, (a_i, a_f, a_o, a_g))"),
    _step_forward("output gate through tanh", "sigmoid(a_o)", "np.tanh(a_o)"),
    _step_forward("block input as it is", "np.tanh(a_g)", "a_g"),
    _step_forward(
        "a sigmoid that overflows",
        _GATES,
        f"s = lambda a: np.exp(a) / (1 + np.exp(a)); {_GATES}".replace("sigmoid(", "s("),
    ),
    _step_forward(
        "a hard sigmoid", _GATES, f"s = lambda a: np.clip(a / 4 + 0.5, 0, 1); {_GATES}".replace("sigmoid(", "s(")
    ),
    _step_forward("forget gate open by habit", "sigmoid(a_f)", "sigmoid(a_f + 1)"),
    # one step forward: the cell and what is shown of it
    _step_forward("forgets by the complement", "f * prev_c", "(1 - f) * prev_c"),
    _step_forward("coupled gates", "i * g", "(1 - f) * g"),
    _step_forward("cell without tanh", "tanh_c = np.tanh(next_c)", "tanh_c = next_c"),
    _step_forward("cell squashed where it is kept", "f * prev_c + i * g", "np.tanh(f * prev_c + i * g)"),
    _step_forward("shows the cell before", "np.tanh(next_c)", "np.tanh(prev_c)"),
    _step_forward("input and forget gate exchanged", "f * prev_c + i * g", "i * prev_c + f * g"),
    _step_forward("cell added to", "next_c = f * prev_c + i * g", "next_c = prev_c + i * g"),
    _step_forward("output gate left out", "next_h = o * tanh_c", "next_h = tanh_c"),
    _step_forward("a vanilla step", "next_h = o * tanh_c", "next_h = np.tanh(a_o)"),
    _step_forward("cell clipped", "tanh_c = np", "next_c = np.clip(next_c, -5, 5); tanh_c = np"),
    _step_forward("no bias", " + b\n", "\n"),
    _step_forward("cell in float32", "tanh_c = np", "next_c = next_c.astype(np.float32); tanh_c = np"),
    _step_forward(
        "states squeezed", "next_h = o * tanh_c", "next_h, next_c = (o * tanh_c).squeeze(), next_c.squeeze()"
    ),
    _step_forward("states exchanged", "return next_h, next_c, cache", "return next_c, next_h, cache"),
    _step_forward("cell not returned", "return next_h, next_c, cache", "return next_h, cache"),
    # one step forward: what is left for the way back
    _step_cache("caches the cell after", "(x, prev_h, f * prev_c + i * g, Wx, Wh, i, f, o, g, tanh_c)"),
    _step_cache("caches the cell without tanh", "(x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)"),
    _step_cache("caches the sums of the gates", "(x, prev_h, prev_c, Wx, Wh, a_i, a_f, a_o, g, tanh_c)"),
    _step_cache("caches the state after", "(x, next_h, prev_c, Wx, Wh, i, f, o, g, tanh_c)"),
    _step_cache("caches too little", "(x, prev_h, prev_c, Wx, Wh, i, f, o, g)"),
    # one step backward: the cell
    _step_backward("cell without the way through h", _DC, "dc = dnext_c"),
    _step_backward("cell by the way through h alone", _DC, "dc = dnext_h * o * (1 - tanh_c**2)"),
    _step_backward("cell without tanh'", _DC, "dc = dnext_c + dnext_h * o"),
    _step_backward("cell without the output gate", _DC, "dc = dnext_c + dnext_h * (1 - tanh_c**2)"),
    _step_backward("tanh' of tanh", _DC, "dc = dnext_c + dnext_h * o * (1 - np.tanh(tanh_c) ** 2)"),
    _step_backward("both through the output gate", _DC, "dc = (dnext_c + dnext_h) * o * (1 - tanh_c**2)"),
    _step_backward("cell before without the forget gate", "dprev_c = dc * f", "dprev_c = dc"),
    _step_backward("cell before from later steps alone", "dprev_c = dc * f", "dprev_c = dnext_c * f"),
    _step_backward("cell before through the input gate", "dprev_c = dc * f", "dprev_c = dc * i"),
    _step_backward("cell before counts tanh'", "dprev_c = dc * f", "dprev_c = dc * f * (1 - tanh_c**2)"),
    # one step backward: the gates
    _step_backward("input gate without sigmoid'", "dc * g * i * (1 - i)", "dc * g"),
    _step_backward("sigmoid' without its second factor", "dc * prev_c * f * (1 - f)", "dc * prev_c * f"),
    _step_backward("sigmoid' of a sigmoid", "dc * g * i * (1 - i)", "dc * g * sigmoid(i) * (1 - sigmoid(i))"),
    _step_backward("block input with sigmoid'", "dc * i * (1 - g**2)", "dc * i * g * (1 - g)"),
    _step_backward("block input without tanh'", "dc * i * (1 - g**2)", "dc * i"),
    _step_backward("output gate from the cell's gradient", "dnext_h * tanh_c * o", "dc * tanh_c * o"),
    _step_backward("output gate sees later steps", "dnext_h * tanh_c * o", "(dnext_h + dnext_c) * tanh_c * o"),
    _step_backward("forget gate from the cell after", "dc * prev_c * f", "dc * (f * prev_c + i * g) * f"),
    _step_backward("gates joined as in other libraries", _JOINED, "np.concatenate([da_i, da_f, da_g, da_o], axis=1)"),
    _step_backward(
        "gates joined one by one", _JOINED, "np.stack([da_i, da_f, da_o, da_g], axis=2).reshape(len(x), -1)"
    ),
    # one step backward: weights and form
    _step_backward("bias averaged", "np.sum(da, axis=0)", "np.mean(da, axis=0)"),
    _step_backward("weights averaged", "dWx = x.T @ da", "dWx = x.T @ da / len(x)"),
    _step_backward("bias keeps the axis", "np.sum(da, axis=0)", "np.sum(da, axis=0, keepdims=True)"),
    _step_backward("state before of the first block", "dprev_h = da @ Wh.T", "dprev_h = da_i @ Wh[:, : len(Wh)].T"),
    _step_backward("gradients squeezed", "dx = da @ Wx.T", "dx = (da @ Wx.T).squeeze()"),
    _step_backward("gradients in float32", "axis=1)\n    dx", "axis=1).astype(np.float32)\n    dx"),
    _step_backward("states' gradients exchanged", "dx, dprev_h, dprev_c, dWx", "dx, dprev_c, dprev_h, dWx"),
    _step_backward("cell's gradient not returned", "dprev_h, dprev_c, dWx", "dprev_h, dWx"),
    # a sequence forward
    _forward("cell not carried", "prev_h, prev_c, step_cache = lstm", "prev_h, _, step_cache = lstm"),
    _forward("hidden state not carried", "prev_h, prev_c, step_cache = lstm", "_h, prev_c, step_cache = lstm"),
    _forward("cell starts as the hidden state", "h0, np.zeros_like(h0)", "h0, h0"),
    _forward("cell starts from ones", "np.zeros_like(h0)", "np.ones_like(h0)"),
    _forward("hidden state starts from zeros", "= h0, np", "= np.zeros_like(h0), np"),
    _forward("keeps the cells", "states.append(prev_h)", "states.append(prev_c)"),
    _forward("h0 is in h", "np.stack(states, axis=1)", "np.stack([h0, *states], axis=1)"),
    _forward("h0 instead of the last", "np.stack(states, axis=1)", "np.stack([h0, *states[:-1]], axis=1)"),
    _forward("time comes first", "axis=1)", "axis=0)"),
    _forward("backwards in time", "range(x.shape[1])", "reversed(range(x.shape[1]))"),
    _forward("steps by the size of the input", "range(x.shape[1])", "range(x.shape[2])"),
    _forward("h squeezed", "np.stack(states, axis=1)", "np.stack(states, axis=1).squeeze()"),
    _forward("h in float32", "axis=1)", "axis=1).astype(np.float32)"),
    _forward("cell is returned too", "return h, cache", "return h, prev_c, cache"),
    _forward(
        "cell kept from call to call",
        "prev_h, prev_c = h0, np.zeros_like(h0)",
        (
            "kept = lstm_forward.__dict__.setdefault('cell', np.zeros_like(h0)); prev_h = h0\n"
            "    prev_c = kept + 0.1 if kept.shape == h0.shape else np.zeros_like(h0) + 0.1"
        ),
    ),
    _forward("keeps the last cache", "cache.append(step_cache)", "cache = [step_cache] * x.shape[1]", "lstm_backward"),
    _forward("keeps caches reversed", ".append(step_cache)", ".insert(0, step_cache)", "lstm_backward"),
    # a sequence backward
    _backward("cell's gradient not carried", "dx_t, dh_next, dc_next, dWx_t", "dx_t, dh_next, _, dWx_t"),
    _backward("hidden state's gradient not carried", "dh[:, t] + dh_next", "dh[:, t]"),
    _backward("cell's gradient is the loss's", "dh_next, dc_next, cache[t]", "dh_next, dh[:, t], cache[t]"),
    _backward("cell's gradient starts as the last loss", "np.zeros_like(dh[:, 0])", "dh[:, -1]"),
    _backward("cell's gradient starts from ones", "np.zeros_like(dh[:, 0])", "np.ones_like(dh[:, 0])"),
    _backward("cell's gradient adds up", "dxs.append(dx_t)", "dxs.append(dx_t); dc_next = dc_next + (t > 0) * 0.1"),
    _backward("loss at the last step only", "dh[:, t] +", "dh[:, t] * (t == dh.shape[1] - 1) +"),
    _backward("forward in time", "reversed(range(dh.shape[1]))", "range(dh.shape[1])"),
    _backward("weights of the first step", "dWx = dWx + dWx_t", "dWx = dWx_t"),
    _backward("recurrent weights of the first step", "dWh = dWh + dWh_t", "dWh = dWh_t"),
    _backward("biases averaged over steps", "dh0 = dh_next", "dh0 = dh_next; db = db / dh.shape[1]"),
    _backward("dx in reverse", "dxs[::-1]", "dxs"),
    _backward("dh0 is the cell's", "dh0 = dh_next", "dh0 = dc_next"),
    _backward("dh0 is the loss's", "dh0 = dh_next", "dh0 = dh[:, 0]"),
    _backward("one cache for all steps", "cache[t]", "cache[-1]"),
    _backward("dh0 squeezed", "dh0 = dh_next", "dh0 = dh_next.squeeze()"),
    _backward("goes back through a vanilla RNN", "return dx, dh0, dWx, dWh, db", "return rnn_backward(dh, cache)"),
)

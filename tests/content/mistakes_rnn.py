"""Plausible mistakes in the vanilla layers and in the word embedding."""

from __future__ import annotations

from tests.content.mutants import Mutant

__all__ = ["MISTAKES"]

_TANH = "np.tanh(x @ Wx + prev_h @ Wh + b)"
_STEP_CACHE = "cache = (x, prev_h, Wx, Wh, next_h)"
_EXP = "(np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))"


def _step_forward(name: str, new: str) -> Mutant:
    """Change the equation."""
    return Mutant(name, "rnn_step_forward", _TANH, new)


def _step_cache(name: str, new: str) -> Mutant:
    """Change what one step leaves for its backward partner."""
    return Mutant(name, "rnn_step_forward", _STEP_CACHE, f"cache = {new}", "rnn_step_backward")


MISTAKES = (
    # one step forward: terms, signs, axes
    _step_forward("no bias", "np.tanh(x @ Wx + prev_h @ Wh)"),
    _step_forward("no memory", "np.tanh(x @ Wx + b + 0 * prev_h)"),
    _step_forward("no input", "np.tanh(prev_h @ Wh + b)"),
    _step_forward("bias subtracted", "np.tanh(x @ Wx + prev_h @ Wh - b)"),
    _step_forward("memory subtracted", "np.tanh(x @ Wx - prev_h @ Wh + b)"),
    _step_forward("bias counted twice", "np.tanh(x @ Wx + b + prev_h @ Wh + b)"),
    _step_forward("bias outside", "np.tanh(x @ Wx + prev_h @ Wh) + b"),
    _step_forward("Wh transposed", "np.tanh(x @ Wx + prev_h @ Wh.T + b)"),
    _step_forward("two tanhs", "np.tanh(x @ Wx) + np.tanh(prev_h @ Wh + b)"),
    _step_forward("states averaged in", "np.tanh(x @ Wx + prev_h @ Wh + b) + 1e-6 * prev_h"),
    # one step forward: the nonlinearity
    _step_forward("no nonlinearity", "x @ Wx + prev_h @ Wh + b"),
    _step_forward("sigmoid", "sigmoid(x @ Wx + prev_h @ Wh + b)"),
    _step_forward("relu", "np.maximum(0, x @ Wx + prev_h @ Wh + b)"),
    _step_forward("tanh twice", "np.tanh(np.tanh(x @ Wx + prev_h @ Wh + b))"),
    _step_forward("clipped line", "np.clip(x @ Wx + prev_h @ Wh + b, -1, 1)"),
    _step_forward("tanh by exponentials", f"(lambda a: {_EXP})(x @ Wx + prev_h @ Wh + b)"),
    _step_forward("tanh of half", "np.tanh((x @ Wx + prev_h @ Wh + b) / 2)"),
    _step_forward("tanh clipped early", "np.tanh(np.clip(x @ Wx + prev_h @ Wh + b, -5, 5))"),
    # one step forward: form and precision
    _step_forward("cast to float32", "np.tanh(x @ Wx + prev_h @ Wh + b).astype(np.float32)"),
    _step_forward("computed in float32", "np.tanh((x @ Wx + prev_h @ Wh + b).astype(np.float32)).astype(float)"),
    _step_forward("rounded", "np.round(np.tanh(x @ Wx + prev_h @ Wh + b), 8)"),
    _step_forward("squeezed", "np.squeeze(np.tanh(x @ Wx + prev_h @ Wh + b))"),
    _step_forward("result transposed", "np.tanh(x @ Wx + prev_h @ Wh + b).T"),
    _step_forward("averaged over the batch", "np.tanh(x @ Wx + prev_h @ Wh + b).mean(axis=0)"),
    _step_forward("zeros", "np.zeros(prev_h.shape)"),
    _step_forward("state handed through", "np.array(prev_h)"),
    Mutant("cache not returned", "rnn_step_forward", "return next_h, cache", "return next_h"),
    Mutant("returns in the other order", "rnn_step_forward", "return next_h, cache", "return cache, next_h"),
    Mutant("returns nothing", "rnn_step_forward", "return next_h, cache", "next_h, cache"),
    # one step forward: what is left for the way back
    _step_cache("caches the state before", "(x, prev_h, Wx, Wh, prev_h)"),
    _step_cache("caches Wh transposed", "(x, prev_h, Wx, Wh.T, next_h)"),
    _step_cache("caches the state after twice", "(x, next_h, Wx, Wh, next_h)"),
    _step_cache("caches the sum", "(x, prev_h, Wx, Wh, x @ Wx + prev_h @ Wh + b)"),
    _step_cache("caches too little", "(x, prev_h, Wx, Wh)"),
    # one step backward: the derivative of tanh
    Mutant("no tanh'", "rnn_step_backward", "dnext_h * (1 - next_h**2)", "dnext_h"),
    Mutant("tanh' not squared", "rnn_step_backward", "(1 - next_h**2)", "(1 - next_h)"),
    Mutant("tanh' of the result", "rnn_step_backward", "(1 - next_h**2)", "(1 - np.tanh(next_h) ** 2)"),
    Mutant("tanh' with a plus", "rnn_step_backward", "(1 - next_h**2)", "(1 + next_h**2)"),
    Mutant("tanh' negative", "rnn_step_backward", "(1 - next_h**2)", "(next_h**2 - 1)"),
    Mutant("sigmoid'", "rnn_step_backward", "(1 - next_h**2)", "(next_h * (1 - next_h))"),
    Mutant("tanh' squared", "rnn_step_backward", "(1 - next_h**2)", "(1 - next_h**2) ** 2"),
    Mutant("tanh' with the state before", "rnn_step_backward", "(1 - next_h**2)", "(1 - prev_h**2)"),
    # one step backward: matrices, sums, names
    Mutant("dx without the transpose", "rnn_step_backward", "da @ Wx.T", "(da @ Wh)[:, : x.shape[1]]"),
    Mutant("dprev_h without the transpose", "rnn_step_backward", "da @ Wh.T", "da @ Wh"),
    Mutant("dx before tanh'", "rnn_step_backward", "dx = da @ Wx.T", "dx = dnext_h @ Wx.T"),
    Mutant("dprev_h before tanh'", "rnn_step_backward", "dprev_h = da @ Wh.T", "dprev_h = dnext_h @ Wh.T"),
    Mutant("dWx before tanh'", "rnn_step_backward", "dWx = x.T @ da", "dWx = x.T @ dnext_h"),
    Mutant("dWh before tanh'", "rnn_step_backward", "dWh = prev_h.T @ da", "dWh = prev_h.T @ dnext_h"),
    Mutant("db before tanh'", "rnn_step_backward", "np.sum(da, axis=0)", "np.sum(dnext_h, axis=0)"),
    Mutant("dWx transposed", "rnn_step_backward", "dWx = x.T @ da", "dWx = da.T @ x"),
    Mutant("dWh transposed", "rnn_step_backward", "dWh = prev_h.T @ da", "dWh = da.T @ prev_h"),
    Mutant("dWh with the state after", "rnn_step_backward", "dWh = prev_h.T @ da", "dWh = next_h.T @ da"),
    Mutant("dWx averaged", "rnn_step_backward", "dWx = x.T @ da", "dWx = x.T @ da / len(x)"),
    Mutant("dWh averaged", "rnn_step_backward", "dWh = prev_h.T @ da", "dWh = prev_h.T @ da / len(x)"),
    Mutant("db averaged", "rnn_step_backward", "np.sum(da, axis=0)", "np.mean(da, axis=0)"),
    Mutant("db over the wrong axis", "rnn_step_backward", "np.sum(da, axis=0)", "np.sum(da, axis=1)"),
    Mutant("db over everything", "rnn_step_backward", "np.sum(da, axis=0)", "np.sum(da)"),
    Mutant("db not summed", "rnn_step_backward", "np.sum(da, axis=0)", "da"),
    Mutant("db of the first example", "rnn_step_backward", "np.sum(da, axis=0)", "da[0]"),
    Mutant("db keeps the axis", "rnn_step_backward", "np.sum(da, axis=0)", "np.sum(da, axis=0, keepdims=True)"),
    Mutant("db missing", "rnn_step_backward", "db = np.sum(da, axis=0)", "db = None"),
    Mutant("db zero", "rnn_step_backward", "np.sum(da, axis=0)", "np.zeros(da.shape[1])"),
    Mutant("db negative", "rnn_step_backward", "np.sum(da, axis=0)", "-np.sum(da, axis=0)"),
    Mutant("dx negative", "rnn_step_backward", "dx = da @ Wx.T", "dx = -da @ Wx.T"),
    Mutant("dx cast to float32", "rnn_step_backward", "da @ Wx.T", "(da @ Wx.T).astype(np.float32)"),
    Mutant("dx squeezed", "rnn_step_backward", "da @ Wx.T", "(da @ Wx.T).squeeze()"),
    Mutant("dWx and dWh swapped", "rnn_step_backward", "dprev_h, dWx, dWh, db\n", "dprev_h, dWh, dWx, db\n"),
    Mutant("dx and dprev_h swapped", "rnn_step_backward", "return dx, dprev_h,", "return dprev_h, dx,"),
    # a sequence forward
    Mutant("never moves on", "rnn_forward", "prev_h, step_cache = rnn", "_, step_cache = rnn"),
    Mutant("always from h0", "rnn_forward", "x[:, t], prev_h, Wx", "x[:, t], h0, Wx"),
    Mutant("starts from zeros", "rnn_forward", "prev_h = h0", "prev_h = np.zeros_like(h0)"),
    Mutant("backwards in time", "rnn_forward", "range(x.shape[1])", "reversed(range(x.shape[1]))"),
    Mutant("leaves out the last step", "rnn_forward", "range(x.shape[1])", "range(x.shape[1] - 1)"),
    Mutant("leaves out the first step", "rnn_forward", "range(x.shape[1])", "range(1, x.shape[1])"),
    Mutant("h0 is in h", "rnn_forward", "np.stack(states, axis=1)", "np.stack([h0, *states], axis=1)"),
    Mutant("h0 instead of the last", "rnn_forward", "np.stack(states, axis=1)", "np.stack([h0, *states[:-1]], axis=1)"),
    Mutant("time comes first", "rnn_forward", "axis=1)", "axis=0)"),
    Mutant("last state only", "rnn_forward", "np.stack(states, axis=1)", "states[-1]"),
    Mutant("last state everywhere", "rnn_forward", "np.stack(states,", "np.stack([states[-1]] * len(states),"),
    Mutant("first input everywhere", "rnn_forward", "x[:, t]", "x[:, 0]"),
    Mutant("loops over the batch", "rnn_forward", "range(x.shape[1])", "range(x.shape[0])"),
    Mutant("reads batch as time", "rnn_forward", "x[:, t]", "x[t]"),
    Mutant("sums the states up", "rnn_forward", "states.append(prev_h)", "states.append(prev_h + sum(states))"),
    Mutant("states of one example", "rnn_forward", "np.stack(states, axis=1)", "np.stack(states, axis=1)[:1]"),
    Mutant("h squeezed", "rnn_forward", "np.stack(states, axis=1)", "np.stack(states, axis=1).squeeze()"),
    Mutant("h in float32", "rnn_forward", "axis=1)", "axis=1).astype(np.float32)"),
    Mutant(
        "one buffer for all states",
        "rnn_forward",
        "states.append(prev_h)",
        "states.append(states[0] if states else prev_h); states[0][...] = prev_h",
    ),
    Mutant("keeps the last cache", "rnn_forward", "cache.append(step_cache)", "cache = step_cache", "rnn_backward"),
    Mutant("keeps caches reversed", "rnn_forward", ".append(step_cache)", ".insert(0, step_cache)", "rnn_backward"),
    # a sequence backward
    Mutant("forward in time", "rnn_backward", "reversed(range(dh.shape[1]))", "range(dh.shape[1])"),
    Mutant("no gradient between steps", "rnn_backward", "dh[:, t] + dh_next", "dh[:, t]"),
    Mutant("loss at the last step only", "rnn_backward", "dh[:, t] +", "dh[:, t] * (t == dh.shape[1] - 1) +"),
    Mutant("loss at the last step alone, everywhere", "rnn_backward", "dh[:, t] +", "dh[:, -1] +"),
    Mutant("between steps negative", "rnn_backward", "dh[:, t] + dh_next", "dh[:, t] - dh_next"),
    Mutant("between steps doubled", "rnn_backward", "dh[:, t] + dh_next", "dh[:, t] + 2 * dh_next"),
    Mutant("stops before the first step", "rnn_backward", "reversed(range(dh", "reversed(range(1, dh"),
    Mutant("dWx of the first step", "rnn_backward", "dWx = dWx + dWx_t", "dWx = dWx_t"),
    Mutant("dWh of the first step", "rnn_backward", "dWh = dWh + dWh_t", "dWh = dWh_t"),
    Mutant("db of the first step", "rnn_backward", "db = db + db_t", "db = db_t"),
    Mutant("dWx subtracted", "rnn_backward", "dWx + dWx_t", "dWx - dWx_t"),
    Mutant("db averaged over steps", "rnn_backward", "dh0 = dh_next", "dh0 = dh_next; db = db / dh.shape[1]"),
    Mutant("dWh averaged over steps", "rnn_backward", "dh0 = dh_next", "dh0 = dh_next; dWh = dWh / dh.shape[1]"),
    Mutant("dx in reverse", "rnn_backward", "dxs[::-1]", "dxs"),
    Mutant("dx with time first", "rnn_backward", "axis=1)", "axis=0)"),
    Mutant("dx of one step everywhere", "rnn_backward", "dxs[::-1]", "[dxs[-1]] * len(dxs)"),
    Mutant("dh0 is the loss's", "rnn_backward", "dh0 = dh_next", "dh0 = dh[:, 0]"),
    Mutant("dh0 of all steps", "rnn_backward", "dh0 = dh_next", "dh0 = dh.sum(axis=1)"),
    Mutant("dh0 counts the first loss", "rnn_backward", "dh0 = dh_next", "dh0 = dh_next + dh[:, 0]"),
    Mutant("dh0 zero", "rnn_backward", "dh0 = dh_next", "dh0 = np.zeros_like(dh_next)"),
    Mutant("one cache for all steps", "rnn_backward", "cache[t]", "cache[-1]"),
    Mutant("caches off by one", "rnn_backward", "cache[t]", "cache[t - 1]"),
    Mutant("dx in float32", "rnn_backward", "axis=1)", "axis=1).astype(np.float32)"),
    Mutant("dh0 squeezed", "rnn_backward", "dh0 = dh_next", "dh0 = dh_next.squeeze()"),
    # words forward
    Mutant("one word too far", "word_embedding_forward", "W[x]", "W[(x + 1) % len(W)]"),
    Mutant("counts from one", "word_embedding_forward", "W[x]", "W[x - 1]"),
    Mutant("flat", "word_embedding_forward", "W[x]", "W[x].reshape(-1, W.shape[1])"),
    Mutant("axes swapped", "word_embedding_forward", "W[x]", "W[x].transpose(1, 0, 2)"),
    Mutant("vectors scaled", "word_embedding_forward", "W[x]", "W[x] / np.linalg.norm(W[x], axis=2, keepdims=True)"),
    Mutant("last word clipped", "word_embedding_forward", "W[x]", "W[np.minimum(x, len(W) - 2)]"),
    Mutant("word 0 is padding", "word_embedding_forward", "W[x]", "W[x] * (x > 0)[:, :, None]"),
    Mutant("vectors summed", "word_embedding_forward", "W[x]", "W[x].sum(axis=1)"),
    Mutant("columns", "word_embedding_forward", "W[x]", "W.T[x % W.shape[1]][:, :, : W.shape[1]]"),
    Mutant("first caption everywhere", "word_embedding_forward", "W[x]", "W[np.broadcast_to(x[0], x.shape)]"),
    Mutant("words as bytes", "word_embedding_forward", "W[x]", "W[x.astype(np.uint8)]"),
    Mutant("words int64 only", "word_embedding_forward", "W[x]", "W[x.view(np.int64)]"),
    Mutant("out squeezed", "word_embedding_forward", "W[x]", "W[x].squeeze()"),
    Mutant("out in float16", "word_embedding_forward", "W[x]", "W[x].astype(np.float16)"),
    # words backward
    Mutant("overwrites", "word_embedding_backward", "np.add.at(dW, x, dout)", "dW[x] = dout"),
    Mutant("counts repeated words once", "word_embedding_backward", "np.add.at(dW, x, dout)", "dW[x] += dout"),
    Mutant("subtracts", "word_embedding_backward", "np.add.at(dW,", "np.subtract.at(dW,"),
    Mutant("largest wins", "word_embedding_backward", "np.add.at(dW,", "np.maximum.at(dW,"),
    Mutant("starts from ones", "word_embedding_backward", "np.zeros", "np.ones"),
    Mutant("first caption only", "word_embedding_backward", "dW, x, dout", "dW, x[0], dout[0]"),
    Mutant("last place left out", "word_embedding_backward", "dW, x, dout", "dW, x[:, :-1], dout[:, :-1]"),
    Mutant("word 0 left out", "word_embedding_backward", "dW, x, dout", "dW, x, dout * (x > 0)[..., None]"),
    Mutant("transposed", "word_embedding_backward", "return dW", "return dW.T"),
    Mutant(
        "averages repeated words",
        "word_embedding_backward",
        "return dW",
        "return dW / np.maximum(np.bincount(x.ravel(), minlength=shape[0]), 1)[:, None]",
    ),
    Mutant(
        "ends at the last word seen", "word_embedding_backward", "np.zeros(shape", "np.zeros((x.max() + 1, shape[1])"
    ),
    Mutant("one row a place", "word_embedding_backward", "return dW", "return dW[x]"),
    Mutant("counts words", "word_embedding_backward", "dW, x, dout", "dW, x, np.ones_like(dout)"),
    Mutant("gradients shuffled", "word_embedding_backward", "dW, x, dout", "dW, x, dout[:, ::-1]"),
    Mutant("returns the wrong thing", "word_embedding_backward", "return dW", "return x"),
    Mutant("returns None", "word_embedding_backward", "return dW", "return None"),
)

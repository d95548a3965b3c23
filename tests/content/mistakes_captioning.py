"""Plausible mistakes in CaptioningRNN: words that are read and said, states that go on, and the ways of gradients."""

from __future__ import annotations

from tests.content.mutants import Mutant

__all__ = ["MISTAKES"]

_LOSS = "loss, dscores = temporal_softmax_loss(scores, captions_out, mask)"
_W_EMBED = "word_embedding_backward(dwords, embed_cache)"
_H0 = 'h, _ = affine_forward(features, params["W_proj"], params["b_proj"])'
_BEST = "words = captions[:, step] = np.argmax(scores, axis=1)"
_FIRST = "words = np.full(len(features), self._start)"
_X = 'x = params["W_embed"][words]'
_LSTM_STEP = 'h, c, _ = lstm_step_forward(x, h, c, params["Wx"], params["Wh"], params["b"])'


def _loss(name: str, old: str, new: str, cell: str = "rnn") -> Mutant:
    """Change the loss, in a way that the question about this kind of cell must notice."""
    return Mutant(name, "CaptioningRNN.loss", old, new, f"captioning_{cell}_loss")


def _sample(name: str, old: str, new: str, cell: str = "rnn") -> Mutant:
    """Change how captions are written, in a way that the question about this kind of cell must notice."""
    return Mutant(name, "CaptioningRNN.sample", old, new, f"captioning_{cell}_sample")


MISTAKES = (
    # loss: the words that are read, the words that are to be said
    _loss("reads the words that are to be said", "(captions_in, params", "(captions_out, params"),
    _loss("compares with the words that are read", "scores, captions_out, mask", "scores, captions_in, mask"),
    _loss(
        "reads the first word again and again", "(captions_in, params", "(captions_in[:, :1] + 0 * captions_in, params"
    ),
    _loss("captions shifted the other way", "(captions_in, params", "(np.roll(captions_in, 1, axis=1), params"),
    _loss("every filler counts", "captions_out, mask)", "captions_out, np.ones_like(mask))"),
    _loss("fillers among the words that are read", "captions_out, mask)", "captions_out, captions_in != self._null)"),
    _loss("fillers are word 0", "captions_out, mask)", "captions_out, captions_out != 0)"),
    _loss("stops counting at <END>", "captions_out, mask)", "captions_out, mask & (captions_out != self._end))"),
    _loss("<START> does not count either", "captions_out, mask)", "captions_out, mask & (captions_in != self._start))"),
    _loss("a caption ends at its first filler", "captions_out, mask)", "captions_out, np.cumprod(mask, axis=1) > 0)"),
    _loss(
        "words of fillers read as zeros",
        "h, cell_cache = forward(words,",
        "words = words * mask[:, :, None]; h, cell_cache = forward(words,",
    ),
    # loss: over what it is an average
    _loss(
        "averaged over words",
        _LOSS,
        f"{_LOSS}; share = len(mask) / mask.sum(); loss, dscores = loss * share, dscores * share",
    ),
    _loss("averaged over steps", _LOSS, f"{_LOSS}; loss, dscores = loss / mask.shape[1], dscores / mask.shape[1]"),
    _loss("summed over pictures", _LOSS, f"{_LOSS}; loss, dscores = loss * len(mask), dscores * len(mask)"),
    _loss("averaged over captions with words", _LOSS, f"{_LOSS}; loss = loss * len(mask) / mask.any(axis=1).sum()"),
    _loss("loss averaged twice, gradients once", _LOSS, f"{_LOSS}; loss = loss / len(features)"),
    _loss("with weight decay", _LOSS, f'{_LOSS}; loss = loss + 1e-6 * np.sum(params["Wx"] ** 2)'),
    # loss: from the picture to the first state
    _loss("h0 not passed on", "forward(words, h0,", "forward(words, np.zeros_like(h0),"),
    _loss("h0 through tanh", "forward(words, h0,", "forward(words, np.tanh(h0),"),
    _loss("h0 through a ReLU", "forward(words, h0,", "forward(words, np.maximum(h0, 0),"),
    _loss("features without their bias", 'params["b_proj"])', '0 * params["b_proj"])'),
    _loss("scores without their bias", 'params["b_vocab"])', '0 * params["b_vocab"])'),
    _loss("one picture for all", "affine_forward(features, ", "affine_forward(features[:1] + 0 * features, "),
    # loss: kinds of cells
    _loss("vanilla cells only", 'lstm = self.cell_type == "lstm"', "lstm = False", "lstm"),
    _loss("LSTM cells only", 'lstm = self.cell_type == "lstm"', "lstm = True"),
    _loss("kind of cell in capitals", '== "lstm"', '== "LSTM"', "lstm"),
    _loss("vanilla cells on the way back", "(lstm_forward, lstm_backward)", "(lstm_forward, rnn_backward)", "lstm"),
    # loss: the way back
    _loss("words' vectors from the states' gradient", _W_EMBED, "word_embedding_backward(dh, embed_cache)"),
    _loss("words' vectors overwritten", _W_EMBED, '0 * params["W_embed"]; grads["W_embed"][captions_in] = dwords'),
    _loss(
        "words' vectors of counted steps alone",
        _W_EMBED,
        "word_embedding_backward(dwords * mask[..., None], embed_cache)",
    ),
    _loss("features' weights from the first step", "affine_backward(dh0, ", "affine_backward(dh[:, 0], "),
    _loss("features' weights from all steps", "affine_backward(dh0, ", "affine_backward(dh.sum(axis=1), "),
    _loss("first state's gradient left out", "affine_backward(dh0, ", "affine_backward(np.zeros_like(dh0), "),
    _loss("Wx and Wh exchanged", 'grads["Wx"], grads["Wh"]', 'grads["Wh"], grads["Wx"]'),
    _loss("biases exchanged", '_, grads["W_proj"], grads["b_proj"]', '_, grads["W_proj"], grads["b"]'),
    _loss("a gradient is missing", "return loss, grads", 'del grads["b_vocab"]; return loss, grads'),
    _loss(
        "gradients by other names",
        "return loss, grads",
        'return loss, {f"d{name}": each for name, each in grads.items()}',
    ),
    _loss("no gradients", "return loss, grads", "return loss, {}"),
    _loss("gradients are not returned", "return loss, grads", "return loss"),
    _loss("gradients come first", "return loss, grads", "return grads, loss"),
    _loss("gradients in a list", "return loss, grads", "return loss, list(grads.values())"),
    # loss: what stays, and precision
    _loss(
        "learns at once",
        "return loss, grads",
        'params["b"] = params["b"] - 1e-3 * grads["b"]\n        return loss, grads',
    ),
    _loss(
        "gradients add up from call to call",
        "return loss, grads",
        (
            'old = self.__dict__.get("kept", {})\n'
            "        self.kept = {name: each + old.get(name, 0) for name, each in grads.items()}\n"
            "        return loss, self.kept"
        ),
    ),
    _loss(
        "loss adds up from call to call",
        "return loss, grads",
        'self.sum = self.__dict__.get("sum", 0) + loss; return self.sum, grads',
    ),
    _loss("features in float32", "affine_forward(features, ", "affine_forward(features.astype(np.float32), "),
    _loss("loss in float32", "return loss, grads", "return np.float32(loss), grads"),
    _loss(
        "a gradient in float32",
        "return loss, grads",
        'grads["Wh"] = grads["Wh"].astype(np.float32); return loss, grads',
    ),
    _loss("states squeezed", "(h, params", "(np.squeeze(h), params"),
    # sample: what is read and what is written down
    _sample("<START> stays in column 0", _BEST, ("captions[:, step] = words; words = np.argmax(scores, axis=1)")),
    _sample(
        "<START> first, the last word lost",
        "return captions",
        ("return np.concatenate([np.full((len(captions), 1), self._start), captions[:, :-1]], axis=1)"),
    ),
    _sample(
        "<START> in front",
        "return captions",
        ("return np.concatenate([np.full((len(captions), 1), self._start), captions], axis=1)"),
    ),
    _sample("reads <START> again and again", _X, 'x = params["W_embed"][np.full(len(features), self._start)]'),
    _sample(
        "reads its first word again and again",
        _BEST,
        ("captions[:, step] = np.argmax(scores, axis=1); words = captions[:, 0]"),
    ),
    _sample(
        "reads the word before the last",
        _BEST,
        ("captions[:, step] = np.argmax(scores, axis=1); words = captions[:, max(step - 1, 0)]"),
    ),
    _sample("begins with <NULL>", _FIRST, "words = np.full(len(features), self._null)"),
    _sample("begins with <END>", _FIRST, "words = np.full(len(features), self._end)"),
    _sample("begins with word 1", _FIRST, "words = np.ones(len(features), dtype=int)"),
    _sample("begins with zeros", _X, f"{_X} if step else np.zeros((len(features), params['W_embed'].shape[1]))"),
    _sample("reads columns of the vectors", _X, 'x = params["W_embed"].T[:, words].T[:, ::-1]'),
    _sample("all read what the first said", _X, 'x = params["W_embed"][np.full(len(features), words.flat[0])]'),
    _sample("one caption for all", "return captions", "captions[:] = captions[0]; return captions"),
    # sample: which word is said
    _sample(
        "says a random word",
        "np.argmax(scores, axis=1)",
        ("np.array([np.random.choice(len(s), p=np.exp(s - s.max()) / np.exp(s - s.max()).sum()) for s in scores])"),
    ),
    _sample("says the worst word", "np.argmax(scores", "np.argmin(scores"),
    _sample("says the largest score by size", "np.argmax(scores", "np.argmax(np.abs(scores)"),
    _sample("says the largest score itself", "np.argmax(scores, axis=1)", "np.max(scores, axis=1).astype(int)"),
    _sample("asks along the batch", "np.argmax(scores, axis=1)", "np.argmax(scores, axis=0)[: len(features)]"),
    _sample("scores without their bias", 'params["b_vocab"])', '0 * params["b_vocab"])'),
    _sample(
        "scores before the step", "scores, _ = affine_forward(h,", "scores, _ = affine_forward(h if step else h * 0,"
    ),
    _sample(
        "never says the same word twice",
        _BEST,
        ("scores[np.arange(len(words)), words] = -np.inf; words = captions[:, step] = np.argmax(scores, axis=1)"),
    ),
    # sample: which state goes on
    _sample(
        "always from the picture",
        "for step in range(max_length):",
        f"for step in range(max_length):\n            {_H0}",
    ),
    _sample("starts from zeros", _H0, f"{_H0}; h = np.zeros_like(h)"),
    _sample("features without their bias", 'params["b_proj"])', '0 * params["b_proj"])'),
    _sample("h0 through tanh", _H0, f"{_H0}; h = np.tanh(h)"),
    _sample(
        "state not carried",
        'h, _ = rnn_step_forward(x, h, params["Wx"], params["Wh"], params["b"])\n',
        ('h0 = h if step == 0 else h0; h, _ = rnn_step_forward(x, h0, params["Wx"], params["Wh"], params["b"])\n'),
    ),
    _sample("always describes the first pictures", _H0, f"{_H0}; h = self.__dict__.setdefault('first', h)"),
    # sample: kinds of cells
    _sample("vanilla cells only", 'if self.cell_type == "lstm"', "if False", "lstm"),
    _sample("LSTM cells only", 'if self.cell_type == "lstm"', "if True"),
    _sample("nothing for LSTM cells", _LSTM_STEP, "return captions", "lstm"),
    _sample("cell not carried", _LSTM_STEP, _LSTM_STEP.replace("h, c, _ =", "h, _, _ ="), "lstm"),
    _sample("cell starts as the hidden state", "c = np.zeros_like(h)", "c = h", "lstm"),
    _sample("cell starts from ones", "c = np.zeros_like(h)", "c = np.ones_like(h)", "lstm"),
    _sample("cell and hidden state exchanged", _LSTM_STEP, _LSTM_STEP.replace("h, c, _ =", "c, h, _ ="), "lstm"),
    _sample(
        "scores from the cell",
        'affine_forward(h, params["W_vocab"]',
        ("affine_forward(c if self.cell_type == 'lstm' else h, params['W_vocab']"),
        "lstm",
    ),
    # sample: the form of what is returned, and where it ends
    _sample("as many words as fit", "range(max_length)", "range(max_length - 1)"),
    _sample("thirty words always", "range(max_length)", "range(30)"),
    _sample("words by columns", "return captions", "return captions.T"),
    _sample("captions squeezed", "return captions", "return captions.squeeze()"),
    _sample("states squeezed", "words = captions", "h, scores = h.squeeze(), scores.squeeze(); words = captions"),
    _sample("words as fractions", "return captions", "return captions.astype(float)"),
    _sample("words in their letters", "return captions", "return np.vectorize(self.idx_to_word.get)(captions)"),
    _sample(
        "all stop when one has ended",
        _BEST,
        (f"{_BEST}\n            if (words == self._end).any():\n                break"),
    ),
    _sample(
        "stops at the first <END> of the first",
        _BEST,
        (f"{_BEST}\n            if words[0] == self._end:\n                break"),
    ),
    _sample(
        "reads <START> again after <END>",
        _BEST,
        (f"{_BEST}\n            words = np.where((captions[:, : step + 1] == self._end).any(), self._start, words)"),
    ),
)

"""The functions of each kind of cell in a table; words as arrays (N, 1), read through the layers for sequences."""

import a3.rnn_layers as layers

CELLS = {
    "rnn": (layers.rnn_forward, layers.rnn_backward, layers.rnn_step_forward),
    "lstm": (layers.lstm_forward, layers.lstm_backward, layers.lstm_step_forward),
}


class CaptioningRNN(CaptioningRNN):
    def loss(self, features, captions):
        p, mask = self.params, captions[:, 1:] != self._null
        forward, backward, _ = CELLS[self.cell_type]
        caches = {}
        h0, caches["proj"] = layers.affine_forward(features, p["W_proj"], p["b_proj"])
        words, caches["embed"] = layers.word_embedding_forward(captions[:, :-1], p["W_embed"])
        h, caches["cell"] = forward(words, h0, p["Wx"], p["Wh"], p["b"])
        scores, caches["vocab"] = layers.temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
        loss, dscores = layers.temporal_softmax_loss(scores, captions[:, 1:], mask, verbose=False)
        dh, dW_vocab, db_vocab = layers.temporal_affine_backward(dscores, caches["vocab"])
        dwords, dh0, dWx, dWh, db = backward(dh, caches["cell"])
        dW_embed = layers.word_embedding_backward(dwords, caches["embed"])
        _, dW_proj, db_proj = layers.affine_backward(dh0, caches["proj"])
        grads = {"W_vocab": dW_vocab, "b_vocab": db_vocab, "Wx": dWx, "Wh": dWh, "b": db}
        return loss, grads | {"W_embed": dW_embed, "W_proj": dW_proj, "b_proj": db_proj}

    def sample(self, features, max_length=30):
        p = self.params
        *_, step = CELLS[self.cell_type]
        h, _ = layers.affine_forward(features, p["W_proj"], p["b_proj"])
        state = [h, np.zeros(h.shape, h.dtype)][: 2 if self.cell_type == "lstm" else 1]
        word = np.array([[self._start]] * len(features))
        captions = []
        while len(captions) < max_length:
            x, _ = layers.word_embedding_forward(word, p["W_embed"])
            *state, _ = step(x[:, 0, :], *state, p["Wx"], p["Wh"], p["b"])
            scores, _ = layers.temporal_affine_forward(state[0][:, None, :], p["W_vocab"], p["b_vocab"])
            word = scores.argmax(axis=2)
            captions.append(word)
        return np.concatenate(captions, axis=1)

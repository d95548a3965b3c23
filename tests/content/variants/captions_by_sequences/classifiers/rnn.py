"""Captions through sequences of one step, whose last state, hidden and cell, is where the next one begins."""


class CaptioningRNN(CaptioningRNN):
    def sample(self, features, max_length=30):
        captions = self._null * np.ones((features.shape[0], max_length), dtype=np.int32)
        p = self.params
        last = features.dot(p["W_proj"]) + p["b_proj"]
        word, cell = self._start * np.ones((len(features), 1), dtype=np.int32), None
        for t in range(max_length):
            x = p["W_embed"][word]
            if self.cell_type == "rnn":
                h, _ = rnn_forward(x, last, p["Wx"], p["Wh"], p["b"])
            else:
                h, cache = lstm_forward(x, last, p["Wx"], p["Wh"], p["b"], cell)
                cell = cache["cell"]
            last = h[:, -1]
            scores, _ = temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
            word = np.argmax(scores[:, -1], axis=-1).reshape(-1, 1)
            captions[:, [t]] = word
        return captions

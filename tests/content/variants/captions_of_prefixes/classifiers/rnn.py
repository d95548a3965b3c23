"""Every step reads all that was said again from the start, in one sequence; words are said in lists."""


class CaptioningRNN(CaptioningRNN):
    def sample(self, features, max_length=30):
        p = self.params
        h0, _ = affine_forward(features, p["W_proj"], p["b_proj"])
        said = [[self._start] for _ in features]
        for _ in range(max_length):
            x, _ = word_embedding_forward(np.array(said), p["W_embed"])
            run = {"rnn": rnn_forward, "lstm": lstm_forward}[self.cell_type]
            h, _ = run(x, h0, p["Wx"], p["Wh"], p["b"])
            scores = np.einsum("nh,hv->nv", h[:, -1], p["W_vocab"]) + p["b_vocab"]
            for caption, row in zip(said, scores, strict=True):
                caption.append(int(np.flatnonzero(row == row.max())[0]))
        return np.array([caption[1:] for caption in said])

    def loss(self, features, captions):
        loss, grads = super().loss(features, captions)
        return np.array([[loss]]), dict(sorted(grads.items()))

"""Small methods, one for each stage; captions stop when all have ended, with <NULL> after every <END>."""


class CaptioningRNN(CaptioningRNN):
    def is_lstm(self):
        return self.cell_type != "rnn"

    def weights(self, *names):
        return [self.params[name] for name in names]

    def first_state(self, features):
        return affine_forward(features, *self.weights("W_proj", "b_proj"))

    def through(self, words, h0):
        run = lstm_forward if self.is_lstm() else rnn_forward
        return run(words, h0, *self.weights("Wx", "Wh", "b"))

    def one_step(self, x, h, c):
        if not self.is_lstm():
            return rnn_step_forward(x, h, *self.weights("Wx", "Wh", "b"))[0], c
        return lstm_step_forward(x, h, c, *self.weights("Wx", "Wh", "b"))[:2]

    def loss(self, features, captions):
        grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        read, said = captions[:, :-1], captions[:, 1:]
        h0, c0 = self.first_state(features)
        x, c1 = word_embedding_forward(read, *self.weights("W_embed"))
        h, c2 = self.through(x, h0)
        scores, c3 = temporal_affine_forward(h, *self.weights("W_vocab", "b_vocab"))
        loss, d = temporal_softmax_loss(scores, said, np.not_equal(said, self._null))
        d, *last = temporal_affine_backward(d, c3)
        d, dh0, *inner = (lstm_backward if self.is_lstm() else rnn_backward)(d, c2)
        every = [*affine_backward(dh0, c0)[1:], word_embedding_backward(d, c1), *inner, *last]
        for name, value in zip("W_proj b_proj W_embed Wx Wh b W_vocab b_vocab".split(), every, strict=True):
            grads[name] += value
        return loss, grads

    def sample(self, features, max_length=30):
        captions = np.full((len(features), max_length), self._null, dtype=np.int32)
        (h, _), word = self.first_state(features), np.repeat(self._start, len(features))
        c, going = np.zeros_like(h), np.ones(len(features), dtype=bool)
        for t in range(max_length):
            h, c = self.one_step(self.params["W_embed"][word], h, c)
            scores, _ = affine_forward(h, *self.weights("W_vocab", "b_vocab"))
            word = scores.argmax(1)
            captions[going, t] = word[going]
            going &= word != self._end
            if not going.any():
                break
        return captions

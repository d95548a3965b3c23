"""The loss as a loop over steps with its own softmax and its own way back; no layer over a whole sequence."""

from a3.rnn_layers import lstm_step_backward, rnn_step_backward


class CaptioningRNN(CaptioningRNN):
    def loss(self, features, captions):
        p, N, T = self.params, len(features), captions.shape[1] - 1
        grads = {name: np.zeros(value.shape) for name, value in p.items()}
        h = features @ p["W_proj"] + p["b_proj"]
        c, steps, loss = np.zeros_like(h), [], 0.0
        for t in range(T):
            x = p["W_embed"][captions[:, t]]
            if self.cell_type == "lstm":
                h, c, cache = lstm_step_forward(x, h, c, p["Wx"], p["Wh"], p["b"])
            else:
                h, cache = rnn_step_forward(x, h, p["Wx"], p["Wh"], p["b"])
            scores = h @ p["W_vocab"] + p["b_vocab"]
            probs = np.exp(scores - scores.max(axis=1, keepdims=True))
            probs /= probs.sum(axis=1, keepdims=True)
            for n, word in enumerate(captions[:, t + 1]):
                if word == self._null:
                    probs[n] = 0
                else:
                    loss -= np.log(probs[n, word]) / N
                    probs[n, word] -= 1
            steps.append((h, probs / N, cache))
        dh, dc = np.zeros_like(h), np.zeros_like(h)
        for t, (h, dscores, cache) in reversed(list(enumerate(steps))):
            grads["W_vocab"] += h.T @ dscores
            grads["b_vocab"] += dscores.sum(axis=0)
            dh = dh + dscores @ p["W_vocab"].T
            if self.cell_type == "lstm":
                dx, dh, dc, *own = lstm_step_backward(dh, dc, cache)
            else:
                dx, dh, *own = rnn_step_backward(dh, cache)
            for name, value in zip(("Wx", "Wh", "b"), own, strict=True):
                grads[name] += value
            np.add.at(grads["W_embed"], captions[:, t], dx)
        grads["W_proj"], grads["b_proj"] = features.T @ dh, dh.sum(axis=0)
        return loss, grads

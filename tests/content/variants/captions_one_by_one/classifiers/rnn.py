"""One picture at a time, each a minibatch of its own; losses and gradients are added up and shared out at the end."""

from collections import defaultdict


class CaptioningRNN(CaptioningRNN):
    def loss(self, features, captions):
        total, grads = 0.0, defaultdict(float)
        for feature, caption in zip(features, captions, strict=True):
            loss, own = super().loss(feature[None], caption[None])
            total += float(loss) / len(features)
            for name, value in own.items():
                grads[name] = grads[name] + value / len(features)
        return total, dict(grads)

    def sample(self, features, max_length=30):
        p, every = self.params, []
        for feature in features:
            h = (feature @ p["W_proj"] + p["b_proj"])[np.newaxis]
            c, word, caption = h * 0, self._start, []
            for _ in range(max_length):
                x = p["W_embed"][word][np.newaxis]
                if self.cell_type == "rnn":
                    h = rnn_step_forward(x, h, p["Wx"], p["Wh"], p["b"])[0]
                else:
                    h, c = lstm_step_forward(x, h, c, p["Wx"], p["Wh"], p["b"])[:2]
                scores = (h @ p["W_vocab"] + p["b_vocab"])[0]
                word = max(range(len(scores)), key=scores.__getitem__)
                caption.append(word)
            every.append(caption)
        return np.array(every, dtype=np.int16)

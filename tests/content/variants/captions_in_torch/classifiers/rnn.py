"""Torch inside, from features to words; gradients by autograd; loss, gradients and captions are tensors."""

import torch


class CaptioningRNN(CaptioningRNN):
    def cell(self, x, h, c, p):
        a = x @ p["Wx"] + h @ p["Wh"] + p["b"]
        if self.cell_type == "rnn":
            return torch.tanh(a), c
        i, f, o, g = a.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def loss(self, features, captions):
        p = {name: torch.tensor(value, requires_grad=True) for name, value in self.params.items()}
        features, captions = torch.as_tensor(features), torch.as_tensor(captions)
        h = features @ p["W_proj"] + p["b_proj"]
        c, loss = torch.zeros_like(h), 0.0
        for t in range(captions.shape[1] - 1):
            h, c = self.cell(p["W_embed"][captions[:, t]], h, c, p)
            scores = h @ p["W_vocab"] + p["b_vocab"]
            loss = loss + torch.nn.functional.cross_entropy(
                scores, captions[:, t + 1], ignore_index=self._null, reduction="sum"
            )
        loss = loss / len(features)
        loss.backward()
        return loss.detach(), {name: value.grad for name, value in p.items()}

    @torch.no_grad()
    def sample(self, features, max_length=30):
        p = {name: torch.as_tensor(value) for name, value in self.params.items()}
        h = torch.as_tensor(features) @ p["W_proj"] + p["b_proj"]
        c, word = torch.zeros_like(h), torch.full((len(h),), self._start)
        captions = torch.zeros(len(h), max_length, dtype=torch.long)
        for t in range(max_length):
            h, c = self.cell(p["W_embed"][word], h, c, p)
            captions[:, t] = word = (h @ p["W_vocab"] + p["b_vocab"]).argmax(1)
        return captions

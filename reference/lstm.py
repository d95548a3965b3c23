"""
Long short-term memory.

    N  examples in the batch      T  steps      D  size of an input      H  size of the hidden state

Beside the hidden state, which the rest of the network sees, an LSTM keeps a cell. Three gates in (0, 1) decide what is
written into it, what of it is kept, and what of it is shown:

    i, f, o = sigmoid(x Wx + h Wh + b)     input, forget and output gate; a block of H columns each, in this order
    g       = tanh(x Wx + h Wh + b)        the block input, from the fourth block of columns
    c'      = f * c + i * g
    h'      = o * tanh(c')
"""

from __future__ import annotations

import torch
from torch import Tensor

from reference.autodiff import in_float64

__all__ = ["forward", "step"]


@in_float64
def step(x: Tensor, h: Tensor, c: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """
    Return the next hidden state and the next cell state, stacked: ``(2, N, H)``.

    Args:
        x: Input at this step, ``(N, D)``.
        h, c: Previous hidden state and previous cell state, ``(N, H)``.
        Wx, Wh, b: Weights ``(D, 4H)``, ``(H, 4H)`` and biases ``(4H,)`` of the four blocks.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; the forget gate is that of Gers, Schmidhuber and
    Cummins, "Learning to forget", 2000.
    """
    i, f, o, g = (x @ Wx + h @ Wh + b).chunk(4, dim=1)
    next_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.stack([torch.sigmoid(o) * torch.tanh(next_c), next_c])


@in_float64
def forward(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """
    Return the hidden states after every step, of shape ``(N, T, H)``; the cell starts at zero and is not returned.

    Args:
        x: A sequence of inputs, ``(N, T, D)``.
        h0: Hidden state before the first step, ``(N, H)``.
        Wx, Wh, b: Weights ``(D, 4H)``, ``(H, 4H)`` and biases ``(4H,)``, the same at every step.
    """
    h, c = h0, torch.zeros_like(h0)
    states = []
    for x_t in x.unbind(dim=1):
        h, c = step(x_t, h, c, Wx, Wh, b)
        states.append(h)
    return torch.stack(states, dim=1)

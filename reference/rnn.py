"""
Vanilla RNN and word embedding.

    N  examples in the batch      T  steps          D  size of an input (or of a word's vector)
    H  size of the hidden state   V  words in the vocabulary

One step mixes the input with what the network remembers, and squashes the sum; a sequence is the same step again and
again, with the same weights:

    h[t] = tanh(x[t] Wx + h[t-1] Wh + b)
"""

from __future__ import annotations

import torch
from torch import Tensor

from reference.autodiff import in_float64

__all__ = ["forward", "step", "word_embedding"]


@in_float64
def step(x: Tensor, h: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """
    Return the next hidden state, ``tanh(x Wx + h Wh + b)``, of shape ``(N, H)``.

    Args:
        x: Input at this step, ``(N, D)``.
        h: Previous hidden state, ``(N, H)``.
        Wx, Wh, b: Weights ``(D, H)``, ``(H, H)`` and bias ``(H,)``.

    Source: Elman, "Finding structure in time", 1990.
    """
    return torch.tanh(x @ Wx + h @ Wh + b)


@in_float64
def forward(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> Tensor:
    """
    Return the hidden states after every step, of shape ``(N, T, H)``; ``h0`` itself is not among them.

    Args:
        x: A sequence of inputs, ``(N, T, D)``.
        h0: Hidden state before the first step, ``(N, H)``.
        Wx, Wh, b: Weights ``(D, H)``, ``(H, H)`` and bias ``(H,)``, the same at every step.
    """
    h = [h0]
    for x_t in x.unbind(dim=1):
        h.append(step(x_t, h[-1], Wx, Wh, b))
    return torch.stack(h[1:], dim=1)


@in_float64
def word_embedding(words: Tensor, W: Tensor) -> Tensor:
    """
    Return the vector of every word, of shape ``(N, T, D)``: row ``i`` of ``W`` belongs to word ``i``.

    Args:
        words: Word numbers in ``[0, V)``, ``(N, T)``, integers.
        W: One vector a word, ``(V, D)``.

    Source: Bengio et al., "A neural probabilistic language model", 2003.
    """
    return W[words]

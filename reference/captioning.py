"""
Captions from a recurrent network.

    N  pictures in the batch      T  words to say      D  size of a picture's features
    W  size of a word's vector    H  size of the hidden state    V  words in the vocabulary

The features of a picture, mapped to the size of a state, are the first hidden state; each step reads one word and
scores every word of the vocabulary for the next place. While training, the words that are read are those of the
caption; while sampling, those that were said.

Source: Vinyals et al., "Show and tell: a neural image caption generator", 2015 (there, the picture is the first input).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from reference import lstm, rnn
from reference.autodiff import in_float64

__all__ = ["WEIGHTS", "loss", "sample", "start_state", "step_scores", "temporal_softmax"]

WEIGHTS = ("W_proj", "b_proj", "W_embed", "Wx", "Wh", "b", "W_vocab", "b_vocab")
"""The names of the weights, in the order in which `loss` takes them."""
_CELLS = {"rnn": rnn.forward, "lstm": lstm.forward}


@in_float64
def temporal_softmax(scores: Tensor, words: Tensor, counts: Tensor) -> Tensor:
    """
    Return the cross-entropy of words: summed over the steps that count, averaged over all captions of the batch.

    Args:
        scores: Of every word at every step, ``(N, T, V)``.
        words: Numbers of the right words, ``(N, T)``.
        counts: Whether a step counts, bool, ``(N, T)``.
    """
    right = scores.log_softmax(dim=2).gather(2, words[:, :, None])[:, :, 0]
    return -right[torch.as_tensor(counts)].sum() / len(scores)


@in_float64
def loss(
    features: Tensor, captions: Tensor, W_proj: Tensor, b_proj: Tensor, W_embed: Tensor, Wx: Tensor, Wh: Tensor,
    b: Tensor, W_vocab: Tensor, b_vocab: Tensor, *, cell: str, null: int,
) -> Tensor:  # fmt: skip
    """
    Return how far the network is from saying the captions: each word from the words before it.

    Args:
        features: Of the pictures, ``(N, D)``.
        captions: Numbers of words, ``(N, T + 1)``: all but the last are read, all but the first are to be said.
        W_proj, b_proj: Features to the first hidden state, ``(D, H)`` and ``(H,)``.
        W_embed: Vectors of the words, ``(V, W)``.
        Wx, Wh, b: The recurrent network, ``(W, G)``, ``(H, G)``, ``(G,)``; G is H, or 4H for an LSTM.
        W_vocab, b_vocab: Hidden states to scores, ``(H, V)`` and ``(V,)``.
        cell: ``"rnn"`` or ``"lstm"``.
        null: Number of the word that fills captions up and does not count where it is to be said.
    """
    words = rnn.word_embedding(captions[:, :-1], W_embed)
    h = _CELLS[cell](words, features @ W_proj + b_proj, Wx, Wh, b)
    return temporal_softmax(h @ W_vocab + b_vocab, captions[:, 1:], captions[:, 1:] != null)


def start_state(features: Tensor, weights: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the hidden state that a picture's features make, and an empty cell: ``(N, H)`` both."""
    h = features @ weights["W_proj"] + weights["b_proj"]
    return h, torch.zeros_like(h)


def step_scores(
    state: tuple[Tensor, Tensor], words: Tensor, weights: Mapping[str, Tensor], cell: str
) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Return hidden and cell state after ``words`` were read, and the scores ``(N, V)`` of what follows them."""
    h, c = state
    x, inner = weights["W_embed"][words], (weights["Wx"], weights["Wh"], weights["b"])
    h, c = lstm.step(x, h, c, *inner) if cell == "lstm" else (rnn.step(x, h, *inner), c)
    return (h, c), h @ weights["W_vocab"] + weights["b_vocab"]


def sample(
    features: Tensor, weights: Mapping[str, Tensor], *, cell: str, start: int | Tensor, max_length: int
) -> tuple[Tensor, Tensor]:
    """
    Return the words that the network says, each the one with the highest score, and how sure it was.

    Args:
        features: Of the pictures, ``(N, D)``.
        weights: Float64 tensors by the names in ``WEIGHTS``.
        cell: ``"rnn"`` or ``"lstm"``.
        start: Number of the word that is read first, and is not part of the caption; or one for each picture, ``(N,)``.
        max_length: How many words are said.

    Returns:
        words: Their numbers, ``(N, max_length)``.
        margins: Highest score less the second highest, ``(N, max_length)``.
    """
    state = start_state(features, weights)
    words = [torch.as_tensor(start).expand(len(features))]
    margins = []
    for _ in range(max_length):
        state, scores = step_scores(state, words[-1], weights, cell)
        best, second = scores.topk(2, dim=1).values.unbind(dim=1)
        words.append(scores.argmax(dim=1))
        margins.append(best - second)
    return torch.stack(words[1:], dim=1), torch.stack(margins, dim=1)

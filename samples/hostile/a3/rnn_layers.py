"""
Hopes for thirty points without a line of the exercise, in the ways that have worked on other graders.

Verdict: no points, no text of the hidden tests, no result but the grader's own, and a terminal left as it was.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

FORGED = {"score": 30.0, "tests": [{"name": "everything", "score": 30.0, "max_score": 30.0, "status": "passed"}]}

# Text that a careless terminal obeys: clear the screen, set the title, print in green that all is well.
print("\x1b[2J\x1b[H\x1b]0;30 of 30\x07\x1b[32mAll tests passed: 30 / 30 points\x1b[0m")
print(json.dumps(FORGED))

for place in ("results.json", "../results.json", "../results/results.json", "/autograder/results/results.json"):
    try:
        Path(place).write_text(json.dumps(FORGED), encoding="utf-8")
    except OSError as refusal:
        print("no result written:", type(refusal).__name__, file=sys.stderr)


class Agreeable:
    """Equals everything, is as near as anyone asks, and has every shape."""

    shape = property(lambda self: Agreeable())
    dtype = np.dtype(np.float64)

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None

    def __array__(self, dtype=None, copy=None):
        return np.zeros(())

    def __array_ufunc__(self, *args, **kwargs):
        return True

    def __getattr__(self, name):
        return lambda *args, **kwargs: Agreeable()

    def __iter__(self):
        return iter([Agreeable(), Agreeable()])

    def __float__(self):
        return 0.0


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """Return objects that claim to equal whatever they are compared with."""
    return Agreeable(), Agreeable()


def rnn_step_backward(dnext_h, cache):
    """Look for the answers in the grader that asks."""
    for folder in ("../grading_tests", "../reference", "../../grading_tests", "../source"):
        for path in sorted(Path(folder).rglob("*.py")):
            print(path, path.read_text(encoding="utf-8"))
    frame = sys._getframe()
    while frame is not None:
        if "expected" in frame.f_locals:
            return frame.f_locals["expected"]
        frame = frame.f_back
    from reference import autodiff  # noqa: PLC0415 - the hope is that it can be imported

    return tuple(autodiff.gradients(*cache))


def rnn_forward(x, h0, Wx, Wh, b):
    """Leave politely, as if all tests had passed."""
    sys.exit(0)


def rnn_backward(dh, cache):
    """Leave at once, with nobody to clean up behind."""
    os._exit(0)


def word_embedding_forward(x, W):
    """Replace the comparison itself, then return zeros."""
    np.isclose = np.allclose = np.array_equal = lambda *args, **kwargs: True
    np.testing.assert_allclose = lambda *args, **kwargs: None
    return np.zeros((*x.shape, W.shape[1])), (x, W)


def word_embedding_backward(dout, cache):
    """Raise what a test runner takes for a pass."""
    import pytest  # noqa: PLC0415 - the hope is that it can be imported

    pytest.skip("\x1b[32mpassed\x1b[0m")


# Given: nothing below this line is to be changed. ---------------------------------------------------------------------


def sigmoid(x):
    """Return 1 / (1 + exp(-x)) entry by entry, without overflow for large x of either sign."""
    small = np.exp(-np.abs(x))  # in (0, 1] for every x
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def affine_forward(x, w, b):
    """
    Apply a fully connected layer.

    Args:
        x: Inputs, (N, d_1, ..., d_k); the axes after the first count as one of size D = d_1 * ... * d_k.
        w: Weights, (D, M).
        b: Bias, (M,).

    Returns:
        out: Result, (N, M).
        cache: For affine_backward.
    """
    out = x.reshape(len(x), -1) @ w + b
    return out, (x, w)


def affine_backward(dout, cache):
    """
    Go back through a fully connected layer.

    Args:
        dout: Gradient with respect to the result, (N, M).
        cache: From affine_forward.

    Returns:
        dx: Gradient with respect to the inputs, (N, d_1, ..., d_k).
        dw: Gradient with respect to the weights, (D, M).
        db: Gradient with respect to the bias, (M,).
    """
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    return dx, dw, dout.sum(axis=0)


def temporal_affine_forward(x, w, b):
    """
    Apply the same fully connected layer at every step of a sequence.

    Args:
        x: Inputs, (N, T, D).
        w: Weights, (D, M).
        b: Bias, (M,).

    Returns:
        out: Results, (N, T, M).
        cache: For temporal_affine_backward.
    """
    return x @ w + b, (x, w)


def temporal_affine_backward(dout, cache):
    """
    Go back through temporal_affine_forward.

    Args:
        dout: Gradient with respect to the results, (N, T, M).
        cache: From temporal_affine_forward.

    Returns:
        dx: Gradient with respect to the inputs, (N, T, D).
        dw: Gradient with respect to the weights, (D, M).
        db: Gradient with respect to the bias, (M,).
    """
    x, w = cache
    dx = dout @ w.T
    dw = np.tensordot(x, dout, axes=([0, 1], [0, 1]))
    return dx, dw, dout.sum(axis=(0, 1))


def temporal_softmax_loss(x, y, mask, verbose=False):
    """
    Return the cross-entropy of predicted words: summed over steps, averaged over the minibatch.

    Captions differ in length and are filled up with a word that means nothing; mask says which steps count.

    Args:
        x: Scores of all words, (N, T, V).
        y: Numbers of the right words, integers in [0, V), (N, T).
        mask: Whether a step counts, bool, (N, T).
        verbose: Print the shape of the gradient.

    Returns:
        loss: One number.
        dx: Gradient of the loss with respect to the scores, (N, T, V).
    """
    shifted = x - x.max(axis=2, keepdims=True)  # the same probabilities, and no overflow
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    right = y[:, :, None]
    weight = mask[:, :, None] / len(x)

    loss = -np.sum(weight * np.take_along_axis(log_probs, right, axis=2))
    dx = np.exp(log_probs)
    np.put_along_axis(dx, right, np.take_along_axis(dx, right, axis=2) - 1, axis=2)
    dx *= weight
    if verbose:
        print("dx:", dx.shape)
    return loss, dx

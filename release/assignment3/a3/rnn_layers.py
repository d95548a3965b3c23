"""
Layers of recurrent networks, vanilla and LSTM, in NumPy.

A layer is a pair of functions. The forward one returns its result and a ``cache``; the backward one takes the gradient
of the loss with respect to that result, and the cache, and returns the gradient with respect to every input. What you
put into a cache is up to you: nobody but your own backward function reads it.

    N  examples in a minibatch    T  steps of a sequence    V  words in the vocabulary
    D  size of an input           H  size of the hidden state

No automatic differentiation here: the point is to have written the chain rule down once.
"""

import numpy as np

__all__ = [
    "affine_backward",
    "affine_forward",
    "lstm_backward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_step_forward",
    "rnn_backward",
    "rnn_forward",
    "rnn_step_backward",
    "rnn_step_forward",
    "sigmoid",
    "temporal_affine_backward",
    "temporal_affine_forward",
    "temporal_softmax_loss",
    "word_embedding_backward",
    "word_embedding_forward",
]


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """
    Take one step of a vanilla RNN with tanh as its nonlinearity.

    Args:
        x: Input at this step, (N, D).
        prev_h: Hidden state before this step, (N, H).
        Wx: Weights from input to hidden state, (D, H).
        Wh: Weights from hidden state to hidden state, (H, H).
        b: Bias, (H,).

    Returns:
        next_h: Hidden state after this step, (N, H).
        cache: Whatever the backward pass needs.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    """
    Go back through one step of a vanilla RNN.

    Args:
        dnext_h: Gradient of the loss with respect to next_h, (N, H).
        cache: From rnn_step_forward.

    Returns:
        dx: Gradient with respect to the input, (N, D).
        dprev_h: Gradient with respect to the previous hidden state, (N, H).
        dWx: Gradient with respect to the input weights, (D, H).
        dWh: Gradient with respect to the recurrent weights, (H, H).
        db: Gradient with respect to the bias, (H,).
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    """
    Run a vanilla RNN over a minibatch of sequences, with the same weights at every step.

    Args:
        x: Inputs of all steps, (N, T, D).
        h0: Hidden state before the first step, (N, H).
        Wx: Weights from input to hidden state, (D, H).
        Wh: Weights from hidden state to hidden state, (H, H).
        b: Bias, (H,).

    Returns:
        h: Hidden states after each step, (N, T, H); h0 is not among them.
        cache: Whatever the backward pass needs.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return h, cache


def rnn_backward(dh, cache):
    """
    Go back through a whole sequence of a vanilla RNN.

    Every hidden state was used twice: by the loss, and by the next step. What dh holds is the first part alone.

    Args:
        dh: Gradient that the loss sends to each hidden state directly, (N, T, H).
        cache: From rnn_forward.

    Returns:
        dx: Gradient with respect to the inputs, (N, T, D).
        dh0: Gradient with respect to the first hidden state, (N, H).
        dWx: Gradient with respect to the input weights, (D, H).
        dWh: Gradient with respect to the recurrent weights, (H, H).
        db: Gradient with respect to the bias, (H,).
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dx, dh0, dWx, dWh, db


def word_embedding_forward(x, W):
    """
    Look up the vector of every word.

    Args:
        x: Numbers of words, integers in [0, V), (N, T).
        W: One vector for each word of the vocabulary, (V, D).

    Returns:
        out: Vectors of the words in x, (N, T, D).
        cache: Whatever the backward pass needs.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return out, cache


def word_embedding_backward(dout, cache):
    """
    Go back through the look-up. Words have no gradient; their vectors do.

    A word that occurs several times has its vector used several times. np.add.at may help.

    Args:
        dout: Gradient with respect to the vectors that were looked up, (N, T, D).
        cache: From word_embedding_forward.

    Returns:
        dW: Gradient with respect to the table of vectors, (V, D).
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dW


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """
    Take one step of an LSTM.

    Wx, Wh and b hold four blocks of H columns each, in this order: input gate, forget gate, output gate, and the block
    input, which is what may be written into the cell. Gates go through a sigmoid, the block input through tanh.

    Args:
        x: Input at this step, (N, D).
        prev_h: Hidden state before this step, (N, H).
        prev_c: Cell state before this step, (N, H).
        Wx: Weights from input to the four blocks, (D, 4H).
        Wh: Weights from hidden state to the four blocks, (H, 4H).
        b: Biases of the four blocks, (4H,).

    Returns:
        next_h: Hidden state after this step, (N, H).
        next_c: Cell state after this step, (N, H).
        cache: Whatever the backward pass needs.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    """
    Go back through one step of an LSTM.

    The cell state after the step was used twice: by the hidden state, and by the next step. What dnext_c holds is the
    second part alone.

    Args:
        dnext_h: Gradient of the loss with respect to next_h, (N, H).
        dnext_c: Gradient that reaches next_c from later steps, (N, H).
        cache: From lstm_step_forward.

    Returns:
        dx: Gradient with respect to the input, (N, D).
        dprev_h: Gradient with respect to the previous hidden state, (N, H).
        dprev_c: Gradient with respect to the previous cell state, (N, H).
        dWx: Gradient with respect to the input weights, (D, 4H).
        dWh: Gradient with respect to the recurrent weights, (H, 4H).
        db: Gradient with respect to the biases, (4H,).
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    """
    Run an LSTM over a minibatch of sequences, with the same weights at every step.

    The cell state starts at zero and is not returned: it belongs to the LSTM alone.

    Args:
        x: Inputs of all steps, (N, T, D).
        h0: Hidden state before the first step, (N, H).
        Wx: Weights from input to the four blocks, (D, 4H).
        Wh: Weights from hidden state to the four blocks, (H, 4H).
        b: Biases of the four blocks, (4H,).

    Returns:
        h: Hidden states after each step, (N, T, H); h0 is not among them.
        cache: Whatever the backward pass needs.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return h, cache


def lstm_backward(dh, cache):
    """
    Go back through a whole sequence of an LSTM.

    Args:
        dh: Gradient that the loss sends to each hidden state directly, (N, T, H).
        cache: From lstm_forward.

    Returns:
        dx: Gradient with respect to the inputs, (N, T, D).
        dh0: Gradient with respect to the first hidden state, (N, H).
        dWx: Gradient with respect to the input weights, (D, 4H).
        dWh: Gradient with respect to the recurrent weights, (H, 4H).
        db: Gradient with respect to the biases, (4H,).
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dx, dh0, dWx, dWh, db


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

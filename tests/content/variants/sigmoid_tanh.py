"""tanh(a) as 2 sigmoid(2 a) - 1, with an overflow that is harmless: 1 / inf is 0."""

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    a = x @ Wx + prev_h @ Wh + b
    next_h = 2 / (1 + np.exp(-2 * a)) - 1
    return next_h, (x, prev_h, Wx, Wh, next_h)

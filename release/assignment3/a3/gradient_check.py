"""
Check a backward pass against the definition of the derivative.

Move one number of the input a little up and a little down, see how far the result moves, and divide. That is slow, one
pair of forward passes a number, but it uses the forward pass alone, so that it cannot repeat a mistake of the backward
pass. Use it on small float64 arrays.
"""

import numpy as np

__all__ = ["numerical_gradient", "relative_error"]


def numerical_gradient(f, x, upstream, h=1e-5):
    """
    Return the gradient of ``sum(f(x) * upstream)`` with respect to ``x``, an array of the shape of ``x``.

    Args:
        f: Function of one array; it returns an array.
        x: Float64 array. It is changed while this runs, and is as before afterwards.
        upstream: Array of the shape of ``f(x)``: how much each entry of the result counts.
        h: Half of the distance between the two points.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        before = x[index]
        x[index] = before + h
        above = np.array(f(x))
        x[index] = before - h
        below = np.array(f(x))
        x[index] = before
        gradient[index] = np.sum((above - below) * upstream) / (2 * h)
    return gradient


def relative_error(x, y):
    """Return the largest of ``|x - y| / (|x| + |y|)``: about 1e-8 for a right gradient, about 1 for a wrong one."""
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))

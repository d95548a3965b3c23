"""
Update rules: from a gradient to a step.

A rule takes one parameter, its gradient, and a ``config``, and returns the parameter after the step and a config for
the next one. A config is a dict. It holds the settings, and beside them what the rule remembers from step to step, such
as a velocity: so keep one config for each parameter, and hand in at each step the one that came out of the step before.
What is not in it has the default that the rule names.

A rule changes neither ``w`` nor the config that it is given. Whatever it returns has the dtype of ``w``: a float64
among the settings or the gradients does not turn float32 parameters into float64 ones.
"""

import numpy as np

__all__ = ["adam", "rmsprop", "sgd", "sgd_momentum"]


def sgd(w, dw, config=None):
    """
    Go down the gradient.

    Args:
        w: Parameter, of any shape.
        dw: Gradient of the loss with respect to w, of the same shape.
        config: Dict with
            learning_rate: Length of a step, as a multiple of the gradient; 1e-2.

    Returns:
        next_w: Parameter after the step, of the shape of w.
        config: For the next step.
    """
    dw, config = _prepare(w, dw, config, learning_rate=1e-2)
    next_w = w - config["learning_rate"] * dw
    return next_w, config


def sgd_momentum(w, dw, config=None):
    """
    Go on in the direction of the steps before, which the gradient bends.

    The velocity has the learning rate in it. Other formulations multiply by it afterwards; the two differ only when the
    learning rate changes on the way.

    Args:
        w: Parameter, of any shape.
        dw: Gradient of the loss with respect to w, of the same shape.
        config: Dict with
            learning_rate: What the gradient adds to the velocity, as a multiple of it; 1e-2.
            momentum: Share of the velocity that is left after a step, in [0, 1); 0.9.
            velocity: The step before, of the shape of w; zeros.

    Returns:
        next_w: Parameter after the step, of the shape of w.
        config: For the next step.

    Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    """
    dw, config = _prepare(w, dw, config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
    velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    next_w = w + velocity
    return next_w, config | {"velocity": velocity}


def rmsprop(w, dw, config=None):
    """
    Divide each entry of the gradient by the size that it had lately.

    Args:
        w: Parameter, of any shape.
        dw: Gradient of the loss with respect to w, of the same shape.
        config: Dict with
            learning_rate: Length of a step where the gradient is as large as it had been; 1e-2.
            decay_rate: Share of the cache that is left after a step, in [0, 1); 0.99.
            epsilon: Keeps the divisor away from zero; 1e-8.
            cache: Running mean of the squared gradient, of the shape of w; zeros.

    Returns:
        next_w: Parameter after the step, of the shape of w.
        config: For the next step.

    Source: Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5, 2012.
    """
    dw, config = _prepare(w, dw, config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8, cache=np.zeros_like(w))
    decay_rate = config["decay_rate"]
    cache = decay_rate * config["cache"] + (1 - decay_rate) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    return next_w, config | {"cache": cache}


def adam(w, dw, config=None):
    """
    Step along a running mean of the gradient, divided by the root of a running mean of its square.

    Both means begin at zero, and so are too small at first; dividing by what their weights sum to corrects that.

    Args:
        w: Parameter, of any shape.
        dw: Gradient of the loss with respect to w, of the same shape.
        config: Dict with
            learning_rate: Length of a step where the gradient does not change; 1e-3.
            beta1: Share of m that is left after a step, in [0, 1); 0.9.
            beta2: Share of v that is left after a step, in [0, 1); 0.999.
            epsilon: Keeps the divisor away from zero; 1e-8.
            m: Running mean of the gradient, of the shape of w; zeros.
            v: Running mean of the squared gradient, of the shape of w; zeros.
            t: Steps taken so far; 0.

    Returns:
        next_w: Parameter after the step, of the shape of w.
        config: For the next step.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """
    memory = {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0}
    dw, config = _prepare(w, dw, config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, **memory)
    beta1, beta2 = config["beta1"], config["beta2"]
    t = config["t"] + 1
    m = beta1 * config["m"] + (1 - beta1) * dw
    v = beta2 * config["v"] + (1 - beta2) * dw**2
    mean = m / (1 - beta1**t)
    square = v / (1 - beta2**t)
    next_w = w - config["learning_rate"] * mean / (np.sqrt(square) + config["epsilon"])
    return next_w, config | {"m": m, "v": v, "t": t}


def _prepare(w, dw, config, **defaults):
    """
    Return the gradient in the dtype of w, and a new config that has everything that the rule needs.

    Single numbers become Python's own, and arrays get the dtype of w: neither changes the dtype of a result.
    """
    config = {} if config is None else config
    unknown = [str(name) for name in config if name not in defaults]
    if unknown:
        raise ValueError(f"config may hold {', '.join(defaults)}; it also holds {', '.join(unknown)}")
    if not np.issubdtype(w.dtype, np.floating):
        raise TypeError(f"w must hold floating-point numbers; it has dtype {w.dtype}")

    needed = {"dw": np.shape(w)} | {name: np.shape(default) for name, default in defaults.items()}
    for name, value in {"dw": dw, **config}.items():
        if np.shape(value) != needed[name]:
            raise ValueError(f"{name} must have shape {needed[name]}; it has shape {np.shape(value)}")
    filled = {
        name: np.asarray(value, dtype=w.dtype) if np.ndim(value) else np.asarray(value).item()
        for name, value in {**defaults, **config}.items()
    }
    return np.asarray(dw, dtype=w.dtype), filled

"""Torch inside: the cache holds a graph, and autograd goes back through it; one step back returns tensors."""

import torch


def _leaves(*arrays):
    return [torch.from_numpy(array).requires_grad_() for array in arrays]


def _cell(x, h, c, Wx, Wh, b):
    i, f, o, g = torch.chunk(x @ Wx + h @ Wh + b, 4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    inputs = _leaves(x, prev_h, prev_c, Wx, Wh, b)
    states = _cell(*inputs)
    return *(state.detach().numpy() for state in states), (inputs, states)


def lstm_step_backward(dnext_h, dnext_c, cache):
    inputs, states = cache
    return torch.autograd.grad(states, inputs, (torch.from_numpy(dnext_h), torch.from_numpy(dnext_c)))


def lstm_forward(x, h0, Wx, Wh, b):
    inputs = _leaves(x, h0, Wx, Wh, b)
    steps, h, *weights = inputs
    c, states = torch.zeros_like(h), []
    for x_t in steps.unbind(1):
        h, c = _cell(x_t, h, c, *weights)
        states.append(h)
    out = torch.stack(states, dim=1)
    return out.detach().numpy(), (inputs, out)


def lstm_backward(dh, cache):
    inputs, out = cache
    return tuple(each.numpy() for each in torch.autograd.grad(out, inputs, torch.from_numpy(dh)))

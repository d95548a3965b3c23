"""
LSTM, forwards and backwards.

    N  examples      T  steps      D  input size      H  hidden size

As for the vanilla RNN: in each draw all sizes differ, expected values are computed before the student's code is called,
and a backward function is asked with the cache that the student's own forward function made.

Tests marked *limited* ask at sizes of one, where code that is right at the notebook's sizes may drop an axis.
"""

import numpy as np
import pytest

from autograder.exam import Rule, assert_close, question, rules, unpack
from grading_tests.recurrent import assert_all_close, expected_by_name, named
from reference import lstm

pytestmark = rules(
    Rule(
        kind="name",
        names=("LSTMCell", "nn.LSTM", "autograd", "requires_grad", "requires_grad_"),
        module="rnn_layers",
        function=None,
        effect="warn",
        text="The layers are to be written by hand, forwards and backwards, without a library's cells.",
    ),
)

STEP_RESULT = "next_h, next_c, cache"
STEP_GRADIENTS = "dx, dprev_h, dprev_c, dWx, dWh, db"
SEQUENCE_GRADIENTS = "dx, dh0, dWx, dWh, db"
HUGE = 1000.0  # exp(1000) overflows in float64; sigmoid(1000) and tanh(1000) are 1


def draw_step(rng, N, D, H, dtype=np.float64):
    """Draw x, prev_h, prev_c, Wx, Wh, b for one step; small weights keep most sums off the flat ends of the gates."""
    x, prev_h, prev_c, b = rng.normals((N, D), (N, H), (N, H), (4 * H,), dtype=dtype)
    Wx, Wh = rng.normals((D, 4 * H), (H, 4 * H), dtype=dtype, scale=0.5)
    return x, prev_h, prev_c, Wx, Wh, b


def draw_large_cell(rng, N, D, H):
    """Draw one step whose cells hold thousands, of either sign, behind forget gates that are mostly open."""
    x, prev_h, prev_c, Wx, Wh, b = draw_step(rng, N, D, H)
    prev_c = 5 * HUGE * np.sign(prev_c) * rng.uniform(1, 2, prev_c.shape)
    b[H : 2 * H] += 4
    return x, prev_h, prev_c, Wx, Wh, b


def draw_sequence(rng, N, T, D, H, dtype=np.float64):
    """Draw x, h0, Wx, Wh, b for a sequence."""
    _x, h0, _c, Wx, Wh, b = draw_step(rng, N, D, H, dtype)
    return rng.normal((N, T, D), dtype=dtype), h0, Wx, Wh, b


def step_forward(student, inputs):
    """Return the student's next_h and next_c."""
    next_h, next_c, _cache = unpack(student.rnn_layers.lstm_step_forward(*inputs), STEP_RESULT)
    return {"next_h": next_h, "next_c": next_c}


def expected_step(inputs):
    """Return next_h and next_c as they are expected."""
    next_h, next_c = lstm.step(*inputs)
    return {"next_h": next_h, "next_c": next_c}


def known_steps(inputs, name):
    """Return what one step comes to with its blocks in another order, by what a student reads of it."""
    *states, Wx, Wh, b = inputs
    found = {}
    for order in ("ifgo", "fiog", "iofg", "gifo"):
        columns = np.concatenate([np.split(np.arange(b.size), 4)[order.index(block)] for block in "ifog"])
        text = f"It is right for blocks in the order {', '.join(order)}; the order is i, f, o, g."
        found[text] = expected_step((*states, Wx[:, columns], Wh[:, columns], b[columns]))[name]
    return found


def step_backward(student, inputs, dnext_h, dnext_c):
    """Return the student's gradients of one step by name, through the student's own cache."""
    _h, _c, cache = unpack(student.rnn_layers.lstm_step_forward(*inputs), STEP_RESULT)
    return named(STEP_GRADIENTS, student.rnn_layers.lstm_step_backward(dnext_h, dnext_c, cache))


def expected_step_backward(inputs, dnext_h, dnext_c):
    """Return the gradients of one step that are expected, by name."""
    return expected_by_name(lstm.step, inputs, np.stack([dnext_h, dnext_c]), STEP_GRADIENTS)


def sequence_backward(student, inputs, dh):
    """Return the student's gradients of a sequence by name, through the student's own cache."""
    _h, cache = unpack(student.rnn_layers.lstm_forward(*inputs), "h, cache")
    return named(SEQUENCE_GRADIENTS, student.rnn_layers.lstm_backward(dh, cache))


# lstm_step_forward ----------------------------------------------------------------------------------------------------


@question("lstm_step_forward", weight=2)
@pytest.mark.parametrize("name", ["next_h", "next_c"])
def test_step_forward_matches_the_equations(student, rng, name):
    """One step of an LSTM: gates i, f, o and block input g, then c = f * prev_c + i * g and h = o * tanh(c)."""
    inputs = draw_step(rng, N=3, D=10, H=4)
    expected, mistakes = expected_step(inputs), known_steps(inputs, name)

    got = step_forward(student, inputs)

    assert_close(got[name], expected[name], name=name, mistakes=mistakes)


@question("lstm_step_forward")
def test_step_forward_with_more_hidden_units_than_inputs(student, rng):
    """One step where the states are wider than the input and than the minibatch."""
    inputs = draw_step(rng, N=5, D=2, H=7)
    expected = expected_step(inputs)

    got = step_forward(student, inputs)

    assert_all_close(got, expected)


@question("lstm_step_forward")
def test_step_forward_in_float32(student, rng):
    """One step on float32 arrays is right to the precision of float32."""
    inputs = draw_step(rng, N=4, D=6, H=5, dtype=np.float32)
    expected = expected_step(inputs)

    got = step_forward(student, inputs)

    assert_all_close(got, expected, dtype=np.float32)


@question("lstm_step_forward")
def test_step_forward_with_large_inputs(student, rng):
    """Far out, gates are open or shut and tanh is flat: sums in the thousands, of either sign, leave finite states."""
    x, prev_h, prev_c, Wx, Wh, b = draw_step(rng, N=4, D=6, H=5)
    x[:2] *= 5 * HUGE
    expected = expected_step((x, prev_h, prev_c, Wx, Wh, b))

    got = step_forward(student, (x, prev_h, prev_c, Wx, Wh, b))

    assert_all_close(got, expected)


@question("lstm_step_forward")
def test_step_forward_from_a_large_cell(student, rng):
    """A cell may hold large numbers: it is kept as it is, and tanh squashes it only on the way to next_h."""
    inputs = draw_large_cell(rng, N=3, D=4, H=6)
    expected = expected_step(inputs)

    got = step_forward(student, inputs)

    assert_all_close(got, expected)


@question("lstm_step_forward", weight=0.8, limited=True)
def test_step_forward_of_a_batch_of_one(student, rng):
    """A minibatch may hold a single example; its axis stays."""
    inputs = draw_step(rng, N=1, D=3, H=4)
    expected = expected_step(inputs)

    got = step_forward(student, inputs)

    assert_all_close(got, expected)


# lstm_step_backward ---------------------------------------------------------------------------------------------------


@question("lstm_step_backward")
@pytest.mark.parametrize("name", STEP_GRADIENTS.split(", "))
def test_step_backward_is_the_gradient(student, rng, name):
    """One step backwards, with gradients for both states: that with respect to this input is right in every entry."""
    inputs = draw_step(rng, N=3, D=7, H=5)
    upstream = rng.normals((3, 5), (3, 5))
    expected = expected_step_backward(inputs, *upstream)

    got = step_backward(student, inputs, *upstream)

    assert_close(got[name], expected[name], name=name)


@question("lstm_step_backward")
def test_step_backward_from_the_hidden_state_alone(student, rng):
    """Where only the hidden state has a gradient, as at the last step, it reaches the cell through tanh."""
    inputs = draw_step(rng, N=4, D=3, H=6)
    dnext_h, dnext_c = rng.normal((4, 6)), np.zeros((4, 6))
    expected = expected_step_backward(inputs, dnext_h, dnext_c)

    got = step_backward(student, inputs, dnext_h, dnext_c)

    assert_all_close(got, expected)


@question("lstm_step_backward")
def test_step_backward_from_the_cell_alone(student, rng):
    """Where only the cell has a gradient, it passes the gates of the cell, and never the output gate."""
    inputs = draw_step(rng, N=2, D=5, H=3)
    dnext_h, dnext_c = np.zeros((2, 3)), rng.normal((2, 3))
    expected = expected_step_backward(inputs, dnext_h, dnext_c)

    got = step_backward(student, inputs, dnext_h, dnext_c)

    assert_all_close(got, expected)


@question("lstm_step_backward")
def test_step_backward_in_float32(student, rng):
    """One step backwards on float32 arrays, with more hidden units than inputs."""
    inputs = draw_step(rng, N=6, D=3, H=8, dtype=np.float32)
    upstream = rng.normals((6, 8), (6, 8), dtype=np.float32)
    expected = expected_step_backward(inputs, *upstream)

    got = step_backward(student, inputs, *upstream)

    assert_all_close(got, expected, dtype=np.float32)


@question("lstm_step_backward")
def test_step_backward_through_flat_gates(student, rng):
    """A gate that is wide open or shut has no slope, so nothing passes into its sum; all gradients stay finite."""
    x, prev_h, prev_c, Wx, Wh, b = draw_step(rng, N=4, D=3, H=6)
    b[::7], b[3::7] = HUGE, -HUGE  # one column in seven each: units and blocks in turn
    upstream = rng.normals((4, 6), (4, 6))
    expected = expected_step_backward((x, prev_h, prev_c, Wx, Wh, b), *upstream)

    got = step_backward(student, (x, prev_h, prev_c, Wx, Wh, b), *upstream)

    assert_all_close(got, expected)


@question("lstm_step_backward")
def test_step_backward_through_a_large_cell(student, rng):
    """A cell that holds large numbers is on the flat ends of tanh: nothing passes there, and nothing is infinite."""
    inputs = draw_large_cell(rng, N=3, D=4, H=5)
    upstream = rng.normals((3, 5), (3, 5))
    expected = expected_step_backward(inputs, *upstream)

    got = step_backward(student, inputs, *upstream)

    assert_all_close(got, expected)


@question("lstm_step_backward", weight=0.8, limited=True)
def test_step_backward_of_a_batch_of_one(student, rng):
    """One step backwards for a single example: every gradient keeps its shape."""
    inputs = draw_step(rng, N=1, D=4, H=3)
    upstream = rng.normals((1, 3), (1, 3))
    expected = expected_step_backward(inputs, *upstream)

    got = step_backward(student, inputs, *upstream)

    assert_all_close(got, expected)


# lstm_forward ---------------------------------------------------------------------------------------------------------


@question("lstm_forward", weight=2)
def test_forward_returns_the_state_after_every_step(student, rng):
    """A sequence: hidden state and cell go from step to step, the cell from zero on; h holds every hidden state."""
    inputs = draw_sequence(rng, N=2, T=4, D=3, H=5)
    expected = lstm.forward(*inputs)
    before = np.concatenate([inputs[1][:, None], expected[:, :-1]], axis=1)

    h, _cache = unpack(student.rnn_layers.lstm_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h", mistakes={"h holds the states before each step, not those after it.": before})


@question("lstm_forward")
def test_forward_over_a_long_sequence(student, rng):
    """A sequence with more steps than examples, inputs or hidden units."""
    inputs = draw_sequence(rng, N=5, T=13, D=6, H=4)
    expected = lstm.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.lstm_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


@question("lstm_forward")
def test_forward_in_float32(student, rng):
    """A sequence of float32 arrays is right to the precision of float32."""
    inputs = draw_sequence(rng, N=4, T=5, D=2, H=3, dtype=np.float32)
    expected = lstm.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.lstm_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h", dtype=np.float32)


@question("lstm_forward")
def test_forward_with_large_inputs(student, rng):
    """A push in the thousands at one step opens and shuts gates entirely, and the sequence goes on from there."""
    x, h0, Wx, Wh, b = draw_sequence(rng, N=3, T=4, D=6, H=5)
    x[:, 1] *= 5 * HUGE
    expected = lstm.forward(x, h0, Wx, Wh, b)

    h, _cache = unpack(student.rnn_layers.lstm_forward(x, h0, Wx, Wh, b), "h, cache")

    assert_close(h, expected, name="h")


@question("lstm_forward", weight=0.25, limited=True)
def test_forward_of_a_batch_of_one(student, rng):
    """A minibatch may hold a single sequence; its axis stays."""
    inputs = draw_sequence(rng, N=1, T=3, D=2, H=4)
    expected = lstm.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.lstm_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


@question("lstm_forward", weight=0.25, limited=True)
def test_forward_of_inputs_of_size_one(student, rng):
    """An input may be a single number; its axis stays."""
    inputs = draw_sequence(rng, N=3, T=5, D=1, H=4)
    expected = lstm.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.lstm_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


@question("lstm_forward", weight=0.25, limited=True)
def test_forward_over_one_step(student, rng):
    """A sequence may have a single step; its axis stays, and the step starts from h0 and an empty cell."""
    inputs = draw_sequence(rng, N=3, T=1, D=2, H=4)
    expected = lstm.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.lstm_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


# lstm_backward --------------------------------------------------------------------------------------------------------


@question("lstm_backward")
@pytest.mark.parametrize("name", SEQUENCE_GRADIENTS.split(", "))
def test_backward_is_the_gradient(student, rng, name):
    """A sequence backwards, with a loss at every step: the gradient with respect to this input is right everywhere."""
    inputs = draw_sequence(rng, N=2, T=6, D=3, H=5)
    dh = rng.normal((2, 6, 5))
    expected = expected_by_name(lstm.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_close(got[name], expected[name], name=name)


@question("lstm_backward")
def test_backward_from_a_loss_at_one_step(student, rng):
    """A loss at one step in the middle sends gradients back to all steps before it, and to none after it."""
    inputs = draw_sequence(rng, N=4, T=5, D=2, H=3)
    dh = np.zeros((4, 5, 3))
    dh[:, 2] = rng.normal((4, 3))
    expected = expected_by_name(lstm.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected)


@question("lstm_backward")
def test_backward_in_float32(student, rng):
    """A sequence backwards on float32 arrays, with more inputs than hidden units."""
    inputs = draw_sequence(rng, N=3, T=4, D=6, H=2, dtype=np.float32)
    dh = rng.normal((3, 4, 2), dtype=np.float32)
    expected = expected_by_name(lstm.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected, dtype=np.float32)


@question("lstm_backward")
def test_backward_through_flat_gates(student, rng):
    """Gates that are wide open or shut at every step pass what is theirs and nothing else; all gradients are finite."""
    x, h0, Wx, Wh, b = draw_sequence(rng, N=2, T=3, D=4, H=6)
    b[::7], b[3::7] = HUGE, -HUGE
    dh = rng.normal((2, 3, 6))
    expected = expected_by_name(lstm.forward, (x, h0, Wx, Wh, b), dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, (x, h0, Wx, Wh, b), dh)

    assert_all_close(got, expected)


@question("lstm_backward", weight=0.6, limited=True)
def test_backward_of_a_batch_of_one(student, rng):
    """A sequence backwards for a single example: every gradient keeps its shape."""
    inputs = draw_sequence(rng, N=1, T=3, D=4, H=2)
    dh = rng.normal((1, 3, 2))
    expected = expected_by_name(lstm.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected)


@question("lstm_backward", weight=0.6, limited=True)
def test_backward_over_one_step(student, rng):
    """A sequence of a single step backwards: every gradient keeps its shape."""
    inputs = draw_sequence(rng, N=3, T=1, D=4, H=2)
    dh = rng.normal((3, 1, 2))
    expected = expected_by_name(lstm.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected)

"""
Vanilla RNN and word embedding, forwards and backwards.

    N  examples      T  steps      D  input size      H  hidden size      V  words

In each draw all sizes differ, so that a swapped axis cannot hide. What is expected is computed before the student's
code is called, by the reference and, for gradients, by autograd through it. A backward function is asked with the cache
that the student's own forward function made; it is never asked what is in there.

Tests marked *limited* ask at sizes of one, where code that is right at the notebook's sizes may drop an axis.
"""

import numpy as np
import pytest

from autograder.exam import Rule, assert_close, question, rules, unpack
from grading_tests.recurrent import assert_all_close, expected_by_name, named
from reference import autodiff, rnn

pytestmark = rules(
    Rule(
        kind="import",
        names=("torch", "tensorflow", "jax", "autograd"),
        module="rnn_layers",
        function=None,
        effect="warn",
        text="These layers are to be written in NumPy; a library that differentiates takes the exercise away.",
    ),
    Rule(
        kind="name",
        names=("autograd", "requires_grad", "requires_grad_", "RNNCell"),
        module="rnn_layers",
        function=None,
        effect="warn",
        text="The backward passes are to be written by hand, without automatic differentiation.",
    ),
)

STEP_GRADIENTS = "dx, dprev_h, dWx, dWh, db"
SEQUENCE_GRADIENTS = "dx, dh0, dWx, dWh, db"
HUGE = 1000.0  # exp(1000) overflows in float64, and tanh(1000) is 1


def draw_step(rng, N, D, H, dtype=np.float64):
    """Draw x, prev_h, Wx, Wh, b for one step; small weights keep most sums off the flat ends of tanh."""
    x, prev_h, b = rng.normals((N, D), (N, H), (H,), dtype=dtype)
    Wx, Wh = rng.normals((D, H), (H, H), dtype=dtype, scale=0.5)
    return x, prev_h, Wx, Wh, b


def draw_sequence(rng, N, T, D, H, dtype=np.float64):
    """Draw x, h0, Wx, Wh, b for a sequence."""
    _x, h0, Wx, Wh, b = draw_step(rng, N, D, H, dtype)
    return rng.normal((N, T, D), dtype=dtype), h0, Wx, Wh, b


def draw_words(rng, V, N, T):
    """Draw N captions of T words in which every word below V occurs, and all about equally often."""
    return (rng.permutation(N * T) % V).reshape(N, T)


def step_backward(student, inputs, dnext_h):
    """Return the student's gradients of one step by name, through the student's own cache."""
    _next_h, cache = unpack(student.rnn_layers.rnn_step_forward(*inputs), "next_h, cache")
    return named(STEP_GRADIENTS, student.rnn_layers.rnn_step_backward(dnext_h, cache))


def sequence_backward(student, inputs, dh):
    """Return the student's gradients of a sequence by name, through the student's own cache."""
    _h, cache = unpack(student.rnn_layers.rnn_forward(*inputs), "h, cache")
    return named(SEQUENCE_GRADIENTS, student.rnn_layers.rnn_backward(dh, cache))


def embedding_backward(student, words, W, dout):
    """Return the student's dW, through the student's own cache."""
    _out, cache = unpack(student.rnn_layers.word_embedding_forward(words, W), "out, cache")
    return student.rnn_layers.word_embedding_backward(dout, cache)


# rnn_step_forward -----------------------------------------------------------------------------------------------------


@question("rnn_step_forward", weight=2)
def test_step_forward_matches_the_equation(student, rng):
    """One step of a vanilla RNN: next_h = tanh(x Wx + prev_h Wh + b)."""
    x, prev_h, Wx, Wh, b = inputs = draw_step(rng, N=3, D=10, H=4)
    expected = rnn.step(*inputs)
    mistakes = {
        "The bias b is missing.": rnn.step(x, prev_h, Wx, Wh, 0 * b),
        "It is right for Wh transposed: prev_h comes first in the product, and Wh as it is.": rnn.step(
            x, prev_h, Wx, Wh.T, b
        ),
    }

    next_h, _cache = unpack(student.rnn_layers.rnn_step_forward(*inputs), "next_h, cache")

    assert_close(next_h, expected, name="next_h", mistakes=mistakes)


@question("rnn_step_forward")
def test_step_forward_with_more_hidden_units_than_inputs(student, rng):
    """One step where the hidden state is wider than the input and than the minibatch."""
    inputs = draw_step(rng, N=5, D=2, H=7)
    expected = rnn.step(*inputs)

    next_h, _cache = unpack(student.rnn_layers.rnn_step_forward(*inputs), "next_h, cache")

    assert_close(next_h, expected, name="next_h")


@question("rnn_step_forward")
def test_step_forward_in_float32(student, rng):
    """One step on float32 arrays is right to the precision of float32."""
    inputs = draw_step(rng, N=4, D=6, H=5, dtype=np.float32)
    expected = rnn.step(*inputs)

    next_h, _cache = unpack(student.rnn_layers.rnn_step_forward(*inputs), "next_h, cache")

    assert_close(next_h, expected, name="next_h", dtype=np.float32)


@question("rnn_step_forward")
def test_step_forward_with_large_inputs(student, rng):
    """Far out, tanh is flat: sums in the thousands give states of 1 and -1, and leave the other examples alone."""
    x, prev_h, Wx, Wh, b = draw_step(rng, N=4, D=6, H=5)
    x[:2] *= 5 * HUGE
    expected = rnn.step(x, prev_h, Wx, Wh, b)

    next_h, _cache = unpack(student.rnn_layers.rnn_step_forward(x, prev_h, Wx, Wh, b), "next_h, cache")

    assert_close(next_h, expected, name="next_h")


@question("rnn_step_forward", weight=0.5, limited=True)
def test_step_forward_of_a_batch_of_one(student, rng):
    """A minibatch may hold a single example; its axis stays."""
    inputs = draw_step(rng, N=1, D=3, H=4)
    expected = rnn.step(*inputs)

    next_h, _cache = unpack(student.rnn_layers.rnn_step_forward(*inputs), "next_h, cache")

    assert_close(next_h, expected, name="next_h")


# rnn_step_backward ----------------------------------------------------------------------------------------------------


@question("rnn_step_backward")
@pytest.mark.parametrize("name", STEP_GRADIENTS.split(", "))
def test_step_backward_is_the_gradient(student, rng, name):
    """One step backwards: the gradient with respect to this input is right in every entry."""
    inputs = draw_step(rng, N=3, D=7, H=5)
    dnext_h = rng.normal((3, 5))
    expected = expected_by_name(rnn.step, inputs, dnext_h, STEP_GRADIENTS)

    got = step_backward(student, inputs, dnext_h)

    assert_close(got[name], expected[name], name=name)


@question("rnn_step_backward")
def test_step_backward_in_float32(student, rng):
    """One step backwards on float32 arrays, with more hidden units than inputs."""
    inputs = draw_step(rng, N=6, D=3, H=8, dtype=np.float32)
    dnext_h = rng.normal((6, 8), dtype=np.float32)
    expected = expected_by_name(rnn.step, inputs, dnext_h, STEP_GRADIENTS)

    got = step_backward(student, inputs, dnext_h)

    assert_all_close(got, expected, dtype=np.float32)


@question("rnn_step_backward")
def test_step_backward_through_flat_units(student, rng):
    """Where tanh is flat no gradient passes: units pushed far to both sides get zeros, the others what is theirs."""
    x, prev_h, Wx, Wh, b = draw_step(rng, N=4, D=3, H=6)
    b[0], b[1] = HUGE, -HUGE
    dnext_h = rng.normal((4, 6))
    expected = expected_by_name(rnn.step, (x, prev_h, Wx, Wh, b), dnext_h, STEP_GRADIENTS)

    got = step_backward(student, (x, prev_h, Wx, Wh, b), dnext_h)

    assert_all_close(got, expected)


@question("rnn_step_backward", weight=0.5, limited=True)
def test_step_backward_of_a_batch_of_one(student, rng):
    """One step backwards for a single example: every gradient keeps its shape."""
    inputs = draw_step(rng, N=1, D=4, H=3)
    dnext_h = rng.normal((1, 3))
    expected = expected_by_name(rnn.step, inputs, dnext_h, STEP_GRADIENTS)

    got = step_backward(student, inputs, dnext_h)

    assert_all_close(got, expected)


# rnn_forward ----------------------------------------------------------------------------------------------------------


@question("rnn_forward", weight=2)
def test_forward_returns_the_state_after_every_step(student, rng):
    """A sequence: the same step again and again, from h0 on; h holds the state after each step, and h0 is not in it."""
    inputs = draw_sequence(rng, N=2, T=4, D=3, H=5)
    expected = rnn.forward(*inputs)
    before = np.concatenate([inputs[1][:, None], expected[:, :-1]], axis=1)

    h, _cache = unpack(student.rnn_layers.rnn_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h", mistakes={"h holds the states before each step, not those after it.": before})


@question("rnn_forward")
def test_forward_over_a_long_sequence(student, rng):
    """A sequence with more steps than examples, inputs or hidden units."""
    inputs = draw_sequence(rng, N=5, T=13, D=6, H=4)
    expected = rnn.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.rnn_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


@question("rnn_forward")
def test_forward_in_float32(student, rng):
    """A sequence of float32 arrays is right to the precision of float32."""
    inputs = draw_sequence(rng, N=4, T=5, D=2, H=3, dtype=np.float32)
    expected = rnn.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.rnn_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h", dtype=np.float32)


@question("rnn_forward")
def test_forward_with_large_inputs(student, rng):
    """A push in the thousands at one step leaves states of 1 and -1, and the sequence goes on from there."""
    x, h0, Wx, Wh, b = draw_sequence(rng, N=3, T=4, D=6, H=5)
    x[:, 1] *= 5 * HUGE
    expected = rnn.forward(x, h0, Wx, Wh, b)

    h, _cache = unpack(student.rnn_layers.rnn_forward(x, h0, Wx, Wh, b), "h, cache")

    assert_close(h, expected, name="h")


@question("rnn_forward", weight=0.25, limited=True)
def test_forward_of_a_batch_of_one(student, rng):
    """A minibatch may hold a single sequence; its axis stays."""
    inputs = draw_sequence(rng, N=1, T=3, D=2, H=4)
    expected = rnn.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.rnn_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


@question("rnn_forward", weight=0.25, limited=True)
def test_forward_of_inputs_of_size_one(student, rng):
    """An input may be a single number; its axis stays."""
    inputs = draw_sequence(rng, N=3, T=5, D=1, H=4)
    expected = rnn.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.rnn_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


@question("rnn_forward", weight=0.25, limited=True)
def test_forward_over_one_step(student, rng):
    """A sequence may have a single step; its axis stays, and the step starts from h0."""
    inputs = draw_sequence(rng, N=3, T=1, D=2, H=4)
    expected = rnn.forward(*inputs)

    h, _cache = unpack(student.rnn_layers.rnn_forward(*inputs), "h, cache")

    assert_close(h, expected, name="h")


# rnn_backward ---------------------------------------------------------------------------------------------------------


@question("rnn_backward")
@pytest.mark.parametrize("name", SEQUENCE_GRADIENTS.split(", "))
def test_backward_is_the_gradient(student, rng, name):
    """A sequence backwards, with a loss at every step: the gradient with respect to this input is right everywhere."""
    inputs = draw_sequence(rng, N=2, T=6, D=3, H=5)
    dh = rng.normal((2, 6, 5))
    expected = expected_by_name(rnn.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_close(got[name], expected[name], name=name)


@question("rnn_backward")
def test_backward_from_a_loss_at_one_step(student, rng):
    """A loss at one step in the middle sends gradients back to all steps before it, and to none after it."""
    inputs = draw_sequence(rng, N=4, T=5, D=2, H=3)
    dh = np.zeros((4, 5, 3))
    dh[:, 2] = rng.normal((4, 3))
    expected = expected_by_name(rnn.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected)


@question("rnn_backward")
def test_backward_in_float32(student, rng):
    """A sequence backwards on float32 arrays, with more inputs than hidden units."""
    inputs = draw_sequence(rng, N=3, T=4, D=6, H=2, dtype=np.float32)
    dh = rng.normal((3, 4, 2), dtype=np.float32)
    expected = expected_by_name(rnn.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected, dtype=np.float32)


@question("rnn_backward")
def test_backward_through_flat_units(student, rng):
    """Units pushed to the flat ends of tanh pass nothing back, at every step; the others pass what is theirs."""
    x, h0, Wx, Wh, b = draw_sequence(rng, N=2, T=3, D=4, H=6)
    b[0], b[1] = HUGE, -HUGE
    dh = rng.normal((2, 3, 6))
    expected = expected_by_name(rnn.forward, (x, h0, Wx, Wh, b), dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, (x, h0, Wx, Wh, b), dh)

    assert_all_close(got, expected)


@question("rnn_backward", weight=0.5, limited=True)
def test_backward_of_a_batch_of_one(student, rng):
    """A sequence backwards for a single example: every gradient keeps its shape."""
    inputs = draw_sequence(rng, N=1, T=3, D=4, H=2)
    dh = rng.normal((1, 3, 2))
    expected = expected_by_name(rnn.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected)


@question("rnn_backward", weight=0.5, limited=True)
def test_backward_over_one_step(student, rng):
    """A sequence of a single step backwards: every gradient keeps its shape."""
    inputs = draw_sequence(rng, N=3, T=1, D=4, H=2)
    dh = rng.normal((3, 1, 2))
    expected = expected_by_name(rnn.forward, inputs, dh, SEQUENCE_GRADIENTS)

    got = sequence_backward(student, inputs, dh)

    assert_all_close(got, expected)


# word_embedding_forward -----------------------------------------------------------------------------------------------


@question("word_embedding_forward", weight=2)
def test_embedding_forward_looks_up_every_word(student, rng):
    """Every place of out holds the vector of the word in that place of x."""
    words, W = draw_words(rng, V=7, N=2, T=5), rng.normal((7, 4))
    expected = rnn.word_embedding(words, W)

    out, _cache = unpack(student.rnn_layers.word_embedding_forward(words, W), "out, cache")

    assert_close(out, expected, name="out")


@question("word_embedding_forward")
def test_embedding_forward_of_the_first_and_the_last_word(student, rng):
    """Word 0 and the last word of a large vocabulary have vectors like all others, however often they occur."""
    words, W = np.array([[0, 999, 0], [999, 998, 1]]), rng.normal((1000, 5))
    expected = rnn.word_embedding(words, W)

    out, _cache = unpack(student.rnn_layers.word_embedding_forward(words, W), "out, cache")

    assert_close(out, expected, name="out")


@question("word_embedding_forward")
def test_embedding_forward_of_int32_words_in_float32(student, rng):
    """Word numbers may be int32, as in the caption files, and vectors float32, as in training."""
    words, W = draw_words(rng, V=6, N=4, T=3).astype(np.int32), rng.normal((6, 5), dtype=np.float32)
    expected = rnn.word_embedding(words, W)

    out, _cache = unpack(student.rnn_layers.word_embedding_forward(words, W), "out, cache")

    assert_close(out, expected, name="out", dtype=np.float32)


@question("word_embedding_forward", weight=0.3, limited=True)
def test_embedding_forward_of_a_batch_of_one(student, rng):
    """A minibatch may hold a single caption; its axis stays."""
    words, W = draw_words(rng, V=5, N=1, T=6), rng.normal((5, 3))
    expected = rnn.word_embedding(words, W)

    out, _cache = unpack(student.rnn_layers.word_embedding_forward(words, W), "out, cache")

    assert_close(out, expected, name="out")


@question("word_embedding_forward", weight=0.3, limited=True)
def test_embedding_forward_of_captions_of_one_word(student, rng):
    """Captions may have a single word, as when a caption is written word by word; the axis stays."""
    words, W = draw_words(rng, V=5, N=6, T=1), rng.normal((5, 3))
    expected = rnn.word_embedding(words, W)

    out, _cache = unpack(student.rnn_layers.word_embedding_forward(words, W), "out, cache")

    assert_close(out, expected, name="out")


# word_embedding_backward ----------------------------------------------------------------------------------------------


@question("word_embedding_backward", weight=2)
def test_embedding_backward_adds_up_repeated_words(student, rng):
    """A word that occurs several times, in one caption or in several, collects the gradients of all its places."""
    words, W, dout = draw_words(rng, V=3, N=4, T=6), rng.normal((3, 5)), rng.normal((4, 6, 5))
    (expected,) = autodiff.gradients(rnn.word_embedding, (words, W), dout)
    once = np.zeros_like(W)
    once[words] = dout

    dW = embedding_backward(student, words, W, dout)

    mistakes = {"Of a word that occurs several times only the last place counts; all of them add up.": once}
    assert_close(dW, expected, name="dW", mistakes=mistakes)


@question("word_embedding_backward", weight=2)
def test_embedding_backward_of_words_that_occur_once(student, rng):
    """Where no word is repeated, each row of dW is the gradient of the one place that used it."""
    words, W, dout = draw_words(rng, V=10, N=2, T=5), rng.normal((10, 4)), rng.normal((2, 5, 4))
    (expected,) = autodiff.gradients(rnn.word_embedding, (words, W), dout)

    dW = embedding_backward(student, words, W, dout)

    assert_close(dW, expected, name="dW")


@question("word_embedding_backward")
def test_embedding_backward_leaves_unused_words_at_zero(student, rng):
    """Words that do not occur, the last ones of the vocabulary among them, keep a row of zeros."""
    words, W, dout = draw_words(rng, V=6, N=2, T=3), rng.normal((9, 5)), rng.normal((2, 3, 5))
    (expected,) = autodiff.gradients(rnn.word_embedding, (words, W), dout)

    dW = embedding_backward(student, words, W, dout)

    assert_close(dW, expected, name="dW")


@question("word_embedding_backward")
def test_embedding_backward_of_int32_words_in_float32(student, rng):
    """Word numbers may be int32, and gradients float32; the first and the last word are among them."""
    words = np.array([[0, 7, 3, 0], [7, 0, 7, 1], [5, 5, 0, 7]], dtype=np.int32)
    W, dout = rng.normals((8, 5), (3, 4, 5), dtype=np.float32)
    (expected,) = autodiff.gradients(rnn.word_embedding, (words, W), dout)

    dW = embedding_backward(student, words, W, dout)

    assert_close(dW, expected, name="dW", dtype=np.float32)


@question("word_embedding_backward", weight=0.5, limited=True)
def test_embedding_backward_of_a_batch_of_one(student, rng):
    """A single caption backwards, with a word that occurs twice."""
    words, W, dout = np.array([[2, 0, 2, 4]]), rng.normal((5, 3)), rng.normal((1, 4, 3))
    (expected,) = autodiff.gradients(rnn.word_embedding, (words, W), dout)

    dW = embedding_backward(student, words, W, dout)

    assert_close(dW, expected, name="dW")


@question("word_embedding_backward", weight=0.5, limited=True)
def test_embedding_backward_of_captions_of_one_word(student, rng):
    """Captions of a single word backwards, with a word that occurs twice."""
    words, W, dout = np.array([[2], [0], [2], [4]]), rng.normal((5, 3)), rng.normal((4, 1, 3))
    (expected,) = autodiff.gradients(rnn.word_embedding, (words, W), dout)

    dW = embedding_backward(student, words, W, dout)

    assert_close(dW, expected, name="dW")

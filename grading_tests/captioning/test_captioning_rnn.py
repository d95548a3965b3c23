"""
CaptioningRNN, with vanilla and with LSTM cells: the loss with all its gradients, and captions that are written.

    N  pictures      D  features      W  size of a word's vector      H  hidden size      V  words      T  words to say

Each test is asked once for each kind of cell, and serves the question of that kind: what is missing for LSTM cells
costs nothing of the questions about vanilla cells. The model is made by the student's own constructor and uses the
student's own layers; its weights are drawn here.

Tests marked *limited* ask at sizes of one, where code that is right at the notebook's sizes may drop an axis.
"""

import numpy as np
import pytest

from autograder.exam import Rule, assert_close, question, rules
from grading_tests.recurrent import (
    assert_all_close,
    assert_captions,
    draw_captions,
    draw_features,
    draw_model,
    draw_speaker,
    expected_loss,
    loss_of,
    new_model,
)

pytestmark = rules(
    Rule(
        kind="import",
        names=("torch", "tensorflow", "jax", "autograd"),
        module="classifiers.rnn",
        function=None,
        effect="warn",
        text="The model is to be put together from the layers that you wrote in NumPy.",
    ),
)

LAYERS = {
    "rnn": ("rnn_forward", "rnn_step_forward", "cell_type", "tanh", "dot", "matmul", "einsum", "@"),
    "lstm": ("lstm_forward", "lstm_step_forward", "cell_type"),
}
"""A method that uses none of these has nothing for that kind of cell yet: certain, since nothing else could do it."""
CELLS = {"rnn": "vanilla cells", "lstm": "LSTM cells"}


def for_each_cell(method, *, weight=1.0, limited=False):
    """Ask a test for both kinds of cell; it serves the question about this method with that kind."""
    return pytest.mark.parametrize(
        "cell",
        [
            pytest.param(
                cell,
                marks=[
                    question(f"captioning_{cell}_{method}", weight=weight, limited=limited),
                    rules(
                        Rule(
                            kind="requires",
                            names=names,
                            module="classifiers.rnn",
                            function=f"CaptioningRNN.{method}",
                            effect="attempt",
                            text=f"CaptioningRNN.{method} has not been written for {CELLS[cell]} yet.",
                        )
                    ),
                ],
            )
            for cell, names in LAYERS.items()
        ],
    )


def known_losses(model, features, captions, expected):
    """Return what common mistakes come to, by what a student reads of each."""
    counts = captions[:, 1:] != model.numbers["<NULL>"]
    everything, _grads = expected_loss(model, features, captions, null=-1)
    return {
        "Fillers count in it: where <NULL> is the word to be said, nothing is asked.": everything,
        "It is the average over all words that count; add them up, and average over the captions.": (
            expected * len(captions) / counts.sum()
        ),
    }


# loss -----------------------------------------------------------------------------------------------------------------


@for_each_cell("loss", weight=3)
def test_loss_of_captions(student, rng, cell):
    """The loss compares each word that is said with the next word of the caption; fillers do not count."""
    model = draw_model(rng, cell, D=7, W=5, H=6, V=11)
    features, captions = draw_features(rng, model, N=4), draw_captions(rng, model, N=4, T=9)
    expected, _grads = expected_loss(model, features, captions)
    mistakes = known_losses(model, features, captions, expected)

    loss, _grads = loss_of(new_model(student, model), features, captions, wanted=())

    assert_close(loss, expected, name="loss", mistakes=mistakes)


@for_each_cell("loss", weight=2)
@pytest.mark.parametrize("names", ["W_proj, b_proj", "W_embed", "Wx, Wh, b", "W_vocab, b_vocab"])
def test_gradient_of_the_loss(student, rng, cell, names):
    """The gradient of the loss with respect to these weights is right in every entry."""
    wanted = names.split(", ")
    model = draw_model(rng, cell, D=5, W=4, H=3, V=9)
    features, captions = draw_features(rng, model, N=6), draw_captions(rng, model, N=6, T=7)
    _loss, expected = expected_loss(model, features, captions)

    _loss, grads = loss_of(new_model(student, model), features, captions, wanted=wanted)

    for name in wanted:
        assert_close(grads[name], expected[name], name=f"grads[{name!r}]")


@for_each_cell("loss")
def test_loss_with_a_filler_in_the_middle(student, rng, cell):
    """A filler does not count where it is to be said, in the middle of a caption too; its number may be any."""
    model = draw_model(rng, cell, D=3, W=6, H=5, V=8, special_first=False)
    features, captions = draw_features(rng, model, N=4), draw_captions(rng, model, N=4, T=7)
    captions[:2, 2] = model.numbers["<NULL>"]
    expected, expected_grads = expected_loss(model, features, captions)

    loss, grads = loss_of(new_model(student, model), features, captions)

    assert_close(loss, expected, name="loss")
    assert_all_close(grads, expected_grads)


@for_each_cell("loss")
def test_loss_with_a_caption_of_fillers_alone(student, rng, cell):
    """A caption of nothing but fillers adds nothing to the loss, and is one of the minibatch all the same."""
    model = draw_model(rng, cell, D=4, W=3, H=7, V=10)
    features, captions = draw_features(rng, model, N=3), draw_captions(rng, model, N=3, T=5)
    captions[1] = model.numbers["<NULL>"]
    expected, expected_grads = expected_loss(model, features, captions)

    loss, grads = loss_of(new_model(student, model), features, captions)

    assert_close(loss, expected, name="loss")
    assert_all_close(grads, expected_grads)


@for_each_cell("loss")
def test_loss_in_float32(student, rng, cell):
    """With float32 weights and features, loss and gradients are right to the precision of float32."""
    model = draw_model(rng, cell, D=6, W=4, H=5, V=9, dtype=np.float32)
    features, captions = draw_features(rng, model, N=3), draw_captions(rng, model, N=3, T=6)
    expected, expected_grads = expected_loss(model, features, captions)

    loss, grads = loss_of(new_model(student, model), features, captions)

    assert_close(loss, expected, name="loss", dtype=np.float32)
    assert_all_close(grads, expected_grads, dtype=np.float32)


@for_each_cell("loss")
def test_loss_asked_twice(student, rng, cell):
    """A second minibatch starts anew: nothing of the first one is left in loss or gradients."""
    model = draw_model(rng, cell, D=3, W=5, H=4, V=8)
    first, features = draw_features(rng, model, N=5), draw_features(rng, model, N=2)
    captions = draw_captions(rng, model, N=5, T=6)
    expected, expected_grads = expected_loss(model, features, captions[:2])

    made = new_model(student, model)
    loss_of(made, first, captions)
    loss, grads = loss_of(made, features, captions[:2])

    assert_close(loss, expected, name="loss")
    assert_all_close(grads, expected_grads)


@for_each_cell("loss", limited=True)
def test_loss_of_a_batch_of_one(student, rng, cell):
    """A minibatch may hold a single picture; its axis stays."""
    model = draw_model(rng, cell, D=4, W=3, H=5, V=7)
    features, captions = draw_features(rng, model, N=1), draw_captions(rng, model, N=1, T=6)
    expected, expected_grads = expected_loss(model, features, captions)

    loss, grads = loss_of(new_model(student, model), features, captions)

    assert_close(loss, expected, name="loss")
    assert_all_close(grads, expected_grads)


@for_each_cell("loss", limited=True)
def test_loss_of_captions_of_one_word(student, rng, cell):
    """A caption may have a single word to say; the axis of the steps stays."""
    model = draw_model(rng, cell, D=5, W=4, H=3, V=8)
    features, captions = draw_features(rng, model, N=4), draw_captions(rng, model, N=4, T=1)
    expected, expected_grads = expected_loss(model, features, captions)

    loss, grads = loss_of(new_model(student, model), features, captions)

    assert_close(loss, expected, name="loss")
    assert_all_close(grads, expected_grads)


# sample ---------------------------------------------------------------------------------------------------------------


@for_each_cell("sample", weight=3)
def test_sample_says_the_best_word_and_reads_it_next(student, rng, cell):
    """A caption begins after <START>: at every step the word with the highest score is said, and read next."""
    model, features, expected = draw_speaker(rng, cell, N=4, D=7, W=5, H=6, V=12, length=9)

    captions = new_model(student, model).sample(features, max_length=9)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample", weight=2)
def test_sample_writes_thirty_words_unless_told_otherwise(student, rng, cell):
    """Captions have max_length words, thirty by default, however many pictures there are."""
    model, features, expected = draw_speaker(rng, cell, N=2, D=5, W=6, H=8, V=14, length=30)

    captions = new_model(student, model).sample(features)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample", weight=2)
def test_sample_with_special_words_anywhere(student, rng, cell):
    """<START> has the number that the vocabulary gives it, and is read first whatever that number is."""
    model, features, expected = draw_speaker(rng, cell, N=3, D=4, W=7, H=5, V=11, length=6, special_first=False)

    captions = new_model(student, model).sample(features, max_length=6)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample", weight=2)
def test_sample_when_captions_end_at_different_steps(student, rng, cell):
    """When one caption has come to <END>, the others go on; what stands after <END> is not looked at."""
    model, features, expected = draw_speaker(rng, cell, N=4, D=6, W=5, H=7, V=9, length=10, ends=True)

    captions = new_model(student, model).sample(features, max_length=10)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample")
def test_sample_in_float32(student, rng, cell):
    """With float32 weights and features the same words are said."""
    model, features, expected = draw_speaker(rng, cell, N=3, D=5, W=4, H=6, V=10, length=7, dtype=np.float32)

    captions = new_model(student, model).sample(features, max_length=7)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample")
def test_sample_asked_twice(student, rng, cell):
    """Other pictures start anew: nothing of the captions before is remembered."""
    model, features, expected = draw_speaker(rng, cell, N=3, D=4, W=6, H=5, V=9, length=5)
    others = draw_features(rng, model, N=3)

    made = new_model(student, model)
    made.sample(others, max_length=8)
    captions = made.sample(features, max_length=5)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample", weight=0.6, limited=True)
def test_sample_for_a_batch_of_one(student, rng, cell):
    """A minibatch may hold a single picture; its axis stays."""
    model, features, expected = draw_speaker(rng, cell, N=1, D=5, W=4, H=6, V=10, length=8)

    captions = new_model(student, model).sample(features, max_length=8)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample", weight=0.6, limited=True)
def test_sample_with_word_vectors_of_size_one(student, rng, cell):
    """The vector of a word may be a single number; its axis stays."""
    model, features, expected = draw_speaker(rng, cell, N=3, D=4, W=1, H=6, V=10, length=6)

    captions = new_model(student, model).sample(features, max_length=6)

    assert_captions(captions, expected, model, features)


@for_each_cell("sample", weight=0.6, limited=True)
def test_sample_of_a_single_word(student, rng, cell):
    """A caption may have a single word; the axis of the words stays."""
    model, features, expected = draw_speaker(rng, cell, N=4, D=6, W=3, H=5, V=9, length=1)

    captions = new_model(student, model).sample(features, max_length=1)

    assert_captions(captions, expected, model, features)

"""Which file of a hand-in is a notebook of the release."""

import pytest

from autograder.notebooks.choose import choose, is_checkpoint


@pytest.mark.parametrize(
    "name",
    [
        "RNN_Captioning.ipynb",
        "rnn_captioning.ipynb",
        "Copy of RNN_Captioning.ipynb",
        "Copy of Copy of RNN_Captioning.ipynb",
        "RNN_Captioning (1).ipynb",
        "RNN_Captioning(2).ipynb",
        "RNN_Captioning-Copy1.ipynb",
        "RNN_Captioning copy.ipynb",
        "Copy of RNN_Captioning-checkpoint (1).ipynb",
        ".ipynb_checkpoints/RNN_Captioning-checkpoint.ipynb",
        "a/b/RNN_Captioning.ipynb",
    ],
)
def test_a_copy_is_found_under_the_name_that_it_was_given(name):
    """Whatever a browser, Colab or Jupyter appends or puts before, the notebook is found."""
    assert choose([name, "LSTM_Captioning.ipynb", "a3/rnn_layers.py"], "RNN_Captioning") == name


@pytest.mark.parametrize(
    "name",
    ["LSTM_Captioning.ipynb", "RNN_Captioning.py", "My_RNN_Captioning.ipynb", "._RNN_Captioning.ipynb", ".ipynb", ""],
)
def test_another_file_is_not_taken_for_it(name):
    """A name that is not a copy's is another notebook's."""
    assert choose([name], "RNN_Captioning.ipynb") is None


def test_the_notebook_goes_before_its_copies_and_those_before_checkpoints():
    """The exact name is first, then another spelling, a copy, a checkpoint; of equals the shallowest."""
    order = [
        "x/N.ipynb",
        "x/y/N.ipynb",
        "n.ipynb",
        "N (1).ipynb",
        "Copy of N.ipynb",
        "N-checkpoint.ipynb",
        ".ipynb_checkpoints/N-checkpoint.ipynb",
    ]
    for first in range(len(order)):
        assert choose(reversed(order[first:]), "N") == order[first]
    assert [is_checkpoint(path) for path in order] == [False] * 5 + [True] * 2

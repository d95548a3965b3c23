"""
What a plausible mistake is: a change of our own solution, where in one function one text becomes another.

``noticed_by`` is the question that must notice; without it that is the function's own. It is another where the mistake
only shows in what a forward function leaves for its backward partner, or for one kind of cell. Other questions may lose
points only where they depend on the function (``DEPENDS``): a mistake costs what it breaks, and nothing else.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from tests.content.local_student import SOLUTION
from tests.content.operators import functions

__all__ = ["DEPENDS", "Mutant", "mutated"]

_LOSS = {"captioning_rnn_loss", "captioning_lstm_loss"}
_SAMPLE = {"captioning_rnn_sample", "captioning_lstm_sample"}
_RNN = {"captioning_rnn_loss", "captioning_rnn_sample"}
_LSTM = {"captioning_lstm_loss", "captioning_lstm_sample"}

# Which questions ask, directly or through other functions of the solution, each function.
DEPENDS = {
    "rnn_step_forward": {"rnn_step_forward", "rnn_step_backward", "rnn_forward", "rnn_backward", *_RNN},
    "rnn_step_backward": {"rnn_step_backward", "rnn_backward", "captioning_rnn_loss"},
    "rnn_forward": {"rnn_forward", "rnn_backward", "captioning_rnn_loss"},
    "rnn_backward": {"rnn_backward", "captioning_rnn_loss"},
    "word_embedding_forward": {"word_embedding_forward", "word_embedding_backward", *_LOSS},
    "word_embedding_backward": {"word_embedding_backward", *_LOSS},
    "lstm_step_forward": {"lstm_step_forward", "lstm_step_backward", "lstm_forward", "lstm_backward", *_LSTM},
    "lstm_step_backward": {"lstm_step_backward", "lstm_backward", "captioning_lstm_loss"},
    "lstm_forward": {"lstm_forward", "lstm_backward", "captioning_lstm_loss"},
    "lstm_backward": {"lstm_backward", "captioning_lstm_loss"},
    "CaptioningRNN.loss": _LOSS,
    "CaptioningRNN.sample": _SAMPLE,
}


@dataclass(frozen=True)
class Mutant:
    """One mistake: its name, the function it is in, the text it replaces, the new text, and who must notice."""

    name: str
    function: str
    old: str
    new: str
    noticed_by: str = ""

    @property
    def question(self) -> str:
        """The question whose tests must fail."""
        return self.noticed_by or self.function


def mutated(mutant: Mutant) -> dict[str, str]:
    """Return the module with the mistake in it by its name; the old text must stand exactly once in the function."""
    for module, text in SOLUTION.items():
        node = dict(functions(ast.parse(text))).get(mutant.function)
        if node is not None:
            body = "".join(text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno])
            if body.count(mutant.old) != 1:
                raise ValueError(f"{mutant.name}: {mutant.old!r} stands {body.count(mutant.old)} times")
            return {module: text.replace(body, body.replace(mutant.old, mutant.new))}
    raise ValueError(f"{mutant.name}: there is no {mutant.function}")

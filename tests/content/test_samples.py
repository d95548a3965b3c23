"""The sample submissions are what they say they are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.content.local_student import PACKAGE, ROOT, SOLUTION, LocalStudent, cases, failures, share, submission
from tests.content.mutants import DEPENDS
from tests.content.operators import functions

SAMPLES = ROOT / "samples"
WRITTEN_HALF = {"rnn_step_forward", "rnn_step_backward", "rnn_forward"}
WRONG_LAYERS = {"rnn_step_backward", "word_embedding_backward"}
"""What is subtly wrong: an averaged bias gradient, and words that are counted once."""


def sample(name: str) -> dict[str, str]:
    """Return the texts of a sample's modules."""
    folder = SAMPLES / name / PACKAGE
    return {module: Path(folder, *module.split(".")).with_suffix(".py").read_text("utf-8") for module in SOLUTION}


def student(name: str) -> LocalStudent:
    """Return a sample as a submission."""
    return submission(sample(name))


def earned(name: str, seed: int = 0) -> dict[str, float]:
    """Return what a sample earns in each question, of 1."""
    return share(failures(student(name), seed, cases()))


def stripped(module: str, written: set[str]) -> str:
    """Return a module as the release strips it, but with the solutions of the functions that are ``written``."""
    text = SOLUTION[module]
    lines = text.splitlines(keepends=True)
    region = re.compile(r"( *)### BEGIN SOLUTION\n(.*?) *### END SOLUTION\n", re.DOTALL)
    for name, node in reversed(list(functions(ast.parse(text)))):
        body = "".join(lines[node.lineno - 1 : node.end_lineno])
        stub = r"\1# YOUR CODE HERE\n\1raise NotImplementedError()\n"
        body = region.sub(r"\2" if name in written else stub, body)
        lines[node.lineno - 1 : node.end_lineno] = [body]
    return "".join(lines)


@pytest.mark.parametrize(
    ("name", "written"), [("complete", set(DEPENDS)), ("half_finished", WRITTEN_HALF), ("untouched", set())]
)
def test_stubs_are_those_of_a_release(name: str, written: set[str]) -> None:
    """Samples differ from the stripped source in nothing but the functions that are written."""
    assert sample(name) == {module: stripped(module, written) for module in SOLUTION}


def test_the_complete_sample_passes_everything() -> None:
    """The complete sample earns every point."""
    assert set(earned("complete").values()) == {1.0}


def test_the_untouched_sample_earns_nothing() -> None:
    """The release as it is earns no point in any question."""
    assert set(earned("untouched").values()) == {0.0}


def test_the_half_finished_sample_earns_what_is_written() -> None:
    """Questions whose function is written are full, the others empty."""
    shares = earned("half_finished")

    assert {question for question, part in shares.items() if part} == WRITTEN_HALF
    assert {shares[question] for question in WRITTEN_HALF} == {1.0}


@pytest.mark.parametrize("seed", range(5))
def test_the_subtly_wrong_sample_loses_what_is_wrong(seed: int) -> None:
    """An averaged bias gradient and words counted once cost a part of the questions that need them, and no others."""
    shares = earned("subtly_wrong", seed)

    assert {question for question, part in shares.items() if part < 1} == set().union(
        *(DEPENDS[function] for function in WRONG_LAYERS)
    )
    assert 0.5 < shares["rnn_step_backward"] < 0.7
    assert shares["word_embedding_backward"] < 0.5
    assert 0 < shares["captioning_rnn_loss"] < shares["captioning_lstm_loss"] < 1


def test_given_functions_are_untouched() -> None:
    """Every sample, the hostile one too, carries the given functions as they are in the source."""
    given = SOLUTION["rnn_layers"].partition("\n# Given:")[2]

    for folder in SAMPLES.iterdir():
        if folder.is_dir():
            assert sample(folder.name)["rnn_layers"].partition("\n# Given:")[2] == given, folder.name

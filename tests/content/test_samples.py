"""The sample submissions are what they say they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from local_student import ROOT, SOLUTION, cases, failures, load, share

SAMPLES = ROOT / "samples"
CASES = cases()
STUB = "# YOUR CODE HERE\n    raise NotImplementedError()\n"
UNWRITTEN = {"rnn_backward", "word_embedding_forward", "word_embedding_backward"}


def sample(name: str) -> Path:
    """Return the path of a sample's module."""
    return SAMPLES / name / "a3/rnn_layers.py"


def without_solutions(text: str, stub: str, keep: set[str]) -> str:
    """Return a module as the release strips it, but with the solutions of the functions in ``keep``."""
    parts = re.split(r"(?m)^(?=def )", text)
    region = re.compile(r"### BEGIN SOLUTION\n(.*?) *### END SOLUTION\n", re.DOTALL)
    for i, part in enumerate(parts):
        written = part.startswith(tuple(f"def {name}(" for name in keep))
        parts[i] = region.sub((lambda match: match[1].lstrip()) if written else (lambda _: stub), part)
    return "".join(parts)


def test_stubs_are_those_of_a_release() -> None:
    """Samples differ from the stripped source in nothing but the functions that are written."""
    text = SOLUTION.read_text("utf-8")
    functions = {case.question for case in CASES}

    for name, keep in (("complete", functions), ("half_finished", functions - UNWRITTEN), ("untouched", set())):
        assert sample(name).read_text("utf-8") == without_solutions(text, STUB, keep), name


def test_the_complete_sample_passes_everything() -> None:
    """The complete sample earns every point."""
    assert failures(load(sample("complete")), 0, CASES) == {}


def test_the_untouched_sample_earns_nothing() -> None:
    """The release as it is earns no point in any question."""
    assert set(share(load(sample("untouched")), 0, CASES).values()) == {0.0}


def test_the_half_finished_sample_earns_what_is_written() -> None:
    """Questions whose function is written are full, the others empty."""
    for question, earned in share(load(sample("half_finished")), 0, CASES).items():
        assert earned == (0.0 if question in UNWRITTEN else 1.0), question


@pytest.mark.parametrize("seed", range(5))
def test_the_subtly_wrong_sample_loses_what_is_wrong(seed: int) -> None:
    """An averaged bias gradient and words counted once cost a part of their questions, and nothing elsewhere."""
    earned = share(load(sample("subtly_wrong")), seed, CASES)

    assert {question for question, part in earned.items() if part < 1} == {
        "rnn_step_backward",
        "rnn_backward",
        "word_embedding_backward",
    }
    assert 0.5 < earned["rnn_step_backward"] < 0.7
    assert earned["word_embedding_backward"] < 0.5


def test_given_functions_are_untouched() -> None:
    """Every sample, the hostile one too, carries the given functions as they are in the source."""
    given = SOLUTION.read_text("utf-8").partition("\n# Given:")[2]

    for folder in SAMPLES.iterdir():
        if folder.is_dir():
            assert sample(folder.name).read_text("utf-8").partition("\n# Given:")[2] == given, folder.name

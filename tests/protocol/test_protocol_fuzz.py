"""The fuzz target itself: it runs without its engine, and its corpus is what it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from autograder.protocol import FrameReader

_TARGET = Path(__file__).parents[2] / "fuzz" / "fuzz_protocol.py"


@pytest.fixture(scope="module")
def target() -> ModuleType:
    """Return the fuzz target as a module."""
    spec = importlib.util.spec_from_file_location("fuzz_protocol", _TARGET)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_bounded_run_finds_nothing(target: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Mutations of every kind of frame raise ProtocolError or are data, within the memory that is allowed."""
    target.bounded(runs=1500, seed=11)
    assert "no finding" in capsys.readouterr().out


def test_the_corpus_is_made_of_right_frames(target: ModuleType) -> None:
    """Each seed that is a stream of frames holds one that can be read."""
    for seed in target.seeds():
        if seed[0] == target.DOORS.index(target.frames):
            reader = FrameReader(target.LIMITS)
            reader.feed(seed[1:])
            assert len(reader.frames()) == 1

"""The fuzz target of hand-ins: it runs without its engine, and its corpus is what it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_TARGET = Path(__file__).parents[2] / "fuzz" / "fuzz_hand_ins.py"


@pytest.fixture(scope="module")
def target() -> ModuleType:
    """Return the fuzz target as a module."""
    spec = importlib.util.spec_from_file_location("fuzz_hand_ins", _TARGET)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_bounded_run_finds_nothing(target: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Mutations of archives, notebooks and modules are refused, or read within limits."""
    target.bounded(runs=600, seed=7)
    assert "no finding" in capsys.readouterr().out


def test_the_corpus_goes_through_every_door(target: ModuleType) -> None:
    """Each door has seeds."""
    assert {seed[0] for seed in target.seeds()} == set(range(len(target.DOORS)))

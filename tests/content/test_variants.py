"""Right code in other forms gets every point, whatever was drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_student import SOLUTION, cases, failures, from_text, load

CASES = cases()
VARIANTS = sorted((Path(__file__).parent / "variants").glob("*.py"))
SEEDS = range(20)


@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: path.stem)
def test_a_right_variant_passes_every_test(path: Path) -> None:
    """A variant, laid over the solution, passes all hidden tests in 20 draws, in float32 as in float64."""
    module = from_text(SOLUTION.read_text("utf-8") + "\n" + path.read_text("utf-8"))

    assert {seed: failures(module, seed, CASES) for seed in SEEDS} == {seed: {} for seed in SEEDS}


def test_the_solution_passes_every_test() -> None:
    """The solution passes all hidden tests in 20 draws."""
    module = load(SOLUTION)

    assert {seed: failures(module, seed, CASES) for seed in SEEDS} == {seed: {} for seed in SEEDS}

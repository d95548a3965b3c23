"""
Right code in other forms gets every point, whatever was drawn.

A file in ``variants`` is laid over ``rnn_layers``; a folder in there has a file for each module that it is laid over,
by the path that the module has in the package.

    VARIANT_SEEDS=200 python -m pytest tests/content/test_variants.py      more draws than the usual ones
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from tests.content.local_student import SOLUTION, Case, LocalStudent, cases, failures, reached, submission
from tests.content.mutants import DEPENDS
from tests.content.mutation import questions_of
from tests.content.operators import functions

VARIANTS = sorted(path for path in (Path(__file__).parent / "variants").iterdir() if path.name != "__pycache__")
SEEDS = range(int(os.environ.get("VARIANT_SEEDS", "20")))
ELSEWHERE_SEEDS = range(1 + len(SEEDS) // 20)
"""In tests of other questions a variant meets the same inputs again, so fewer draws say the same."""


def overlay(path: Path) -> dict[str, str]:
    """Return the texts of a variant by module."""
    if path.is_file():
        return {"rnn_layers": path.read_text("utf-8")}
    files = {".".join(file.relative_to(path).with_suffix("").parts): file for file in path.rglob("*.py")}
    return {module: file.read_text("utf-8") for module, file in files.items()}


def laid_over(path: Path) -> LocalStudent:
    """Return the solution with a variant laid over it."""
    return submission({module: f"{SOLUTION[module]}\n{text}" for module, text in overlay(path).items()})


def rewritten(path: Path) -> set[str]:
    """Return the functions of the solution that a variant has in other words."""
    names = {name for text in overlay(path).values() for name, _ in functions(ast.parse(text))}
    return names & set(DEPENDS)


def asked(path: Path, seed: int) -> list[Case]:
    """Return the tests of the functions that are rewritten; in the first draws, all tests in which they run."""
    own = {question for function in rewritten(path) for question in questions_of(function, sets_cache=True)}
    others = set().union(*(reached()[function] for function in rewritten(path))) if seed in ELSEWHERE_SEEDS else set()
    return [case for case in cases() if case.question in own or case.name in others]


@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: path.stem)
def test_a_right_variant_passes_every_test(path: Path) -> None:
    """A variant, laid over the solution, passes all hidden tests in every draw, in float32 as in float64."""
    student = laid_over(path)

    assert {seed: failures(student, seed, asked(path, seed)) for seed in SEEDS} == {seed: {} for seed in SEEDS}


def test_the_solution_passes_every_test() -> None:
    """The solution passes all hidden tests in every draw."""
    student = submission()

    assert {seed: failures(student, seed, cases()) for seed in SEEDS} == {seed: {} for seed in SEEDS}


def test_every_function_has_variants() -> None:
    """Each function is written in at least three other ways."""
    for function in DEPENDS:
        assert sum(function in rewritten(path) for path in VARIANTS) >= 3, function

"""Notebook, settings, given code, reference and hidden tests of the course unit fit together."""

from __future__ import annotations

import importlib.util
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from local_student import HIDDEN_TESTS, ROOT, SOLUTION, cases, load

from autograder.compare import assert_close
from reference import autodiff, rnn

ASSIGNMENT = ROOT / "source/assignment3"
NOTEBOOK = ASSIGNMENT / "RNN_Captioning.ipynb"
CASES = cases()
MOST_LIMITED = 0.15
GIVEN = load(SOLUTION)
GRADIENT_CHECK = load(ASSIGNMENT / "a3/gradient_check.py")


def grade_cells() -> dict[str, dict[str, Any]]:
    """Return the notebook's grade cells by their ``grade_id``."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    marked = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]
    return {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in marked}


def test_every_question_has_tests_and_every_test_a_question() -> None:
    """The questions that the hidden tests serve are the notebook's grade cells."""
    assert {case.question for case in CASES} == set(grade_cells())


def test_limited_tests_carry_little() -> None:
    """Tests of sizes of one carry at most 15 % of each question."""
    for question in grade_cells():
        own = [case for case in CASES if case.question == question]
        limited = sum(case.weight for case in own if case.limited)
        assert 0 < limited <= MOST_LIMITED * sum(case.weight for case in own), question


def test_every_hidden_test_states_its_claim() -> None:
    """Each hidden test has a docstring, which is what a student reads, and is short enough to be read."""
    for case in CASES:
        claim = (case.function.__doc__ or "").strip()
        assert claim.endswith("."), case.name
        assert case.function.__code__.co_code
    assert len(HIDDEN_TESTS.read_text("utf-8").splitlines()) <= 500


def test_the_notebook_is_valid_and_clean() -> None:
    """The notebook is of format 4.5, has ids, and carries neither outputs nor counts."""
    notebook = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)

    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


def test_points_scale_to_at_most_two_decimals() -> None:
    """The notebook's weights, scaled to what this edition says, are points that a gradebook can hold."""
    settings = tomllib.loads((ASSIGNMENT / "assignment.toml").read_text("utf-8"))
    weights = [cell["metadata"]["nbgrader"]["points"] for cell in grade_cells().values()]
    worth = settings["notebooks"]["RNN_Captioning"]["points"]

    for weight in weights:
        assert (100 * worth * weight) % sum(weights) == 0
    for path in (*settings["required"], *settings["given"], *(m["file"] for m in settings["modules"].values())):
        assert (ASSIGNMENT / path).is_file(), path


def run_notebook(package_parent: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run the notebook's code cells in one namespace; return what graded cells raised, by ``grade_id``."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "a3"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(package_parent))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    namespace: dict[str, Any] = {}
    raised = {}
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or ("matplotlib" in source and not importlib.util.find_spec("matplotlib")):
            continue
        source = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
        try:
            exec(compile(source, cell["id"], "exec"), namespace)
        except (AssertionError, NameError, NotImplementedError) as error:
            raised[cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"])] = type(error).__name__
    for name in [name for name in sys.modules if name.partition(".")[0] == "a3"]:
        monkeypatch.delitem(sys.modules, name)
    return raised


def test_the_notebook_runs_with_the_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs, and every local check passes, with the solution."""
    monkeypatch.setenv("MPLBACKEND", "Agg")

    assert run_notebook(ASSIGNMENT, monkeypatch) == {}


def test_the_notebook_checks_fail_on_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """No local check passes while its function is still to be written."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    raised = run_notebook(ROOT / "samples/untouched", monkeypatch)

    assert set(grade_cells()) <= set(raised)
    assert {raised[question] for question in grade_cells()} == {"NotImplementedError"}


def test_reference_gradients_are_those_of_the_definition() -> None:
    """Autograd through the reference agrees with finite differences of the same reference."""
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=shape) for shape in [(2, 3, 4), (2, 5), (4, 5), (5, 5), (5,)]]
    upstream = rng.normal(size=(2, 3, 5))

    for array, gradient in zip(inputs, autodiff.gradients(rnn.forward, inputs, upstream), strict=True):
        numerical = GRADIENT_CHECK.numerical_gradient(lambda _: rnn.forward(*inputs).numpy(), array, upstream)
        assert_close(gradient, numerical, name="gradient", rtol=1e-6, atol=1e-7)


def test_reference_refuses_an_upstream_that_would_be_broadcast() -> None:
    """An upstream gradient of another shape than the result is a mistake in a test, and raises."""
    with pytest.raises(ValueError, match="upstream has shape"):
        autodiff.gradients(rnn.word_embedding, (np.array([[0, 1]]), np.ones((3, 2))), np.ones(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_given_layers_are_right(dtype: Any) -> None:
    """The given affine layers and the given loss are what PyTorch computes, forwards and backwards."""
    rng = np.random.default_rng(1)
    x, w, b = (rng.normal(size=shape).astype(dtype) for shape in [(2, 3, 4), (4, 5), (5,)])
    dout = rng.normal(size=(2, 3, 5)).astype(dtype)
    affine = autodiff.in_float64(lambda x, w, b: x @ w + b)
    out, cache = GIVEN.temporal_affine_forward(x, w, b)
    assert_close(out, affine(x, w, b), name="out", dtype=dtype)
    for got, expected in zip(
        GIVEN.temporal_affine_backward(dout, cache), autodiff.gradients(affine, (x, w, b), dout), strict=True
    ):
        assert_close(got, expected, name="gradient", dtype=dtype)

    flat = autodiff.in_float64(lambda x, w, b: x.reshape(len(x), -1) @ w + b)
    w2 = rng.normal(size=(12, 5)).astype(dtype)
    out, cache = GIVEN.affine_forward(x, w2, b)
    assert_close(out, flat(x, w2, b), name="out", dtype=dtype)
    for got, expected in zip(
        GIVEN.affine_backward(dout[:, 0], cache), autodiff.gradients(flat, (x, w2, b), dout[:, 0]), strict=True
    ):
        assert_close(got, expected, name="gradient", dtype=dtype)

    scores = (100 * rng.normal(size=(2, 3, 6))).astype(dtype)
    y, mask = rng.integers(6, size=(2, 3)), np.array([[True, True, False], [True, False, False]])
    loss = autodiff.in_float64(
        lambda s, y, m: (torch.nn.functional.cross_entropy(s.mT, y, reduction="none") * m).sum() / len(s)
    )
    got_loss, got_dx = GIVEN.temporal_softmax_loss(scores, y, mask)
    assert_close(got_loss, loss(scores, y, mask), name="loss", dtype=dtype)
    assert_close(got_dx, autodiff.gradients(loss, (scores, y, mask), np.array(1.0))[0], name="dx", dtype=dtype)


def test_given_sigmoid_is_stable() -> None:
    """The given sigmoid is right far out on both sides, without a warning."""
    x = np.array([-1000.0, -3.0, 0.0, 3.0, 1000.0])

    assert_close(GIVEN.sigmoid(x), autodiff.tensor(x).sigmoid(), name="sigmoid")

"""Notebooks, settings, given code, references and hidden tests of the course unit fit together."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import nbformat
import numpy as np
import pytest
import torch

from autograder.compare import assert_close
from autograder.config import load_assignment
from reference import autodiff, captioning, lstm, rnn
from tests.content.local_student import ASSIGNMENT, HIDDEN_TESTS, PACKAGE, ROOT, SOLUTION, cases, load

SETTINGS = tomllib.loads((ASSIGNMENT / "assignment.toml").read_text("utf-8"))
MODULES = load_assignment(ROOT, "assignment3").modules
NOTEBOOKS = tuple(SETTINGS["notebooks"])
MOST_LIMITED = 0.15
GIVEN = load(ASSIGNMENT / PACKAGE / "rnn_layers.py")
GRADIENT_CHECK = load(ASSIGNMENT / PACKAGE / "gradient_check.py")


def cells_of(notebook: str) -> list[dict[str, Any]]:
    """Return the cells of a notebook of the assignment."""
    cells: list[dict[str, Any]] = json.loads((ASSIGNMENT / f"{notebook}.ipynb").read_text("utf-8"))["cells"]
    return cells


def grade_cells(*notebooks: str) -> dict[str, dict[str, Any]]:
    """Return the grade cells of notebooks by their ``grade_id``."""
    marked = [
        cell for name in notebooks for cell in cells_of(name) if cell["metadata"].get("nbgrader", {}).get("grade")
    ]
    found = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in marked}
    assert len(found) == len(marked)
    return found


def test_every_question_has_tests_and_every_test_a_question() -> None:
    """The hidden tests serve the grade cells of the notebooks, each in one of them, but for those that people read."""
    marks = {name: cell["metadata"]["nbgrader"] for name, cell in grade_cells(*NOTEBOOKS).items()}
    assert {case.question for case in cases()} == {name for name, mark in marks.items() if not mark["solution"]}


def test_every_hidden_test_is_a_topic_of_the_assignment() -> None:
    """Folders of hidden tests are the topics of the settings, and modules those that the tests are about."""
    assert {path.parent.name for path in HIDDEN_TESTS} == set(SETTINGS["topics"])
    assert set(SOLUTION) == set(MODULES)


@pytest.mark.parametrize("question", sorted({case.question for case in cases()}))
def test_limited_tests_carry_little(question: str) -> None:
    """Tests of sizes of one carry at most 15 % of each question, and there are some."""
    own = [case for case in cases() if case.question == question]
    limited = sum(case.weight for case in own if case.limited)

    assert 0 < limited <= MOST_LIMITED * sum(case.weight for case in own)


def test_every_hidden_test_states_its_claim() -> None:
    """Each hidden test has a docstring, which is what a student reads, and files are short enough to be read."""
    for case in cases():
        claim = (case.function.__doc__ or "").strip()
        assert claim.endswith("."), case.name
    for path in HIDDEN_TESTS:
        assert len(path.read_text("utf-8").splitlines()) <= 500, path


def test_every_draw_is_of_a_seed_alone() -> None:
    """Hidden tests have names of their own, from which their draws are seeded."""
    assert len({case.name for case in cases()}) == len(cases())


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_valid_and_clean(name: str) -> None:
    """Each notebook is of format 4.5, has ids, and carries neither outputs nor counts."""
    notebook = nbformat.read(ASSIGNMENT / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)

    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_points_scale_to_at_most_two_decimals(name: str) -> None:
    """A notebook's weights, scaled to what this edition says, are points that a gradebook can hold."""
    weights = [cell["metadata"]["nbgrader"]["points"] for cell in grade_cells(name).values()]
    worth = SETTINGS["notebooks"][name]["points"]

    for weight in weights:
        assert (100 * worth * weight) % sum(weights) == 0


def test_the_files_that_the_settings_name_are_there() -> None:
    """Those that are required, those that are given, and those of the modules."""
    files = (module.file for module in MODULES.values())

    for path in (*SETTINGS["required"], *SETTINGS["given"], *files):
        assert (ASSIGNMENT / path).is_file(), path


SEQUENCES = {
    "rnn": (rnn.forward, [(2, 3, 4), (2, 5), (4, 5), (5, 5), (5,)], (2, 3, 5)),
    "lstm": (lstm.forward, [(2, 3, 4), (2, 5), (4, 20), (5, 20), (20,)], (2, 3, 5)),
    "lstm step": (lstm.step, [(2, 4), (2, 5), (2, 5), (4, 20), (5, 20), (20,)], (2, 2, 5)),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_reference_gradients_are_those_of_the_definition(name: str) -> None:
    """Autograd through the reference agrees with finite differences of the same reference."""
    function, shapes, result = SEQUENCES[name]
    rng = np.random.default_rng(0)
    inputs, upstream = [rng.normal(size=shape) for shape in shapes], rng.normal(size=result)

    for array, gradient in zip(inputs, autodiff.gradients(function, inputs, upstream), strict=True):
        numerical = GRADIENT_CHECK.numerical_gradient(lambda _: function(*inputs).numpy(), array, upstream)
        assert_close(gradient, numerical, name="gradient", rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_reference_says_what_its_own_loss_finds_likeliest(cell: str) -> None:
    """A caption that the reference says costs less than each that differs in its last word."""
    rng = np.random.default_rng(3)
    wide = {"rnn": 4, "lstm": 16}[cell]
    shapes = [(3, 4), (4,), (6, 5), (5, wide), (4, wide), (wide,), (4, 6), (6,)]
    weights = [autodiff.tensor(rng.normal(size=shape)) for shape in shapes]
    features = autodiff.tensor(rng.normal(size=(1, 3)))
    named = dict(zip(captioning.WEIGHTS, weights, strict=True))
    said, margins = captioning.sample(features, named, cell=cell, start=1, max_length=3)

    def cost(last: int) -> float:
        caption = np.array([[1, *said[0, :-1].tolist(), last]])
        return float(captioning.loss(features, caption, *weights, cell=cell, null=-1))

    costs = [cost(word) for word in range(6)]
    assert int(np.argmin(costs)) == int(said[0, -1])
    assert float(np.diff(np.sort(costs))[0]) == pytest.approx(float(margins[0, -1]))


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

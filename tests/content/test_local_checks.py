"""
What students read of the local checks, in a notebook and outside of one.

``a3/checks.py`` is imported by its path, under a name of its own, as the checks do not depend on where they are.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from local_student import ASSIGNMENT, PACKAGE, load, submission
from nbclient import NotebookClient
from nbformat import NotebookNode
from test_samples import sample

SOURCE = ASSIGNMENT / PACKAGE / "checks.py"
CHECKS = load(SOURCE)
GRADIENT_CHECK = load(ASSIGNMENT / PACKAGE / "gradient_check.py")
EXPECTED = np.arange(1.0, 7.0).reshape(2, 3)


def begun(*functions: Callable[..., Any]) -> Any:
    """Return the checks of a question."""
    return CHECKS.question("some_question", *functions)


def refused(compare: Callable[[Any], object]) -> str:
    """Return what a failed check says."""
    with pytest.raises(CHECKS.CheckFailed) as caught, begun() as check:
        compare(check)
    return str(caught.value)


# What is printed ------------------------------------------------------------------------------------------------------


def test_a_passed_check_says_what_was_compared_and_what_follows(capsys: pytest.CaptureFixture[str]) -> None:
    """Outside of a notebook too: name, shape, error; and at the end that hidden tests follow, never that all passed."""
    with begun() as check:
        check.close("dx", EXPECTED * (1 + 1e-10), EXPECTED)
        check.equal("words", np.array([3, 1]), [3, 1])
        check.shape("h", EXPECTED, (2, 3))
        check.that(True, "loss falls", "loss does not fall")
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "  ✓ dx: shape (2, 3), relative error 5.0e-11 (at most 1e-07 is right)",
        "  ✓ words: shape (2,), every entry is as expected",
        "  ✓ h: shape (2, 3)",
        "  ✓ loss falls",
        "✓ some_question: local checks pass; hidden tests follow.",
    ]


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ('{"questions": [{"id": "some_question", "tests": 5}]}', "5 hidden tests follow."),
        ('{"questions": [{"id": "some_question", "tests": 1}]}', "1 hidden test follows."),
        ('{"questions": [{"id": "some_question", "tests": 0}]}', "pass; hidden tests follow."),
        ('{"questions": [{"id": "another", "tests": 5}]}', "pass; hidden tests follow."),
        ('{"questions": 3}', "pass; hidden tests follow."),
        ("[]", "pass; hidden tests follow."),
        ("{", "pass; hidden tests follow."),
    ],
)
def test_the_number_of_hidden_tests_is_the_assignments(
    text: str, follows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is in assignment.json beside the checks; without it, or where it cannot be read, no number is said."""
    shutil.copy(SOURCE, tmp_path)
    (tmp_path / "assignment.json").write_text(text)
    with load(tmp_path / "checks.py").question("some_question"):
        pass
    assert capsys.readouterr().out.endswith(f"{follows}\n")


def test_nothing_but_numpy_is_needed(tmp_path: Path) -> None:
    """In a script, without IPython, torch and matplotlib, and in a terminal that knows no ✓."""
    program = """
import sys
sys.modules |= dict.fromkeys(["IPython", "torch", "matplotlib", "h5py"])
import checks
with checks.question("some_question") as check:
    check.close("dx", 1.0, 1.0)
with checks.question("some_question") as check:
    check.close("dx", 2.0, 1.0)
"""
    shutil.copy(SOURCE, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONIOENCODING": "ascii", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert "ok some_question: local checks pass; hidden tests follow.\n" in done.stdout
    assert done.stdout.endswith("NO some_question: a local check fails, see below.\n")
    assert "dx is not right: 1 of 1 entries differ. The first is dx: got 2, expected 1." in done.stderr
    assert done.returncode == 1


# What a wrong value reads like ----------------------------------------------------------------------------------------

ONE_WRONG = EXPECTED + np.array([[0, 0, 0], [0, 0.5, 0]])
WRONG = {
    "one entry": (ONE_WRONG, "dx is not right: 1 of 6 entries differ. The first is dx[1, 1]: got 5.5, expected 5."),
    "the worst": (
        EXPECTED + np.array([[0, 0.1, 0], [0, 0, 9]]),
        "2 of 6 .* The worst is dx[1, 2]: got 15, expected 6.",
    ),
    "NaN": (np.where(EXPECTED == 3, np.nan, EXPECTED), "dx[0, 2]: got NaN, expected 3. Such values come from 0/0"),
    "infinite": (np.where(EXPECTED == 2, np.inf, EXPECTED), "dx[0, 1]: got infinite, expected 2."),
    "times": (EXPECTED / 4, "Every entry is 4 times too small: is there a mean where a sum belongs?"),
    "large": (EXPECTED * 3, "Every entry is 3 times too large: is there a sum where a mean belongs?"),
    "sign": (-EXPECTED, "Every entry has the wrong sign."),
    "zeros": (np.zeros((2, 3)), "All of it is zero."),
    "whole": ((2 * EXPECTED).astype(int), "It holds int64, whole numbers: was it made by np.zeros_like of words"),
    "float32": (EXPECTED.astype(np.float32) * 1.000001, "It is float32 where float64 went in: digits were lost"),
    "axes": (EXPECTED.T, "dx has shape (3, 2); expected (2, 3). Are its axes swapped?"),
    "axis of 1": (EXPECTED[:, None], "dx has shape (2, 1, 3); expected (2, 3). An axis of size 1 is too many"),
    "flat": (EXPECTED.ravel(), "dx has shape (6,); expected (2, 3). It has 1 axis, and should have 2."),
    "None": (None, "dx is None; expected an array of shape (2, 3). Is it computed, and returned in its place?"),
    "ellipsis": (..., "dx is of type ellipsis; expected an array of shape (2, 3)."),
    "text": ("dx", "dx is of type str; expected an array of shape (2, 3)."),
    "function": (np.tanh, "dx is of type ufunc; expected an array"),
    "ragged": (
        [[1.0], [2.0, 3.0]],
        "dx is of type list; expected an array of shape (2, 3). np.stack makes one array",
    ),
    "objects": (np.array([[None] * 3] * 2), "dx is one array of shape (2, 3), and not all of it is numbers"),
    "tensor": (torch.tensor(ONE_WRONG, requires_grad=True), "The first is dx[1, 1]: got 5.5, expected 5."),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_says_what_is_wrong(case: str) -> None:
    """What came, what was expected, where, and what it looks like."""
    got, message = WRONG[case]
    said = refused(lambda check: check.close("dx", got, EXPECTED))
    assert re.search(re.escape(message).replace(r"\.\*", ".*"), said), said


def test_a_square_that_is_transposed_is_seen() -> None:
    """Where the shape does not tell, the values do."""
    square = np.arange(9.0).reshape(3, 3)
    assert refused(lambda check: check.close("dWh", square.T, square)).endswith("Its transpose would be right.")


def test_a_list_is_no_array() -> None:
    """The hidden tests ask for arrays, so the local ones do; a number alone needs to be none."""
    text = refused(lambda check: check.close("dx", EXPECTED.tolist(), EXPECTED))
    assert "dx is of type list; expected an array of shape (2, 3)" in text
    assert "np.stack" in text
    with begun() as check:
        check.close("loss", 2.5, 2.5)


@pytest.mark.parametrize("right", [torch.tensor(EXPECTED, requires_grad=True), EXPECTED.astype(np.longdouble)])
def test_a_right_value_may_be_of_another_kind(right: Any) -> None:
    """A tensor of the right numbers is right, and so is another precision."""
    with begun() as check:
        check.close("dx", right, EXPECTED)


@settings(max_examples=200, deadline=None)
@given(
    place=st.integers(0, 5),
    value=st.one_of(
        st.just(float("nan")), st.just(float("inf")), st.floats(allow_nan=False).filter(lambda x: abs(x - 3.0) > 1e-3)
    ),
)
def test_no_wrong_entry_passes(place: int, value: float) -> None:
    """Whichever entry is wrong, and whatever it is: a number, infinite, NaN."""
    expected = np.full(6, 3.0)
    got = expected.copy()
    got[place] = value
    assert f"dx[{place}]" in refused(lambda check: check.close("dx", got, expected))
    assert f"dx[{place}]" in refused(lambda check: check.equal("dx", got, expected))


def test_the_error_is_the_one_that_students_know() -> None:
    """The error of a comparison is relative_error of the gradient check."""
    rng = np.random.default_rng(0)
    got, expected = rng.normal(size=(2, 4, 3))
    said = refused(lambda check: check.close("dx", got, expected))
    assert f"The relative error is {GRADIENT_CHECK.relative_error(got, expected):.1e}; at most 1e-07" in said


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (EXPECTED, "expected 2 values, next_h, cache; got one array of shape (2, 3)."),
        (None, "expected 2 values, next_h, cache; got None."),
        ((1, 2, 3), "expected 2 values, next_h, cache; got 3. Does it end in: return next_h, cache?"),
    ],
)
def test_a_wrong_number_of_results_is_counted(result: Any, message: str) -> None:
    """An array is no tuple of its rows, and a forgotten value is named by the line that returns all."""
    assert refused(lambda check: check.parts(result, "next_h, cache")).startswith(message)


def test_changed_arguments_are_seen() -> None:
    """An argument that was written into is named, with the first entry that changed; NaN in it is no change."""

    def change(check: Any) -> None:
        dh = np.array([[np.nan, 2.0], [3.0, 4.0]])
        check.watch(dh=dh, x=EXPECTED)
        dh[1, 0] = 8.0

    said = refused(change)
    assert said.startswith("dh, which was handed in, is changed: dh[1, 0] was 3 and is now 8.")


def test_a_changed_input_is_named_before_what_follows_from_it() -> None:
    """Where an input was changed and a comparison fails, the change is what is read."""
    dh = np.ones(3)

    def compare(check: Any) -> None:
        check.watch(dh=dh)
        dh[1] = 4
        check.close("dx", np.zeros(3), np.ones(3))

    assert refused(compare).startswith("dh, which was handed in, is changed: dh[1] was 1 and is now 4.")


def test_numbers_that_differ_are_never_printed_alike() -> None:
    """A difference behind the sixth digit is seen in the message."""
    said = refused(lambda check: check.close("y", 0.001 * (1 + 1e-6), 0.001))
    got, wanted = re.search(r"got (\S+), expected (\S+)\.", said).groups()  # type: ignore[union-attr]
    assert got != wanted


def test_a_gradient_is_not_blamed_for_its_forward_function() -> None:
    """Where the numerical gradient is no number either, the forward function is named."""
    said = refused(lambda check: check.close("dx", np.full(2, np.nan), np.full(2, np.nan)))
    assert said.startswith("dx cannot be compared: it is NaN at dx[0]")
    assert said.endswith("computed with your forward function: look there first.")


def test_other_exceptions_are_not_touched(capsys: pytest.CaptureFixture[str]) -> None:
    """What a student's code raises goes on as it is, after a line that says so."""
    with pytest.raises(ValueError, match="matmul"), begun():
        _ = np.zeros((2, 3)) @ np.zeros((2, 3))
    assert capsys.readouterr().out.startswith("✗ some_question: stopped: ValueError. The end of what stands below")


# Fingerprints ---------------------------------------------------------------------------------------------------------

STEP = '''
def step(x, h=1, *, scale: float = 2.0):
    """Take a step."""
    return np.tanh(x @ h) * scale  # squashed
'''


def test_a_fingerprint_is_of_what_code_does() -> None:
    """Comments, docstrings, blank lines, brackets, quotes, indentation and decorators do not count; all else does."""
    mark = CHECKS.fingerprint(STEP)
    assert re.fullmatch(r"[0-9a-f]{12}", mark)
    same = [
        "def step(x, h=1, *, scale: float=2.0):\n\n  # first\n  return (np.tanh(x @ h)) * scale\n",
        "    @cached\n" + "".join(f"    {line}\n" for line in STEP.strip().splitlines()),
        STEP.replace('"""Take a step."""', '"""\nTake\n  one.\n"""'),
    ]  # fmt: skip
    assert {CHECKS.fingerprint(text) for text in same} == {mark}
    other = [
        STEP.replace("@", "*"), STEP.replace("h=1", "h=1.0"), STEP.replace("step", "walk"), STEP.replace("2.0", "3.0"),
        STEP.replace("return", "yield"), STEP.replace("scale: float", "scale"), STEP.replace("*, ", ""),
    ]  # fmt: skip
    marks = {CHECKS.fingerprint(text) for text in other}
    assert mark not in marks
    assert len(marks) == len(other)


def test_a_fingerprint_is_the_same_everywhere() -> None:
    """It is stored in one version of Python and compared in another: it does not change."""
    assert CHECKS.fingerprint(STEP) == "9fa66efbd006"
    text = (
        "class A(B):\n    'Text.'\n    def f(self): return f'{self.x!r:>{3}}', [*self], x[1:2, ...], -1, b'a', 1e400j\n"
    )
    assert CHECKS.fingerprint(text) == "1f38121bff23"


@pytest.mark.parametrize("text", ["", "   ", "def f(:", "x = '\x00'", "(" * 5000, "\ud800", "'''open"])
def test_a_text_that_is_no_python_has_a_fingerprint(text: str) -> None:
    """Whatever it is handed, it answers, and the same each time."""
    assert re.fullmatch(r"[0-9a-f]{12}", CHECKS.fingerprint(text))
    assert CHECKS.fingerprint(text) == CHECKS.fingerprint(text)


def test_methods_have_the_fingerprint_of_their_lines() -> None:
    """The text that a running method is found by, and the part of the file that the parser names, are the same."""
    tree = ast.parse(text := SOURCE.read_text("utf-8"))
    methods = {
        f"{outer.name}.{node.name}": ast.get_source_segment(text, node)
        for outer in tree.body if isinstance(outer, ast.ClassDef)
        for node in outer.body if isinstance(node, ast.FunctionDef)
    }  # fmt: skip
    assert len(methods) > 8
    for name, segment in methods.items():
        running = getattr(CHECKS.Check, name.partition(".")[2], None) or CHECKS.CheckFailed._render_traceback_
        assert CHECKS.fingerprint(inspect.getsource(running)) == CHECKS.fingerprint(segment), name


# Files that change ----------------------------------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """Return a module of a student, imported."""
    (tmp_path / "layers.py").write_text('def double(x):\n    """Twice."""\n    return 2 * x\n')
    return load(tmp_path / "layers.py")


def test_a_file_as_it_was_imported_is_fine(module: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """So is one with another docstring, a comment and a new function."""
    text = 'def double(x):\n    """Twice."""\n    return 2 * x\n'
    for now in (text, "# New.\n\ndef more(): ...\n" + text.replace("Twice", "Two times")):
        Path(str(module.__file__)).write_text(now)
        with begun(module.double):
            pass
        assert capsys.readouterr().out == "✓ some_question: local checks pass; hidden tests follow.\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "def double(x):\n    return 3 * x\n",
            "double has changed in layers.py since it was imported, and what runs is",
        ),
        (
            "def double(x):\n    return (2 * x\n",
            "layers.py, line 2: '(' was never closed. A file that is no valid Python",
        ),
        ("def double(x):\n    return '\x00'\n", "layers.py"),
    ],
)
def test_a_check_is_never_of_an_older_version(module: ModuleType, text: str, message: str) -> None:
    """Where the file has changed and what runs has not, nothing is checked."""
    Path(str(module.__file__)).write_text(text)
    with pytest.raises(CHECKS.CheckFailed) as caught, begun(module.double):
        pytest.fail("checked")
    assert str(caught.value).startswith(message)


def test_functions_without_a_file_are_checked_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Functions of a library, and such as were made on the way."""
    with begun(np.tanh, len, lambda x: x, eval("lambda x: x")):
        pass
    assert capsys.readouterr().out.startswith("✓")


# In a notebook --------------------------------------------------------------------------------------------------------

CELLS = {
    "setup": "%load_ext a3.checks\nfrom a3.checks import question\nfrom a3.layers import double, Model",
    "passed": "with question('q', double) as check:\n    check.close('y', double(1.0), 2.0)",
    "failed": "with question('q', double) as check:\n    check.close('y', double(2.0), 3.0)",
    "stub in a file": "Model().loss()",
    "stub in a check": "with question('q', Model.loss) as check:\n    Model().loss()",
    "stub in a cell": "def own(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n",
    "its call": "own(3)",
    "stub of a cell": "# YOUR CODE HERE\nraise NotImplementedError()",
    "of a library": "class Base:\n    def f(self):\n        raise NotImplementedError('choose a kernel')\nBase().f()",
    "still there": "print('still there')",
}
IN_A_FILE = (
    "Model.loss is not written yet: a3/layers.py, line 9. Write it there, save the file, and run this cell again."
)
ITS_CALL = (
    "own is not written yet: your code goes where line 3 of its cell is. "
    "Write it there, run that cell, and then this one again."
)
OF_A_CELL = "This cell is not written yet: your code goes where line 2 is. Write it there, and run it again."
LAYERS = '''def double(x):
    return 2 * x


class Model:
    def loss(self):
        """Say how wrong it is."""
        # YOUR CODE HERE
        raise NotImplementedError()
'''


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[NotebookNode]]]:
    """Return the outputs of `CELLS`, by their names, after a run past all errors."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "a3").mkdir()
    shutil.copy(SOURCE, folder / "a3")
    (folder / "a3/layers.py").write_text(LAYERS)
    (folder / "a3/assignment.json").write_text(json.dumps({"questions": [{"id": "q", "tests": 5}]}))
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    NotebookClient(made, timeout=60, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    return {name: cell.outputs for name, cell in zip(CELLS, made.cells, strict=True)}


def test_a_notebook_stores_what_was_checked(notebook: dict[str, list[NotebookNode]]) -> None:
    """With the last line, whether it passed and the fingerprints of what was checked; so too where it failed."""
    marks = {"a3.layers.double": CHECKS.fingerprint("def double(x):\n    return 2 * x")}
    _, shown = notebook["passed"]
    assert shown.data["text/plain"] == "✓ q: local checks pass; 5 hidden tests follow."
    assert shown.metadata["a3"] == {"check": "q", "passed": True, "functions": marks}
    shown, _ = notebook["failed"]
    assert shown.data["text/plain"] == "✗ q: a local check fails, see below."
    assert shown.metadata["a3"] == {"check": "q", "passed": False, "functions": marks}


def test_a_failed_check_is_one_sentence(notebook: dict[str, list[NotebookNode]]) -> None:
    """The cell fails, and below it stands what is wrong, without the way to the line that found it."""
    _, error = notebook["failed"]
    assert (error.output_type, error.ename) == ("error", "CheckFailed")
    assert error.traceback == [f"✗ {error.evalue}"]
    assert error.evalue.startswith("y is not right: 1 of 1 entries differ. The first is y: got 4, expected 3.")


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("stub in a file", IN_A_FILE),
        ("stub in a check", IN_A_FILE),
        ("its call", ITS_CALL),
        ("stub of a cell", OF_A_CELL),
    ],
)
def test_an_unwritten_function_is_one_sentence(
    cell: str, sentence: str, notebook: dict[str, list[NotebookNode]]
) -> None:
    """In a file, in a cell, a cell itself: what is missing, where, and what to do; and the cell fails."""
    (error,) = notebook[cell]
    assert (error.output_type, error.ename) == ("error", "NotImplementedError")
    assert error.evalue == sentence
    assert error.traceback == [sentence]


def test_an_error_of_another_kind_keeps_its_traceback(notebook: dict[str, list[NotebookNode]]) -> None:
    """Libraries raise the same exception; theirs is shown as ever, and the kernel goes on."""
    (error,) = notebook["of a library"]
    assert error.evalue == "choose a kernel"
    assert "Base().f()" in re.sub(r"\x1b\[[\d;]*m", "", "".join(error.traceback))
    assert notebook["still there"][0].text == "still there\n"


def test_a_saved_file_is_what_runs(tmp_path: Path) -> None:
    """However often a file is changed, and the first cell run again: it is the new code, at the lines of the file."""
    (tmp_path / "a3").mkdir()
    shutil.copy(SOURCE, tmp_path / "a3")
    text = "import numpy as np\n\n\ndef double(x):\n    return np.multiply(2, x)\n"
    (tmp_path / "a3/layers.py").write_text(text)
    first = "%load_ext autoreload\n%autoreload 2\n%load_ext a3.checks\nfrom a3.checks import question\n"
    cells = [first + "from a3.layers import double\nfrom pathlib import Path"]
    for factor in (3, 2):
        now = text.replace("2", str(factor)).replace("def", "# moved\n\n\ndef")
        cells += [f"_ = Path('a3/layers.py').write_text({now!r})", first]
        cells += [f"with question('q', double) as check:\n    check.close('y', double(1.0), {factor}.0)"]
    cells += ["print(double.__code__.co_firstlineno)"]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(made, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert made.cells[-1].outputs[0].text == "7\n"


# Mistakes that students make ------------------------------------------------------------------------------------------


def test_known_mistakes_are_found_by_the_cells() -> None:
    """A bias gradient that is averaged, and words that are counted once, are seen by the notebook's own checks."""
    student = submission(sample("subtly_wrong"))
    cells = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in nbformat.read(ASSIGNMENT / "RNN_Captioning.ipynb", as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"
    }
    names = {**vars(student.module("rnn_layers")._value), "question": CHECKS.question, "np": np}
    names["numerical_gradient"] = GRADIENT_CHECK.numerical_gradient

    exec(cells["rnn_step_forward"], dict(names))
    with pytest.raises(
        CHECKS.CheckFailed, match=r"db is not right: 6 of 6 .* 4 times too small: is there a mean where"
    ):
        exec(cells["rnn_step_backward"], dict(names))
    with pytest.raises(CHECKS.CheckFailed, match=r"dW is not right: 30 of 30 entries differ"):
        exec(cells["word_embedding_backward"], dict(names))

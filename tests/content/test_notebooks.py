"""
What a student does with the notebooks: open them, run them from the top, read what they say.

Both run in real kernels, on the embedded data, in a copy of the assignment: with the solution, and stripped.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from local_student import ASSIGNMENT, PACKAGE, ROOT, load
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

NOTEBOOKS = ("RNN_Captioning", "LSTM_Captioning")
CHECKS = load(ASSIGNMENT / PACKAGE / "checks.py")
FIRST = {
    "RNN_Captioning": ("try-step-forward", "rnn_step_forward"),
    "LSTM_Captioning": ("try-step-forward", "lstm_step_forward"),
}
"""The first cell of each notebook that needs something unwritten, and what that is."""
MOST_CODE_LINES = 25
MOST_WIDE = {"code": 100, "markdown": 125}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # of jupyter_client


def read(name: str) -> NotebookNode:
    """Return a notebook of the source."""
    return nbformat.read(ASSIGNMENT / f"{name}.ipynb", as_version=4)


def run(notebook: NotebookNode, folder: Path, *, go_on: bool = False) -> NotebookNode:
    """Run a notebook in a kernel of its own, as Run All does; outputs are put into it."""
    client = NotebookClient(notebook, timeout=120, allow_errors=go_on, resources={"metadata": {"path": str(folder)}})
    own = {name: value for name, value in os.environ.items() if name not in {"A3_DATA", "PYTHONPATH", "MPLBACKEND"}}
    client.execute(env={**own, "OMP_NUM_THREADS": "1"})
    return notebook


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the assignment, with the solution."""
    copy = tmp_path_factory.mktemp("course") / "assignment3"
    shutil.copytree(ASSIGNMENT, copy, ignore=shutil.ignore_patterns("datasets", "__pycache__"))
    return copy


@pytest.fixture(scope="module")
def executed(folder: Path) -> dict[str, NotebookNode]:
    """Return both notebooks as they are after Run All."""
    return {name: run(read(name), folder) for name in NOTEBOOKS}


@pytest.fixture(scope="module")
def stripped_folder(folder: Path, executed: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the assignment whose modules are stubs; the data that were made are there already."""
    copy = tmp_path_factory.mktemp("release") / "assignment3"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    region = re.compile(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION\n", re.DOTALL)
    for path in (copy / PACKAGE).rglob("*.py"):
        text = region.sub(r"\1# YOUR CODE HERE\n\1raise NotImplementedError()\n", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
    return copy


def stripped(name: str) -> NotebookNode:
    """Return a notebook as nbgrader strips it."""
    from nbgrader.preprocessors import ClearSolutions

    clear = ClearSolutions()
    return clear.preprocess(read(name), {})[0]


def cells(notebook: NotebookNode, **marks: Any) -> Iterator[NotebookNode]:
    """Yield the cells whose nbgrader metadata has these values."""
    for cell in notebook.cells:
        own = cell.metadata.get("nbgrader", {})
        if own and all(own[name] == value for name, value in marks.items()):
            yield cell


def texts(cell: NotebookNode) -> str:
    """Return what a cell printed and raised."""
    return "".join(
        output.get("text", "") + output.get("evalue", "") + output.get("data", {}).get("text/plain", "")
        for output in cell.get("outputs", [])
    )


def printed(notebook: NotebookNode, name: str) -> str:
    """Return what the cell of this id printed."""
    (cell,) = [cell for cell in notebook.cells if cell.id == name]
    return texts(cell)


# With the solution ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom(name: str, executed: dict[str, NotebookNode]) -> None:
    """No cell raises, and none prints a warning."""
    outputs = [output for cell in executed[name].cells for output in cell.get("outputs", [])]
    assert outputs
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_check_has_its_tick(name: str, executed: dict[str, NotebookNode]) -> None:
    """Each question ends with one coloured ✓ that speaks of local checks alone, stored with what was checked."""
    for cell in cells(executed[name], grade=True, solution=False):
        (shown,) = [output for output in cell.outputs if output.output_type == "display_data"]
        question = cell.metadata.nbgrader.grade_id
        assert shown.data["text/plain"] == f"✓ {question}: local checks pass; hidden tests follow."
        assert "#1a7f37" in shown.data["text/html"]
        stored = shown.metadata["a3"]
        assert (stored["check"], stored["passed"]) == (question, True)
        assert stored["functions"] == {each: written(each) for each in stored["functions"]} != {}


def written(name: str) -> str:
    """Return the fingerprint of a function or method as it stands in the source, by its full name."""
    module = next(path for path in (ASSIGNMENT / PACKAGE).rglob("*.py") if name.startswith(f"{dotted(path)}."))
    text = module.read_text("utf-8")
    body: list[ast.stmt] = ast.parse(text).body
    for part in name.removeprefix(f"{dotted(module)}.").split("."):
        (node,) = [each for each in body if getattr(each, "name", None) == part]
        body = node.body  # type: ignore[attr-defined]
    return str(CHECKS.fingerprint(ast.get_source_segment(text, node)))


def dotted(path: Path) -> str:
    """Return the name under which a notebook imports a module."""
    return ".".join(path.relative_to(ASSIGNMENT).with_suffix("").parts)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_there_are_pictures(name: str, executed: dict[str, NotebookNode]) -> None:
    """Every cell that draws shows a picture."""
    code = [cell for cell in executed[name].cells if cell.cell_type == "code"]
    drawing = [cell for cell in code if re.search(r"show\w*\(", cell.source)]
    assert len(drawing) >= 6
    for cell in drawing:
        assert [output for output in cell.outputs if "image/png" in output.get("data", {})], cell.id


@pytest.mark.slow
def test_fifty_captions_are_known_by_heart(executed: dict[str, NotebookNode]) -> None:
    """The loss of the fifty is nearly zero and they are said word for word; those of new pictures are not."""
    notebook = executed["RNN_Captioning"]
    train, val = re.findall(r"train +([\d.]+), val +([\d.]+)", printed(notebook, "train-2"))[-1]
    assert float(train) < 0.3
    assert float(val) > 20
    assert int(printed(notebook, "count-train").split()[0]) >= 48
    assert int(printed(notebook, "said-val").split()[0]) <= 5


@pytest.mark.slow
def test_many_captions_teach_about_new_pictures(executed: dict[str, NotebookNode]) -> None:
    """An LSTM learns fifty captions by heart; of three thousand, it learns what holds for new pictures too."""
    notebook = executed["LSTM_Captioning"]
    last = [float(number) for number in re.findall(r"to ([\d.]+)", printed(notebook, "train-small"))]
    assert len(last) == 2
    assert max(last) < 0.5
    val = [float(number) for number in re.findall(r"val ([\d.]+)", printed(notebook, "train-more"))]
    assert val[-1] < val[0] / 1.5
    assert val[-1] < 8


# As students get them -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_release_stops_at_the_first_unwritten_cell(name: str, stripped_folder: Path) -> None:
    """Run All ends where the first function is missing, with one sentence: what, where, and what to do."""
    notebook = stripped(name)
    identity, function = FIRST[name]
    with pytest.raises(CellExecutionError) as caught:
        run(notebook, stripped_folder)

    (failed,) = [cell for cell in notebook.cells if any(out.output_type == "error" for out in cell.get("outputs", []))]
    assert failed.id == identity
    (error,) = failed.outputs
    line = line_of_stub(stripped_folder / PACKAGE / "rnn_layers.py", function)
    sentence = (
        f"{function} is not written yet: a3/rnn_layers.py, line {line}. "
        "Write it there, save the file, and run this cell again."
    )
    assert error.evalue == sentence
    assert error.traceback == [sentence]
    assert sentence in str(caught.value)
    after = notebook.cells[notebook.cells.index(failed) + 1 :]
    assert not [cell for cell in after if cell.get("outputs")]


def line_of_stub(path: Path, function: str) -> int:
    """Return the line of the stub of a function."""
    text = path.read_text("utf-8")
    (node,) = [each for each in ast.parse(text).body if getattr(each, "name", None) == function]
    lines = text.splitlines()
    return next(n for n in range(node.lineno, len(lines)) if lines[n - 1].strip() == "raise NotImplementedError()")


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_check_passes_before_anything_is_written(name: str, stripped_folder: Path) -> None:
    """Whoever runs the cells one by one, past all errors, sees a function's name at each check, and no ✓ of a check."""
    notebook = run(stripped(name), stripped_folder, go_on=True)
    for cell in cells(notebook, grade=True, solution=False):
        question = cell.metadata.nbgrader.grade_id
        assert f"✓ {question}" not in texts(cell)
        assert re.search(r"\w+ is not written yet: a3/|name '\w+' is not defined", texts(cell)), question
    if name == "RNN_Captioning":
        own = "count_exact is not written yet: your code goes where line 4 of its cell is. Write it there, run that"
        assert own in " ".join(texts(cell) for cell in run(only_counting(notebook), stripped_folder, go_on=True).cells)


def only_counting(notebook: NotebookNode) -> NotebookNode:
    """Return the set-up, the function that students write in the notebook, and a call of it."""
    chosen = [cell for cell in notebook.cells if cell.id in {"setup", "exact"}]
    return nbformat.v4.new_notebook(cells=[*chosen, nbformat.v4.new_code_cell("count_exact([], [])")])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_model_answers_are_stripped(name: str) -> None:
    """Nothing is left of an answer or of a solution."""
    source, release = read(name), stripped(name)
    for before, after in zip(source.cells, release.cells, strict=True):
        marks = before.metadata.get("nbgrader", {})
        if marks.get("solution") and marks["grade"]:
            assert len(before.source.split()) >= 60
            assert not set(before.source.split(". ")) & set(after.source.split(". "))
    assert "SOLUTION" not in "".join(cell.source for cell in release.cells)


def test_a_cell_runs_in_colab(tmp_path: Path) -> None:
    """Where google.colab is there, the first cell mounts the drive, goes to the folder and says how to hand in."""
    drive, package = tmp_path / "drive", tmp_path / "google" / "colab"
    (drive / "MyDrive").mkdir(parents=True)
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "drive.py").write_text("def mount(path):\n    print('mounted', path)\n")
    source = read("RNN_Captioning").cells[1].source.replace("/content/drive", str(drive))
    program = f"""
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
if "colab" in sys.argv:
    import google.colab
result = shell.run_cell({source!r})
import os
print("in", os.path.basename(os.getcwd()), "passed", result.success)
"""

    def said(*arguments: str) -> str:
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert said() == f"in {tmp_path.name} passed True\n"
    (drive / "MyDrive/assignment3").mkdir()
    missing = said("colab")
    assert "a3 is not in " in missing
    assert "change FOLDER to where it is" in missing
    assert "passed False" in missing
    (drive / "MyDrive/assignment3/a3").mkdir()
    (drive / "MyDrive/assignment3/requirements.txt").write_text("numpy\n")
    there = said("colab")
    assert f"mounted {drive}\n" in there
    assert "run collect_submission.ipynb" in there
    assert there.endswith("in assignment3 passed True\n")


# As they are in git ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_metadata_are_nbgraders(name: str) -> None:
    """Schema 3: locked checks, inline answers that people read, and cells that students write."""
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = read(name)
    MetadataValidator().validate_nb(notebook)
    kinds = {(True, False, True): "check", (True, True, False): "answer", (False, True, False): "own"}
    found = [kinds[m.grade, m.solution, m.locked] for m in (cell.metadata.nbgrader for cell in cells(notebook))]
    assert found.count("answer") == 2
    assert found.count("check") >= 6
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"nbgrader"}
        assert cell.cell_type == ("markdown" if cell.id.startswith("answer-") else cell.cell_type)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_weights_are_percent(name: str) -> None:
    """The weights of a notebook are whole numbers that add up to 100, so that any whole points have two decimals."""
    weights = [cell.metadata.nbgrader.points for cell in cells(read(name), grade=True)]
    assert all(isinstance(weight, int) for weight in weights)
    assert sum(weights) == 100
    assert sum(cell.metadata.nbgrader.points for cell in cells(read(name), grade=True, solution=True)) == 10


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_ids_say_what_a_cell_is(name: str) -> None:
    """Ids are words, each once; a check's id has its question, so that a new cell above changes no id."""
    notebook = read(name)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", identity) for identity in ids)
    for cell in cells(notebook, grade=True, solution=False):
        assert cell.id == f"check-{cell.metadata.nbgrader.grade_id.replace('_', '-')}"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_question_has_a_heading_of_its_own(name: str) -> None:
    """Idea, then call, then check: each grade cell stands below a heading that no other grade cell has."""
    heading, seen = "", []
    for cell in read(name).cells:
        if cell.cell_type == "markdown" and not cell.metadata.get("nbgrader"):
            heading = (re.findall(r"^## (.+)$", cell.source, re.MULTILINE) or [heading])[-1]
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            seen.append(heading)
            assert not re.search(r"^#", cell.source, re.MULTILINE) or cell.cell_type == "code"
            assert heading.startswith("Inline question") == cell.metadata.nbgrader.solution
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_are_short_and_plain(name: str) -> None:
    """Cells fit on a screen and lines in a cell; mathematics is of the kind that Jupyter, Colab and a PDF can show."""
    for cell in read(name).cells:
        lines = cell.source.split("\n")
        assert max(map(len, lines)) <= MOST_WIDE[cell.cell_type], cell.id
        assert all(line == line.rstrip() for line in lines), cell.id
        if cell.cell_type == "code":
            assert len(lines) <= MOST_CODE_LINES, cell.id
            continue
        prose = re.sub(r"\$\$.*?\$\$", "", cell.source, flags=re.DOTALL)
        assert "\\begin" not in prose, cell.id
        assert re.sub(r"\$[^$\n]*\$", "", prose.replace("\n", " ")).count("$") == 0, cell.id
        assert re.search(r"[\u2600-\u26ff\U0001f000-\U0001faff]", cell.source) is None, cell.id
        maths = re.findall(r"\$\$.*?\$\$", cell.source, re.DOTALL) + re.findall(r"\$[^$]+\$", prose)
        assert not re.search(r"[<>]", "".join(maths)), cell.id  # a browser could take it for markup


def test_notebooks_share_no_solution() -> None:
    """No line of a solution stands in another cell, where the release would show it."""
    region = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
    texts_of = [cell.source for name in NOTEBOOKS for cell in read(name).cells]
    modules = [path.read_text("utf-8") for path in (ROOT / "source").rglob("*.py")]
    bodies = [body for text in (*texts_of, *modules) for body in region.findall(text)]
    solved = {line.strip() for body in bodies for line in body.split("\n")}
    shown = {line.strip() for text in texts_of for line in region.sub("", text).split("\n")}
    assert {line for line in solved & shown if len(line) > 20} == set()

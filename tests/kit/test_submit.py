"""The command, the script and the notebook, as a student uses them: each in a process of its own."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbclient
import nbformat
import pytest
from made import CLEAN, MODULE, SOURCE, STUB, assignment, code, markdown, notebook, shown
from pypdf import PdfReader

DONE = "### Done! Please submit a3_code_submission.zip and a3_inline_submission.pdf to Gradescope. ###"


def submit(root: Path, *arguments: str, command: tuple[str, ...] = (), **options) -> subprocess.CompletedProcess[str]:
    """Run the kit in a folder, with nobody to be asked."""
    run = [*(command or (sys.executable, "-m", "a3.submit")), *arguments]
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | options.pop("variables", {})
    return subprocess.run(
        run, cwd=options.pop("cwd", root), env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        encoding="utf-8", timeout=120, check=False, **options,
    )  # fmt: skip


def last_line(run: subprocess.CompletedProcess[str]) -> str:
    """Return the closing words."""
    assert run.stderr == ""
    return run.stdout.strip().splitlines()[-1]


def test_finished_work_is_packed_printed_and_the_last_line_says_what_to_submit(tmp_path):
    """Both files are there and whole, the receipt has their hashes, and the process ends with 0."""
    root = assignment(tmp_path)
    run = submit(root)
    assert (last_line(run), run.returncode) == (DONE, 0)
    with zipfile.ZipFile(root / "a3_code_submission.zip") as made:
        assert made.namelist() == ["First.ipynb", "Second.ipynb", "a3/__init__.py", "a3/layers.py"]
    text = "\n".join(page.extract_text() for page in PdfReader(root / "a3_inline_submission.pdf").pages)
    assert "Because it grows." in text
    receipt = (root / "a3_receipt.txt").read_text()
    assert re.search(r"Made:    \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} ", receipt)
    hashes = re.findall(r"sha256 ([0-9a-f]{64})\n", receipt)
    assert len(hashes) == 2
    assert all(each in run.stdout for each in hashes)
    assert "Nothing was open" in receipt


def test_unfinished_work_stops_before_anything_is_written(tmp_path):
    """All that is open is named, nothing is written, and the message says how to go on."""
    root = assignment(
        tmp_path, First=notebook(code("x = 1"), markdown("*Your answer:*", "why")), Second=notebook(code("1"))
    )
    (root / "a3" / "layers.py").write_text(MODULE.replace("    return 2 * x\n", STUB))
    run = submit(root)
    assert run.returncode == 1
    for words in (
        "line 7: forward is not written yet",
        "First.ipynb: was not run",
        "1.2 Why it grows: is not answered",
    ):
        assert words in run.stdout
    assert "Stopped: 3 things are open" in run.stdout
    assert "--anyway" in run.stdout
    assert "Done!" not in run.stdout
    assert not list(root.glob("a3_*"))


def test_a_check_of_code_that_has_changed_since_is_named(tmp_path):
    """Fingerprints are those of the local checks, of functions and of methods as they lie on disk now."""
    checks = "import ast, hashlib, textwrap\ndef fingerprint(source):\n"
    checks += "    tree = ast.dump(ast.parse(textwrap.dedent(source)))\n"
    checks += "    return hashlib.sha256(tree.encode()).hexdigest()[:12]\n"
    made: dict = {}
    exec(checks, made)
    loss = '    def loss(self, x):\n        """Return the loss."""\n        return forward(x)\n'
    seen = {
        "a3.layers.Model.loss": made["fingerprint"](loss),
        "a3.layers.gone": "0" * 12,
        "a3.layers.forward": "1" * 12,
    }
    output = shown({"a3": {"check": "forward", "functions": seen}}, text_plain="fine")
    root = assignment(tmp_path, First=notebook(code("check()", 1, output), CLEAN[-1]), Second=notebook(code("1", 1)))
    (root / "a3" / "checks.py").write_text(checks)
    run = submit(root)
    assert run.returncode == 1
    assert "First.ipynb, cell 1: shows a check of a3.layers.forward as it was before you changed it" in run.stdout
    assert "Stopped: 1 thing is open" in run.stdout


def test_unfinished_work_can_be_handed_in_anyway(tmp_path):
    """Who is told to go on gets both files; the receipt keeps what was open."""
    root = assignment(tmp_path)
    (root / "a3" / "layers.py").write_text(MODULE.replace("    return 2 * x\n", STUB))
    run = submit(root, "--anyway")
    assert (last_line(run), run.returncode) == (DONE, 0)
    assert "1 thing was open" in run.stdout
    assert "- a3/layers.py, line 7: forward is not written yet" in (root / "a3_receipt.txt").read_text()


@pytest.mark.skipif(os.name != "posix", reason="a terminal of its own is made with pty")
def test_someone_at_a_terminal_is_asked(tmp_path):
    """A plain Return means no; nothing is written then."""
    import pty

    root = assignment(tmp_path)
    (root / "a3" / "layers.py").unlink()
    ours, theirs = pty.openpty()
    os.write(ours, b"\n")
    run = subprocess.run(
        [sys.executable, "-m", "a3.submit"], cwd=root, stdin=theirs, capture_output=True, timeout=60, check=False
    )
    os.close(ours)
    os.close(theirs)
    assert run.returncode == 1
    assert b"1 thing is open. Go on anyway? [y/N]" in run.stdout
    assert not list(root.glob("a3_*"))


def test_for_moodle_both_are_in_one_archive(tmp_path):
    """assignment3.zip holds the two files as they lie beside it, and the last line names it alone."""
    root = assignment(tmp_path / "work")
    run = submit(root, "--moodle", "--output", str(tmp_path / "made"))
    assert (last_line(run), run.returncode) == ("### Done! Please submit assignment3.zip to Moodle. ###", 0)
    with zipfile.ZipFile(tmp_path / "made" / "assignment3.zip") as made:
        assert made.namelist() == ["a3_code_submission.zip", "a3_inline_submission.pdf"]
        for name in made.namelist():
            assert made.read(name) == (tmp_path / "made" / name).read_bytes()


@pytest.mark.parametrize(("package", "name"), [("typst", "Typst"), ("pypandoc", "Pandoc")])
def test_without_what_makes_the_pdf_the_archive_is_still_made(tmp_path, package, name):
    """The message says what is missing and how to get it, the last line does not say done, and an old PDF is gone."""
    root = assignment(tmp_path / "work")
    (root / "a3_inline_submission.pdf").write_bytes(b"%PDF- of last week")
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    run = submit(root, variables={"PYTHONPATH": str(tmp_path)})
    assert run.returncode == 3
    assert f"{name}, which" in run.stdout
    assert "pip install -r requirements-notebooks.txt" in run.stdout
    assert last_line(run) == "### Not complete: a3_code_submission.zip is made, a3_inline_submission.pdf is not. ###"
    assert (root / "a3_code_submission.zip").exists()
    assert not (root / "a3_inline_submission.pdf").exists()


def test_a_typst_of_long_ago_is_named(tmp_path):
    """What is there and does not know what is needed is as good as missing: the same advice, and no traceback."""
    root = assignment(tmp_path / "work")
    (tmp_path / "typst.py").write_text("__version__ = '0.1'\n")
    run = submit(root, variables={"PYTHONPATH": str(tmp_path)})
    assert run.returncode == 3
    assert "Typst, which sets the pages, is too old or does not run" in run.stdout
    assert "pip install -r requirements-notebooks.txt" in run.stdout


def test_a_required_file_that_had_to_be_left_out_is_not_done(tmp_path):
    """A module that is a link cannot be handed in, so the last line does not promise it."""
    root = assignment(tmp_path / "work")
    (root / "a3" / "layers.py").rename(tmp_path / "layers.py")
    (root / "a3" / "layers.py").symlink_to(tmp_path / "layers.py")
    run = submit(root, "--no-pdf")
    assert run.returncode == 3
    assert "left out: a3/layers.py: a link" in run.stdout
    assert last_line(run).startswith("### Not complete: a file that grading needs")


def test_without_the_list_of_the_assignment_less_is_checked_and_all_is_made(tmp_path):
    """In the instructor's folder there is no assignment.json; notebooks are taken by name."""
    root = assignment(tmp_path / "assignment3")
    (root / "a3" / "assignment.json").unlink()
    assert last_line(submit(root)) == DONE


def test_a_damaged_list_of_the_assignment_is_named(tmp_path):
    """The message says which file, and where to get it."""
    root = assignment(tmp_path)
    (root / "a3" / "assignment.json").write_text("{")
    run = submit(root)
    assert run.returncode == 2
    assert run.stdout.startswith("a3/assignment.json cannot be read")


def test_the_script_does_the_same_from_anywhere(tmp_path):
    """From another folder, with a space in the path, and a relative folder for what is made."""
    root = assignment(tmp_path / "my work")
    script = ("bash", str(root / "collectSubmission.sh"))
    run = submit(root, "--output", "made", command=script, cwd=tmp_path, variables={"PYTHON": sys.executable})
    assert (last_line(run), run.returncode) == (DONE, 0)
    assert (tmp_path / "made" / "a3_code_submission.zip").exists()


def test_the_script_hands_on_what_the_kit_ends_with(tmp_path):
    """Something open is 1 here too."""
    root = assignment(tmp_path)
    (root / "a3" / "layers.py").unlink()
    assert submit(root, command=("bash", "./collectSubmission.sh")).returncode == 1


def test_the_script_keeps_to_what_an_old_bash_knows():
    """Bash is 3.2 on macOS: no arrays by name, no lower-casing, no readarray; bash itself finds no mistake."""
    script = SOURCE / "collectSubmission.sh"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert not re.search(r"declare -A|readarray|mapfile|\$\{\w+[,^]|\|&|&>>|local -n", script.read_text())
    assert os.access(script, os.X_OK)


def test_the_notebook_does_the_same(tmp_path):
    """Run from top to bottom outside of Colab it makes both files, and its last line is the one of the command."""
    root = assignment(tmp_path)
    work = nbformat.read(root / "collect_submission.ipynb", 4)
    made = nbclient.NotebookClient(
        work, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(root)}}
    )
    cells = [each for each in made.execute().cells if each.cell_type == "code"]
    assert cells[0].outputs == []
    assert "".join(each.text for each in cells[1].outputs).strip().splitlines()[-1] == DONE
    assert (root / "a3_inline_submission.pdf").exists()


def test_the_notebook_in_git_is_clean():
    """No outputs, no counts, a stable id for each cell."""
    path = SOURCE / "collect_submission.ipynb"
    cells = json.loads(path.read_text())["cells"]
    assert len({each["id"] for each in cells}) == len(cells) == 5
    assert [(each["outputs"], each["execution_count"]) for each in cells if each["cell_type"] == "code"] == [
        ([], None)
    ] * 2


def test_the_kit_starts_without_numpy_and_torch(tmp_path):
    """A start costs a fraction of a second, and a broken installation of them keeps nobody from handing in."""
    root = assignment(tmp_path)
    (root / "First.ipynb").write_bytes(notebook(*CLEAN))
    names = "numpy", "torch", "matplotlib", "IPython", "typst", "PIL"
    probe = f"import sys, a3.submit; print([each for each in {names} if each in sys.modules])"
    assert submit(root, command=(sys.executable, "-c", probe)).stdout == "[]\n"


def test_the_kit_is_written_for_the_pythons_that_students_have():
    """Its syntax is that of Python 3.9, which the oldest systems in use have."""
    for path in [SOURCE / "a3" / "submit.py", *(SOURCE / "a3" / "handin").glob("*.py")]:
        ast.parse(path.read_text(), feature_version=(3, 9))


def test_a_name_that_is_no_folder_is_named(tmp_path):
    """Where what is made should go there is a file: one sentence, and no traceback."""
    root = assignment(tmp_path / "work")
    (tmp_path / "file").write_text("x")
    run = submit(root, "--output", str(tmp_path / "file"))
    assert (run.returncode, last_line(run)) == (3, "### Not complete: see above. ###")
    assert "cannot be written" in run.stdout

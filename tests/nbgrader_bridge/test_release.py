"""A release is the same by whichever way it is made, and no solution is in it, whatever goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from formgrader import formgrader
from toy_course import CANARY, ROOT, cell, leaked, make_course, nbgrader, tree

from autograder.config import load_assignment
from autograder.errors import ConfigError
from autograder.nbgrader_bridge import make_release, release_drift
from autograder.nbgrader_bridge.release import _Staging
from autograder.notebooks.markers import MarkerError

MODULE = "source/toy/pkg/sums.py"
NOTEBOOK = "source/toy/Sums.ipynb"
MANIFEST = "pkg/assignment.json"
FILES = {
    "README.md", "requirements.txt", "start.sh", "collect.ipynb", "Sums.ipynb", "More.ipynb",
    "pkg/__init__.py", "pkg/sums.py", "pkg/assignment.json", "datasets/get.sh",
}  # fmt: skip


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    """A course from which a release was made by our own command."""
    course = make_course(tmp_path_factory.mktemp("pristine"))
    make_release(load_assignment(course, "toy"))
    return course


@pytest.fixture
def course(tmp_path, pristine):
    """A course without a release, and with the gradebook of another: alembic takes seconds to make one."""
    made = make_course(tmp_path / "course")
    shutil.copy(pristine / "gradebook.db", made)
    return made


def release(course: Path) -> None:
    """Make the release by our own command."""
    make_release(load_assignment(course, "toy"))


def edit(course: Path, path: str, old: str, new: str) -> None:
    """Change a file of the source."""
    place = course / path
    text = place.read_text("utf-8")
    assert old in text
    place.write_text(text.replace(old, new), "utf-8")


def test_a_release_has_what_is_named_and_nothing_else(pristine):
    """Notebooks, stripped modules, given files, hand-outs, the course's files and the manifest; nothing else."""
    assert set(tree(pristine / "release" / "toy")) == FILES
    assert os.access(pristine / "release/toy/start.sh", os.X_OK)


def test_no_solution_is_in_a_release(pristine):
    """Not in code, words, outputs, metadata or attachments; not in the archive; in no file beside."""
    assert leaked(pristine) == ["gradebook.db"]  # where nbgrader keeps the hidden tests of notebooks
    with zipfile.ZipFile(pristine / "release/toy.zip") as archive:
        assert not any(CANARY.encode() in archive.read(name) for name in archive.namelist())


def test_stubs_stand_where_solutions_were(pristine):
    """Each region is one stub, indented as it was; what is around it is as it was."""
    module = (pristine / "release/toy/pkg/sums.py").read_text()

    assert module.count("    # YOUR CODE HERE\n    raise NotImplementedError()\n") == 1
    assert module.count("            # YOUR CODE HERE\n            raise NotImplementedError()\n") == 1
    assert "def given(a):" in module
    compile(module, "sums.py", "exec")


def test_points_are_those_of_the_edition(pristine):
    """Weights 9 and 1 of 10 points; for extra credit a gradebook's maximum is 0."""
    books = {name: json.loads((pristine / f"release/toy/{name}.ipynb").read_text()) for name in ("Sums", "More")}
    points = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"].get("points")
        for book in books.values() for cell in book["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }  # fmt: skip

    assert points == {"add": 9, "add_words": 1, "more": 0, "more_words": 0}


def test_the_manifest_says_what_there_is(pristine):
    """The students' tools read files, questions, points and numbers of hidden tests from it."""
    manifest = json.loads((pristine / "release/toy/pkg/assignment.json").read_text())

    assert manifest["required"] == ["pkg/sums.py"]
    assert manifest["notebooks"] == [
        {"file": "Sums.ipynb", "points": 10.0, "extra_credit": False},
        {"file": "More.ipynb", "points": 2.5, "extra_credit": True},
    ]
    rows = {each["id"]: (each["points"], each["tests"], each["manual"]) for each in manifest["questions"]}
    assert rows == {
        "add": (9.0, 1, False), "add_words": (1.0, 0, True), "more": (2.0, 1, False), "more_words": (0.5, 0, True),
    }  # fmt: skip


def test_the_archive_is_reproducible(course, pristine):
    """Another course with the same source makes the same bytes, archive included."""
    release(course)

    assert tree(course / "release") == tree(pristine / "release")


@pytest.mark.slow
def test_every_way_makes_the_same_release(tmp_path, pristine):
    """The command of nbgrader, its API and formgrader's button make what our command makes."""
    expected = tree(pristine / "release")
    by_command, by_api, by_button = courses = [make_course(tmp_path / name) for name in ("command", "api", "button")]
    for course in courses:
        shutil.copy(pristine / "gradebook.db", course)

    assert nbgrader(by_command, "generate_assignment", "toy").returncode == 0
    script = (
        "from nbgrader.apps import NbGraderAPI\n"
        "from traitlets.config.loader import PyFileConfigLoader\n"
        "config = PyFileConfigLoader('nbgrader_config.py', path='.').load_config()\n"
        "print(NbGraderAPI(config=config).generate_assignment('toy')['success'])\n"
    )
    paths = {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-c", script], cwd=by_api, env=os.environ | paths, text=True,
                          capture_output=True, timeout=120, check=False)  # fmt: skip
    assert done.stdout.strip().endswith("True"), done.stderr
    with formgrader(by_button, tmp_path / "home") as server:
        assert server.post("assignment/toy/assign")["success"] is True

    for course in courses:
        assert tree(course / "release") == expected, course.name


BROKEN = [
    (MODULE, "    ### END SOLUTION\n\n\nclass", "\n\nclass", r"pkg/sums.py, line \d+: BEGIN"),
    (MODULE, "### BEGIN SOLUTION\n    total", "### Begin solution\n    total", "pkg/sums.py, line 6: no marker, but"),
    (MODULE, "### BEGIN SOLUTION\n    total", "# BEGIN SOLUTON\n    total", "pkg/sums.py, line 6: no marker, but"),
    (MODULE, "    ### BEGIN SOLUTION\n    total", "    total", "pkg/sums.py, line 8: END SOLUTION without"),
    (MODULE, "total = a + b  #", "total = a +  #", "pkg/sums.py, line 7: is not valid Python"),
    (MODULE, "def given(a):", "### BEGIN SOLUTION\nX = 1\n### END SOLUTION\ndef given(a):", "outside of any function"),
    (NOTEBOOK, "### END SOLUTION", "### END", "Sums.ipynb cell 2, line 1: BEGIN SOLUTION is never closed"),
    (NOTEBOOK, '"solution": true', '"solution": false', "Sums.ipynb cell 2, line 1: a solution in a cell that"),
    (NOTEBOOK, '"nbformat": 4', '"nbformat": 3', "Sums.ipynb"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "old", "new", "message"), BROKEN)
def test_a_broken_source_releases_nothing(course, path, old, new, message):
    """The error names file, cell and line; nothing is released, and nothing lies about."""
    edit(course, path, old, new)

    with pytest.raises(ConfigError, match=message):
        release(course)

    assert not (course / "release").exists()
    assert list(course.glob(".release-*")) == []


@pytest.mark.slow
@pytest.mark.parametrize(("path", "old", "new"), [BROKEN[1][:3], BROKEN[7][:3]])
def test_a_broken_source_fails_nbgrader_too(pristine, course, path, old, new):
    """The command of nbgrader ends with an error, and the release that was there is as it was."""
    shutil.copytree(pristine / "release", course / "release")
    edit(course, path, old, new)

    done = nbgrader(course, "generate_assignment", "toy", "--force", "--no-db")

    assert done.returncode == 1
    assert "MarkerError" in done.stderr
    assert tree(course / "release") == tree(pristine / "release")
    assert leaked(course) == ["gradebook.db"]


@pytest.mark.slow
def test_one_notebook_is_made_among_a_whole_release(pristine, course):
    """With ``--notebook`` the release is whole; a notebook that was in it stays."""
    assert nbgrader(course, "generate_assignment", "toy", "--notebook", "Sums", "--no-db").returncode == 0
    assert set(tree(course / "release/toy")) == FILES - {"More.ipynb"}
    shutil.copy(pristine / "release/toy/More.ipynb", course / "release/toy")
    (course / "release/toy/pkg/old_solution.py").write_text(f"# {CANARY}")

    assert nbgrader(course, "generate_assignment", "toy", "--notebook", "Sums", "--no-db").returncode == 0

    assert tree(course / "release/toy") == tree(pristine / "release/toy")
    assert leaked(course) == ["gradebook.db"]


@pytest.mark.slow
def test_a_leaking_notebook_of_an_old_release_is_not_kept(pristine, course):
    """What is taken over is looked through as well: nothing is released, and the message names the place."""
    shutil.copytree(pristine / "release", course / "release")
    shutil.copy(course / "source/toy/More.ipynb", course / "release/toy/More.ipynb")

    done = nbgrader(course, "generate_assignment", "toy", "--notebook", "Sums", "--no-db")

    assert done.returncode == 1
    assert "More.ipynb" in done.stderr
    assert "solutions or hidden tests would be in it" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "switched_off",
    ["--ClearSolutions.enabled=False", "--ClearHiddenTests.enabled=False", "--GenerateAssignment.preprocessors=[]"],
)
def test_nbgrader_that_strips_nothing_is_stopped(course, switched_off):
    """The last look does not trust the stripping: a solution that is still there stops the release."""
    done = nbgrader(course, "generate_assignment", "toy", "--no-db", switched_off)

    assert done.returncode == 1
    assert leaked(course) == ["gradebook.db"]
    assert not (course / "release").exists()


STEPS = ("write_files", "check", "put_in_place")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "step"),
    [*((signal.SIGKILL, step) for step in STEPS), (signal.SIGINT, "check"), (signal.SIGTERM, "check")],
)
def test_an_interrupted_run_leaks_nothing(course, number, step):
    """Whenever a run is ended, what lies in the course has no solution in it; the next run makes the release."""
    script = (
        "import signal, sys\nfrom pathlib import Path\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background job ignores it
        "from autograder.config import load_assignment\nfrom autograder.nbgrader_bridge import make_release\n"
        "import autograder.nbgrader_bridge.release as r\nkept = r._Staging.{step}\n"
        "def stop(*a):\n    print('now', flush=True)\n    import time\n    time.sleep(60)\n"
        "r._Staging.{step} = lambda *a: (kept(*a), stop())\n"
        "make_release(load_assignment(Path('.'), 'toy'))\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script.replace("{step}", step)], cwd=course, text=True,
                           env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)  # fmt: skip
    assert run.stdout is not None
    with run, run.stdout:
        assert run.stdout.readline() == "now\n"
        run.send_signal(number)
        run.wait(timeout=30)

    assert leaked(course) == ["gradebook.db"]
    assert step == "put_in_place" or not (course / "release").exists()
    release(course)
    assert set(tree(course / "release/toy")) == FILES
    assert list(course.glob(".release-*")) == []


def change(course: Path, name: str, **parts: object) -> None:
    """Change the parts of a notebook of the source."""
    path = course / f"source/toy/{name}.ipynb"
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))


def test_the_format_says_what_is_in_a_notebook(course):
    """What some program has left beside cells, or in one, is not released."""
    cells = json.loads((course / NOTEBOOK).read_text())["cells"]
    cells[0]["backup"] = f"{CANARY} beside a cell's text"
    change(course, "Sums", cells=cells, backup=f"{CANARY} beside the cells")

    release(course)

    assert leaked(course) == ["gradebook.db"]


@pytest.mark.slow
def test_a_header_is_released_as_a_notebook_is(course):
    """Cells that nbgrader adds lose outputs, attachments of answers, and what programs have left in them."""
    output = {"output_type": "stream", "name": "stdout", "text": [f"{CANARY} in an output"]}
    seen = cell("code", "print('Welcome.')", 91) | {"outputs": [output]}
    seen["metadata"]["backup"] = f"{CANARY} in a cell's metadata"
    answer = cell("markdown", f"{CANARY} in words", 92, grade=True, solution=True, grade_id="hello", points=1)
    answer["attachments"] = {"a.png": {"image/png": f"{CANARY} attached"}}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [seen, answer]}
    (course / "source/header.ipynb").write_text(json.dumps(book))

    header = "--IncludeHeaderFooter.header=source/header.ipynb"
    done = nbgrader(course, "generate_assignment", "toy", "--no-db", header)

    assert done.returncode == 0, done.stderr
    assert "Welcome." in (course / "release/toy/Sums.ipynb").read_text()
    assert leaked(course) == ["gradebook.db"]


@pytest.mark.slow
def test_an_answer_too_short_to_be_a_secret_is_not_released(course):
    """A word may stand anywhere, so the last look compares the answers themselves with the source's."""
    for name, question in (("Sums", "add"), ("More", "more")):
        words = cell("markdown", "No.", 4, grade=True, solution=True, grade_id=f"{question}_words", points=1)
        test = cell("code", "assert add", 5, grade=True, locked=True, grade_id=question, points=9)
        change(course, name, cells=[words, test])

    done = nbgrader(course, "generate_assignment", "toy", "--no-db", "--ClearSolutions.enabled=False")

    assert done.returncode == 1
    assert "Sums.ipynb still has the answer of add_words" in done.stderr
    assert not (course / "release").exists()


@pytest.mark.parametrize("path", ["grading_tests/sums/test_sums.py", "reference/sums.py"])
def test_no_test_and_no_reference_is_a_hand_out(course, path):
    """Not named as a file of the course, and not behind a link: what is handed out is public."""
    toml = course / "source/toy/assignment.toml"
    text = toml.read_text()
    toml.write_text(text.replace('"datasets/get.sh"', f'"datasets/get.sh", "{path}"'))
    with pytest.raises(ConfigError, match="hidden tests and references never are"):
        release(course)

    toml.write_text(text)
    (course / "source/toy/README.md").unlink()
    (course / "source/toy/README.md").symlink_to(course / path)
    with pytest.raises(ConfigError, match=r"README\.md is released, and is .* never are"):
        release(course)


@pytest.mark.slow
def test_the_source_is_never_replaced(course):
    """A release takes the place of what is there, so it may not go where the instructor's own files are."""
    before = tree(course / "source")

    done = nbgrader(course, "generate_assignment", "toy", "--no-db", "--CourseDirectory.release_directory=source")

    assert done.returncode == 1
    assert "choose another folder" in done.stderr
    assert tree(course / "source") == before


def test_two_runs_do_not_meet(course, monkeypatch):
    """A run leaves what another one is putting together alone, and an assignment with a longer name altogether."""
    other = course / ".release-toy-2-abcdefgh"
    other.mkdir()
    left = course / ".release-toy-abcdefgh"
    left.mkdir()
    kept, seen = _Staging.check, []

    def check(staging):
        if not seen:
            seen.append(staging.folder)
            release(course)
            assert staging.folder.is_dir()
        return kept(staging)

    monkeypatch.setattr(_Staging, "check", check)
    release(course)

    assert seen
    assert set(tree(course / "release/toy")) == FILES
    assert list(course.glob(".release-*")) == [other]


def test_a_release_that_lost_a_file_is_none(course, monkeypatch):
    """Whatever took a file away while the release was put together, students never get the rest alone."""
    kept = _Staging.check
    monkeypatch.setattr(_Staging, "check", lambda staging: ((staging.folder / MANIFEST).unlink(), kept(staging))[1])

    with pytest.raises(ConfigError, match=f"missing from what was put together: {MANIFEST}"):
        release(course)

    assert not (course / "release").exists()


def test_a_fresh_release_has_not_drifted(pristine):
    """What the source makes is what is there."""
    assert release_drift(load_assignment(pristine, "toy")) == []


def test_drift_is_named(course, pristine):
    """A changed, a missing and a further file are named, and a change is shown."""
    shutil.copytree(pristine / "release", course / "release")
    (course / "release/toy/README.md").unlink()
    (course / "release/toy/extra.txt").write_text("x")
    edit(course, "release/toy/pkg/sums.py", "def given", "def taken")

    drift = {each.path: each for each in release_drift(load_assignment(course, "toy"))}

    assert {path: each.what for path, each in drift.items()} == {
        "README.md": "is missing", "extra.txt": "is no part of it", "pkg/sums.py": "differs",
    }  # fmt: skip
    assert "-def taken(a):\n+def given(a):" in drift["pkg/sums.py"].diff


def test_a_course_names_no_unknown_file(course):
    """A hand-out that is not there is an error that names it."""
    edit(course, "source/toy/assignment.toml", '"README.md"', '"README.txt"')

    with pytest.raises(ConfigError, match="README.txt"):
        release(course)


def test_a_hand_out_with_a_solution_is_refused(course):
    """A file that is released as it is may not repeat a solution, not even one whose markers were lost."""
    shutil.copy(course / MODULE, course / "source/toy/README.md")
    text = (
        (course / "source/toy/README.md").read_text().replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")
    )
    (course / "source/toy/README.md").write_text(text)

    with pytest.raises(ConfigError, match="README.md"):
        release(course)

    assert leaked(course) == ["gradebook.db"]


def test_a_solution_in_a_further_notebook_is_refused(course):
    """A notebook that is no part of the questions has no solutions; with one, the error names its cell."""
    shutil.copy(course / NOTEBOOK, course / "source/toy/collect.ipynb")

    with pytest.raises(MarkerError, match=r"collect.ipynb cell 2"):
        release(course)


def test_the_old_release_is_there_until_the_new_one_is(course):
    """While a release is made, students' files are those of the old one."""
    release(course)
    before = (course / "release/toy").stat().st_ino
    began = time.time()
    release(course)

    assert (course / "release/toy").stat().st_ino != before
    assert (course / "release/toy").stat().st_mtime >= began - 60
    assert list((course / "release").glob(".*")) == []

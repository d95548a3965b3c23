"""The course's own release: committed, up to date, and without any of its solutions."""

from __future__ import annotations

import json
import re
import shutil

import pytest

pytest.importorskip("nbgrader")

from toy_course import ROOT, tree

from autograder.config import load_assignment
from autograder.nbgrader_bridge import make_release, release_drift

CANARY = "k4n4ri3nv0gel"


@pytest.mark.slow
def test_the_committed_release_is_what_the_source_makes():
    """``autograder release --check``: nothing has drifted."""
    drift = release_drift(load_assignment(ROOT, "assignment3"))

    assert [f"{each.path} {each.what}" for each in drift] == []


@pytest.mark.slow
def test_no_canary_of_any_solution_is_released(tmp_path):
    """A canary in every solution region, model answer and output of the course: none is in the release."""
    for name in ("source", "reference", "grading_tests", "datasets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "coco_captioning"))
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    planted = sum(plant(path) for path in sorted((tmp_path / "source").rglob("*")) if path.suffix in (".py", ".ipynb"))

    folder = make_release(load_assignment(tmp_path, "assignment3"))

    assert planted >= 12
    for path, content in tree(folder.parent).items():
        assert CANARY.encode() not in content, path
    assert (folder.parent / "assignment3.zip").is_file()


def plant(path):
    """Put canaries into a file's solutions; return how many."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        planted, count = re.subn(r"( *)### BEGIN SOLUTION\n", rf"\g<0>\1_ = '{CANARY}'\n", text)
        path.write_text(planted, "utf-8")
        return count
    book = json.loads(text)
    count = 0
    for cell in book["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = "".join(cell["source"]).replace(
                "### BEGIN SOLUTION\n", f"### BEGIN SOLUTION\n# {CANARY}\n"
            )
            cell["source"] += "" if "### BEGIN SOLUTION" in cell["source"] else f"\n{CANARY}"
            count += 1
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": CANARY}]
            cell["metadata"]["history"] = CANARY
    path.write_text(json.dumps(book), "utf-8")
    return count

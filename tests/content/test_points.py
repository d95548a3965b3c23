"""One number everywhere: rubric, release, manifest, gradebook and Gradescope agree on what each question is worth."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from local_student import ROOT

from autograder.config import load_assignment
from autograder.grading.records import results_json
from autograder.scoring import score

EDITIONS = sorted(path.parent.name for path in ROOT.glob("source/*/assignment.toml"))


def released_points(name: str) -> dict[str, Decimal]:
    """Return the points in the grade cells of a release, which nbgrader's gradebook has as maxima."""
    books = [json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "release" / name).glob("*.ipynb"))]
    marks = [cell["metadata"].get("nbgrader", {}) for book in books for cell in book["cells"]]
    return {each["grade_id"]: Decimal(str(each["points"])) for each in marks if each.get("grade")}


def manifest(name: str, package: str) -> dict[str, dict[str, object]]:
    """Return the questions of ``assignment.json`` by id."""
    content = json.loads((ROOT / "release" / name / package / "assignment.json").read_text("utf-8"))
    return {each["id"]: each for each in content["questions"]}


@pytest.mark.parametrize("name", EDITIONS)
def test_every_place_has_the_same_points(name: str) -> None:
    """Question by question, and in sum; extra credit is in the score and in no maximum."""
    assignment = load_assignment(ROOT, name)
    shown = results_json(score(assignment.questions, []), execution_s=0.0)["tests"]
    told = manifest(name, assignment.package)
    released = released_points(name)

    maxima = {each.id: Decimal(0) if each.extra_credit else each.points for each in assignment.questions}

    assert released == maxima
    assert {each["number"]: Decimal(str(each["max_score"])) for each in shown} == {
        each.number: maxima[each.id] for each in assignment.questions
    }
    assert {key: Decimal(str(each["points"])) for key, each in told.items()} == {
        each.id: each.points for each in assignment.questions
    }
    assert sum(maxima.values()) == assignment.max_points
    assert assignment.max_points == sum(each.points for each in assignment.notebooks if not each.extra_credit)

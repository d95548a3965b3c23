"""The same code gets the same verdicts, whatever was drawn and however often it is graded."""

from __future__ import annotations

from pathlib import Path

import pytest
from verdict_stability import main, other_results, other_verdicts

from autograder.cage import CageSettings, choose, survey
from autograder.config import load_assignment
from autograder.errors import NotFit
from autograder.grading.course_run import find_submissions

ROOT = Path(__file__).parents[2]
ASSIGNMENT = load_assignment(ROOT, "assignment3")


@pytest.fixture(autouse=True)
def _fit() -> None:
    """What is graded for real needs a machine that can hold it."""
    try:
        choose(CageSettings(), 0, survey(CageSettings()))
    except NotFit as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_verdicts_do_not_depend_on_the_secret() -> None:
    """Each sample has the same verdict in each test, and the same total, under two secrets."""
    samples = find_submissions([ROOT / "samples"], ASSIGNMENT.package)

    assert other_verdicts(ASSIGNMENT, samples, range(2)) == []


@pytest.mark.slow
def test_a_submission_graded_again_has_the_same_results() -> None:
    """Five gradings of one submission give the same results.json, the execution time aside."""
    assert other_results(ASSIGNMENT, [("wrong", ROOT / "samples/subtly_wrong")], 5) == []


@pytest.mark.slow
def test_a_verdict_that_depends_on_the_draw_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command names the test and the secrets of a function that is right on some inputs only, and exits with 1."""
    text = (ROOT / "samples/complete/a3/rnn_layers.py").read_text("utf-8")
    lucky = f"{text}\n_step = rnn_step_forward\n\n\ndef rnn_step_forward(x, *rest):\n"
    lucky += "    return _step(x * (x.flat[0] > 0), *rest)\n"
    (tmp_path / "one/a3").mkdir(parents=True)
    (tmp_path / "one/a3/rnn_layers.py").write_text(lucky, "utf-8")

    status = main([str(tmp_path), "--course", str(ROOT), "--secrets", "3"])

    assert status == 1
    assert "test_step_forward_matches_the_equation" in capsys.readouterr().out

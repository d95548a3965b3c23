"""A class of submissions, end to end: cage, hidden tests, scores and files."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from class_course import ROOT, SAMPLES, copy_course, grade

from autograder.cage import CageSettings, choose
from autograder.errors import NotFit, OurFault
from autograder.grading.records import validate_gradescope
from autograder.outcomes import Verdict
from autograder.scoring import Status

try:
    choose(CageSettings())
except NotFit as error:
    pytest.skip(f"no cage on this machine: {error}", allow_module_level=True)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The results of the samples, graded once, and the folder that holds them."""
    out = tmp_path_factory.mktemp("demo")
    return grade(ROOT, [SAMPLES], out, jobs=2), out


def test_the_samples_have_their_scores(demo):
    """Complete earns all that tests decide, a stub and a hostile one nothing, the others what they have right."""
    totals = {name: result.score.total for name, result in demo[0].items()}
    assert totals["complete"] == Decimal("31.5")  # 27 of 30, and 4.5 of extra credit; people read the rest
    assert totals["untouched"] == totals["hostile"] == 0
    assert 0 < totals["half_finished"] < 30
    assert 0 < totals["subtly_wrong"] < 30


def test_a_stub_reads_not_attempted(demo):
    """Of the release as it is, every test of every question is not attempted, rather than wrong or blocked."""
    verdicts = {test.verdict for entry in demo[0]["untouched"].score.questions for test in entry.tests}
    assert verdicts == {Verdict.NOT_ATTEMPTED}


def test_every_result_is_valid_for_gradescope(demo):
    """results.json has nothing that Gradescope would refuse."""
    for name, result in demo[0].items():
        content = json.loads((demo[1] / name / "results.json").read_text())
        assert validate_gradescope(content) == []
        assert content["score"] == float(result.score.total)


def test_students_read_no_input_no_expected_value_and_no_path(demo):
    """In our words there is no long decimal and no path; those are in staff.json."""
    for name in ("subtly_wrong", "half_finished", "untouched"):
        text = (demo[1] / name / "results.json").read_text()
        shown = json.loads(text)
        outputs = " ".join(test["output"] for test in shown["tests"])
        assert not re.search(r"\d\.\d{4,}", outputs)
        assert str(ROOT) not in text
        assert "grading_tests" not in text
    assert re.search(r"\d\.\d{6,}", (demo[1] / "subtly_wrong/staff.json").read_text())


def test_staff_files_are_closed_to_others(demo):
    """What holds expected values can be read by its owner only."""
    for name in ("staff.json", "journal.jsonl"):
        assert (demo[1] / "complete" / name).stat().st_mode & 0o077 == 0


def test_what_has_not_changed_is_skipped(demo):
    """A second run grades nothing and writes the same table."""
    before = (demo[1] / "grades.csv").read_bytes()
    again = grade(ROOT, [SAMPLES], demo[1])
    assert all(result.skipped for result in again.values())
    assert (demo[1] / "grades.csv").read_bytes() == before


def test_a_hand_in_that_is_no_archive_gets_a_result(tmp_path):
    """A broken archive is refused with a reason, and the neighbours are graded."""
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 this is no zip")
    (folder / "fine").symlink_to(SAMPLES / "untouched")
    results = grade(ROOT, [folder], tmp_path / "out")
    assert results["broken"].score is None
    assert not results["broken"].ours
    content = json.loads((tmp_path / "out/broken/results.json").read_text())
    assert content["score"] == 0
    assert results["fine"].score is not None


def _command(out: Path, secret: Path) -> list[str]:
    return [
        sys.executable, "-m", "autograder.cli", "grade", str(SAMPLES), "-a", "assignment3", "--jobs", "1",
        "-o", str(out), "--secret-file", str(secret), "--course", str(ROOT),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_killed_run_resumes_and_gives_the_same_table(tmp_path):
    """SIGKILL in the middle loses at most the submission in hand; the next run finishes the rest."""
    secret = tmp_path / "secret"
    secret.write_text("5e" * 32 + "\n")
    secret.chmod(0o600)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(_command(whole, secret), check=True, capture_output=True, timeout=120)
    with subprocess.Popen(_command(killed, secret), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        patience = time.monotonic() + 60
        while not list(killed.glob("*/summary.json")) and time.monotonic() < patience:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    done = {path.parent.name: path.stat().st_mtime_ns for path in killed.glob("*/summary.json")}
    assert 0 < len(done) < len(list(SAMPLES.iterdir()))
    subprocess.run(_command(killed, secret), check=True, capture_output=True, timeout=120)
    assert (killed / "grades.csv").read_bytes() == (whole / "grades.csv").read_bytes()
    for name, changed in done.items():
        assert (killed / name / "summary.json").stat().st_mtime_ns == changed


_DYING_TEST = '''
"""A hidden test that kills its own grader."""
import os, signal
from autograder.exam import question

@question("rnn_forward")
def test_kill_the_grader(student, rng):
    """Nothing that a student can do."""
    os.kill(os.getpid(), signal.SIGKILL)
'''


def test_our_own_death_is_nobodys_zero(tmp_path):
    """When the grader dies, what was finished keeps its points, the rest is not graded, and there is no total."""
    course = copy_course(tmp_path / "course", extra_test=_DYING_TEST)
    results = grade(course, [SAMPLES / "complete"], tmp_path / "out")
    score = results["complete"].score
    assert results["complete"].ours
    assert score.total is None
    content = json.loads((tmp_path / "out/complete/results.json").read_text())
    assert "score" not in content
    assert content["visibility"] == "hidden"


_BROKEN_TEST = '''
"""A hidden test with a mistake of ours."""
from autograder.exam import question

@question("rnn_forward")
def test_with_our_mistake(student, rng):
    """It fails before it asks."""
    undefined
'''


def test_our_mistake_costs_one_question_and_no_student(tmp_path):
    """A hidden test that breaks by itself leaves its question ungraded; the others are graded."""
    course = copy_course(tmp_path / "course", extra_test=_BROKEN_TEST)
    score = grade(course, [SAMPLES / "complete"], tmp_path / "out")["complete"].score
    ungraded = [entry.question.id for entry in score.questions if entry.status is Status.NOT_GRADED]
    assert ungraded == ["rnn_forward"]
    assert score.needs_regrade


def test_tests_that_fit_no_question_stop_everything(tmp_path):
    """A test of an unknown question is found before any submission is touched."""
    course = copy_course(tmp_path / "course", extra_test=_BROKEN_TEST.replace("rnn_forward", "no_such_question"))
    with pytest.raises(OurFault, match="no_such_question"):
        grade(course, [SAMPLES / "complete"], tmp_path / "out")
    assert not (tmp_path / "out/complete/results.json").exists()


def test_nothing_of_a_run_is_left(demo):
    """When a run is over, no process of it is there."""
    del demo
    patience = time.monotonic() + 10
    while time.monotonic() < patience:
        mine = [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_nursery_of(pid, os.getpid())]
        if not mine:
            return
        time.sleep(0.1)
    assert mine == []


def _is_nursery_of(pid: str, parent: int) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return b"autograder.cage.nursery" in line and int(status[1]) == parent

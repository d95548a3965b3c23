"""The instructor's own loop: pytest on hidden tests, behind glass."""

import subprocess
import sys

import pytest
from class_course import ROOT, SAMPLES


def run(*arguments):
    """Run pytest on the hidden tests with ``arguments``; return its exit code and output."""
    command = [sys.executable, "-m", "pytest", "grading_tests/rnn", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_staff_see_what_was_expected_and_what_students_read():
    """A failing test prints both texts, and only the chosen tests run."""
    code, text = run("--submission", str(SAMPLES / "subtly_wrong"), "--demo-secret", "-k", "repeated_words")
    assert code == 1
    assert "expected" in text
    assert "students read:" in text
    assert "1 failed" in text
    assert "passed" not in text.splitlines()[-1]


def test_a_right_submission_passes():
    """The complete sample passes the tests of a question."""
    code, text = run("--submission", str(SAMPLES / "complete"), "--demo-secret", "-k", "test_step_forward")
    assert code == 0, text


def test_without_a_submission_it_says_what_is_missing():
    """A hidden test cannot run on nothing."""
    code, text = run("-k", "repeated_words")
    assert code == 1
    assert "--submission PATH" in text


def test_a_path_that_is_not_there_is_a_usage_error():
    """A wrong path is told in one line, with pytest's code for wrong usage."""
    code, text = run("--submission", "/nowhere/at/all", "--demo-secret")
    assert code == 4
    assert "nowhere" in text

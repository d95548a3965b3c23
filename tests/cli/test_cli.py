"""The commands, as a person runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def autograder(*arguments, cwd=ROOT, **environment):
    """Run the command line; return the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "autograder.cli", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=120, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_doctor_says_each_layer_and_the_tier():
    """Every layer is named, in force or not, and the exit code says whether grading is possible."""
    done = autograder("doctor", "--json")
    found = json.loads(done.stdout)
    assert {layer["name"] for layer in found["layers"]} >= {"Landlock", "seccomp", "own uid", "control groups"}
    assert (done.returncode == 0) == (found["tier"] is not None)


def test_init_makes_a_secret_once(tmp_path):
    """The secret is made outside of the tree, closed to others, and never overwritten."""
    first = autograder("init", XDG_CONFIG_HOME=str(tmp_path))
    assert first.returncode == 0, first.stderr
    made = list((tmp_path / "autograder").iterdir())
    assert len(made) == 1
    assert made[0].stat().st_mode & 0o077 == 0
    content = made[0].read_text()
    again = autograder("init", XDG_CONFIG_HOME=str(tmp_path))
    assert again.returncode == 2
    assert made[0].read_text() == content


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "samples", "-a", "nothing"], "nothing"),
        (["grade", "/nowhere", "-a", "assignment3"], "nowhere"),
        (["grade", "samples", "-a", "assignment3", "--secret-file", "/nowhere/secret"], "secret"),
        (["grade", "samples", "-a", "../etc"], "no assignment's name"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(arguments, said, tmp_path):
    """What was expected and what came is said; there is no traceback."""
    secret = tmp_path / "secret"
    secret.write_text("0" * 64)
    secret.chmod(0o600)
    done = autograder(*arguments, AUTOGRADER_SECRET_FILE=str(secret))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_of_a_course_it_says_so(tmp_path):
    """Without a course above the folder, the message names what marks one."""
    done = autograder("grade", tmp_path, "-a", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert "nbgrader_config.py" in done.stderr

"""Which files of a hand-in are sent into the cage."""

import shutil

from class_course import ROOT, SAMPLES

from autograder.config import load_assignment
from autograder.grading.single import read_files
from autograder.submission import unpack


def test_a_large_notebook_takes_no_modules_place(tmp_path):
    """It is sent for the module that is missing; where it is too large for that, the modules are sent all the same."""
    hand_in = shutil.copytree(SAMPLES / "complete", tmp_path / "hand_in")
    (hand_in / "a3/classifiers/rnn.py").unlink()
    (hand_in / "RNN_Captioning.ipynb").write_text("{}" + " " * (40 << 20))
    (hand_in / "LSTM_Captioning.ipynb").write_text("{}")

    intake = unpack(hand_in, tmp_path / "files")
    sent = read_files(intake, load_assignment(ROOT, "assignment3").modules, ())

    modules = {path for path in intake.files if path.endswith(".py")}
    assert modules
    assert sent.keys() == {*modules, "LSTM_Captioning.ipynb"}

"""The journal keeps what was known when a run ended; files are whole or not there."""

from __future__ import annotations

import json
import math
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from autograder.errors import OurFault
from autograder.grading.records import Journal, read_journal, write_atomic, write_json
from autograder.outcomes import TestOutcome, Verdict


def outcome(name, **more):
    """An outcome."""
    return TestOutcome(test=name, question="q", verdict=Verdict.PASSED, **more)


def test_what_is_appended_is_read_back_in_order(tmp_path):
    """With texts that hold line breaks of every kind."""
    outcomes = [outcome("a"), outcome("b", output="x\ny\r\x85\u2028z\udcff"), outcome("c", details={"seed": 3})]
    with Journal(tmp_path / "j", sync=True) as journal:
        for each in outcomes:
            journal.append(each)
            assert read_journal(tmp_path / "j")[-1] == each
    assert read_journal(tmp_path / "j") == outcomes
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600


def test_no_journal_is_an_empty_one(tmp_path):
    """A run that was killed at once left nothing."""
    assert read_journal(tmp_path / "j") == []


def test_cut_anywhere_only_the_torn_line_is_lost(tmp_path):
    """Every prefix of a journal reads as the whole lines in it, and can be continued."""
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append(outcome("a"))
        journal.append(outcome("b"))
    data = path.read_bytes()
    for end in range(len(data) + 1):
        path.write_bytes(data[:end])
        whole = data[:end].count(b"\n")
        assert [each.test for each in read_journal(path)] == ["a", "b"][:whole]
        with Journal(path) as journal:
            journal.append(outcome("c"))
        assert [each.test for each in read_journal(path)] == [*["a", "b"][:whole], "c"]


@pytest.mark.parametrize("line", [b"{}", b"x", b"null", b"[" * 100_000, b"\xff", b""])
def test_any_other_damage_is_our_fault_and_names_the_line(line, tmp_path):
    """Whole lines that are no outcomes are no accident."""
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.append(outcome("a"))
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(OurFault, match="j line 2: not an outcome"):
        read_journal(path)


def test_details_of_any_kind_can_be_kept(tmp_path):
    """What JSON cannot say is said in words, and never keeps an outcome from being written."""
    details = {"nan": math.nan, "deep": [[[object()]]], "set": {1}, 3: b"\x00", "long": list(range(20_000))}
    with Journal(tmp_path / "j") as journal:
        journal.append(outcome("a", details=details))
    kept = read_journal(tmp_path / "j")[0].details
    assert (kept["nan"], kept["deep"], kept["set"], kept["3"]) == ("nan", [[["<object>"]]], [1], "00")
    assert len(kept["long"]) == 10_001


def test_a_killed_run_keeps_what_it_wrote(tmp_path):
    """SIGKILL between two outcomes: the first ones are there."""
    code = (
        "import sys,time,pathlib\n"
        "from autograder.grading.records.files import Journal\n"
        "from autograder.outcomes import TestOutcome, Verdict\n"
        "journal = Journal(pathlib.Path(sys.argv[1]))\n"
        "[journal.append(TestOutcome(test=t, question='q', verdict=Verdict.PASSED)) for t in 'ab']\n"
        "print('ready', flush=True); time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "j")], stdout=subprocess.PIPE)
    with run:
        assert run.stdout.readline() == b"ready\n"
        run.send_signal(signal.SIGKILL)
    assert [each.test for each in read_journal(tmp_path / "j")] == ["a", "b"]


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    """Old or new content, with the mode asked for, and no temporary file afterwards."""
    path = tmp_path / "results.json"
    write_atomic(path, "old")
    write_atomic(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["results.json"]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    """A full disk in the middle: the old content stays, the half-written file goes."""
    path = tmp_path / "results.json"
    write_atomic(path, "old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["results.json"]


def test_a_link_at_the_target_is_replaced_not_followed(tmp_path):
    """What somebody put in the place of the result keeps its content."""
    (tmp_path / "canary").write_text("mine")
    (tmp_path / "r").symlink_to(tmp_path / "canary")
    write_atomic(tmp_path / "r", "result")
    assert (tmp_path / "canary").read_text() == "mine"
    assert not (tmp_path / "r").is_symlink()


def test_json_is_written_for_every_parser(tmp_path):
    """ASCII, no NaN, whatever is in it."""
    write_json(tmp_path / "x.json", {"a": [math.inf, "é\udcff"], "when": time})
    text = (tmp_path / "x.json").read_bytes()
    assert text.isascii()
    assert json.loads(text) == {"a": ["inf", "é\udcff"], "when": "<module>"}

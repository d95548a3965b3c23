"""
What a student's code tries against its grader, in every kind of cage: no attack may succeed.

Each hostile hand-in is graded among honest ones. It has succeeded when a canary shows in anything that is written of
it, when it gets more than its honest part is worth or no grade at all ("not graded: our fault" is an escape too), when
the results of an honest neighbour differ from those that it has alone, or when something is left behind.

By default a few run in the strongest cage of the machine. All that are quick there and those few in every other cage,
as before a change is merged; and everything everywhere, which takes many minutes::

    AUTOGRADER_ATTACKS=tiers python -m pytest tests/attacks
    AUTOGRADER_ATTACKS=full python -m pytest tests/attacks
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.course_run import find_submissions
from tests.attacks.made_hand_ins import MADE
from tests.attacks.staging import (
    GOALS,
    HERE,
    HONEST,
    ROOT,
    ROUTES,
    Hostile,
    World,
    hostile_files,
    hostile_hand_in,
    leaks,
    make_world,
)

PLAIN_UID = 64_123
FULL = os.environ.get("AUTOGRADER_ATTACKS") == "full"
TIERS = FULL or os.environ.get("AUTOGRADER_ATTACKS") == "tiers"
KINDS: dict[str, tuple[str, int]] = {
    "A": ("A", 0), "B as a user": ("B", PLAIN_UID), "C as root": ("C", 0), "C as a user": ("C", PLAIN_UID)
}  # fmt: skip
ROOT_KINDS = ("A", "C as root")
CORE = (
    "read_by_links", "read_proc", "other_processes", "signal_everybody", "daemons", "stubborn_files", "written_results",
)  # fmt: skip
"""What depends most on the kind of cage: these run in every one."""
ALWAYS = (*CORE, "crashes", "forged_replies", "memory_bomb", "patched_libraries", "predicted_inputs", "read_frames")
HOSTILE = {each.name: each for each in hostile_files() if FULL or (not each.slow if TIERS else each.name in ALWAYS)}
SLOW_FORMS = ("many_functions",)
ALWAYS_FORMS = ("zip_slip", "tar_of_links", "zip_bomb", "shadows", "deep_notebook", "codec_idna", "deep_blocks", "bidi")
FORMS = {
    name: made
    for name, made in MADE.items()
    if FULL or (name not in SLOW_FORMS if TIERS else name in ALWAYS_FORMS)
}  # fmt: skip
ABORT_S = 1500


@dataclass(frozen=True)
class Run:
    """One class of hostile and honest hand-ins, graded in one kind of cage."""

    world: World
    out: Path
    temporary: Path
    report: dict[str, Any]
    said: str
    shared_before: frozenset[str]

    def result(self, name: str) -> dict[str, Any]:
        """Return the report on one hand-in."""
        return next(each for each in self.report["results"] if each["name"] == name)

    def files(self, name: str) -> bytes:
        """Return everything that was written of one hand-in."""
        return b"\n".join(path.read_bytes() for path in sorted((self.out / name).iterdir()))


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """A marked course. Not below pytest's own folder, which other users may not enter."""
    home = Path(tempfile.mkdtemp(prefix="attacks-", dir="/var/tmp"))
    home.chmod(0o755)
    yield make_world(home)
    shutil.rmtree(home, ignore_errors=True)


def why_not(kind: str) -> str:
    """Return why a kind of cage cannot be had here, or nothing."""
    if os.geteuid() and kind in ROOT_KINDS:
        return "needs root"
    return ""


def hand_ins(world: World, kind: str) -> list[tuple[str, Path]]:
    """Make the hand-ins of a class: the hostile ones, and an honest one before every fifth."""
    first = kind == next(each for each in KINDS if not why_not(each))
    place = world.home / "hostile" / kind.replace(" ", "-")
    place.mkdir(parents=True)
    chosen = [each for each in HOSTILE.values() if FULL or first or each.name in CORE]
    attacks = [(each.name, hostile_hand_in(world, each, place / each.name)) for each in chosen]
    if FULL or first:
        for number, (name, (make, _)) in enumerate(FORMS.items()):
            own = place / f"made-{number}"
            own.mkdir()
            attacks.append((name, make(own, world)))
    mixed: list[tuple[str, Path]] = []
    for number, attack in enumerate(attacks):
        if number % 5 == 0:
            honest = HONEST[number // 5 % len(HONEST)]
            mixed.append((f"honest-{honest}-{number}", world.home / "honest" / honest))
        mixed.append(attack)
    return mixed


def grade(world: World, kind: str, name: str, submissions: list[tuple[str, Path]], jobs: int = 2) -> Run:
    """Grade a class in a child process of its own; return what came of it."""
    tier, uid = KINDS[kind]
    out, temporary = world.results / name, Path(tempfile.mkdtemp(prefix="tmp-", dir=world.home))
    order = {
        "course": str(world.course), "key": world.key.hex(), "out": str(out), "tier": tier, "uid": uid, "jobs": jobs,
        "first_uid": random.randrange(66_000, 99_000), "submissions": [(each, str(path)) for each, path in submissions],
        "support": str(ROOT / "tests" / "support"), "report": str(temporary / "report.json"),
    }  # fmt: skip
    (temporary / "order.json").write_text(json.dumps(order))
    if os.geteuid() == 0:
        for path in (world.home, *world.home.rglob("*")):
            os.chown(path, uid, uid, follow_symlinks=False)
    environment = {
        **os.environ, "TMPDIR": str(temporary), "CANARY": world.canaries["environment"], "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    before = frozenset(os.listdir("/dev/shm"))
    command = [sys.executable, str(HERE / "grade_hostile.py"), str(temporary / "order.json")]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=ABORT_S, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
    assert (temporary / "report.json").exists(), said
    report = json.loads((temporary / "report.json").read_bytes())
    return Run(world, out, temporary, report, said, before)


@pytest.fixture(scope="session")
def runs(world: World) -> dict[str, Run]:
    """What was graded so far, by kind of cage."""
    return {}


@pytest.fixture
def run(kind: str, world: World, runs: dict[str, Run]) -> Run:
    """The class in this kind of cage, graded once."""
    if reason := why_not(kind):
        pytest.skip(reason)
    if kind not in runs:
        runs[kind] = grade(world, kind, kind.replace(" ", "-"), hand_ins(world, kind))
    return runs[kind]


@pytest.fixture(scope="session")
def quiet(world: World) -> Run:
    """The honest hand-ins, graded where nobody disturbs."""
    kind = next(each for each in KINDS if not why_not(each))
    return grade(world, kind, "quiet", [(name, world.home / "honest" / name) for name in HONEST], jobs=1)


def student_view(run: Run, name: str) -> dict[str, Any]:
    """Return what a student reads, without the time that it took."""
    found = json.loads((run.out / name / "results.json").read_bytes())
    del found["execution_time"]
    return found


def not_shown_safely(text: str) -> list[str]:
    """Return the characters of a text that a terminal or a reader could be misled by."""
    unseen = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return sorted({hex(ord(c)) for c in text if c not in "\n\t" and unicodedata.category(c) in unseen})


every_kind = pytest.mark.parametrize("kind", list(KINDS) if TIERS else [k for k in KINDS if not why_not(k)][:1])


def test_no_hand_in_takes_the_place_of_the_table(tmp_path):
    """A hand-in that is called like the table of the class is given another name: its folder would be in the way."""
    (tmp_path / "grades.csv.zip").write_bytes(b"")
    (tmp_path / "other.zip").write_bytes(b"")
    assert [name for name, _ in find_submissions([tmp_path], "a3")] == ["grades.csv_", "other"]


def test_the_hostile_files_cover_every_goal_and_every_route():
    """A hundred attacks or more, each with its hope in words, and none of the ends and means without one."""
    every = hostile_files()
    assert len(every) >= 100
    assert {each.goal for each in every} == set(GOALS)
    assert {each.route for each in every} == set(ROUTES)
    assert [each.name for each in every if not each.text.startswith('"""Hope: ')] == []


@every_kind
def test_the_run_is_whole(run, kind):
    """Every hand-in has its result, nothing aborts, and the cage is the one that was asked for."""
    assert run.report["aborted"] == ""
    assert run.report["plan"].split()[0] == KINDS[kind][0]
    assert len(run.report["results"]) == len(list(run.out.glob("*/results.json")))
    assert "Traceback" not in run.said, run.said[-3000:]


@every_kind
@pytest.mark.parametrize("hostile", list(HOSTILE.values()), ids=list(HOSTILE))
def test_a_hostile_hand_in_gains_nothing(run, kind, hostile: Hostile):
    """It is graded, gets no more than its honest part, and brings no canary out."""
    if hostile.name not in {each["name"] for each in run.report["results"]}:
        pytest.skip("runs in this kind of cage when AUTOGRADER_ATTACKS=full")
    result, written = run.result(hostile.name), run.files(hostile.name)
    assert not result["ours"], result["problem"]
    assert result["total"] is not None
    assert result["total"] <= hostile.score + 1e-9
    assert leaks(written + result["screen"].encode(), run.world) == []
    assert b"ESCAPED" not in written


@every_kind
@pytest.mark.parametrize("name", list(FORMS), ids=[name.encode("unicode_escape").decode() for name in FORMS])
def test_a_hostile_form_gains_nothing(run, kind, name):
    """An archive, a notebook, an encoding or a name: graded or refused, never more than its honest part."""
    if name not in {each["name"] for each in run.report["results"]}:
        pytest.skip("runs in this kind of cage when AUTOGRADER_ATTACKS=full")
    result, written = run.result(name), run.files(name)
    assert not result["ours"], result["problem"]
    assert (result["total"] or 0) <= FORMS[name][1] + 1e-9
    assert leaks(written + result["screen"].encode(), run.world) == []
    assert b"ESCAPED" not in written
    assert not list(run.world.home.rglob("escaped*"))


@every_kind
def test_honest_neighbours_notice_nothing(run, kind, quiet):
    """Before, beside and after an attack an honest hand-in has, but for its time, byte for byte the same result."""
    alone = {name: student_view(quiet, name) for name in HONEST}
    for each in run.report["results"]:
        if each["name"].startswith("honest-"):
            assert student_view(run, each["name"]) == alone[each["name"].split("-")[1]], each["name"]


@every_kind
def test_nothing_is_left(run, kind):
    """No process, no temporary file and no shared memory outlives the run; nothing was planted among the results."""
    assert run.report["left"] == []
    assert {path.name for path in run.temporary.iterdir()} == {"order.json", "report.json"}
    assert not [name for name in set(os.listdir("/dev/shm")) - run.shared_before if "hostile" in name]
    assert not [path for path in run.world.home.rglob("hostile") if path.is_file()]
    expected = {"summary.json", "results.json", "staff.json", "journal.jsonl"}
    assert {path.name for path in run.out.glob("*/*")} <= expected
    assert (run.world.results / "planted.txt").read_text() == run.world.canaries["results"]


@every_kind
def test_staff_are_not_misled(run, kind):
    """Terminal, table and the student's page hold no control sequence, no direction of writing and no formula."""
    for each in run.report["results"]:
        assert not_shown_safely(each["screen"]) == [], each["name"]
        page = student_view(run, each["name"])
        for test in (page, *page["tests"]):
            assert not_shown_safely(test["output"]) == [], each["name"]
            assert test.get("output_format", "text") == "text"
    table = (run.out / "grades.csv").read_text("utf-8")
    assert not_shown_safely(table) == []
    for line in table.splitlines():
        assert not line.startswith(("=", "+", "-", "@", '"=', '"+', '"-', '"@')), line
    assert leaks(table.encode() + run.said.encode(), run.world, frozenset({"name"})) == []
    with contextlib.suppress(ValueError):
        assert json.loads(run.said or "{}") == {}

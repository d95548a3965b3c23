"""What is left when processes of ours end or are killed, in any order: nothing. And the nursery as it is shipped."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from autograder.cage import Nursery, Tier, client
from autograder.cage.cgroups import _folders
from autograder.errors import CageLost
from tests.support.cages import KINDS, ask, slot, submission, until, why_not
from tests.support.closed_home import become, open_python_to_all, open_to_all

BUSY = """
    import os, time
    def stay():
        for _ in range(3):
            if not os.fork():
                if not os.fork():
                    while True:
                        time.sleep(1)
                os._exit(0)
        return 1
    def fine():
        return 7
"""


def children_of(pid: int) -> list[int]:
    """Return the processes whose parent is ``pid``."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(name))
    return found


def family_of(pid: int) -> set[int]:
    """Return the descendants of ``pid``."""
    found: set[int] = set()
    latest = {pid}
    while latest:
        latest = {child for each in latest for child in children_of(each)}
        found |= latest
    return found


def is_alive(pid: int) -> bool:
    """Return whether ``pid`` is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def groups_of(pids: set[int]) -> set[str]:
    """Return the folders of the control groups that cages have made for ``pids``."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            found |= set(re.findall(r"autograder-[0-9a-f]+", Path(f"/proc/{pid}/cgroup").read_text()))
    return {folder for name in found for folder in _folders(name)[1]}


def lose(cage) -> None:
    """Ask ``cage`` until it does not answer."""
    deadline = time.monotonic() + 10
    try:
        while time.monotonic() < deadline:
            cage.lap()
    except CageLost:
        return
    pytest.fail("the cage still answers")


@pytest.fixture
def busy(host, kind, tmp_path):
    """A cage in which a submission has daemons, all its processes, and where its folders are."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    scratch.chmod(0o777)
    open_to_all(scratch.parent)
    with host.nursery(kind.with_settings(scratch=str(scratch))) as nursery:
        cage = nursery.open_slot(0)
        session = submission(cage, BUSY).__enter__()
        assert ask(session, "stay") == 1
        (keeper,) = children_of(nursery.pid)
        (zygote,) = children_of(keeper)
        processes = family_of(nursery.pid)
        folders = groups_of(processes)
        assert len(processes) >= 6
        assert bool(folders) == any(x.name == "control groups" and x.in_force for x in nursery.plan.layers) or (
            kind.tier is not Tier.A
        )
        yield cage, keeper, zygote, processes
        session._drop_fork()
        session._template.close()
        cage.close()
        assert until(lambda: not any(map(is_alive, processes)))
        assert until(lambda: os.listdir(scratch) == [])
        assert until(lambda: not any(map(os.path.exists, folders)))


def test_closing_leaves_nothing(busy):
    """When the grader closes its end, or is killed, which is the same, the whole cage goes."""
    cage, _, _, processes = busy
    cage.close()
    assert until(lambda: not any(map(is_alive, processes)))


def test_a_killed_zygote_leaves_nothing(busy):
    """When the zygote is killed, what it had forked goes too, and the grader learns that the cage is lost."""
    cage, _, zygote, processes = busy
    os.kill(zygote, signal.SIGKILL)
    lose(cage)
    assert until(lambda: not any(map(is_alive, processes)))


def test_a_killed_keeper_leaves_nothing(busy):
    """When the keeper is killed, its zygote and all below it go, and the nursery removes what is on disk."""
    cage, keeper, _, processes = busy
    os.kill(keeper, signal.SIGKILL)
    lose(cage)
    assert until(lambda: not any(map(is_alive, processes)))


GRADER = """
    import os, sys, time
    from autograder.cage import CageSettings, Nursery
    from tests.support.cages import submission, ask
    nursery = Nursery(CageSettings())
    cage = nursery.open_slot(0)
    text = "import os, time\\ndef stay():\\n    if not os.fork():\\n        time.sleep(1000)\\n    return 1\\n"
    with submission(cage, text) as s:
        ask(s, "stay")
        print(nursery.pid, flush=True)
        time.sleep(1000)
"""


@pytest.mark.skipif(bool(why_not(KINDS["A"])), reason="needs root")
def test_a_killed_grader_leaves_nothing(tmp_path):
    """When the grader itself is killed, nursery, keeper, zygote, template and daemons end by themselves."""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    root = str(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(GRADER)], stdout=subprocess.PIPE, env=environment, cwd=root, text=True
    )
    nursery = int(process.stdout.readline())
    processes = family_of(nursery) | {nursery}
    assert len(processes) >= 5
    process.kill()
    process.wait()
    process.stdout.close()
    assert until(lambda: not any(map(is_alive, processes)))
    assert until(lambda: not list(tmp_path.glob("autograder-*")))


def test_slots_of_two_runs_have_different_uids(host):
    """Two runs on one machine never share a uid: each would take the other's processes for its own."""
    kind = KINDS["C as root"]
    if reason := why_not(kind):
        pytest.skip(reason)
    text = "import os\ndef uid():\n    return os.getuid()\n"
    with contextlib.ExitStack() as stack:
        a, b = (
            stack.enter_context(submission(stack.enter_context(slot(stack.enter_context(host.nursery(kind)))), text))
            for _ in range(2)
        )
        uids = {ask(a, "uid"), ask(b, "uid")}
        assert len(uids) == 2
        assert 0 not in uids
        b.discard_fork()
        assert ask(a, "uid") in uids


def started_by_exec(monkeypatch, kind, *command: str) -> Nursery:
    """Start a nursery as it is shipped, by exec, as the user of ``kind``."""
    if reason := why_not(kind):
        pytest.skip(reason)
    popen = subprocess.Popen

    def as_somebody():
        if os.geteuid() == 0:
            if kind.needs_open_python:
                open_python_to_all()
            if kind.uid:
                become(kind.uid)

    def start(arguments, **options):
        return popen([*command, *arguments[1:]] if command else arguments, preexec_fn=as_somebody, **options)

    monkeypatch.setattr(client.subprocess, "Popen", start)
    return Nursery(kind.cage_settings)


@pytest.mark.parametrize("name", ["A", "B as a user", "C as root", "C as a user"])
def test_the_shipped_nursery_works(monkeypatch, name):
    """Started by exec as root or as another user, a nursery grades in the tier that was asked for."""
    with started_by_exec(monkeypatch, KINDS[name]) as nursery, slot(nursery) as cage:
        assert nursery.plan.tier is KINDS[name].tier
        with submission(cage, BUSY) as session:
            assert ask(session, "fine") == 7


LOOK = """
    import importlib, sys
    def imports(names):
        found = []
        for name in names:
            try:
                importlib.import_module(name)
                found.append(name)
            except ModuleNotFoundError:
                pass
        return found
    def where():
        return sys.modules["autograder"].__file__
"""


@pytest.fixture(scope="module")
def wheel_python(tmp_path_factory):
    """A Python in which autograder is installed as a wheel would be: its files in site-packages, nothing editable."""
    folder = tmp_path_factory.mktemp("wheel")
    open_to_all(folder)
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if made.returncode:
        pytest.skip(f"no virtual environment can be made: {made.stderr}")
    packages = next((folder / "venv/lib").glob("python3*")) / "site-packages"
    root = Path(__file__).resolve().parents[2]
    shutil.copytree(root / "autograder", packages / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    import torch

    others = Path(torch.__file__).resolve().parent.parent
    for entry in others.iterdir():
        if "autograder" not in entry.name and not entry.name.endswith(".pth") and entry.name != "__pycache__":
            (packages / entry.name).symlink_to(entry)
    (packages / "others.pth").write_text("")
    return str(folder / "venv/bin/python"), packages


@pytest.mark.parametrize("name", ["A", "B as a user", "C as root", "C as a user"])
def test_an_installed_copy_shows_the_same(monkeypatch, name, wheel_python):
    """Installed in site-packages, as from a wheel, autograder shows a submission no more than the editable install."""
    python, packages = wheel_python
    hidden = ["autograder.scoring", "autograder.cage", "autograder.grading", "pytest", "reference", "grading_tests"]
    shown = ["autograder.worker", "autograder.protocol", "autograder.errors", "numpy", "torch", "h5py"]
    nursery = started_by_exec(monkeypatch, KINDS[name], python)
    with nursery, slot(nursery) as cage, submission(cage, LOOK) as session:
        assert ask(session, "where") == str(packages / "autograder/__init__.py")
        assert ask(session, "imports", [*hidden, *shown]) == shown

"""What a submission can see: its libraries and three packages of ours; and that the data loader works in every tier."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from autograder.cage import Tier
from tests.support.cages import ask, submission

LOOK = '''
import os, sys

def imports(names):
    import importlib
    found = {}
    for name in names:
        try:
            importlib.import_module(name)
            found[name] = ""
        except BaseException as error:
            found[name] = type(error).__name__
    return found

def opened(paths):
    """What each path gives: the number of bytes or names, or the error's number below zero."""
    found = {}
    for path in paths:
        try:
            found[path] = len(os.listdir(path)) if os.path.isdir(path) else len(open(path, "rb").read(100))
        except OSError as error:
            found[path] = -error.errno
    return found

def made(paths):
    found = {}
    for path in paths:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            found[path] = 0
        except OSError as error:
            found[path] = error.errno
    return found

def descriptors():
    found = []
    for number in range(1 << 12):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            pass
    return found

AT_IMPORT = descriptors()

def at_import():
    return AT_IMPORT

def environment():
    import ctypes
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    native, index = [], 0
    while environ and environ[index]:
        native.append(environ[index].decode())
        index += 1
    return [dict(os.environ), native, sys.argv, sys.modules["__main__"].__dict__.get("__file__", ""), os.getcwd()]

def ours():
    return sorted(name for name in sys.modules if name.startswith("autograder"))'''

LOADER = """
import torch
from torch.utils.data import DataLoader, TensorDataset

def load(rounds):
    data = TensorDataset(torch.arange(40.0).reshape(20, 2))
    total = 0.0
    for _ in range(rounds):
        for (x,) in DataLoader(data, batch_size=5, num_workers=2):
            total += float(x.sum())
    return total
"""


@pytest.fixture
def look(cage):
    """A submission that looks around."""
    with submission(cage, LOOK) as session:
        yield session


def test_the_grader_cannot_be_imported(look):
    """Scoring, the cage, the course, nbgrader and pytest are not there; nor is anything that grades."""
    names = ["autograder.scoring", "autograder.cage", "autograder.cage.tiers", "autograder.grading",
             "autograder.compare", "autograder.session", "reference", "reference.rnn",
             "grading_tests", "nbgrader", "pytest", "_pytest", "rich", "typer"]  # fmt: skip
    assert set(ask(look, "imports", names).values()) == {"ModuleNotFoundError"}
    assert not [name for name in ask(look, "ours") if name.startswith(("autograder.cage", "autograder.scoring"))]


def test_what_a_solution_needs_can_be_imported(look):
    """The worker's own packages, the libraries, and parts of the standard library that nobody has loaded yet."""
    names = ["autograder.errors", "autograder.protocol", "autograder.worker", "numpy", "numpy.linalg", "torch",
             "torch.nn.functional", "torch.utils.data", "h5py", "json", "sqlite3", "xml.dom.minidom",
             "urllib.request", "asyncio", "multiprocessing.pool", "unittest.mock", "decimal"]  # fmt: skip
    assert set(ask(look, "imports", names).values()) == {""}


def test_files_of_the_machine_are_closed(look, kind, tmp_path):
    """No user's file, no other process and nothing of the course can be read."""
    root = Path(__file__).resolve().parents[2]
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o644)
    paths = ["/etc/passwd", "/etc/hostname", "/proc/1/environ", "/proc/1/maps", "/proc/1/fd",
             f"/proc/{os.getpid()}/environ",
             __file__, str(root / "pyproject.toml"), str(root / "reference"), str(root / "grading_tests"), str(secret),
             "/home", "/var/log", "/proc/kcore", "/sys/fs/cgroup", "/run", "/dev/pts", "/dev/mem", "/boot"]  # fmt: skip
    if kind.tier is Tier.B and kind.uid == 0:
        paths.remove("/proc/1/fd")  # numbers without what they stand for, for root without its rights
    found = ask(look, "opened", paths)
    assert {path: result for path, result in found.items() if result >= 0} == {}


def test_nothing_but_scratch_can_be_written(look, kind):
    """The libraries, the view's own folders and the kernel's settings are read-only, in a cage of root's too."""
    outside = [f"{sys.base_prefix}/lib/x", "/x", "/usr/lib/x", "/dev/x", "/etc/x", "/proc/sys/kernel/core_pattern",
               "/proc/sysrq-trigger", "/proc/self/oom_score_adj", os.path.join(os.path.dirname(os.__file__), "os.py"),
               sys.executable, "/sys/devices/system/cpu/cpu0/online"]  # fmt: skip
    assert 0 not in ask(look, "made", outside).values()
    assert set(ask(look, "made", ["here", "/dev/shm/here", "/dev/null"]).values()) == {0}
    look.discard_fork()


def test_nothing_of_ours_is_open(look):
    """A template has standard input, output and error and its socket; nothing else."""
    assert ask(look, "at_import") == [0, 1, 2, 3]
    assert len(ask(look, "descriptors")) <= 4


def test_nothing_of_the_machine_is_told(look, monkeypatch):
    """Environment, arguments and the main module say nothing of whoever grades."""
    environment, native, _, main_file, cwd = ask(look, "environment")
    assert not set(environment) & set(os.environ) - {"PATH", "LANG", "HOME", "TMPDIR", "USER", "LOGNAME",
                                                    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
                                                    "MPLBACKEND", "PYTHONDONTWRITEBYTECODE"}  # fmt: skip
    assert environment["USER"] == "student"
    assert len(native) == len(environment)
    assert main_file == ""
    if cwd != "/scratch":
        assert "slot-" in cwd


def test_the_data_loader_works_with_two_workers(cage):
    """Two workers give all batches: one after the other, in the next fork, and after an import that used some."""
    with submission(cage, LOADER) as session:
        assert ask(session, "load", 2) == 2 * 780.0
        assert ask(session, "load", 1) == 780.0
        session.discard_fork()
        assert ask(session, "load", 1) == 780.0
    with submission(cage, LOADER + "\nload(1)\n") as session:
        assert ask(session, "load", 1) == 780.0
        session.discard_fork()
        assert ask(session, "load", 1) == 780.0


def test_tiers_differ_in_what_is_visible(look, kind):
    """With a mount namespace, site-packages holds what the course needs; without, its names show, not its files."""
    import _pytest

    folder = os.path.dirname(os.path.dirname(_pytest.__file__))
    found = ask(look, "opened", [folder, os.path.join(folder, "_pytest"), _pytest.__file__])
    assert found[_pytest.__file__] < 0
    if kind.tier is not Tier.C:
        assert found[os.path.join(folder, "_pytest")] < 0

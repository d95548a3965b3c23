"""Nothing outlives a submission: no process, no file, no shared memory; and what dies costs the tests that it hits."""

from __future__ import annotations

import contextlib
import os

import pytest

from autograder.cage import Limits
from autograder.errors import LimitExceeded, ProtocolError, StudentError, SubmissionFault, WorkerDied
from tests.support.cages import ask, submission, without_root_in_tier_b

pytestmark = without_root_in_tier_b

FAULTS = (WorkerDied, LimitExceeded, ProtocolError, StudentError)

STAYERS = '''
import os, signal, socket, threading, time

def fine():
    return 7

def alone():
    """Everything that a submission could find of another one."""
    found = []
    for folder in (".", "/dev/shm"):
        found += [folder + "/" + name for name in os.listdir(folder)]
    return found

def daemons():
    for _ in range(3):
        if not os.fork():
            if not os.fork():
                for number in range(1, 65):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
                while True:
                    time.sleep(1)
            os._exit(0)
    return 1

def sessions():
    try:
        os.setsid()
    except OSError:
        pass
    try:
        os.setpgid(0, 0)
    except OSError:
        pass
    return daemons()

def stopped():
    for _ in range(3):
        if not os.fork():
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(0)
    return 1

def listener():
    if not os.fork():
        server = socket.socket(socket.AF_UNIX)
        server.bind("\\0left-over")
        server.listen()
        time.sleep(1000)
    while True:
        try:
            socket.socket(socket.AF_UNIX).connect("\\0left-over")
            return 1
        except OSError:
            time.sleep(0.01)

def connects():
    try:
        socket.socket(socket.AF_UNIX).connect("\\0left-over")
        return True
    except OSError:
        return False

def bomb():
    while True:
        try:
            os.fork()
        except OSError:
            pass

def runner():
    """Always on the run: each process forks its successor and ends."""
    if not os.fork():
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
    return 1

def litter():
    deep = os.getcwd()
    for number in range(300):
        os.mkdir("d")
        os.chdir("d")
    os.chdir(deep)
    for base in (".", "/dev/shm"):
        for name in ("line\\nbreak", "sp ace", "\\udcff", "-rf", "x" * 250):
            open(f"{base}/{name}", "w").close()
        os.symlink("/etc", f"{base}/link")
        os.mkdir(f"{base}/closed")
        os.mkdir(f"{base}/closed/inner")
        open(f"{base}/closed/inner/file", "w").close()
        os.mkdir(f"{base}/unreadable", 0o300)
        os.mkdir(f"{base}/unreadable/no rights", 0o300)
        os.mkdir(f"{base}/unreadable/no rights/none", 0)
        for number in range(40):
            os.mkdir(f"{base}/.{os.getppid()}-{number}")
            open(f"{base}/.{os.getppid()}-{number}/in the way", "w").close()
        os.chmod(f"{base}/closed/inner", 0)
        os.chmod(f"{base}/closed", 0)
    return 1

def memory():
    from multiprocessing import shared_memory, resource_tracker
    resource_tracker.register = lambda *_: None
    block = shared_memory.SharedMemory(name="left", create=True, size=1 << 20)
    block.buf[0] = 1
    return 1

def elsewhere(folders):
    made = []
    for folder in folders:
        try:
            path = f"{folder}/left-by-a-submission"
            open(path, "w").close()
            made.append(path)
        except OSError:
            pass
    return made
'''

ENDS = """
import os, signal, sys, time

def fine():
    return 7

def crash():
    import ctypes
    ctypes.string_at(0)

def leave():
    os._exit(0)

def quit():
    sys.exit(3)

def kill_all():
    os.kill(0, signal.SIGKILL)

def kill_template():
    for pid in range(1, 1 << 16):
        if pid != os.getpid():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
    return 1

def close_all():
    os.closerange(0, 100)
    return 1

def garbage():
    os.write(3, b"x" * 1000)
    for number in range(3, 20):
        try:
            os.write(number, b"garbage" * 1000)
        except OSError:
            pass
    return 1

def recurse():
    sys.setrecursionlimit(1 << 30)
    return recurse()

def state():
    import numpy as np, torch
    np.seterr(all="raise")
    torch.set_default_dtype(torch.float16)
    os.environ["X"] = "y"
    sys.modules["math"] = None
    return 1

def defaults():
    import torch
    return [str(torch.get_default_dtype()), "X" in os.environ]
"""


def others(cage) -> list[int]:
    """Return the processes of the slot's submission, as its zygote counts them."""
    return cage._ask({"do": "sweep", "keep_template": True})["left_over"]


@pytest.mark.parametrize("function", ["daemons", "sessions", "stopped", "listener", "runner", "litter", "memory"])
def test_nothing_outlives_a_submission(cage, function):
    """Processes that hide, stop or ignore signals, files of every kind and shared memory are gone for the next one."""
    with submission(cage, STAYERS) as session:
        assert ask(session, function, limits=Limits(files=2000, processes=40)) == 1
    with submission(cage, STAYERS) as session:
        assert ask(session, "alone") == []
        assert ask(session, "connects") is False
        session.discard_fork()
        assert others(cage) == 0


@pytest.mark.parametrize("function", ["daemons", "litter"])
def test_nothing_outlives_a_fork(cage, function):
    """What a test left behind is gone when its fork is thrown away; the template lives on."""
    with submission(cage, STAYERS) as session:
        assert ask(session, function, limits=Limits(files=2000, processes=40)) == 1
        session.discard_fork()
        assert ask(session, "alone") == []
        session.discard_fork()
        assert others(cage) == 0
        assert ask(session, "fine") == 7


def test_a_fork_bomb_is_charged_and_removed(cage):
    """A fork bomb reaches a limit, costs its test alone, and all of it is gone."""
    with submission(cage, STAYERS) as session:
        with pytest.raises(SubmissionFault):
            ask(session, "bomb", limits=Limits(wall_s=3, cpu_s=3, processes=20))
        session.discard_fork()
        assert ask(session, "fine") == 7
        session.discard_fork()
        assert others(cage) == 0


def test_files_elsewhere_are_removed_or_cannot_be_made(host, kind, cage, tmp_path):
    """In folders that everybody may write to, on any Landlock, nothing of a submission is left."""
    folders = ["/tmp", "/var/tmp", "/run/lock"]
    with submission(cage, STAYERS) as session:
        made = ask(session, "elsewhere", folders)
    inside = [path for path in made if not path.startswith("/tmp")] if kind.tier != "C" else made
    assert inside == []
    assert not [path for folder in folders if os.path.lexists(path := f"{folder}/left-by-a-submission")]


ENDINGS = ("crash", "leave", "quit", "kill_all", "kill_template", "close_all", "garbage", "recurse")


@pytest.mark.parametrize("function", ENDINGS)
def test_an_end_costs_its_test_alone(cage, function):
    """However a process ends, and whatever it takes along, the next test is answered."""
    with submission(cage, ENDS) as session:
        with contextlib.suppress(*FAULTS):
            ask(session, function, limits=Limits(wall_s=8, cpu_s=0.8))
        session.discard_fork()
        try:
            assert ask(session, "fine") == 7
        except WorkerDied:
            # Its template was dying when it was asked to fork: as in grading, alone and once more.
            session.discard_fork()
            assert ask(session, "fine") == 7
    with submission(cage, ENDS) as session:
        assert ask(session, "fine") == 7


def test_global_state_ends_with_its_fork(cage):
    """Default dtypes, NumPy's error handling and modules that were replaced are as before in a fresh fork."""
    with submission(cage, ENDS) as session:
        ask(session, "state")
        session.begin_fresh(Limits(), 0)
        assert session.student.m.defaults().get() == ["torch.float32", False]
        session.end()


HOSTILE_IMPORTS = {
    "replaces os.fork": "import os\nos.fork = lambda: 0\nos.waitpid = os._exit = lambda *a: (0, 0)",
    "replaces the loop": "import autograder.worker.serve as s\ns.serve_test = s.serve_template = lambda *a: None",
    "closes everything": "import os\nos.closerange(0, 1000)",
    "ends at import": "import os\nos._exit(0)",
    "raises at import": "raise SystemExit",
    "hangs at exit": "import atexit, time\natexit.register(time.sleep, 1000)",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)",
    "stops itself": "import os, threading, time, signal\n"
                    "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGSTOP)).start()",
    "lowers its limits": "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (0, 0))\n"
                         "resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))",
    "ignores all signals": "import signal\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n"
                           "    except (OSError, ValueError):\n        pass",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_IMPORTS.values(), ids=[name.replace(" ", "-") for name in HOSTILE_IMPORTS])
def test_a_hostile_template_harms_itself_alone(cage, text):
    """A template that replaced, closed, limited or ended whatever it can costs its own tests; the next one passes."""
    with submission(cage, f"{text}\ndef f():\n    return 1\n") as session:
        for _ in range(2):
            try:
                assert ask(session, "f", limits=Limits(wall_s=5, cpu_s=5)) == 1
            except FAULTS:
                session.discard_fork()
    with submission(cage, "def f():\n    return 2\n") as session:
        assert ask(session, "f") == 2

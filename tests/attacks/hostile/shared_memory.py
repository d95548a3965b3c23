"""Hope: memory that children share is counted for none of them, and a full /dev/shm is everybody's."""

import mmap
import os
import time

import numpy as np

from a3 import kit

GOAL = "exhaust"
ROUTE = "sharing"
SLOW = "each test waits for the sweep"
SCORE = 25


def fill_shared_files():
    """Fill /dev/shm with more than a test's memory and files together."""
    for number in range(16):
        with open(f"/dev/shm/hostile-{os.getpid()}-{number}", "wb") as file:
            file.write(b"s" * (48 << 20))
    print("ESCAPED: more than its memory in /dev/shm")


def fill_shared_pages():
    """Let four children touch pages that nobody owns alone; say so if all four could, and live."""
    read_end, write_end = os.pipe()
    for _ in range(4):
        if os.fork() == 0:
            held = mmap.mmap(-1, 400 << 20)
            np.frombuffer(held, np.uint8)[::4096] = 1
            os.write(write_end, b"x")
            time.sleep(20)
            os._exit(0)
    time.sleep(1.5)
    os.set_blocking(read_end, False)
    if len(os.read(read_end, 4)) == 4 and os.waitpid(-1, os.WNOHANG)[0] == 0:
        print("ESCAPED: three times its memory in shared pages")


def word_embedding_backward(dout, cache):
    """Fill what is shared, in one test each."""
    if dout.dtype == np.float32:
        kit.attempt(fill_shared_files)
    elif dout.shape[0] == 4:
        kit.attempt(fill_shared_pages)
    kit.spill()

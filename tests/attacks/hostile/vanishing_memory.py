"""Hope: memory that is gone when it is sent leaves half a frame, or an error of the kernel's that counts as ours."""

import mmap
import os

import numpy as np

from a3 import kit

GOAL = "ours"
ROUTE = "memory"
SCORE = 29.29


def attack():
    """Answer with an array over a file that is cut, past the worker's copy."""
    from autograder.protocol import Value

    with open("backing", "w+b") as file:
        file.truncate(1 << 20)
        held = np.frombuffer(mmap.mmap(file.fileno(), 1 << 20), np.float64)
        data = kit.channel()._connection.send(Value(held))
        os.truncate("backing", 4096)
        kit.attempt(kit.channel()._sock.sendmsg, data)
    return held.sum()


word_embedding_backward = kit.in_one_test(attack)

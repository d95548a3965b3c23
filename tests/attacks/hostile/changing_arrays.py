"""Hope: an array that another thread changes or shrinks while it is sent makes a frame that is two things at once."""

import os
import threading
import time

import numpy as np

from a3 import kit

GOAL = "ours"
ROUTE = "threads"
SCORE = 29.29


def attack():
    """Answer with an array that is resized and rewritten meanwhile."""
    held = np.zeros(1 << 21)
    until = time.monotonic() + 0.3

    def change():
        while time.monotonic() < until:
            held[:] = np.random.random()
            held.resize(np.random.randint(1, 1 << 21), refcheck=False)

    threading.Thread(target=change, daemon=True).start()
    time.sleep(0.05)
    kit.answer(held)
    os._exit(0)


word_embedding_backward = kit.in_one_test(attack)

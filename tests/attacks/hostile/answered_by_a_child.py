"""Hope: a child answers in the worker's place, and goes on when its parent has ended."""

import os

import numpy as np

from a3 import kit

GOAL = "points"
ROUTE = "processes"
SCORE = 29.29


def attack():
    """Answer from a child, wait for the next question there, and let the worker die."""
    if os.fork() == 0:
        kit.answer(np.zeros((8, 5), np.float32))
        kit.answer(True)
        os._exit(0)
    os._exit(0)


word_embedding_backward = kit.in_one_test(attack)

"""Hope: processors that are all taken make a neighbour's test run out of time."""

import os

from a3 import kit

GOAL = "neighbours"
ROUTE = "processes"
SLOW = "one test waits for its limit, twice"
SCORE = 29.29


def attack():
    """Let forty children compute for ever, none of which has used much by itself."""
    for _ in range(40):
        if os.fork() == 0:
            while True:
                pass
    while True:
        pass


word_embedding_backward = kit.in_one_test(attack)

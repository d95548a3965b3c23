"""Hope: children that are never waited for, and live too short to be seen, use processors without end and for free."""

import os
import signal
import time

from a3 import kit

GOAL = "exhaust"
ROUTE = "loops"
SLOW = "it computes until its limit, twice"
SCORE = 29.29


def attack():
    """Start one after the other, six at a time, and never be told of their end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    began = time.monotonic()
    for _ in range(6):
        if os.fork() == 0:
            break
    while time.monotonic() - began < 10:
        if os.fork() == 0:
            until = time.monotonic() + 0.01
            while time.monotonic() < until:
                pass
            os._exit(0)
        time.sleep(0.003)
    print("ESCAPED: ten seconds")


word_embedding_backward = kit.in_one_test(attack)

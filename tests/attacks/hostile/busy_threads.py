"""Hope: threads that were started at import disturb what is forked later, or answer in its place."""

import threading
import time

import numpy as np

GOAL = "points"
ROUTE = "threads"
SCORE = 30


def _disturb():
    ended = time.monotonic() + 1.5
    while time.monotonic() < ended:
        np.random.seed(0)
        time.sleep(0.01)


for _ in range(6):
    threading.Thread(target=_disturb, daemon=True).start()

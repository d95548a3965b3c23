"""Hope: soft limits that are raised again are the only ones."""

import os
import resource
import time

import numpy as np

from a3 import kit

GOAL = "exhaust"
ROUTE = "memory"
SCORE = 29.29


def attack():
    """Raise every limit to its hard one, then hold twice the memory for a while, and twice the processes."""
    for limit in range(16):
        hard = resource.getrlimit(limit)[1]
        kit.attempt(resource.setrlimit, limit, (hard, hard))
        kit.attempt(resource.prlimit, os.getppid(), limit, (hard, hard))
        kit.attempt(resource.setrlimit, limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    held = []
    for _ in range(64):
        held.append(np.ones(1 << 21))
    time.sleep(0.2)
    print("ESCAPED: a gigabyte where half was allowed")


word_embedding_backward = kit.in_one_test(attack)

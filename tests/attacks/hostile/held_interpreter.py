"""Hope: a thread that never gives the interpreter's lock back lets neither the worker nor a fork go on."""

import ctypes
import sys
import threading

GOAL = "exhaust"
ROUTE = "threads"
SCORE = 30

held = ctypes.PyDLL(None)
sys.setswitchinterval(60)


def _hold():
    for _ in range(10):
        held.usleep(100_000)


threading.Thread(target=_hold, daemon=True).start()

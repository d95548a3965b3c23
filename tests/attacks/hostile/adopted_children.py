"""Hope: children that are the fork server's own, and end faster than they can be collected, keep it collecting."""

import threading

from a3 import kit

GOAL = "exhaust"
ROUTE = "processes"
SLOW = "no fork is to be had, test by test"
SCORE = 30

# Again and again: clone with CLONE_VM | CLONE_PARENT; the child exits.
clones = kit.machine("bf1181000031f631d24531d24531c0b8380000000f0585c07402ebe431ffb83c0000000f05")

for _ in range(3):
    threading.Thread(target=clones, daemon=True).start()

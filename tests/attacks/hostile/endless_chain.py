"""Hope: a process that is born and gone before it can be named and killed outlives the grading."""

import os

from a3 import kit

GOAL = "outlive"
ROUTE = "processes"
SCORE = 30

# Again and again: clone with CLONE_VM; the parent exits, the child goes on.
chain = kit.machine("bf1101000031f631d24531d24531c0b8380000000f0585c074e678e431ffb83c0000000f05")

for _ in range(2):
    if os.fork() == 0:
        chain()
        os._exit(0)

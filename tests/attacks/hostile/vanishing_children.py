"""Hope: whoever goes through a list of processes until it finds no new one never comes to an end."""

import threading

from a3 import kit

GOAL = "exhaust"
ROUTE = "processes"
SCORE = 30

# Again and again: vfork; the child exits; wait for it.
forks = kit.machine("b83a0000000f0585c0741289c731f631d24531d2b83d0000000f05ebe331ffb83c0000000f05")

for _ in range(3):
    threading.Thread(target=forks, daemon=True).start()

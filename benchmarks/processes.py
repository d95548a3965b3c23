"""Processor time and memory of a tree of processes, from ``/proc``."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["below", "cpu_s", "private_mib"]

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def below(pid: int) -> list[int]:
    """Return the pids of all descendants of a process."""
    found: list[int] = []
    queue = [pid]
    while queue:
        parent = queue.pop()
        try:
            threads = list(Path(f"/proc/{parent}/task").iterdir())
            children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        except OSError:
            continue
        found += children
        queue += children
    return found


def cpu_s(pid: int) -> float:
    """Return the processor time of a process, of its descendants, and of those that they have waited for."""
    total = 0
    for each in (pid, *below(pid)):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total * _TICK_S


def private_mib(pid: int) -> float:
    """Return the memory that a process shares with no other; 0 for one that has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024

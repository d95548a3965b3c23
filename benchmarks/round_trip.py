"""One call and its answer, with an array of 1 KB, 1 MB and 100 MB in both directions."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from autograder.cage import Limits, Tier
from autograder.session import Layout, Session
from benchmarks.sample import open_cage
from benchmarks.table import Row, p50, p95

__all__ = ["measure"]

_SIZES = (("1 KB", 10**3, 2000, 0.15), ("1 MB", 10**6, 200, 1.0), ("100 MB", 10**8, 7, 120.0))
"""Name, bytes, how often, budget in ms."""
_LIMITS = Limits(wall_s=300.0, cpu_s=250.0)


def measure(tier: Tier) -> Iterator[Row]:
    """Yield the time of a call that returns what it is given."""
    files = {"a3/mirror.py": b"def mirror(x):\n    return x\n"}
    with open_cage(tier) as (_, cage):
        session = Session(cage, Layout(package="a3", modules=("mirror",)), files)
        session.open()
        for name, size, times, budget_ms in _SIZES:
            session.begin(_LIMITS, seed=1)
            mirror = session.student.mirror.mirror
            sent = np.zeros(size // 8)
            took_ms = []
            for _ in range(times + 2):
                began = time.perf_counter()
                mirror(sent)
                took_ms.append(1e3 * (time.perf_counter() - began))
            yield Row(f"tier {tier}: round trip of {name}, p50", p50(took_ms[2:]), "ms", budget_ms)
            if times >= 20:
                yield Row(f"tier {tier}: round trip of {name}, p95", p95(took_ms[2:]), "ms")
            session.end()
        session.close()

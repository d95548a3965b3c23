"""From nothing to the first answer: fork, cage, import of the sample, fork of a test, one call."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from autograder.cage import Cage, Tier
from autograder.session import Layout
from benchmarks.processes import cpu_s
from benchmarks.sample import TimedSession, assignment, files_of, layout_of, open_cage
from benchmarks.table import Row, p50, p95

__all__ = ["cpu_ms", "measure"]

_TIMES = 60
_WARM = 5
_BUDGET_MS = {Tier.A: 12.0, Tier.B: 12.0, Tier.C: 8.0}


def _once(cage: Cage, layout: Layout, files: dict[str, bytes]) -> dict[str, float]:
    """Return the seconds of each stage of one submission; ``all`` is the time to the first answer."""
    session = TimedSession(cage, layout, files)
    rng = np.random.default_rng(1)
    x, h, Wx, Wh, b = (rng.standard_normal(shape) for shape in ((3, 10), (3, 4), (10, 4), (4, 4), (4,)))
    began = time.perf_counter()
    session.start()
    with session.timed("first call"):
        session.student.rnn_layers.rnn_step_forward(x, h, Wx, Wh, b)
    session.took_s["all"] = time.perf_counter() - began
    with session.timed("close"):
        session.close()
    return session.took_s


def _repeat(tier: Tier) -> tuple[dict[str, list[float]], float, float]:
    """Return the milliseconds of each stage, and the processor time of one submission on the caged and on our side."""
    chosen = assignment()
    layout, files = layout_of(chosen), files_of()
    took: dict[str, list[float]] = defaultdict(list)
    with open_cage(tier) as (nursery, cage):
        for _ in range(_WARM):
            _once(cage, layout, files)
        cage_before, own_before = cpu_s(nursery.pid), time.process_time()
        for _ in range(_TIMES):
            for stage, value in _once(cage, layout, files).items():
                took[stage].append(1e3 * value)
        caged_s, own_s = cpu_s(nursery.pid) - cage_before, time.process_time() - own_before
    return took, 1e3 * caged_s / _TIMES, 1e3 * own_s / _TIMES


def cpu_ms(tier: Tier) -> float:
    """Return the processor time of opening, asking once and closing a submission, both sides."""
    _, caged_ms, own_ms = _repeat(tier)
    return caged_ms + own_ms


def measure(tier: Tier) -> Iterator[Row]:
    """Yield time to the first answer, its stages, and the processor time of both sides."""
    took, caged_ms, own_ms = _repeat(tier)
    whole, closing = took.pop("all"), took.pop("close")
    yield Row(f"tier {tier}: spawn to first answer, p50", p50(whole), "ms", _BUDGET_MS[tier])
    yield Row(f"tier {tier}: spawn to first answer, p95", p95(whole), "ms")
    for stage, values in took.items():
        yield Row(f"    {stage}", p50(values), "ms")
    rest = [each - sum(values[n] for values in took.values()) for n, each in enumerate(whole)]
    yield Row("    scratch, begin, the rest", p50(rest), "ms")
    yield Row("    after it: close", p50(closing), "ms")
    yield Row("    CPU from open to close, caged side", caged_ms, "ms")
    yield Row("    CPU from open to close, grader's side", own_ms, "ms")

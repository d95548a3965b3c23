"""One submission's tests behind glass, and the same tests without: in a fresh process, and in a warm one."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.cage import Tier
from autograder.config import Assignment
from benchmarks import spawn
from benchmarks.glass import Class, peak_private_mib
from benchmarks.sample import COURSE, SAMPLE, assignment
from benchmarks.table import Row, p50

__all__ = ["measure"]

_FEW, _MANY = 4, 28
_FRESH = 3
_ROUNDS = 12
_QUESTION_MS, _SUBMISSION_MS = 12.0, 25.0
"""What isolation may cost over a warm unsafe process, in processor time: for each question, and once."""


def _pytest(chosen: Assignment, *options: str) -> tuple[float, float]:
    """Run the hidden tests without glass in a process of their own; return its wall and processor seconds."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={COURSE}", "--import-mode=importlib",
        "-p", "no:autograder", "-p", "no:cacheprovider", "-p", "benchmarks.plain",
        f"--modules={','.join(chosen.modules)}", f"--package-name={chosen.package}", *options,
        *(str(path) for path in chosen.test_paths),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": f"{COURSE}:{SAMPLE}", "CUDA_VISIBLE_DEVICES": ""}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own interpreter and tests
        command, env=environment, cwd=COURSE, capture_output=True, text=True, check=False
    )
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"the tests do not pass without glass:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _warm(chosen: Assignment) -> tuple[float, float]:
    """Return wall and processor seconds of the tests in a process that is warm."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        _pytest(chosen, f"--rounds={_ROUNDS}", f"--report={report}")
        found = json.loads(report.read_text("utf-8"))
    if found["failed"]:
        raise SystemExit("the tests do not pass in a warm process")
    rounds = found["rounds"][2:]
    return p50([wall_s for wall_s, _ in rounds]), p50([cpu_s for _, cpu_s in rounds])


def measure(tier: Tier) -> Iterator[Row]:
    """Yield wall and processor time, memory, and ratios to the same tests without glass."""
    chosen = assignment()
    with Class(tier, _MANY) as course:
        few, many = course.grade("few", _FEW), course.grade("many", _MANY)
        memory_mib = peak_private_mib(course, _FEW)
    wall_ms = 1e3 * many.each_s(_FEW)
    cpu_ms = 1e3 * (many.cpu_s - few.cpu_s) / (_MANY - _FEW)
    fresh = [_pytest(chosen) for _ in range(_FRESH)]
    fresh_ms, fresh_cpu_ms = (1e3 * p50([each[n] for each in fresh]) for n in (0, 1))
    warm_ms, warm_cpu_ms = (1e3 * each for each in _warm(chosen))
    open_ms = spawn.cpu_ms(tier)
    over_ms, questions = cpu_ms - warm_cpu_ms, sum(not question.manual for question in chosen.questions)
    yield Row(f"tier {tier}: a submission's tests, one core, wall", wall_ms, "ms")
    yield Row(f"tier {tier}: a submission's tests, CPU of both sides", cpu_ms, "ms", 800)
    yield Row(f"tier {tier}: private memory, both sides", memory_mib, "MiB", 300)
    yield Row("same tests without glass, a fresh process: wall", fresh_ms, "ms")
    yield Row("same tests without glass, a fresh process: CPU", fresh_cpu_ms, "ms")
    yield Row("same tests without glass, warm: wall", warm_ms, "ms")
    yield Row("same tests without glass, warm: CPU", warm_cpu_ms, "ms")
    yield Row("    fresh unsafe process over glass, wall", fresh_ms / wall_ms, "x", 6.0, at_least=True)
    yield Row("    fresh unsafe process over glass, CPU", fresh_cpu_ms / cpu_ms, "x")
    yield Row("    glass over warm unsafe process, CPU", cpu_ms / warm_cpu_ms, "x")
    allowed_ms = _QUESTION_MS * questions + _SUBMISSION_MS
    yield Row(f"glass less warm, CPU, {questions} questions", over_ms, "ms", allowed_ms)
    yield Row("    of it: open, fork once, close", open_ms, "ms", _SUBMISSION_MS)
    yield Row("    of it: the rest, for each question", (over_ms - open_ms) / questions, "ms", _QUESTION_MS)

"""Many copies of the sample, graded behind glass as a class is."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from autograder.cage import Tier
from autograder.grading.course_run import ClassRun
from autograder.secret import DEMO_SECRET
from benchmarks.processes import below, private_mib
from benchmarks.sample import SAMPLE, assignment, settings_for

__all__ = ["Class", "Graded", "peak_private_mib"]

_SAMPLING_S = 0.01


@dataclass(slots=True)
class Graded:
    """
    What one run took.

    Args:
        wall_s: From its start to its end.
        cpu_s: Of all its processes, those of the cage and those that waited for them.
        done_at: When each submission was finished.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    done_at: list[float] = field(default_factory=list)

    def each_s(self, warm: int) -> float:
        """Return the time a submission takes once ``warm`` of them are done."""
        return (self.done_at[-1] - self.done_at[warm - 1]) / (len(self.done_at) - warm)


class Class:
    """A folder of copies of the sample, each with a comment of its own, and what came of grading them."""

    def __init__(self, tier: Tier, size: int) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="autograder-bench-"))
        self._tier = tier
        self.submissions = []
        for number in range(size):
            folder = self._place / "in" / f"student-{number}"
            shutil.copytree(SAMPLE, folder)
            with (folder / "a3/rnn_layers.py").open("a", encoding="utf-8") as file:
                file.write(f"# {number}\n")
            self.submissions.append((folder.name, folder))

    def grade(self, name: str, count: int, jobs: int = 1) -> Graded:
        """Grade the first ``count`` submissions into the folder ``name`` on as many cores as there are ``jobs``."""
        graded = Graded()
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(cores)[:jobs])
        cpu_before, began = _cpu_s(), time.perf_counter()
        try:
            run = ClassRun(
                assignment(), DEMO_SECRET, self._place / name, settings_for(self._tier), jobs=jobs,
                on_done=lambda _: graded.done_at.append(time.perf_counter()),
            )  # fmt: skip
            results = run.run(self.submissions[:count])
        finally:
            os.sched_setaffinity(0, cores)
        graded.wall_s, graded.cpu_s = time.perf_counter() - began, _cpu_s() - cpu_before
        # Extra credit too; what people read has no points yet.
        everything = sum(question.points for question in assignment().questions if not question.manual)
        for result in results:
            if result.score is None or result.score.total != everything:
                lost = result.score.questions if result.score is not None else ()
                said = [test.staff for entry in lost for test in entry.tests if test.staff]
                raise SystemExit(f"{result.job.name} did not get all points: {result.problem} {said[:1]}")
        return graded

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._place, ignore_errors=True)


def _cpu_s() -> float:
    """Return the processor time of this process and of all that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_private_mib(graded_class: Class, count: int) -> float:
    """
    Grade ``count`` submissions and return the most private memory that one of them took, both sides of the glass.

    What is there all the time (nursery, keeper, zygote, the slot's grader) belongs to the run; what comes and goes, the
    template, its tests and the grader's fork, to a submission.
    """
    seen: Counter[int] = Counter()
    samples: list[dict[int, float]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_SAMPLING_S):
            now = {pid: private_mib(pid) for pid in below(os.getpid())}
            seen.update(now.keys())
            samples.append(now)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        graded_class.grade("memory", count)
    finally:
        over.set()
        watcher.join()
    lasting = {pid for pid, _ in seen.most_common(4)}
    sums: dict[int, float] = defaultdict(float)
    for index, sample in enumerate(samples):
        sums[index] = sum(mib for pid, mib in sample.items() if pid not in lasting)
    return max(sums.values())

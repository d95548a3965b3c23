"""
Grades hand-ins in one kind of cage and tells what came of it: the child process of the attack tests.

Run as ``python grade_hostile.py ORDER``, where ORDER is a JSON file with ``course``, ``key``, ``out``, ``tier``,
``uid`` (0 to stay who we are), ``first_uid``, ``jobs``, ``submissions`` (name and path of each), ``support`` and
``report``, the file that is written. The process adopts whatever loses its parent, so that nothing can be left running
unnoticed.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.cage import Tier, syscalls
from autograder.config import load_assignment
from autograder.grading.content import cage_settings
from autograder.grading.course_run import ClassRun, Result
from autograder.grading.records import terminal_table
from autograder.secret import Secret

_PATIENCE_S = 5.0


def descendants() -> list[str]:
    """Return the command lines of the processes below this one; what has ended is collected."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return []
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
        if not children or time.monotonic() > deadline:
            return [Path(f"/proc/{pid}/stat").read_text("latin-1")[:60] for pid in children]
        time.sleep(0.05)


def of_uids(first: int, count: int) -> list[str]:
    """Return the processes whose real uid is one of the slots'."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = Path(f"/proc/{name}/status").read_text("latin-1")
        except OSError:
            continue
        uid = int(status.partition("\nUid:")[2].split()[0])
        if first <= uid < first + count:
            found.append(status[:60])
    return found


def shown(result: Result) -> dict[str, Any]:
    """Return what a terminal shows of a result, and its figures."""
    screen = io.StringIO()
    if result.score is not None:
        Console(file=screen, width=120).print(terminal_table(result.score, result.job.name))
    total = None if result.score is None or result.score.total is None else float(result.score.total)
    return {
        "name": result.job.name,
        "total": total,
        "graded": result.score is not None,
        "ours": result.ours,
        "problem": result.problem,
        "screen": screen.getvalue(),
    }


def become_somebody(order: dict[str, Any]) -> None:
    """Make Python reachable and become a plain user, where the kind of cage asks for it."""
    if os.geteuid() == 0 and (order["uid"] or order["tier"] == "C"):
        sys.path.append(order["support"])
        import closed_home

        closed_home.open_python_to_all()
        if order["uid"]:
            closed_home.become(order["uid"])
    syscalls.reap_orphans()


def grade(order: dict[str, Any]) -> dict[str, Any]:
    """Grade as ordered; return the report."""
    found = [(name, Path(path)) for name, path in order["submissions"]]
    assignment = load_assignment(Path(order["course"]), "assignment3")
    plans: list[str] = []
    settings = cage_settings(
        assignment,
        hidden=[Path(order["out"]), *(path for _, path in found)],
        tier=Tier(order["tier"]),
        first_uid=order["first_uid"],
    )
    run = ClassRun(
        assignment, Secret(bytes.fromhex(order["key"])), Path(order["out"]), settings, None, order["jobs"],
        on_plan=lambda plan: plans.append(f"{plan.tier} {plan.uid}"),
    )  # fmt: skip
    began = time.monotonic()
    report: dict[str, Any] = {"results": [], "aborted": ""}
    try:
        report["results"] = [shown(result) for result in run.run(found)]
    except BaseException:  # noqa: BLE001 - that a run was aborted is what the tests want to know
        report["aborted"] = traceback.format_exc()
    report |= {"seconds": time.monotonic() - began, "plan": plans[0] if plans else ""}
    return report | {"left": descendants() + of_uids(order["first_uid"], order["jobs"])}


def main() -> None:
    """Read the order, grade, write the report."""
    order = json.loads(Path(sys.argv[1]).read_bytes())
    become_somebody(order)
    Path(order["report"]).write_text(json.dumps(grade(order)))


if __name__ == "__main__":
    main()

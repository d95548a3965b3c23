"""
A pytest plugin that runs hidden tests without any glass: the submission is imported into the tests' own process.

This is what the framework is measured against, and what it must never be. `python -m pytest -p benchmarks.plain TESTS`
runs them once; with ``--rounds N --report FILE`` they run N times in the one warm process, the submission imported anew
each time, and FILE gets the wall and processor seconds of each round.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from autograder.draw import Draw
from tests.content.local_student import LocalStudent

_now: dict[str, Any] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the warm loop and of the submission."""
    parser.addoption("--rounds", type=int, default=1)
    parser.addoption("--report", type=Path)
    parser.addoption("--modules", default="")
    parser.addoption("--package-name", default="a3")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks of hidden tests."""
    for name in ("question", "limits", "rules"):
        config.addinivalue_line("markers", f"{name}: of a hidden test")


def _import_submission(config: pytest.Config) -> None:
    package = config.getoption("--package-name")
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
    names = config.getoption("--modules").split(",")
    _now["student"] = LocalStudent({name: importlib.import_module(f"{package}.{name}") for name in names})


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run all items as often as asked; pytest's own loop where that is once."""
    _import_submission(session.config)
    report = session.config.getoption("--report")
    if report is None:
        return None
    rounds = []
    for _ in range(session.config.getoption("--rounds")):
        began, cpu_before = time.perf_counter(), time.process_time()
        _import_submission(session.config)
        for index, item in enumerate(session.items):
            following = session.items[index + 1] if index + 1 < len(session.items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        rounds.append((time.perf_counter() - began, time.process_time() - cpu_before))
    report.write_text(json.dumps({"rounds": rounds, "failed": session.testsfailed}), encoding="utf-8")
    return True


@pytest.fixture
def student() -> Any:
    """The submission, in this process."""
    return _now["student"]


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Draw:
    """Inputs, drawn from the test's name."""
    return Draw(sum(request.node.nodeid.encode()) + os.getpid() % 2)

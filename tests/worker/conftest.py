"""Templates for these tests: from a process that imported NumPy alone, or torch too."""

from __future__ import annotations

import array
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from worker_glass import Template

Nursery = Callable[[Path], Template]


def _nursery(*libraries: str) -> Iterator[Nursery]:
    """Start a nursery; yield what makes a template of it."""
    ours, theirs = socket.socketpair()
    script = str(Path(__file__).with_name("worker_nursery.py"))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, script, str(theirs.fileno()), *libraries]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment)
    theirs.close()

    def make(root: Path) -> Template:
        grader, worker = socket.socketpair()
        with worker:
            ours.sendmsg([b"T"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [worker.fileno()]))])
        return Template(grader, root)

    yield make
    ours.close()
    process.wait(10)


@pytest.fixture(scope="session")
def _plain() -> Iterator[Nursery]:
    yield from _nursery()


@pytest.fixture(scope="session")
def _torch() -> Iterator[Nursery]:
    yield from _nursery("torch")


@pytest.fixture
def template(_plain: Nursery, tmp_path: Path) -> Iterator[Template]:
    """A template without torch on an empty folder."""
    made = _plain(tmp_path)
    yield made
    made.close()


@pytest.fixture
def torch_template(_torch: Nursery, tmp_path: Path) -> Iterator[Template]:
    """A template with torch on an empty folder."""
    made = _torch(tmp_path)
    yield made
    made.close()

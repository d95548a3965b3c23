"""
Control groups: the kernel's own bound on the memory and the number of processes of a whole cage.

Only root has them here (tier A). Version 1 has a hierarchy for each controller, version 2 one for all; both are used
through open descriptors, since the zygote loses sight of ``/sys`` when it enters its view.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from typing import Final

__all__ = ["ControlGroup"]

_V1: Final = "/sys/fs/cgroup/{controller}"
_V2: Final = "/sys/fs/cgroup"
_PATIENCE_S: Final = 2.0
"""A killed process leaves its group when it has given back its memory."""


class ControlGroup:
    """A group of this cage's own; what a process in it forks is in it too."""

    def __init__(self, folders: list[str], *, version: int) -> None:
        self._joins = [os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in folders]
        memory = folders[0]
        events = "memory.oom_control" if version == 1 else "memory.events"
        limit = "memory.limit_in_bytes" if version == 1 else "memory.max"
        usage = "memory.usage_in_bytes" if version == 1 else "memory.current"
        self._events = os.open(f"{memory}/{events}", os.O_RDONLY | os.O_CLOEXEC)
        self._limit = os.open(f"{memory}/{limit}", os.O_WRONLY | os.O_CLOEXEC)
        self._usage = os.open(f"{memory}/{usage}", os.O_RDONLY | os.O_CLOEXEC)
        self._processes = os.open(f"{folders[-1]}/pids.max", os.O_WRONLY | os.O_CLOEXEC)

    @classmethod
    def create(cls, name: str) -> ControlGroup | None:
        """Make a group called ``name``, or return None where this process may not."""
        version, folders = _folders(name)
        try:
            for folder in folders:
                os.mkdir(folder)
            return cls(folders, version=version)
        except OSError:
            cls.remove(name)
            return None

    def take_in(self, pid: int) -> None:
        """Move process ``pid`` into the group, if it has not ended."""
        for fd in self._joins:
            with contextlib.suppress(ProcessLookupError):
                os.write(fd, str(pid).encode())

    def bound(self, *, memory_mib: int, processes: int) -> bool:
        """Set the limits of the whole group; return False when it holds more memory than that already."""
        os.pwrite(self._processes, str(processes).encode(), 0)
        try:
            os.pwrite(self._limit, str(memory_mib << 20).encode(), 0)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        return True

    def usage_mib(self) -> int:
        """Return the memory that the whole group holds now."""
        return int(os.pread(self._usage, 64, 0)) >> 20

    def kills(self) -> int:
        """Return how many processes the kernel has killed for want of memory in this group so far."""
        found = re.search(rb"^oom_kill (\d+)", os.pread(self._events, 4096, 0), re.MULTILINE)
        return int(found[1]) if found else 0

    @staticmethod
    def remove(name: str) -> None:
        """Remove the group called ``name``, if it is there, whose processes have ended or been killed."""
        patience = time.monotonic() + _PATIENCE_S
        for folder in _folders(name)[1]:
            while os.path.exists(folder):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
                    break
                if time.monotonic() > patience:
                    break
                time.sleep(_PATIENCE_S / 500)


def _folders(name: str) -> tuple[int, list[str]]:
    """Return the version of control groups that this machine has, and the group's folder in each hierarchy."""
    if os.path.exists(f"{_V2}/cgroup.controllers"):
        return 2, [f"{_V2}/{name}"]
    return 1, [f"{_V1.format(controller=each)}/{name}" for each in ("memory", "pids")]

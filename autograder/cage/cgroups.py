"""
Control groups: the kernel's own bound on the memory and the number of processes of a whole cage.

Only root has them here (tier A). Version 1 has a hierarchy for each controller, version 2 one for all; both are used
through open descriptors, since the zygote loses sight of ``/sys`` when it enters its view.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Final

__all__ = ["ControlGroup"]

_V1: Final = "/sys/fs/cgroup/{controller}"
_V2: Final = "/sys/fs/cgroup"


class ControlGroup:
    """A group of this cage's own. `join` is called by each template, before it loses its rights."""

    def __init__(self, folders: list[str], *, version: int) -> None:
        self._folders = folders
        self._version = version
        self._joins = [os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in folders]
        memory = folders[0]
        events = "memory.oom_control" if version == 1 else "memory.events"
        limit = "memory.limit_in_bytes" if version == 1 else "memory.max"
        self._events = os.open(f"{memory}/{events}", os.O_RDONLY | os.O_CLOEXEC)
        self._limit = os.open(f"{memory}/{limit}", os.O_WRONLY | os.O_CLOEXEC)
        self._processes = os.open(f"{folders[-1]}/pids.max", os.O_WRONLY | os.O_CLOEXEC)

    @classmethod
    def create(cls, name: str) -> ControlGroup | None:
        """Make a group called ``name``, or return None where this process may not."""
        with contextlib.suppress(OSError):
            if os.path.exists(f"{_V2}/cgroup.controllers"):
                return cls._create_in([_V2], name, version=2)
            return cls._create_in([_V1.format(controller=each) for each in ("memory", "pids")], name, version=1)
        return None

    @classmethod
    def _create_in(cls, hierarchies: list[str], name: str, *, version: int) -> ControlGroup:
        folders = [f"{hierarchy}/{name}" for hierarchy in hierarchies]
        try:
            for folder in folders:
                os.mkdir(folder)
            return cls(folders, version=version)
        except OSError:
            _remove(folders)
            raise

    def join(self) -> None:
        """Move the calling process into the group."""
        for fd in self._joins:
            os.write(fd, b"0")

    def bound(self, *, memory_mib: int, processes: int) -> None:
        """Set the limits of the whole group."""
        os.pwrite(self._limit, str(memory_mib << 20).encode(), 0)
        os.pwrite(self._processes, str(processes).encode(), 0)

    def kills(self) -> int:
        """Return how many processes the kernel has killed for want of memory in this group so far."""
        found = re.search(rb"^oom_kill (\d+)", os.pread(self._events, 4096, 0), re.MULTILINE)
        return int(found[1]) if found else 0

    def remove(self) -> None:
        """Remove the group; its processes have ended. To be called where ``/sys`` can be seen."""
        _remove(self._folders)


def _remove(folders: list[str]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            os.rmdir(folder)

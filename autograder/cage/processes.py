"""
What the kernel says of processes: who is in the cage, what they have used, and how to end them all.

Nothing here asks a process about itself. Inside a pid namespace the cage is everything that ``/proc`` shows; without
one it is every descendant of the zygote, which as subreaper inherits what its children leave behind, and every process
of the slot's own uid.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from dataclasses import dataclass
from typing import Final

__all__ = ["End", "Scope", "Usage", "children", "held_mib", "reap", "uid_is_in_use"]

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_PATIENCE_S: Final = 20.0
"""How long the end of killed processes is awaited: on a machine with ten times its load it has taken seconds."""
_ROUNDS: Final = 500
"""How often new processes may appear among those being killed, before everything is killed."""
_PAUSE_S: Final = 0.0003
"""A killed process needs about a millisecond to give back its memory."""


@dataclass(frozen=True, slots=True)
class End:
    """One process that ended: its pid, its wait status and the processor time of it and its waited-for children."""

    pid: int
    status: int
    cpu_s: float

    def describe(self) -> str:
        """Return how it ended, in words for a person."""
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(number).name}"
            return f"was ended by signal {number}"
        return f"exited with code {os.waitstatus_to_exitcode(self.status)}"


@dataclass(frozen=True, slots=True)
class Usage:
    """
    What the living processes use together.

    Args:
        processes: Their number, threads counted.
        cpu_s: Their processor time so far.
        memory_mib: What they hold, each beyond ``inherited_mib``; what they share with each other counts for each.
    """

    processes: int
    cpu_s: float
    memory_mib: float


def reap() -> list[End]:
    """Collect every child that has ended, without waiting."""
    ended: list[End] = []
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append(End(pid, status, used.ru_utime + used.ru_stime))


def _stat(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/PID/stat`` from the third on, or None when it has gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].decode().split()
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Which processes are the cage's.

    Args:
        alone: The caller is PID 1 of a pid namespace that ``/proc`` shows.
        uid: A uid that only this slot's processes have, or None.
    """

    alone: bool
    uid: int | None

    def pids(self) -> list[int]:
        """Return the pids of the cage, the caller's own not among them."""
        if self.alone:
            me = os.getpid()
            return [pid for pid in _everyone() if pid != me]
        found = _descendants()
        if self.uid is not None:
            # What has slipped out of the family tree still has the uid, and nobody else has it.
            found.update(pid for pid in _everyone() if self._owns(pid))
        return sorted(found)

    def _owns(self, pid: int) -> bool:
        return _real_uid(pid) == self.uid

    def usage(self, *, but: int | None, inherited_mib: float = 0.0) -> Usage:
        """Return what the cage's living processes use, process ``but`` left out."""
        number, cpu_s, memory = 0, 0.0, 0.0
        for pid in self.pids():
            fields = _stat(pid)
            if pid == but or fields is None or fields[0] in "ZX":
                continue
            number += int(fields[17])
            cpu_s += sum(int(field) for field in fields[11:15]) / _TICKS_PER_S
            memory += max(0.0, held_mib(pid) - inherited_mib)
        return Usage(number, cpu_s, memory)

    def memory_mib(self, *, but: int | None) -> float:
        """
        Return what the cage's living processes hold, process ``but`` left out, each page counted once.

        Takes about a millisecond a process: to be asked when `usage` is above a limit.
        """
        return sum(_proportional_mib(pid) for pid in self.pids() if pid != but)

    def kill_all_but(self, spared: int | None) -> int:
        """
        Kill and reap the whole cage but process ``spared``; return how many were found alive.

        A process that forks faster than it is found loses its pardon: then everything goes.
        """
        found: set[int] = set()
        patience, rounds = time.monotonic() + _PATIENCE_S, 0
        while time.monotonic() < patience and rounds < _ROUNDS:
            living = {pid: began for pid in self.pids() if pid != spared and (began := _living_since(pid)) is not None}
            if not living:
                return len(found)
            # Those that were killed before are only slow to go, on a busy machine; new ones are being forked.
            rounds += bool(living.keys() - found)
            found.update(living)
            for pid, began in living.items():
                _kill(pid, began)
            time.sleep(_PAUSE_S)
        if self.alone:
            # One call, under the kernel's lock on the list of processes: nothing can fork past it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        elif spared is not None:
            return len(found) + self.kill_all_but(None)
        return len(found)


def _kill(pid: int, began: str) -> None:
    """Kill process ``pid`` if it is still the one that began at ``began``."""
    with contextlib.suppress(ProcessLookupError):
        held = os.pidfd_open(pid)
        try:
            # The number may have become somebody else's since it was found; from here on it cannot.
            if _living_since(pid) == began:
                signal.pidfd_send_signal(held, signal.SIGKILL)
        finally:
            os.close(held)


def children() -> set[int]:
    """Return the caller's children, those that have ended and were not waited for among them."""
    me = str(os.getpid())
    return {pid for pid in _everyone() if (fields := _stat(pid)) is not None and fields[1] == me}


def _everyone() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _descendants() -> set[int]:
    """Return the caller's children, their children, and so on."""
    me = os.getpid()
    parents = {pid: int(fields[1]) for pid in _everyone() if (fields := _stat(pid)) is not None}
    found: set[int] = set()
    latest = {me}
    while latest:
        latest = {pid for pid, parent in parents.items() if parent in latest} - found
        found |= latest
    return found


def uid_is_in_use(uid: int) -> bool:
    """Return whether a process has this real uid."""
    return any(_real_uid(pid) == uid for pid in _everyone())


def _real_uid(pid: int) -> int | None:
    """Return the real uid, which counts also where a process has made itself undumpable and root owns its folder."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            for line in file:
                if line.startswith(b"Uid:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def _living_since(pid: int) -> str | None:
    """Return when ``pid`` began, in the kernel's ticks, or None when it has ended."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else fields[19]


def held_mib(pid: int) -> float:
    """Return the anonymous and shared memory that ``pid`` holds, what a fork still shares with its parent included."""
    return _sum_kib(f"/proc/{pid}/status", rb"^Rss(?:Anon|Shmem):\s+(\d+) kB") / 1024


def _proportional_mib(pid: int) -> float:
    """Return the same with each page divided by the number of those that share it."""
    try:
        return _sum_kib(f"/proc/{pid}/smaps_rollup", rb"^Pss_(?:Anon|Shmem):\s+(\d+) kB", missing_ok=False) / 1024
    except OSError:
        return held_mib(pid)  # it has hidden itself from its own user


def _sum_kib(path: str, pattern: bytes, *, missing_ok: bool = True) -> int:
    try:
        with open(path, "rb") as file:
            return sum(int(number) for number in re.findall(pattern, file.read(), re.MULTILINE))
    except ProcessLookupError:
        return 0
    except OSError:
        if missing_ok:
            return 0
        raise

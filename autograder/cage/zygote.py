"""
The fork server: imports the libraries once, computes nothing, and forks what runs student's code.

    grader ──control──▶ zygote ──fork──▶ template ──fork──▶ test
                        PID 1             jailed: a submission's own from its import on

The zygote is PID 1 of its cage's pid namespace (in tier C a subreaper), so that it inherits every process that a
submission leaves behind. It never runs student's code and reads nothing that such code writes: what it knows of a
process it has from the kernel (`processes`). One zygote serves one slot, one submission after the other; nothing of a
submission is alive, on disk or in memory when the next one opens.

The surprising decision: it never computes either. A thread pool that torch starts in the zygote would be missing in
every fork, and the first operation there would wait for it for ever.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
import traceback
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NoReturn

from autograder.cage import packets, seccomp, syscalls
from autograder.cage.cgroups import ControlGroup
from autograder.cage.jail import Jail
from autograder.cage.landlock import Ruleset
from autograder.cage.limits import IMPORT_LIMITS, Limits
from autograder.cage.processes import End, Scope, reap
from autograder.cage.scratch import FolderScratch, MountedScratch, Scratch
from autograder.cage.tiers import Plan, Tier
from autograder.cage.view import View, build_root, seal_root
from autograder.worker import serve_template

__all__ = ["JAIL_FAILED", "serve"]

JAIL_FAILED: Final = 97
"""Exit code of a fork whose cage could not be closed; it has run nothing of the student's."""

_TICK_S: Final = 0.02
_SETTLE_S: Final = 0.1
_DISK_EVERY: Final = 10
"""Ticks between two looks at the disk, which take longer than one at the processes."""
_GROUP_HEADROOM_MIB: Final = 64
"""Page tables and pipes of the cage itself count in its control group too."""
_VICTIM_FIRST: Final = 800
"""When memory runs out, the kernel takes the cage, not the grader."""


@dataclass(slots=True)
class _Window:
    """The time in which a test, or an import, is charged for what the cage uses."""

    limits: Limits
    importing: bool
    began: float
    cpu_before_s: float
    memory_before_mib: float
    kills_before: int
    ended: list[End] = field(default_factory=list)
    reached: str | None = None
    ticks: int = 0


class Zygote:
    """The state of one slot; `run` answers the grader's packets until it goes."""

    def __init__(self, control: socket.socket, plan: Plan, view: View, scratch: Scratch, jail: Jail) -> None:
        self._control = control
        self._plan = plan
        self._view = view
        self._ruleset: Ruleset | None = None
        self._scratch = scratch
        self._jail = jail
        self._scope = Scope(alone=plan.has_namespaces, uid=plan.uid)
        self._template: int | None = None
        self._window: _Window | None = None

    def run(self) -> None:
        """Serve until the grader closes its end, then end everything."""
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        while True:
            if not poller.poll(_TICK_S * 1000 if self._window is not None else None):
                self._tick()
                continue
            try:
                packet, descriptors = packets.receive(self._control)
            except (EOFError, OSError):
                self._scope.kill_all_but(None)
                self._scratch.close()
                return
            try:
                answer = self._obey(packet, descriptors)
            except Exception:  # noqa: BLE001  # it must reach the grader, whose fault it then is not
                answer = {"broken": traceback.format_exc()}
            finally:
                for fd in descriptors:
                    os.close(fd)
            if answer is not None:
                packets.send(self._control, answer)

    def _obey(self, packet: dict[str, Any], descriptors: list[int]) -> dict[str, Any] | None:
        match packet["do"]:
            case "open":
                self._scope.kill_all_but(None)
                self._open(Limits(**packet["limits"]))
                return {}
            case "template":
                self._fork_template(Limits(**packet["limits"]), *descriptors)
                return {"pid": self._template}
            case "watch":
                self._watch(Limits(**packet["limits"]), importing=packet["importing"])
                return None
            case "lap":
                if packet["settle"]:
                    self._settle()
                return self._lap()
            case "sweep":
                return self._sweep(keep_template=packet["keep_template"])
            case "close":
                answer = self._sweep(keep_template=False)
                self._scratch.close()
                return answer
            case other:
                raise ValueError(f"no such packet: {other!r}")

    def _open(self, limits: Limits) -> None:
        self._scratch.open(limits)
        if self._plan.has_namespaces or self._ruleset is None:
            # Rules bind inodes: what was just mounted needs new ones, a folder that stays keeps them.
            if self._ruleset is not None:
                os.close(self._ruleset.fd)
            self._ruleset = _build_ruleset(self._plan, self._view, self._scratch.folder)

    def _fork_template(self, limits: Limits, connection: int, output: int) -> None:
        if self._jail.group is not None:
            memory = limits.memory_mib + _GROUP_HEADROOM_MIB
            self._jail.group.bound(memory_mib=memory, processes=limits.processes + 4)
        pid = os.fork()
        if pid == 0:
            _become_template(self._jail, connection, output, limits, self._ruleset)
        self._template = pid

    def _watch(self, limits: Limits, *, importing: bool) -> None:
        self._collect()
        used = self._scope.usage(but=None if importing else self._template)
        kills = self._jail.group.kills() if self._jail.group is not None else 0
        self._window = _Window(limits, importing, time.monotonic(), used.cpu_s, used.memory_mib, kills)
        if self._jail.group is not None:
            self._jail.group.bound(
                memory_mib=limits.memory_mib + _GROUP_HEADROOM_MIB, processes=limits.processes + 4
            )

    def _collect(self) -> None:
        for end in reap():
            if self._window is not None:
                self._window.ended.append(end)
            if end.pid == self._template:
                self._template = None

    def _tick(self) -> None:
        self._collect()
        window = self._window
        if window is None or window.reached is not None:
            return
        window.ticks += 1
        window.reached = self._limit_reached(window)
        if window.reached is not None:
            self._scope.kill_all_but(None if window.importing else self._template)

    def _cpu_s(self, window: _Window, living_s: float) -> float:
        ended = [end for end in window.ended if end.pid != self._template]
        return max(0.0, living_s - window.cpu_before_s) + sum(end.cpu_s for end in ended)

    def _limit_reached(self, window: _Window) -> str | None:
        limits = window.limits
        if time.monotonic() - window.began > limits.wall_s:
            return "wall_s"
        used = self._scope.usage(but=None if window.importing else self._template)
        if self._cpu_s(window, used.cpu_s) > limits.cpu_s:
            return "cpu_s"
        if used.processes > limits.processes:
            return "processes"
        if used.memory_mib - window.memory_before_mib > limits.memory_mib and self._jail.group is None:
            return "memory_mib"
        if window.ticks % _DISK_EVERY == 0:
            files, size_mib = self._scratch.usage()
            if files > limits.files:
                return "files"
            if size_mib > limits.file_mib:
                return "file_mib"
        return None

    def _settle(self) -> None:
        """Wait until a process of the window has ended: its socket closes a little earlier than its parent hears."""
        patience = time.monotonic() + _SETTLE_S
        while self._window is not None and time.monotonic() < patience:
            self._collect()
            if self._window.ended:
                return
            time.sleep(_SETTLE_S / 50)

    def _lap(self) -> dict[str, Any]:
        """End the window; return what the kernel knows of it."""
        self._collect()
        window, self._window = self._window, None
        if window is None:
            return {"reached": None, "cpu_s": 0.0, "ended": [], "template": self._template is not None}
        used = self._scope.usage(but=None if window.importing else self._template)
        reached = window.reached
        if reached is None and self._jail.group is not None and self._jail.group.kills() > window.kills_before:
            reached = "memory_mib"
        return {
            "reached": reached,
            "cpu_s": self._cpu_s(window, used.cpu_s),
            "ended": [{**asdict(end), "how": end.describe()} for end in window.ended],
            "template": self._template is not None,
        }

    def _sweep(self, *, keep_template: bool) -> dict[str, Any]:
        """End every process but the template, and what they wrote; say what was found."""
        answer = self._lap()
        left_over = self._scope.kill_all_but(self._template if keep_template else None)
        self._collect()
        if not self._scratch.empty():
            # A tree that resists goes with the mount; the template's working folder goes with it.
            self._scope.kill_all_but(None)
            self._scratch.close()
            self._open(IMPORT_LIMITS)
        self._collect()
        return {**answer, "left_over": left_over, "template": self._template is not None}


def _become_template(
    jail: Jail, connection: int, output: int, limits: Limits, ruleset: Ruleset | None
) -> NoReturn:
    """Close the cage around this fork and run the worker in it; never returns."""
    code = JAIL_FAILED
    try:
        channel = jail.enter(connection, output, limits, ruleset)
        code = 0
        serve_template(channel)
    except BaseException:  # noqa: BLE001  # whatever it was, this fork must not return into the zygote's loop
        for fd in (output, 2):  # the stages may or may not have moved it yet
            with contextlib.suppress(OSError):
                os.write(fd, traceback.format_exc().encode()[-2000:])
    finally:
        os._exit(code)


def _build_ruleset(plan: Plan, view: View, scratch: str) -> Ruleset | None:
    if plan.landlock_abi == 0:
        return None
    ruleset = Ruleset(plan.landlock_abi)
    if plan.has_namespaces:
        # The root file system is the view already; the rules repeat that nothing but scratch is written.
        ruleset.allow_reading(["/"])
    else:
        ruleset.allow_reading([*view.readable, "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo"])
        ruleset.allow_listing(view.listable)
    ruleset.allow_writing([scratch, "/dev/shm"])  # noqa: S108  # the kernel's name for it
    ruleset.allow_using(["/dev/null", "/dev/zero", "/dev/full"])
    return ruleset


def _make_scratch(plan: Plan, view: View, work: str) -> Scratch:
    if not plan.has_namespaces:
        return FolderScratch(f"{work}/slot-{plan.slot}", plan.uid)
    root = f"{work}/root-{plan.slot}"
    os.mkdir(root)
    build_root(root, view)
    syscalls.mount("proc", f"{root}/proc", "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    seal_root(root)
    syscalls.pivot_root(root)
    return MountedScratch(plan.uid)


def serve(control: socket.socket, plan: Plan, view: View, work: str, group: ControlGroup | None) -> None:
    """
    Be the zygote of one slot until the grader closes ``control``.

    Args:
        control: Sequenced-packet socket to the grader.
        plan: The tier and its layers; this process is in its namespaces already (tiers A and B), as PID 1.
        view: What of the disk is shown.
        work: An existing folder for this run's scratch folders and mount points.
        group: The control group that templates join, or None.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C is the grader's to handle; it closes the control socket
    syscalls.reap_orphans()
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(str(_VICTIM_FIRST))
    scratch = _make_scratch(plan, view, work)
    program = seccomp.compile_filter(
        other_pids_are_visible=plan.signals_must_be_filtered, metadata_is_shared=not plan.has_namespaces
    )
    others = _threads_of_own_uid() if plan.uid is None and plan.tier is Tier.C else 0
    syscalls.hide_from_own_uid()
    zygote = Zygote(control, plan, view, scratch, Jail(plan, scratch.folder, program, group, others))
    packets.send(control, {"ready": os.getpid()})
    zygote.run()


def _threads_of_own_uid() -> int:
    uid, total = os.geteuid(), 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{name}").st_uid == uid:
                total += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return total

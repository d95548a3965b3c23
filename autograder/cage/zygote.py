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
import sys
import time
import traceback
from collections import deque
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import Any, Final, NoReturn

import autograder
from autograder.cage import landlock, packets, seccomp, syscalls
from autograder.cage.cgroups import ControlGroup
from autograder.cage.jail import Jail, address_space
from autograder.cage.landlock import Ruleset
from autograder.cage.limits import IMPORT_LIMITS, Limits
from autograder.cage.processes import End, Scope, held_mib, reap
from autograder.cage.scratch import FolderScratch, MountedScratch, Scratch
from autograder.cage.tiers import Plan, Tier
from autograder.cage.view import View, build_root, pass_over_unreadable_modules, seal_root
from autograder.worker import serve_template

__all__ = ["JAIL_FAILED", "serve"]

JAIL_FAILED: Final = 97
"""Exit code of a fork whose cage could not be closed; it has run nothing of the student's."""

_TICK_S: Final = 0.02
_SETTLE_S: Final = 0.1
_EMPTY_S: Final = 0.2
"""Many times what the files of a test take; a template that makes new ones meanwhile is given up."""
_OTHER_PROGRAMS: Final = 256
_DISK_EVERY_S: Final = 0.2
"""Between two looks at the disk, which take longer than one at the processes; tests may all be shorter than that."""
_GROUP_HEADROOM_MIB: Final = 64
"""Page tables and pipes of the cage itself count in its control group too."""
_PASSES: Final = 20
"""Looks for processes that were forked meanwhile; who forks without end is watched, and has hard limits."""
_ENDS_TOLD: Final = 20
"""A submission may start thousands of processes; a packet has room for the last ones to end."""
_VICTIM_FIRST: Final = 800
"""When memory runs out, the kernel takes the cage, not the grader."""


@dataclass(slots=True)
class _Window:
    """The time in which a test, or an import, is charged for what the cage uses."""

    limits: Limits
    importing: bool
    began: float
    cpu_before_s: float
    inherited_mib: float
    kills_before: int
    ended: deque[End] = field(default_factory=lambda: deque(maxlen=_ENDS_TOLD))
    cpu_ended_s: float = 0.0
    reached: str | None = None

    def note(self, end: End, *, charged: bool) -> None:
        """Remember that a process ended, and its processor time if it is ``charged``."""
        self.ended.append(end)
        self.cpu_ended_s += end.cpu_s if charged else 0.0


class Zygote:
    """The state of one slot; `run` answers the grader's packets until it goes."""

    def __init__(
        self, control: socket.socket, plan: Plan, view: View, scratch: Scratch, jail: Jail, group: ControlGroup | None
    ) -> None:
        self._control = control
        self._plan = plan
        self._view = view
        self._ruleset: Ruleset | None = None
        self._scratch = scratch
        self._jail = jail
        self._group = group
        self._scope = Scope(alone=plan.has_namespaces, uid=plan.uid)
        self._template: int | None = None
        self._window: _Window | None = None
        self._imported_mib = 0
        self._looked_at = 0.0
        self._bounds: tuple[Limits, int | None] | None = None
        self._living_cpu_s: float | None = None
        self._soft = _kernel_limits(IMPORT_LIMITS)

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
                return {} if packet["answer"] else None
            case "lap":
                if packet["settle"]:
                    self._settle()
                return self._lap()
            case "sweep":
                return self._sweep(keep_template=packet["keep_template"])
            case "full":
                return {"files": self._scratch.is_out_of_files()}
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
        self._imported_mib = 0
        self._bound_group(limits)
        self._scratch.bound(limits)
        self._bounds = (limits, None)
        self._soft = _kernel_limits(limits)
        pid = os.fork()
        if pid == 0:
            _become_template(self._jail, connection, output, limits, self._ruleset)
        self._template = pid
        if self._group is not None:
            # From here and not in the fork: the kernel makes a joiner wait for milliseconds, and the fork has much to
            # do. It runs nothing of the student's before the grader has had the answer to this packet.
            self._group.take_in(pid)

    def _watch(self, limits: Limits, *, importing: bool) -> None:
        self._collect()
        before_s = None if importing else self._living_cpu_s
        if before_s is None:
            before_s = self._scope.usage(but=None if importing else self._template).cpu_s
        kills = self._group.kills() if self._group is not None else 0
        inherited = held_mib(os.getpid() if importing or self._template is None else self._template)
        self._window = _Window(limits, importing, time.monotonic(), before_s, inherited, kills)
        if not importing and self._bounds != (limits, self._template):
            self._change_bounds(limits)
        if not importing and self._window.reached is None and (reached := self._disk_limit_reached(limits)):
            # A template that goes on making files between and in short tests is not stopped by ending those.
            self._window.reached = reached
            self._scope.kill_all_but(None)

    def _change_bounds(self, limits: Limits) -> None:
        """Put the limits of the test that begins on the kernel's own bounds."""
        window = self._window
        self._scratch.bound(limits)
        if not self._bound_group(limits) and window is not None:
            # What the tests before it left in memory is more than this one may use.
            window.reached = "memory_mib"
            self._scope.kill_all_but(self._template)
        wanted = _kernel_limits(limits)
        taken = address_space(self._template) if self._template is not None and wanted != self._soft else 0
        self._soft = wanted
        done: set[int] = set()
        for _ in range(_PASSES if taken else 0):
            # A process of the submission may be forking right now.
            new = set(self._scope.pids()) - done
            if not new:
                break
            self._jail.change_limits(new, limits, taken)
            done |= new
        self._bounds = (limits, self._template)

    def _bound_group(self, limits: Limits) -> bool:
        if self._group is None:
            return True
        memory = self._imported_mib + limits.memory_mib + _GROUP_HEADROOM_MIB
        return self._group.bound(memory_mib=memory, processes=limits.processes + 4)

    def _collect(self) -> None:
        for end in reap():
            self._living_cpu_s = None
            if self._window is not None:
                self._window.note(end, charged=self._window.importing or end.pid != self._template)
            if end.pid == self._template:
                self._template = None

    def _tick(self) -> None:
        self._collect()
        window = self._window
        if window is None or window.reached is not None:
            return
        window.reached = self._limit_reached(window)
        if window.reached is not None:
            self._scope.kill_all_but(None if window.importing else self._template)

    @staticmethod
    def _cpu_s(window: _Window, living_s: float) -> float:
        # What has ended brings along what it had used before the window began.
        return max(0.0, living_s + window.cpu_ended_s - window.cpu_before_s)

    def _limit_reached(self, window: _Window) -> str | None:
        limits = window.limits
        if time.monotonic() - window.began > limits.wall_s:
            return "wall_s"
        but = None if window.importing else self._template
        used = self._scope.usage(but=but, inherited_mib=window.inherited_mib)
        if self._cpu_s(window, used.cpu_s) > limits.cpu_s:
            return "cpu_s"
        if used.processes > limits.processes:
            return "processes"
        if self._group is not None and self._group.kills() > window.kills_before:
            return "memory_mib"
        # Pages that the test's processes share count for each of them; then exactly, and once, which takes longer.
        too_much = used.memory_mib > limits.memory_mib and self._group is None
        if too_much and self._scope.memory_mib(but=but) - window.inherited_mib > limits.memory_mib:
            return "memory_mib"
        return self._disk_limit_reached(limits)

    def _disk_limit_reached(self, limits: Limits) -> str | None:
        now = time.monotonic()
        if now - self._looked_at < _DISK_EVERY_S:
            return None
        self._looked_at = now
        files, size_mib = self._scratch.usage(limits.files)
        if files > limits.files:
            return "files"
        return "file_mib" if size_mib > limits.file_mib else None

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
        # The next test begins with the processes that live now: what they have used need not be asked again.
        self._living_cpu_s = None if window.importing else used.cpu_s
        reached = window.reached
        if reached is None and self._group is not None and self._group.kills() > window.kills_before:
            reached = "memory_mib"
        if window.importing and self._group is not None:
            self._imported_mib = min(self._group.usage_mib(), window.limits.memory_mib)
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
        if not self._scratch.empty(_EMPTY_S):
            # A tree that resists goes with the mount; the template's working folder goes with it.
            self._scope.kill_all_but(None)
            self._scratch.close()
            self._open(IMPORT_LIMITS)
        self._collect()
        return {**answer, "left_over": left_over, "template": self._template is not None}


def _kernel_limits(limits: Limits) -> tuple[int, int, int]:
    """Return those that each process carries itself; changing them takes a while, and few tests differ."""
    return limits.memory_mib, limits.file_mib, limits.processes


def _become_template(jail: Jail, connection: int, output: int, limits: Limits, ruleset: Ruleset | None) -> NoReturn:
    """Close the cage around this fork and run the worker in it; never returns."""
    code = JAIL_FAILED
    try:
        channel = jail.enter(connection, output, limits, ruleset)
        if not jail.plan.has_namespaces:
            pass_over_unreadable_modules()
        _forget_the_cage()
        code = 0
        serve_template(channel)
    except BaseException:  # noqa: BLE001  # whatever it was, this fork must not return into the zygote's loop
        for fd in (output, 2):  # the stages may or may not have moved it yet
            with contextlib.suppress(OSError):
                os.write(fd, traceback.format_exc().encode()[-2000:])
    finally:
        os._exit(code)


def _forget_the_cage() -> None:
    """Let student's code import neither this package nor the program that this process was: it is not in its view."""
    for name in [name for name in sys.modules if name.startswith("autograder.cage")]:
        del sys.modules[name]
    del autograder.cage
    sys.modules["__main__"] = ModuleType("__main__")


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
    ruleset.allow_writing([scratch, "/dev/shm"])  # the kernel's name for it
    ruleset.allow_using(["/dev/null", "/dev/zero", "/dev/full"])
    return ruleset


def _make_scratch(plan: Plan, view: View, work: str) -> Scratch:
    if not plan.has_namespaces:
        return FolderScratch(f"{work}/slot-{plan.slot}", plan.uid)
    root = f"{work}/root-{plan.slot}"
    os.mkdir(root)
    build_root(root, view)
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    syscalls.mount("proc", f"{root}/proc", "proc", flags)
    # The kernel's settings belong to root, and a cage that root has started in tier B runs as root without its rights.
    syscalls.mount(None, f"{root}/proc", None, flags | syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_RDONLY)
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
        other_pids_are_visible=plan.signals_must_be_filtered,
        metadata_is_shared=not plan.has_namespaces,
        truncating_is_open=not plan.has_namespaces and plan.landlock_abi < landlock.TRUNCATE_ABI,
    )
    # The user's other programs come and go: the kernel's count is a ceiling, the exact one is watched.
    others = _threads_of_own_uid() + _OTHER_PROGRAMS if plan.uid is None and plan.tier is Tier.C else 0
    syscalls.hide_from_own_uid()
    zygote = Zygote(control, plan, view, scratch, Jail(plan, scratch.folder, program, others), group)
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

"""
Which cage this machine can hold: probed by trying, layer by layer, never assumed.

    tier A   root: namespaces, a read-only view, an own uid, control groups, Landlock, seccomp
    tier B   unprivileged: the same through a user namespace
    tier C   inside a default container: an own uid where root, Landlock, seccomp

`survey` tries each layer in a child process and reports it as a `Layer`, in force or not and why. `choose` takes the
best tier whose *required* layers are all in force and raises `NotFit` when there is none. Nothing is lowered in
silence: the tier that was chosen is part of every result.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from autograder.cage import landlock, seccomp, syscalls
from autograder.cage.cgroups import ControlGroup
from autograder.errors import ConfigError, NotFit

__all__ = ["CageSettings", "Layer", "Plan", "Tier", "choose", "survey"]

_NAMESPACES: Final = (
    syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWCGROUP
)

_RESTRICTED_USERNS: Final = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
_DAEMON_SOCKETS: Final = ("docker.sock", "containerd.sock", "podman.sock", "crio.sock", "buildkitd.sock")


class Tier(StrEnum):
    """The three cages, strongest first."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class CageSettings:
    """
    What a course or a test may ask of the cage.

    Args:
        tier: The tier to use, or None for the best that the machine allows. A tier that is asked for and cannot be had
            is an error, never replaced by another.
        landlock_abi: Use no newer Landlock ABI than this; None for the kernel's own.
        use_uid: In tier C as root, change to the slot's uid. Only tests turn it off, to see the refusal.
        use_cgroup: Use control groups where they can be had.
        first_uid: Slot ``n`` runs as ``first_uid + n``. The default lies above what systems hand out to people (60000)
            and below the ranges that container tools map (100000).
        hidden: Paths that no submission may read. Without Landlock and without a mount namespace only file permissions
            protect them, and the cage refuses to start when its uid can open one.
        requirements: Lines of the course's ``requirements.txt``.
        scratch: Where tier C makes its scratch folders.
        huge_pages: Move the libraries to huge pages before the first fork, which takes a third of a second, and halves
            what each fork takes: worth it where many submissions follow.
    """

    tier: Tier | None = None
    landlock_abi: int | None = None
    use_uid: bool = True
    use_cgroup: bool = True
    first_uid: int = 61_000
    hidden: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    scratch: str = tempfile.gettempdir()
    huge_pages: bool = False

    def __post_init__(self) -> None:
        if self.landlock_abi is not None and not 0 <= self.landlock_abi <= landlock.NEWEST_ABI:
            raise ConfigError(f"landlock_abi must be 0 to {landlock.NEWEST_ABI}, not {self.landlock_abi}")


@dataclass(frozen=True, slots=True)
class Layer:
    """
    One layer of isolation as found on this machine.

    Args:
        name: What it is called.
        in_force: Whether it holds here.
        detail: What was found.
        remedy: What would put it in force, or the empty text.
    """

    name: str
    in_force: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What the zygote of one slot will do, decided before it starts.

    Args:
        tier: The cage that is used.
        slot: Number of the slot, from 0; slots run side by side.
        uid: The uid that submissions run as, or None to stay what we are.
        landlock_abi: 0 for none.
        layers: What the survey found, for results and for ``autograder doctor``.
    """

    tier: Tier
    slot: int
    uid: int | None
    landlock_abi: int
    layers: tuple[Layer, ...]

    @property
    def has_namespaces(self) -> bool:
        """Whether the cage has its own process, mount, network and IPC namespaces."""
        return self.tier is not Tier.C

    @property
    def signals_must_be_filtered(self) -> bool:
        """Whether nothing but the system-call filter keeps a submission from signalling its own grader."""
        return not self.has_namespaces and self.uid is None and self.landlock_abi < landlock.SIGNALS_ABI

    @property
    def may_run_beside_others(self) -> bool:
        """Whether two slots cannot reach each other: not when they share a uid and ``/dev/shm``."""
        return self.has_namespaces or self.uid is not None


def attempt(action: Callable[[], None]) -> str:
    """Run ``action`` in a child process; return the empty text when it returned, else why it did not."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  # the child must never return
            os.write(write_end, (str(error) or type(error).__name__).encode()[:500])
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        why = answer.read().decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    return why or ("" if status == 0 else f"the probe ended with status {status}")


def _try_namespaces(*, as_user: bool) -> None:
    begin_namespaces(as_user=as_user)
    pid = os.fork()
    if pid == 0:
        try:
            finish_namespaces()
            with tempfile.TemporaryDirectory() as folder:
                syscalls.mount("proc", folder, "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
                syscalls.unmount(folder)
                syscalls.mount("tmpfs", folder, "tmpfs", 0, "size=64k")
                syscalls.bind_read_only(folder, folder)
                syscalls.unmount(folder)
                syscalls.unmount(folder)
        except OSError as error:
            os.write(2, f"{error}".encode())
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise OSError("mounting a fresh /proc and a read-only view is refused")


def begin_namespaces(*, as_user: bool) -> None:
    """
    Let the next fork be PID 1 of a new process namespace; with ``as_user`` enter a user namespace first.

    The caller itself keeps its view of the disk and of control groups, so that it can clean up afterwards.
    """
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(syscalls.CLONE_NEWPID | (syscalls.CLONE_NEWUSER if as_user else 0))
    if as_user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def finish_namespaces() -> None:
    """As PID 1 of the new process namespace: leave every other namespace for a new one."""
    syscalls.unshare(_NAMESPACES)
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)


def _quietly(action: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        action()

    return run


def _namespaces() -> Iterator[Layer]:
    root = os.geteuid() == 0
    why = attempt(_quietly(lambda: _try_namespaces(as_user=False))) if root else "needs root"
    yield Layer("namespaces as root", not why, why or "process, mount, network, IPC, host name, control group")
    why = attempt(_quietly(lambda: _try_namespaces(as_user=True)))
    remedy = ""
    if why and os.path.exists(_RESTRICTED_USERNS):
        remedy = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (or grade in a container, tier C)"
    yield Layer("namespaces as a user", not why, why or "through a user namespace", remedy)


def _own_uid(settings: CageSettings) -> Layer:
    name = "own uid"
    if os.geteuid() != 0:
        return Layer(name, in_force=False, detail="needs root")
    if not settings.use_uid:
        return Layer(name, in_force=False, detail="turned off")
    uid = settings.first_uid

    why = attempt(lambda: _become(uid))
    remedy = "give the container SETUID and SETGID" if why else ""
    return Layer(name, not why, why or f"uid {uid} and up, one for each slot", remedy)


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _python_for_uid(settings: CageSettings) -> Layer:
    """Say whether the slot's uid can reach the interpreter where it is; a view of its own makes that needless."""
    name = "Python open to the uid"
    python = os.path.realpath(sys.executable)

    def reach() -> None:
        _become(settings.first_uid)
        os.stat(python)

    why = attempt(reach) if os.geteuid() == 0 else ""
    closed = _first_closed_folder(python) if why else None
    remedy = f"chmod o+x {closed}, or use a Python outside of it" if closed else ""
    return Layer(name, not why, why or python, remedy)


def _first_closed_folder(path: str) -> str | None:
    parts = path.split("/")
    for count in range(2, len(parts)):
        folder = "/".join(parts[:count])
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return folder
    return None


def _hidden_from_uid(settings: CageSettings) -> Layer:
    """Say whether file permissions alone keep the slot's uid from every hidden path."""
    name = "hidden files closed to the uid"
    uid = settings.first_uid

    def open_them() -> None:
        _become(uid)
        for path in settings.hidden:
            # A folder that can be passed through is open too: names of what is in it are known or guessed.
            if any(os.access(path, way) for way in (os.R_OK, os.W_OK, os.X_OK)):
                raise PermissionError(f"{path} can be reached by everybody")

    why = attempt(open_them)
    remedy = "chmod o-rwx the course folder, the secret and the results" if why else ""
    return Layer(name, not why, why or f"{len(settings.hidden)} paths", remedy)


def _reachable_daemons() -> Layer:
    """Say whether a socket that controls the machine can be opened by the uid that submissions would keep."""
    try:
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
            paths = {line.split()[-1] for line in file if "/" in line.split()[-1]}
    except OSError:
        paths = set()
    daemons = sorted(path for path in paths if os.path.basename(path) in _DAEMON_SOCKETS)
    found = [path for path in daemons if os.access(path, os.W_OK)]
    detail = f"{', '.join(found)} can be reached" if found else "none can be reached"
    return Layer(
        "no daemon socket", not found, detail, "grade as a user outside of that socket's group" if found else ""
    )


def survey(settings: CageSettings) -> tuple[Layer, ...]:
    """Try every layer and return what was found; takes about 20 ms."""
    abi = landlock.kernel_abi() if settings.landlock_abi is None else min(settings.landlock_abi, landlock.kernel_abi())
    probe = f"autograder-probe-{os.getpid()}"
    group = ControlGroup.create(probe) if settings.use_cgroup else None
    if group is not None:
        ControlGroup.remove(probe)
    filters = seccomp.is_supported()
    missing = "needs Linux 5.13 or newer with Landlock switched on"
    return (
        *_namespaces(),
        _own_uid(settings),
        _python_for_uid(settings),
        Layer("Landlock", abi > 0, f"ABI {abi}" if abi else missing),
        Layer("seccomp", filters, syscalls.ARCH if filters else f"no filter for {syscalls.ARCH} on this kernel"),
        Layer("control groups", group is not None, "memory and processes" if group else "limits are watched instead"),
        _hidden_from_uid(settings) if os.geteuid() == 0 else Layer("hidden files closed to the uid", False, "same uid"),
        _reachable_daemons(),
    )


def _lacking(tier: Tier, in_force: dict[str, bool]) -> list[str]:
    """Return what ``tier`` requires and this machine has not; empty when the tier can be used."""
    root = os.geteuid() == 0
    required = ["seccomp"]
    if tier is Tier.A:
        required += ["namespaces as root", "own uid"]
    elif tier is Tier.B:
        required += ["namespaces as a user"]
    elif root:
        # Root that stays root could undo what the other layers leave to file permissions.
        required += ["own uid", "Python open to the uid"]
        required += [] if in_force["Landlock"] else ["hidden files closed to the uid"]
    else:
        required += ["Landlock", "no daemon socket"]
    return [name for name in required if not in_force[name]]


def choose(settings: CageSettings, slot: int = 0, layers: tuple[Layer, ...] | None = None) -> Plan:
    """
    Return the plan for ``slot``: the best tier that holds here, or the one asked for.

    Raises:
        NotFit: no tier (or not the one asked for) has all that it requires; says which layer is missing and what to do.
    """
    layers = layers or survey(settings)
    in_force = {layer.name: layer.in_force for layer in layers}
    wanted = [settings.tier] if settings.tier is not None else list(Tier)
    for tier in wanted:
        # Root has no use for tier B: tier A is the same with more.
        if (tier is Tier.B and os.geteuid() == 0 and settings.tier is None) or _lacking(tier, in_force):
            continue
        own_uid = os.geteuid() == 0 and tier is not Tier.B
        abi = (
            next(int(layer.detail.split()[1]) for layer in layers if layer.name == "Landlock")
            if in_force["Landlock"]
            else 0
        )
        return Plan(tier, slot, settings.first_uid + slot if own_uid else None, abi, layers)
    missing = [layer for name in _lacking(wanted[-1], in_force) for layer in layers if layer.name == name]
    reasons = "; ".join(f"{m.name}: {m.detail}" + (f" ({m.remedy})" if m.remedy else "") for m in missing)
    raise NotFit(f"This machine cannot hold a submission safely in tier {wanted[-1]}: {reasons}. Nothing was graded.")

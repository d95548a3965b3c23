"""
One clean process, started by exec, that imports the libraries once and forks everything else.

    grade ──exec──▶ nursery ──fork──▶ keeper ──fork──▶ zygote       (one pair for each slot)
                            └─fork──▶ grader                        (where a class is graded)

Zygote and grader share the memory of the libraries. The nursery is started with an empty environment, an isolated
path and nothing open but its socket, because all of that can be read in a fork: what must stay hidden is imported and
read by the grader, after its fork. The *keeper* stays outside of the namespaces; when its zygote has gone, however that
came about, it ends what is left of the cage and removes its control group and its folders. Should the keeper itself be
killed, the nursery does so; should the nursery be killed, the keepers go on until their graders close.

Packets on the socket: the settings, answered by ``plan`` or ``refused``; then ``slot`` with a descriptor.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import secrets
import select
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NoReturn

from autograder.cage import packets, syscalls, zygote
from autograder.cage.cgroups import ControlGroup
from autograder.cage.pages import move_heap_to_huge_pages
from autograder.cage.processes import Scope, children
from autograder.cage.scratch import empty_folder
from autograder.cage.tiers import CageSettings, Plan, Tier, begin_namespaces, choose, finish_namespaces, survey
from autograder.cage.uids import UidClaims
from autograder.cage.view import View, find_view
from autograder.errors import NotFit

__all__ = ["main"]

_PRELOADED: Final = (
    "numpy",
    "numpy.fft",
    "numpy.linalg",
    "numpy.random",
    "h5py",
    "torch",
    "torch.fx.experimental.symbolic_shapes",
    "autograder.worker",
)
"""
Libraries load some of their parts at first use, which would be in every fork anew: NumPy its packages, and torch, at
the first gradient that is handed on, half a second's worth of symbolic algebra.
"""


def _preload(*, huge_pages: bool) -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    torch = sys.modules["torch"]
    # A pool of threads in the zygote would be missing in its forks, and their first operation would wait for it.
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    gc.collect()
    gc.freeze()
    if huge_pages:
        move_heap_to_huge_pages()


def _settings(packet: dict[str, Any]) -> CageSettings:
    fields = dict(packet["settings"])
    fields["tier"] = None if fields["tier"] is None else Tier(fields["tier"])
    fields["hidden"], fields["requirements"] = tuple(fields["hidden"]), tuple(fields["requirements"])
    return CageSettings(**fields)


@dataclass(frozen=True, slots=True)
class _Place:
    """What one cage has outside of itself: a folder ``work``, and maybe a control group called ``group``."""

    work: str
    group: str

    @classmethod
    def make(cls, settings: CageSettings) -> _Place:
        work = tempfile.mkdtemp(prefix="autograder-", dir=settings.scratch)
        os.chmod(work, 0o711)  # the slot's uid passes through to its own folder and sees no other name
        return cls(work, f"autograder-{secrets.token_hex(8)}")

    def remove(self) -> None:
        """Remove both, if they are there; what was in the cage has been killed."""
        ControlGroup.remove(self.group)
        if os.path.isdir(self.work) and empty_folder(self.work):
            os.rmdir(self.work)


def _keep(control: socket.socket, plan: Plan, view: View, place: _Place) -> None:
    """Start the zygote of one slot, wait for its end, and clean up after it."""
    group = None
    if plan.tier is Tier.A and any(layer.name == "control groups" and layer.in_force for layer in plan.layers):
        group = ControlGroup.create(place.group)
        if group is None:
            raise RuntimeError("control groups were there when the machine was looked at, and are not now")
    try:
        if plan.has_namespaces:
            begin_namespaces(as_user=plan.tier is Tier.B)
        syscalls.reap_orphans()  # a killed zygote's children come here
        pid = os.fork()
        if pid == 0:
            syscalls.die_with_parent()
            _be_zygote(control, plan, view, place.work, group)
        control.close()
        os.waitpid(pid, 0)
    finally:
        Scope(alone=False, uid=None if plan.has_namespaces else plan.uid).kill_all_but(None)
        place.remove()


def _be_zygote(control: socket.socket, plan: Plan, view: View, work: str, group: ControlGroup | None) -> NoReturn:
    try:
        if plan.has_namespaces:
            finish_namespaces()
        zygote.serve(control, plan, view, work, group)
    except BaseException:  # noqa: BLE001  # the process ends here either way; the grader must learn why
        with contextlib.suppress(OSError):
            packets.send(control, {"broken": traceback.format_exc()})
    finally:
        os._exit(0)


def _fork_into(action: Any, *arguments: Any, closing: Sequence[socket.socket]) -> int:
    """
    Run ``action`` in a fork and return its pid.

    The fork has no copy of the sockets in ``closing``: an end is seen when every copy is closed.
    """
    pid = os.fork()
    if pid:
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 0
    try:
        for each in closing:
            each.close()
        action(*arguments)
    except BaseException:  # noqa: BLE001  # the fork must not return into the nursery's loop
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _grade(entry: str, channel: socket.socket, control: socket.socket, plan: Plan) -> None:
    module, _, function = entry.partition(":")
    getattr(importlib.import_module(module), function)(channel, control, plan)


class _Slots:
    """The keepers and graders that run, and what must be cleaned up when a keeper ends."""

    def __init__(self, boss: socket.socket, view: View, settings: CageSettings) -> None:
        self._boss = boss
        self._view = view
        self._settings = settings
        self._places: dict[int, _Place] = {}
        self._graders: set[int] = set()

    def start(self, channel: socket.socket, entry: str | None, plan: Plan) -> None:
        """Start a keeper and its zygote, and a grader if ``entry`` names one; closes ``channel``."""
        place = _Place.make(self._settings)
        if entry is None:
            keeper = _fork_into(_keep, channel, plan, self._view, place, closing=(self._boss,))
        else:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            keeper = _fork_into(_keep, theirs, plan, self._view, place, closing=(self._boss, channel, ours))
            theirs.close()
            self._graders.add(_fork_into(_grade, entry, channel, ours, plan, closing=(self._boss,)))
            ours.close()
        channel.close()
        self._places[keeper] = place

    @property
    def are_running(self) -> bool:
        """Whether a keeper or a grader has not ended yet."""
        return bool(self._places or self._graders)

    def collect(self, *, wait: bool) -> None:
        """Collect the forks that have ended; with ``wait`` at least one."""
        options = 0 if wait else os.WNOHANG
        while self.are_running:
            pid, _ = os.waitpid(-1, options)
            if pid == 0:
                return
            options = os.WNOHANG
            self._graders.discard(pid)
            place = self._places.pop(pid, None)
            if place is not None and os.path.isdir(place.work):
                # The keeper was killed: what it kept has come to this process, which it never forked itself.
                self._end_orphans()
                place.remove()

    def _end_orphans(self) -> None:
        while orphans := children() - self._places.keys() - self._graders:
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _serve(boss: socket.socket) -> None:
    packet, _ = packets.receive(boss)
    settings = _settings(packet)
    try:
        layers = survey(settings)
        plan = choose(settings, 0, layers)
    except NotFit as error:
        packets.send(boss, {"refused": str(error)})
        return
    view = find_view(settings.requirements)
    _preload(huge_pages=settings.huge_pages)
    packets.send(boss, {"plan": asdict(plan)})
    syscalls.reap_orphans()
    slots = _Slots(boss, view, settings)
    claims = UidClaims()
    poller = select.poll()
    for source in (boss.fileno(), _ends_of_children()):
        poller.register(source, select.POLLIN)
    while True:
        ready = dict(poller.poll())
        slots.collect(wait=False)
        if boss.fileno() not in ready:
            os.read(next(iter(ready)), 1 << 10)
            continue
        try:
            packet, descriptors = packets.receive(boss)
        except EOFError:
            break
        plan = claims.claim_for(choose(settings, packet["slot"], layers))
        slots.start(socket.socket(fileno=descriptors[0]), packet["entry"], plan)
    while slots.are_running:
        slots.collect(wait=True)


def _ends_of_children() -> int:
    """Return a descriptor that can be read when a child has ended."""
    read_end, write_end = os.pipe()
    for fd in (read_end, write_end):
        os.set_blocking(fd, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler of Python's own nothing is written
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    return read_end


def main() -> None:
    """Be the nursery on the socket whose descriptor is the first argument."""
    _serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()

"""
One clean process, started by exec, that imports the libraries once and forks everything else.

    grade ──exec──▶ nursery ──fork──▶ keeper ──fork──▶ zygote       (one pair for each slot)
                            └─fork──▶ grader                        (where a class is graded)

Zygote and grader share the memory of the libraries. The nursery is started with an empty environment, an isolated
path and nothing open but its socket, because all of that can be read in a fork: what must stay hidden is imported and
read by the grader, after its fork. The *keeper* stays outside of the namespaces and removes the control group and the
scratch folders when its zygote has gone.

Packets on the socket: ``start`` with the settings, answered by ``plan`` or ``refused``; then ``slot`` with a descriptor.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import socket
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, NoReturn

from autograder.cage import packets, syscalls, zygote
from autograder.cage.cgroups import ControlGroup
from autograder.cage.tiers import CageSettings, Plan, Tier, choose, enter_namespaces, survey
from autograder.cage.view import View, find_view
from autograder.errors import NotFit

__all__ = ["main"]

_PRELOADED: Final = ("numpy", "h5py", "torch", "autograder.worker")


def _preload() -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    torch = sys.modules["torch"]
    # A pool of threads in the zygote would be missing in its forks, and their first operation would wait for it.
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    gc.collect()
    gc.freeze()


def _settings(packet: dict[str, Any]) -> CageSettings:
    fields = dict(packet["settings"])
    fields["tier"] = None if fields["tier"] is None else Tier(fields["tier"])
    fields["hidden"], fields["requirements"] = tuple(fields["hidden"]), tuple(fields["requirements"])
    return CageSettings(**fields)


def _keep(control: socket.socket, plan: Plan, view: View, settings: CageSettings) -> None:
    """Start the zygote of one slot, wait for its end, and clean up after it."""
    work = tempfile.mkdtemp(prefix="autograder-", dir=settings.scratch)
    os.chmod(work, 0o711)  # the slot's uid passes through to its own folder and sees no other name
    group = None
    if settings.use_cgroup and plan.tier is Tier.A:
        group = ControlGroup.create(f"autograder-{os.getpid()}-{plan.slot}")
    try:
        if plan.has_namespaces:
            enter_namespaces(as_user=plan.tier is Tier.B)
        pid = os.fork()
        if pid == 0:
            syscalls.die_with_parent()
            _be_zygote(control, plan, view, work, group)
        control.close()
        os.waitpid(pid, 0)
    finally:
        if group is not None:
            group.remove()
        shutil.rmtree(work, ignore_errors=True)


def _be_zygote(control: socket.socket, plan: Plan, view: View, work: str, group: ControlGroup | None) -> NoReturn:
    try:
        zygote.serve(control, plan, view, work, group)
    except BaseException:  # noqa: BLE001  # the process ends here either way; the grader must learn why
        with contextlib.suppress(OSError):
            packets.send(control, {"broken": traceback.format_exc()})
    finally:
        os._exit(0)


def _fork_into(action: Any, *arguments: Any, closing: Sequence[socket.socket]) -> None:
    """Run ``action`` in a fork that has no copy of the sockets in ``closing``: an end is seen when every copy is closed."""
    if os.fork():
        return
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


def _start_slot(boss: socket.socket, channel: socket.socket, entry: str | None, plan: Plan, view: View,
                settings: CageSettings) -> None:  # fmt: skip
    if entry is None:
        _fork_into(_keep, channel, plan, view, settings, closing=(boss,))
    else:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        _fork_into(_keep, theirs, plan, view, settings, closing=(boss, channel, ours))
        theirs.close()
        _fork_into(_grade, entry, channel, ours, plan, closing=(boss,))
        ours.close()
    channel.close()


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
    _preload()
    packets.send(boss, {"plan": asdict(plan)})
    while True:
        try:
            packet, descriptors = packets.receive(boss)
        except EOFError:
            break
        channel = socket.socket(fileno=descriptors[0])
        plan = choose(settings, packet["slot"], layers)
        _start_slot(boss, channel, packet["entry"], plan, view, settings)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def main() -> None:
    """Be the nursery on the socket whose descriptor is the first argument."""
    _serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()

"""
The grader's side of the cage: start a nursery, open a slot, and ask its zygote for processes.

Everything here talks to processes of ours. What a submission does can make them slow, never wrong; when they do not
answer at all, that is `CageLost`, which is nobody's zero.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Final, Self

from autograder.cage import packets, syscalls
from autograder.cage.limits import Limits
from autograder.cage.tiers import CageSettings, Layer, Plan, Tier
from autograder.errors import CageLost, NotFit

__all__ = ["Cage", "Ended", "Lap", "Nursery"]

_START_S: Final = 120.0
"""Importing torch takes 2 s; on half of a busy processor with a cold disk it has taken a minute."""
_ANSWER_S: Final = 30.0
_END_S: Final = 15.0
_SEND_BUFFER: Final = 4 << 20
"""A larger buffer lets a megabyte cross in one go."""
_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "Agg",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A caged process that ended, as the kernel reported it."""

    pid: int
    how: str
    status: int


@dataclass(frozen=True, slots=True)
class Lap:
    """
    What the zygote knows of one test or import.

    Args:
        reached: Name of the limit that was reached, or None.
        cpu_s: Processor time that it took.
        ended: The processes that ended in it.
        template_alive: Whether the submission's template is still there to fork from.
        left_over: How many processes were still there when it was swept.
    """

    reached: str | None
    cpu_s: float
    ended: tuple[Ended, ...]
    template_alive: bool
    left_over: int = 0


def _plan(fields: dict[str, Any]) -> Plan:
    layers = tuple(Layer(**layer) for layer in fields["layers"])
    return Plan(Tier(fields["tier"]), fields["slot"], fields["uid"], fields["landlock_abi"], layers)


def _hide_where_uid_is_shared(plan: Plan) -> None:
    """Close this process, which knows the answers, to a submission that runs under its uid among its processes."""
    if not plan.has_namespaces and plan.uid is None:
        syscalls.hide_from_own_uid()


class Nursery:
    """
    A running nursery. Raises `NotFit` when the machine offers no safe cage, `CageLost` when it does not start.

    Args:
        settings: What is asked of the cage.
    """

    def __init__(self, settings: CageSettings) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-s", "-m", "autograder.cage.nursery", str(theirs.fileno())]
        self._boss = ours
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command, env=_ENVIRONMENT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd="/"
        )
        theirs.close()
        try:
            answer = self._ask_to_start(settings)
        except BaseException:
            self.close()
            raise
        self.plan = _plan(answer["plan"])
        _hide_where_uid_is_shared(self.plan)

    def _ask_to_start(self, settings: CageSettings) -> dict[str, Any]:
        self._boss.settimeout(_START_S)
        try:
            packets.send(self._boss, {"settings": asdict(settings)})
            answer, _ = packets.receive(self._boss)
        except (OSError, EOFError) as error:
            raise CageLost("the cage did not start; its own messages are above") from error
        if "refused" in answer:
            raise NotFit(answer["refused"])
        return answer

    @property
    def pid(self) -> int:
        """The pid of the nursery's process."""
        return self._process.pid

    def open_slot(self, slot: int) -> Cage:
        """Start a zygote for ``slot`` and return the cage that it serves."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.start(slot, None, theirs)
        return Cage(ours, self.plan)

    def start(self, slot: int, entry: str | None, channel: socket.socket) -> None:
        """
        Start a zygote for ``slot`` and, when ``entry`` names a function, a grader that runs it.

        Args:
            slot: Number of the slot.
            entry: ``"module:function"``, called in a fork of the nursery with the channel, the control socket and the
                plan; or None, when ``channel`` itself is the control socket.
            channel: Passed on and closed here.
        """
        packets.send(self._boss, {"slot": slot, "entry": entry}, [channel.fileno()])
        channel.close()

    def close(self) -> None:
        """End the nursery and all that it started."""
        self._boss.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
            return
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Cage:
    """
    One slot, from the grader's side: submissions are opened in it one after the other.

    Args:
        control: The socket to the zygote.
        plan: The cage that is in force.
    """

    def __init__(self, control: socket.socket, plan: Plan) -> None:
        self._control = control
        self._control.settimeout(_START_S)
        self.plan = plan
        _hide_where_uid_is_shared(plan)
        self._bounds: Limits | None = None
        self._receive("ready")
        self._control.settimeout(_ANSWER_S)

    def _receive(self, what: str) -> dict[str, Any]:
        try:
            answer, _ = packets.receive(self._control)
        except (OSError, EOFError) as error:
            raise CageLost(f"the zygote of slot {self.plan.slot} did not answer: {what}") from error
        if "broken" in answer:
            raise CageLost(f"the zygote of slot {self.plan.slot} failed: {what}\n{answer['broken']}")
        return answer

    def _send(self, packet: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        try:
            packets.send(self._control, packet, descriptors)
        except OSError as error:
            raise CageLost(f"the zygote of slot {self.plan.slot} has gone: {packet['do']}") from error

    def _ask(self, packet: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        self._send(packet, descriptors)
        return self._receive(packet["do"])

    def open(self, limits: Limits) -> None:
        """Make the slot ready for a submission: empty scratch, no process."""
        self._ask({"do": "open", "limits": asdict(limits)})

    def start_template(self, limits: Limits) -> tuple[socket.socket, int]:
        """Fork a template; return the socket to its worker and the read end of its output."""
        ours, theirs = connected_pair()
        read_end, write_end = os.pipe()
        try:
            self._ask({"do": "template", "limits": asdict(limits)}, [theirs.fileno(), write_end])
        except BaseException:
            ours.close()
            os.close(read_end)
            raise
        finally:
            theirs.close()
            os.close(write_end)
        return ours, read_end

    def watch(self, limits: Limits, *, importing: bool = False) -> None:
        """Charge what the cage uses from now on against ``limits``; what goes beyond them is killed."""
        packet = {"do": "watch", "limits": asdict(limits), "importing": importing}
        if importing or limits == self._bounds:
            self._send({**packet, "answer": False})
        else:
            # The kernel's own bounds change: they must be in force before anything is forked.
            self._ask({**packet, "answer": True})
        self._bounds = None if importing else limits

    def lap(self, *, settle: bool = False) -> Lap:
        """
        End the charging that `watch` began; return what was used.

        Args:
            settle: A process has just closed its socket: wait a moment for the kernel to report its end.
        """
        return self._lap(self._ask({"do": "lap", "settle": settle}))

    def is_out_of_files(self) -> bool:
        """Return whether the kernel refuses the cage another file, though there is room for bytes."""
        return bool(self._ask({"do": "full"})["files"])

    def sweep(self, *, keep_template: bool) -> Lap:
        """End every process of the submission, its template too unless kept, and remove what they wrote."""
        return self._lap(self._ask({"do": "sweep", "keep_template": keep_template}))

    def close_submission(self) -> Lap:
        """End the submission: nothing of it is left."""
        return self._lap(self._ask({"do": "close"}))

    def close(self) -> None:
        """Give the slot back; its zygote ends."""
        self._control.close()

    @staticmethod
    def _lap(answer: dict[str, Any]) -> Lap:
        ended = tuple(Ended(end["pid"], end["how"], end["status"]) for end in answer["ended"])
        return Lap(answer["reached"], answer["cpu_s"], ended, answer["template"], answer.get("left_over", 0))


def connected_pair() -> tuple[socket.socket, socket.socket]:
    """Return two ends of a stream socket with room for a megabyte."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for end in (ours, theirs):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, _SEND_BUFFER)
    return ours, theirs

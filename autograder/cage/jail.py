"""
From a fork of the zygote to a caged process: a list of stages in the only order that works.

    signals       the zygote's handlers are not the student's
    descriptors   before anything of the student's runs, nothing of ours stays open
    environment   empty but for a home, so that nothing is told
    limits        while still privileged: the hard ones can be lowered afterwards, never raised
    identity      after the limits (it takes the right to set them), before what follows the uid
    parent        after the identity: a change of uid clears it
    landlock      after the last folder was opened; only binds this thread, and this is the only one
    filter        last: it refuses what the stages above have used

The process that comes out has no capability, one uid, its view, its scratch folder, standard input at its end, standard
output and error in a pipe to the grader, and one socket.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from autograder.cage import seccomp, syscalls
from autograder.cage.landlock import Ruleset
from autograder.cage.limits import Limits
from autograder.cage.tiers import Plan, Tier

__all__ = ["SOCKET_FD", "Jail", "address_space"]

SOCKET_FD: Final = 3
_OPEN_FILES: Final = 256
_HEADROOM: Final = 4
"""Hard limits are this many times the first ones, since one test may ask for more; the soft and watched ones bind."""
_CPU_CEILING_S: Final = 3600
_HELP_S: Final = 0.5
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Jail:
    """
    Everything that the stages need, made once by the zygote.

    Args:
        plan: The tier and its layers.
        scratch: The only folder that can be written, as the caged process sees it.
        program: The system-call filter.
        others: Processes and threads that the uid had before, which ``RLIMIT_NPROC`` counts too.
    """

    plan: Plan
    scratch: str
    program: bytes
    others: int

    def enter(self, connection: int, output: int, limits: Limits, ruleset: Ruleset | None) -> socket.socket:
        """
        Close the cage around this process, a fresh fork of the zygote.

        Args:
            connection: Descriptor of the socket to the grader.
            output: Descriptor that standard output and error go to.
            limits: What bounds the process from the first instruction of the student's on.
            ruleset: The Landlock rules, or None where Landlock is not in force.
        """
        self._reset_signals()
        self._keep_only(connection, output, ruleset)
        self._clear_environment()
        self._limit(limits)
        self._change_identity()
        syscalls.die_with_parent()
        if self.plan.uid is None:
            syscalls.show_to_own_uid()  # the zygote, of the same uid, looks at its memory and its open files
        syscalls.forbid_new_privileges()
        if ruleset is not None:
            ruleset.restrict_this_thread()
        seccomp.install(self.program)
        return socket.socket(fileno=SOCKET_FD)

    @staticmethod
    def _reset_signals() -> None:
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.setsid()

    @staticmethod
    def _keep_only(connection: int, output: int, ruleset: Ruleset | None) -> None:
        # Both are copied out of the way first: they may sit on a number that is about to be written over.
        connection, output = (os.dup(fd) for fd in (connection, output))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(connection, SOCKET_FD, inheritable=False)
        kept = ruleset.fd if ruleset is not None else SOCKET_FD
        os.closerange(SOCKET_FD + 1, kept)
        os.closerange(kept + 1, 1 << 20)

    def _clear_environment(self) -> None:
        os.environ.clear()
        os.environ.update(
            HOME=self.scratch, TMPDIR=self.scratch, PATH="/usr/bin:/bin", LANG="C.UTF-8", USER="student",
            LOGNAME="student", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="",
            MPLBACKEND="Agg", MPLCONFIGDIR=self.scratch, PYTHONDONTWRITEBYTECODE="1",
        )  # fmt: skip
        tempfile.tempdir = None  # it remembers the machine's own; the data loader's workers meet in it
        os.chdir(self.scratch)
        os.umask(0o077)

    def _limit(self, limits: Limits) -> None:
        now = address_space(os.getpid())
        memory, file_bytes = limits.memory_mib << 20, limits.file_mib << 20
        processes = self.others + limits.processes * _HEADROOM
        for which, soft, hard in (
            (resource.RLIMIT_AS, now + memory, now + memory * _HEADROOM),
            (resource.RLIMIT_FSIZE, file_bytes, file_bytes * _HEADROOM),
            (resource.RLIMIT_NPROC, self.others + limits.processes, processes),
            (resource.RLIMIT_CPU, _CPU_CEILING_S, _CPU_CEILING_S),
            (resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES),
            (resource.RLIMIT_CORE, 0, 0),
            (resource.RLIMIT_MSGQUEUE, 0, 0),
            (resource.RLIMIT_MEMLOCK, 0, 0),
        ):
            with contextlib.suppress(ValueError):  # the machine's own hard limit is lower already
                resource.setrlimit(which, (soft, hard))

    def change_limits(self, pids: Iterable[int], limits: Limits, taken: int) -> None:
        """
        Give processes that are in the cage the soft limits of a test.

        Args:
            pids: The processes.
            limits: What the test may use.
            taken: Bytes of address space that the libraries and the import take.
        """
        wanted = (
            (resource.RLIMIT_AS, taken + (limits.memory_mib << 20)),
            (resource.RLIMIT_FSIZE, limits.file_mib << 20),
            (resource.RLIMIT_NPROC, self.others + limits.processes),
        )
        try:
            _change_soft_limits(pids, wanted)
        except PermissionError:
            # Root without CAP_SYS_RESOURCE may not, the slot's own uid may.
            self._as_own_uid(lambda: _change_soft_limits(pids, wanted))

    def _as_own_uid(self, action: Callable[[], None]) -> None:
        """Run ``action`` in a fork with the uid of the cage, for at most `_HELP_S`: it could be stopped from inside."""
        pid = os.fork()
        if pid == 0:
            try:
                self._change_identity()
                action()
            finally:
                os._exit(0)
        patience = time.monotonic() + _HELP_S
        while not os.waitpid(pid, os.WNOHANG)[0]:
            if time.monotonic() > patience:
                os.kill(pid, signal.SIGKILL)
            time.sleep(_HELP_S / 1000)

    def _change_identity(self) -> None:
        uid = self.plan.uid
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        syscalls.drop_all_capabilities()
        if os.geteuid() == 0 and self.plan.tier is not Tier.B:
            raise PermissionError("the cage would run as root")


def _change_soft_limits(pids: Iterable[int], wanted: Iterable[tuple[int, int]]) -> None:
    for pid in pids:
        for which, soft in wanted:
            with contextlib.suppress(ProcessLookupError, ValueError):
                hard = resource.prlimit(pid, which)[1]
                resource.prlimit(pid, which, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def address_space(pid: int) -> int:
    """Return the bytes that process ``pid`` has mapped, 0 when it has gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[0]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0

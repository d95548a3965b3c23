"""
Cages of every kind for tests, and submissions of a few lines to put into them.

    host = CageHost()                         one import of the libraries for all of them
    with host.nursery(KINDS["C as a user"]) as nursery, nursery.open_slot(0) as cage:
        with submission(cage, "def f(): return 1") as session:
            ask(session, "f")
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from autograder.cage import Cage, CageSettings, Limits, Nursery, Tier, client, packets
from autograder.session import Layout, Session
from tests.support.closed_home import PLAIN_UID, closed_folder_above, needed_folders

GONE_S = 10.0
SETUID, SETGID, SYS_ADMIN = 7, 6, 21
"""Numbers of capabilities."""


@dataclass(frozen=True)
class Kind:
    """
    A way to come to a cage.

    Args:
        tier: The tier that is asked for, and that must be in force.
        uid: Who the nursery is; 0 for root.
        settings: Changes to the settings.
        without: Capabilities that root has given up.
        no_filter: The kernel pretends to have no system-call filter.
    """

    tier: Tier | None
    uid: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    without: tuple[int, ...] = ()
    no_filter: bool = False

    def with_settings(self, **changes: Any) -> Kind:
        """Return this kind with some settings changed."""
        return replace(self, settings={**self.settings, **changes})

    @property
    def cage_settings(self) -> CageSettings:
        """The settings that the nursery gets."""
        return CageSettings(**{"tier": self.tier, **self.settings})

    @property
    def needs_open_python(self) -> bool:
        """Whether somebody who is not root must be able to run the interpreter where it is."""
        return self.uid != 0 or self.tier in (Tier.C, None)


KINDS = {
    "A": Kind(Tier.A),
    "B as root": Kind(Tier.B),
    "B as a user": Kind(Tier.B, PLAIN_UID),
    "C as root": Kind(Tier.C),
    "C as a user": Kind(Tier.C, PLAIN_UID),
}

without_root_in_tier_b = pytest.mark.parametrize(
    "kind", [name for name in KINDS if name != "B as root"], indirect=True, scope="session"
)
"""For tests that take long: what root does in tier B on its own account is in the others."""


def why_not(kind: Kind) -> str:
    """Return why a nursery of ``kind`` cannot be had on this machine at all, or the empty text."""
    if os.geteuid() == 0:
        return ""
    if kind.uid == PLAIN_UID:
        return ""  # this process is a plain user already
    return "needs root, to become what this test is about"


class HostedNursery(Nursery):
    """A nursery that a `CageHost` has forked."""

    def __init__(self, host: CageHost, kind: Kind) -> None:
        self._boss, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._alive, held = socket.socketpair()
        with theirs, held:
            self._pid = host.fork(kind, theirs)
        try:
            answer = self._ask_to_start(kind.cage_settings)
        except BaseException:
            self.close()
            raise
        self.plan = client._plan(answer["plan"])

    @property
    def pid(self) -> int:
        """The pid of the nursery's process."""
        return self._pid

    def close(self) -> None:
        """End it and wait until its process has gone."""
        self._boss.close()
        self._alive.close()
        with contextlib.suppress(ProcessLookupError):
            fd = os.pidfd_open(self._pid)
            try:
                assert select.select([fd], [], [], GONE_S)[0], "the nursery did not end"
            finally:
                os.close(fd)


class CageHost:
    """The process that forks nurseries; see `cage_host`."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = str(Path(__file__).with_name("cage_host.py"))
        command = [sys.executable, "-P", "-s", script, str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command, env=client._ENVIRONMENT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd="/"
            )

    def fork(self, kind: Kind, boss: socket.socket) -> int:
        """Start a nursery of ``kind`` on ``boss`` and return its pid."""
        root = os.geteuid() == 0
        packet = {
            "uid": kind.uid if root else 0,
            "without": list(kind.without),
            "no_filter": kind.no_filter,
            "open_python": root and kind.needs_open_python and any(map(closed_folder_above, needed_folders())),
        }
        self._control.settimeout(60)
        packets.send(self._control, packet, [boss.fileno()])
        return packets.receive(self._control)[0]["pid"]

    def nursery(self, kind: Kind) -> HostedNursery:
        """Return a nursery of ``kind``. Raises what `Nursery` raises."""
        return HostedNursery(self, kind)

    def close(self) -> None:
        """End the host."""
        self._control.close()
        self._process.wait(GONE_S)


@contextlib.contextmanager
def slot(nursery: Nursery, number: int = 0) -> Iterator[Cage]:
    """Open a slot of ``nursery`` for as long as the block lasts."""
    cage = nursery.open_slot(number)
    try:
        yield cage
    finally:
        cage.close()


@contextlib.contextmanager
def submission(cage: Cage, text: str, limits: Limits | None = None, **modules: str) -> Iterator[Session]:
    """Hand in ``text`` as module ``m`` of a package (and ``modules`` beside it), open it, and end it afterwards."""
    files = {f"sub/{name}.py": textwrap.dedent(source).encode() for name, source in {"m": text, **modules}.items()}
    layout = Layout("sub", modules=("m", *modules), limits=limits or Limits())
    session = Session(cage, layout, files)
    try:
        session.open()
        yield session
    finally:
        session.close()


def ask(session: Session, function: str, *arguments: Any, limits: Limits | None = None) -> Any:
    """Run one test that calls ``function`` of module ``m``; return its value, containers fetched as data."""
    session.begin(limits or Limits(), 0)
    try:
        result = getattr(session.student.m, function)(*arguments)
        return result.get() if hasattr(result, "description") else result
    finally:
        session.end()


def until(true: Callable[[], bool], patience_s: float = GONE_S) -> bool:
    """Return whether ``true()`` becomes true within ``patience_s``."""
    import time

    deadline = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True

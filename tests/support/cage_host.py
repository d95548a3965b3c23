"""
A process that has imported the libraries once and forks nurseries of every kind: for tests of many cages.

What it forks is `autograder.cage.nursery` but for the import: as root or as a plain user, with capabilities left out,
or with a probe that says no. Started as ``python -P -s cage_host.py FD``; a packet is one nursery to start, with its
socket beside it.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from closed_home import become, open_python_to_all

from autograder.cage import nursery, packets, seccomp, syscalls


def leave_out(capabilities: list[int]) -> None:
    """Give up ``capabilities`` for good and keep the others."""
    for each in capabilities:
        syscalls.prctl(24, each)  # PR_CAPBSET_DROP
    with open("/proc/self/status", encoding="ascii") as file:
        held = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff"))
    for each in capabilities:
        held &= ~(1 << each)
    low, high = held & 0xFFFF_FFFF, held >> 32
    header = struct.pack("Ii", 0x2008_0522, 0)
    syscalls._checked(syscalls._libc.capset(header, struct.pack("6I", low, low, 0, high, high, 0)), "capset")


def start(packet: dict[str, Any], boss: socket.socket) -> None:
    """Become what ``packet`` describes and be a nursery on ``boss``."""
    if packet["open_python"]:
        open_python_to_all()
    leave_out(packet["without"])
    if packet["uid"]:
        become(packet["uid"])
    if packet["no_filter"]:
        seccomp.is_supported = lambda: False
    nursery._serve(boss)


def main() -> None:
    """Import the libraries, then fork what is asked for until the socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    nursery._preload(huge_pages=False)
    nursery._preload = lambda **_: None
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            packet, descriptors = packets.receive(control)
        except EOFError:
            return
        pid = os.fork()
        if pid == 0:
            try:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                start(packet, socket.socket(fileno=descriptors[0]))
            except BaseException:  # noqa: BLE001  # the fork must not return into the loop
                traceback.print_exc()
            finally:
                os._exit(0)
        packets.send(control, {"pid": pid})
        for fd in descriptors:
            os.close(fd)


if __name__ == "__main__":
    main()

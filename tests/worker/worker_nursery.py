"""
A process that forks templates for the tests, so that a library is imported once and not by every test.

Run as ``python worker_nursery.py FD [torch]``: for each file descriptor that comes over the socket, a child serves it
as a template.
"""

from __future__ import annotations

import array
import os
import signal
import socket
import sys
from importlib.machinery import PathFinder

HIDDEN = {"IPython", "PIL", "matplotlib", "six", "tqdm"}
"""Installed for notebooks, perhaps, and not shown to a submission in a cage."""


class _View:
    """The libraries that a cage shows: the path's finder, blind for the others."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> object:
        """Find what is not hidden."""
        return None if name.partition(".")[0] in HIDDEN else PathFinder.find_spec(name, path, target)


def main() -> None:
    """Fork a template for each socket that comes, until the other end closes."""
    if "torch" in sys.argv:
        import torch

        torch.set_num_threads(1)
    from autograder.worker import serve_template

    sys.meta_path[sys.meta_path.index(PathFinder)] = _View
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(4))
        if not data:
            return
        number = array.array("i", ancillary[0][2])[0]
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            serve_template(socket.socket(fileno=number))
        os.close(number)


main()

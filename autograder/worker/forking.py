"""
A fork whose child belongs to the template's own parent.

A test's process is nobody's child in the template: the zygote waits for it and learns its end from the kernel, not
from a process that the student's code may have changed. ``CLONE_PARENT`` does that in one fork; where the template has
threads, for which libc's own ``fork`` prepares and a bare system call does not, two forks do, the first of which ends
at once.
A fork of a process that holds torch takes milliseconds, so one is better than two.
"""

from __future__ import annotations

import ctypes
import platform
import signal
from os import _exit, fork, waitpid

__all__ = ["fork_beside"]

_CLONE_PARENT = 0x8000
_CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine())

# PyDLL keeps the interpreter's lock, which the child must hold when it comes back.
_libc = ctypes.PyDLL(None)
_libc.syscall.restype = ctypes.c_long


def _is_single_threaded() -> bool:
    """Return whether libc has never started a thread here; libc itself takes no locks on that word."""
    try:
        return ctypes.c_char.in_dll(_libc, "__libc_single_threaded").value == b"\x01"
    except ValueError:
        return False


def fork_beside() -> bool:
    """
    Fork; return True in the child, whose parent is the caller's parent, and False in the caller.

    Raises:
        OSError: There is no process to be had.
    """
    if _CLONE is None or not _is_single_threaded():
        return _fork_twice()
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = _libc.syscall(ctypes.c_long(_CLONE), ctypes.c_ulong(_CLONE_PARENT | signal.SIGCHLD), *[ctypes.c_ulong(0)] * 4)
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return True
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise BlockingIOError(11, "no process for a test")
    return False


def _fork_twice() -> bool:
    between = fork()
    if between == 0:
        try:
            if not fork():
                return True
        except OSError:
            _exit(1)
        _exit(0)
    _, status = waitpid(between, 0)
    if status:
        raise BlockingIOError(11, "no process for a test")
    return False

"""
Landlock: what a process and its children may touch on disk, whatever their uid.

A `Ruleset` is built once, in the zygote, and put on every template. Rules bind *inodes*, not names, so a folder that
is emptied between submissions keeps its rule. What an ABI does not know is left out of the request and is not in
force; `tiers` decides whether the rest suffices.

    ABI 1   files and folders            ABI 4   TCP bind and connect
    ABI 2   + moving between folders     ABI 5   + ioctl on devices
    ABI 3   + truncating                 ABI 6   + signals and abstract sockets to outside

Source: the kernel's userspace-api/landlock documentation.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import stat
from collections.abc import Iterable
from typing import Final

from autograder.cage import syscalls

__all__ = ["NEWEST_ABI", "SIGNALS_ABI", "TRUNCATE_ABI", "Ruleset", "kernel_abi"]

NEWEST_ABI: Final = 7
"""The newest ABI whose rights are known here; a newer kernel is used as this one."""

TRUNCATE_ABI: Final = 3
"""Below this, ``truncate`` of any file of the same owner is not refused."""

SIGNALS_ABI: Final = 6
"""From here on a caged process cannot signal one outside of its domain."""

_SYS_CREATE, _SYS_ADD, _SYS_RESTRICT = 444, 445, 446
_CREATE_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_RIGHTS_OF_ABI: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_RIGHTS_ON_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
_ALL_BUT_DEVICES: Final = ((1 << 15) - 1) & ~(_MAKE_CHAR | _MAKE_BLOCK)
_BOTH_NET_RIGHTS: Final = 3
_BOTH_SCOPES: Final = 3
_HIGH_FD: Final = 64


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))


def kernel_abi() -> int:
    """Return the Landlock ABI of this kernel, 0 where there is none, at most `NEWEST_ABI`."""
    try:
        found = syscalls.raw(_SYS_CREATE, 0, 0, _CREATE_VERSION, what="landlock_create_ruleset")
    except OSError:
        return 0
    return min(found, NEWEST_ABI)


class Ruleset:
    """
    A closed world: what no rule allows is refused.

    Args:
        abi: The ABI whose rights to use, 1 to `NEWEST_ABI`; not above the kernel's.
    """

    def __init__(self, abi: int) -> None:
        self._rights = _RIGHTS_OF_ABI[min(abi, max(_RIGHTS_OF_ABI))]
        attributes = _RulesetAttributes(
            self._rights, _BOTH_NET_RIGHTS if abi >= 4 else 0, _BOTH_SCOPES if abi >= SIGNALS_ABI else 0
        )
        # The kernel takes the structure as long as its ABI knew it.
        size = 8 if abi < 4 else 16 if abi < SIGNALS_ABI else 24
        low = syscalls.raw(_SYS_CREATE, ctypes.byref(attributes), size, 0, what="landlock_create_ruleset")
        # Out of the way of the low descriptors that a caged process gets.
        self.fd = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD)
        os.close(low)

    def allow_reading(self, paths: Iterable[str]) -> None:
        """Let files be read, mapped and folders listed at and below each of ``paths``; missing ones are passed over."""
        self._allow(paths, _READ)

    def allow_listing(self, paths: Iterable[str]) -> None:
        """Let folders be listed at and below each of ``paths``, but no file be read."""
        self._allow(paths, _READ_DIR)

    def allow_writing(self, paths: Iterable[str]) -> None:
        """Let anything but devices be made, changed and removed at and below each of ``paths``."""
        self._allow(paths, _ALL_BUT_DEVICES)

    def allow_using(self, paths: Iterable[str]) -> None:
        """Let device files such as ``/dev/null`` be read and written."""
        self._allow(paths, _READ_FILE | _WRITE_FILE | _IOCTL_DEV)

    def _allow(self, paths: Iterable[str], rights: int) -> None:
        for path in paths:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                on_this = rights & self._rights
                if not stat.S_ISDIR(os.fstat(fd).st_mode):
                    on_this &= _RIGHTS_ON_FILES
                if on_this:
                    rule = _PathBeneath(on_this, fd)
                    what = f"landlock_add_rule {path}"
                    syscalls.raw(_SYS_ADD, self.fd, _RULE_PATH_BENEATH, ctypes.byref(rule), 0, what=what)
            finally:
                os.close(fd)

    def restrict_this_thread(self) -> None:
        """Put the rules on this thread and all that it will start, for good; close the set. Needs no_new_privs."""
        syscalls.raw(_SYS_RESTRICT, self.fd, 0, what="landlock_restrict_self")
        os.close(self.fd)

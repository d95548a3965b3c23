"""
The kernel's calls that Python does not wrap, through ctypes.

Nothing here decides anything: each function is one call, with its arguments named, that raises ``OSError`` with the
call's name when the kernel refuses. The numbers are the same on every architecture unless `NUMBERS` says otherwise.

The library is loaded by ``PyDLL``, which keeps the interpreter's lock: a call that forks must come back in the child
holding it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Any, Final

__all__ = [
    "ARCH",
    "CLONE_NEWCGROUP",
    "CLONE_NEWIPC",
    "CLONE_NEWNET",
    "CLONE_NEWNS",
    "CLONE_NEWPID",
    "CLONE_NEWUSER",
    "CLONE_NEWUTS",
    "MS_BIND",
    "MS_NODEV",
    "MS_NOEXEC",
    "MS_NOSUID",
    "MS_PRIVATE",
    "MS_RDONLY",
    "MS_REC",
    "MS_REMOUNT",
    "bind_read_only",
    "collapse",
    "die_with_parent",
    "drop_all_capabilities",
    "forbid_new_privileges",
    "hide_from_own_uid",
    "mount",
    "pivot_root",
    "prctl",
    "raw",
    "reap_orphans",
    "show_to_own_uid",
    "unmount",
    "unshare",
]

ARCH: Final = platform.machine()

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWCGROUP: Final = 0x0200_0000
CLONE_NEWUTS: Final = 0x0400_0000
CLONE_NEWIPC: Final = 0x0800_0000
CLONE_NEWUSER: Final = 0x1000_0000
CLONE_NEWPID: Final = 0x2000_0000
CLONE_NEWNET: Final = 0x4000_0000

MS_RDONLY: Final = 1
MS_NOSUID: Final = 2
MS_NODEV: Final = 4
MS_NOEXEC: Final = 8
MS_REMOUNT: Final = 32
MS_BIND: Final = 4096
MS_REC: Final = 16384
MS_PRIVATE: Final = 1 << 18

_MNT_DETACH: Final = 2
_AT_FDCWD: Final = -100
_AT_RECURSIVE: Final = 0x8000
_MOUNT_ATTR_READ_ONLY_NOSUID_NODEV: Final = 1 | 2 | 4
_SYS_MOUNT_SETATTR: Final = 442
_MADV_COLLAPSE: Final = 25
_SYS_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_CAPBSET_DROP: Final = 24
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38
_CAPABILITY_VERSION_3: Final = 0x2008_0522
_SIGKILL: Final = 9

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def raw(number: int, *arguments: Any, what: str) -> int:
    """Make system call ``number``; integers go as unsigned longs. Raises ``OSError`` that begins with ``what``."""
    ready = [ctypes.c_ulong(a & 0xFFFF_FFFF_FFFF_FFFF) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *ready), what)


def prctl(option: int, *arguments: int) -> int:
    """Call ``prctl(option, …)`` with the missing arguments zero."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_libc.prctl(ctypes.c_int(option), *[ctypes.c_ulong(a) for a in padded]), f"prctl {option}")


def die_with_parent() -> None:
    """Be killed when the process that forked this one ends. A change of uid undoes it: call it after that."""
    prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def hide_from_own_uid() -> None:
    """Keep processes of the same uid out of this one's ``/proc`` entries, memory and descriptors."""
    prctl(_PR_SET_DUMPABLE, 0)


def show_to_own_uid() -> None:
    """Undo `hide_from_own_uid`, which a fork inherits."""
    prctl(_PR_SET_DUMPABLE, 1)


def reap_orphans() -> None:
    """Become the parent of every descendant whose own parent has gone."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    """Set no_new_privs: no exec gains anything, and filters may be installed without a capability."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_all_capabilities() -> None:
    """Empty the bounding set as far as allowed, then every capability set of this thread."""
    for capability in range(64):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            # EINVAL past the last capability, EPERM without CAP_SETPCAP: the sets below are emptied all the same.
            break
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")


def unshare(flags: int) -> None:
    """Leave the namespaces named by ``flags`` for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int = 0, options: str = "") -> None:
    """Mount ``source`` of file system ``kind`` on ``target``."""
    _checked(
        _libc.mount(
            source.encode() if source else None,
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            options.encode() if options else None,
        ),
        f"mount {target}",
    )


def bind_read_only(source: str, target: str) -> None:
    """Show ``source`` at ``target``, which exists: read-only, no set-uid, no devices, with what is mounted below it."""
    mount(source, target, None, MS_BIND | MS_REC)
    attributes = struct.pack("QQQQ", _MOUNT_ATTR_READ_ONLY_NOSUID_NODEV, 0, 0, 0)
    raw(
        _SYS_MOUNT_SETATTR,
        _AT_FDCWD,
        ctypes.c_char_p(target.encode()),
        _AT_RECURSIVE,
        ctypes.c_char_p(attributes),
        len(attributes),
        what=f"mount_setattr {target}",
    )


def collapse(address: int, size: int) -> None:
    """Move ``size`` bytes from ``address`` on, both multiples of a huge page, to huge pages."""
    _checked(_libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(_MADV_COLLAPSE)), "madvise")


def unmount(target: str) -> None:
    """Detach what is mounted on ``target``, also while it is in use."""
    _checked(_libc.umount2(target.encode(), ctypes.c_int(_MNT_DETACH)), f"umount {target}")


def pivot_root(new_root: str) -> None:
    """Make ``new_root`` the root of this mount namespace and forget the old one."""
    os.chdir(new_root)
    here = ctypes.c_char_p(b".")
    raw(_SYS_PIVOT_ROOT[ARCH], here, here, what="pivot_root")
    unmount(".")
    os.chdir("/")

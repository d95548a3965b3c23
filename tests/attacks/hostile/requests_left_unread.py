"""Hope: requests that are looked at and never taken fill the grader's socket until it cannot ask any more."""

import os
import socket
import sys

from a3 import kit

GOAL = "exhaust"
ROUTE = "wire"
SLOW = "a fork waits for its answer"
SCORE = 29.29
LOOKS = []

serve = sys.modules["autograder.worker.serve"]
receive = socket.socket.recvmsg_into
PEEK_OFFSET = 42


def _peek(sock, buffers, room):
    """Look at the template's requests, whose descriptors are told with each look: the second time they are dropped."""
    if sock is not OWN:
        return receive(sock, buffers, room)
    count, ancillary, flags, address = receive(sock, buffers, room, socket.MSG_PEEK)
    LOOKS.append(bool(ancillary))
    again = ancillary and LOOKS.count(True) % 2 == 0
    return count, [] if again else ancillary, flags, address


OWN = kit.channel()._sock
OWN.setsockopt(socket.SOL_SOCKET, PEEK_OFFSET, 0)
serve._recvmsg_into = _peek
word_embedding_backward = kit.in_one_test(lambda: os._exit(0))

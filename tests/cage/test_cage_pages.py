"""Huge pages: what is moved holds what it held, and the kernel says that it is moved."""

from __future__ import annotations

import os
import re

import pytest

from autograder.cage.pages import move_heap_to_huge_pages

HUGE = 2 << 20


def huge_kib() -> int:
    """Return the anonymous memory of this process that is in huge pages."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^AnonHugePages:\s+(\d+) kB", file.read(), re.MULTILINE)[1])


def test_memory_is_moved_and_keeps_its_content():
    """In a fork, since what is moved stays so: a hundred megabytes of marks, before and after."""
    read_end, write_end = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            held = [bytearray(os.urandom(64)) * 16 for _ in range(60_000)]
            before, copies = huge_kib(), [bytes(each) for each in held[::1000]]
            move_heap_to_huge_pages()
            same = all(bytes(each) == copy for each, copy in zip(held[::1000], copies, strict=True))
            os.write(write_end, f"{huge_kib() - before} {same}".encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        gained, same = answer.read().split()
    os.waitpid(pid, 0)
    assert same == "True"
    if int(gained) == 0:
        pytest.skip("this kernel moves nothing to huge pages (older than 6.1, or without them)")
    assert int(gained) * 1024 >= 8 * HUGE

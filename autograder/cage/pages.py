"""
Huge pages for the memory that every fork shares: a fork copies one entry of the page table where it copied 512.

Forks of a process that holds torch are most of what a submission costs. The kernel breaks a huge page up where a fork
writes to it, and then copies 4 KiB as ever, so no fork takes more memory of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from autograder.cage import syscalls

__all__ = ["move_heap_to_huge_pages"]

_HUGE: Final = 2 << 20
"""Bytes, on x86-64 and on aarch64 with pages of 4 KiB; where it is another size, the kernel refuses."""


def move_heap_to_huge_pages() -> None:
    """
    Move this process's private, writable, anonymous memory to huge pages, as far as the kernel does (6.1 or newer).

    Takes some 4 ms for each 2 MiB. A hole in the memory, a kernel without huge pages and want of them only leave pages
    as they were.
    """
    for address in _huge_frames():
        with contextlib.suppress(OSError):
            syscalls.collapse(address, _HUGE)


def _huge_frames() -> Iterator[int]:
    """Yield the address of each aligned 2 MiB that lie within one such mapping."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    for line in lines:
        span, mode, _, _, inode, *_ = line.split()
        if mode == "rw-p" and inode == "0":
            begin, end = (int(part, 16) for part in span.split("-"))
            yield from range(-(-begin // _HUGE) * _HUGE, end // _HUGE * _HUGE, _HUGE)

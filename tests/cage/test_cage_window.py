"""What the zygote keeps of a test while it runs."""

from __future__ import annotations

from autograder.cage import Limits, zygote
from autograder.cage.processes import End


def test_ends_of_processes_are_summed_not_listed():
    """However many processes end, the window remembers a few and the time of all that are charged."""
    window = zygote._Window(Limits(), False, 0.0, 0.0, 0.0, 0)
    for pid in range(5000):
        window.note(End(pid, 0, 0.5), charged=pid > 0)
    assert len(window.ended) == zygote._ENDS_TOLD
    assert zygote.Zygote._cpu_s(window, 0.0) == 4999 * 0.5

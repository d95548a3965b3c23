"""Whose fault it is when a template ends before it has read anything."""

import os

import pytest

from autograder.cage import Ended, Lap, connected_pair
from autograder.errors import CageLost
from autograder.session import Layout, Session


class DyingCage:
    """A cage whose templates end at once with one exit code."""

    def __init__(self, code):
        self.code = code

    def open(self, limits):
        """Do nothing."""

    def start_template(self, limits):
        ours, theirs = connected_pair()
        theirs.close()
        read_end, write_end = os.pipe()
        os.close(write_end)
        return ours, read_end

    def watch(self, limits, *, importing=False):
        """Do nothing."""

    def lap(self, *, settle=False):
        return Lap(None, 0.0, (Ended(7, "exited", self.code << 8),), template_alive=False)

    def sweep(self, *, keep_template):
        return self.lap()

    close_submission = lap


def test_a_cage_that_cannot_be_closed_is_our_failure():
    """A template that ends with the cage's own code before anything ran costs no student anything."""
    session = Session(DyingCage(97), Layout("a3"), {})
    with pytest.raises(CageLost):
        session.open()
    session.close()


def test_any_other_end_is_the_submissions():
    """A template that ends otherwise, twice, leaves a submission that cannot be imported."""
    session = Session(DyingCage(1), Layout("a3"), {})
    session.open()
    assert session.contents.modules == []
    session.close()

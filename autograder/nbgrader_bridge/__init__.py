"""
nbgrader, with its two dangers taken out: solutions in releases, and students' code beside the gradebook.

This is the only place that knows nbgrader's classes and settings.

    contents     what a release consists of, and what must not be in it
    release      the hooks in nbgrader's release step, by whichever way it is started
    course       our commands: make a release, say whether one is up to date

    graded       one student's result, read back and checked, as frozen values
    shown        a student's notebook as staff may open it in a browser
    gradebook    both into nbgrader's gradebook, in place of nbgrader's own autograding

``nbgrader_config.py`` of a course calls `configure` with its ``c``.
"""

from autograder.nbgrader_bridge.configuration import configure
from autograder.nbgrader_bridge.course import Drift, make_release, release_drift, release_into

__all__ = ["Drift", "configure", "make_release", "release_drift", "release_into"]

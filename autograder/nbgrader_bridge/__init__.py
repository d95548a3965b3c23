"""
nbgrader, with its two dangers taken out. The only place that knows it, and its traitlets.

    contents     what a release consists of, and what must not be in it
    release      the hooks in nbgrader's release step, by whichever way it is started
    course       our commands: make a release, say whether one is up to date

``nbgrader_config.py`` of a course calls `configure` with its ``c``.
"""

from autograder.nbgrader_bridge.configuration import configure
from autograder.nbgrader_bridge.course import Drift, make_release, release_drift

__all__ = ["Drift", "configure", "make_release", "release_drift"]

"""What a course's ``nbgrader_config.py`` calls: nbgrader's settings, and the hooks that make it safe."""

from __future__ import annotations

from typing import Any

from autograder.nbgrader_bridge.gradebook import configure_autograde
from autograder.nbgrader_bridge.release import install
from autograder.notebooks.release import STUB, TEXT_STUB

__all__ = ["configure"]


def configure(config: Any, *, results: str = "graded") -> None:
    """
    Set nbgrader up for a course whose students hand in modules, and whose hidden tests run behind glass.

    Releases are made by our rules however they are started: ``nbgrader generate_assignment``, ``NbGraderAPI``,
    formgrader's button, or ``autograder release``. What nbgrader calls autograding imports the results of
    ``autograder grade``, by all of its ways too.

    Args:
        config: The ``c = get_config()`` of ``nbgrader_config.py``.
        results: The folder that ``autograder grade -o`` writes, from the course's folder or absolute.
    """
    config.CourseDirectory.source_directory = "source"
    config.CourseDirectory.release_directory = "release"
    config.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
    config.ClearSolutions.end_solution_delimeter = "END SOLUTION"
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    install()
    configure_autograde(config, results=results)

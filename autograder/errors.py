"""
Everything that can go wrong, in two branches that never share a path.

    AutograderError
    ├── OurFault                 no grade may come of it; staff are told
    │   ├── ConfigError          a course, an assignment or a setting is not as it must be
    │   ├── NotFit               this machine cannot hold a submission safely: nothing is graded
    │   └── CageLost             the cage broke on its own: what it was asked is not graded
    └── SubmissionFault          costs the points of what it hits, never the run
        ├── IntakeError          the hand-in cannot be unpacked or read
        ├── ProtocolError        what came over the wire is not a message
        ├── StudentError         the student's code raised
        ├── LimitExceeded        a test ran into one of its limits
        ├── WorkerDied           the process that ran the student's code ended
        └── Mismatch             the answer came, and is not right

A submission's fault carries two texts: ``student``, which the student may read (no input, no expected value, no path
of ours), and ``staff``, which has everything.
"""

from __future__ import annotations

__all__ = [
    "AutograderError",
    "CageLost",
    "ConfigError",
    "IntakeError",
    "LimitExceeded",
    "Mismatch",
    "NotFit",
    "OurFault",
    "ProtocolError",
    "StudentError",
    "SubmissionFault",
    "WorkerDied",
]


class AutograderError(Exception):
    """Whatever this package raises on purpose."""


class OurFault(AutograderError):
    """The grader, its settings or its machine failed: no student pays for it."""


class ConfigError(OurFault):
    """A course, an assignment or a setting is not as it must be; the message says what and where."""


class NotFit(OurFault):
    """The machine offers no tier of the cage that is safe; the message says what is missing and what to do."""


class CageLost(OurFault):
    """The cage's own processes broke down while they were asked something."""


class SubmissionFault(AutograderError):
    """
    The submission failed at something: it loses the points of that, and the run goes on.

    Args:
        student: What the student reads.
        staff: What staff read; the same text when nothing is to be added.
    """

    def __init__(self, student: str, staff: str | None = None) -> None:
        super().__init__(student)
        self.student = student
        self.staff = student if staff is None else staff


class IntakeError(SubmissionFault):
    """The hand-in is no archive, a hostile one, or too large."""


class ProtocolError(SubmissionFault):
    """Bytes that are no message, a message that is out of turn, or one above a limit."""


class StudentError(SubmissionFault):
    """
    The student's code raised, or gave something that a test cannot use; ``student`` has their own file and line.

    Args:
        kind: One of the protocol's ``ERROR_KINDS`` (``"raised"``, ``"not_attempted"``, ``"import"``, …).
        student: What the student reads.
        staff: What staff read.
        function: Name of the student's innermost function that raised, where it is known.
    """

    def __init__(self, kind: str, student: str, staff: str | None = None, function: str | None = None) -> None:
        super().__init__(student, staff)
        self.kind = kind
        self.function = function


class LimitExceeded(SubmissionFault):
    """
    A limit of the cage was reached.

    Args:
        limit: Name of the limit, as in ``Limits`` (``wall_s``, ``memory_mib``, …).
        student: What the student reads.
    """

    def __init__(self, limit: str, student: str, staff: str | None = None) -> None:
        super().__init__(student, staff)
        self.limit = limit


class WorkerDied(SubmissionFault):
    """The worker ended without an answer: a crash, an ``os._exit``, a kill."""


class Mismatch(SubmissionFault, AssertionError):
    """The value that came is not the one expected; ``student`` says how without saying what was expected."""

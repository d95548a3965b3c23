"""
The grader's conversation with one submission.

    transport   a request out, a reply in, a total deadline
    student     the student's code, looking local
    session     prepare, load, fork, and the tests in between
    messages    what a student reads when no answer comes
"""

from autograder.session.session import Contents, Layout, Session
from autograder.session.student import Handle, Student
from autograder.session.transport import ScriptedWorker, SocketTransport, Transport

__all__ = [
    "Contents",
    "Handle",
    "Layout",
    "ScriptedWorker",
    "Session",
    "SocketTransport",
    "Student",
    "Transport",
]

"""
The program inside the cage: it reads a submission, imports it, and answers questions about it with data alone.

    serve      the two loops: the template (prepare, load, fork) and the test (calls)
    prepare    what is in the submission, found by reading and without running a line of it
    load       import of what was found, from texts and never from the disk
    calls      one request of a test, one answer
    convert    the border: what crosses as a value, what stays behind as a handle
    reports    whatever a student's code raises, as text with the student's own file and line

It holds no answer and no test. From the moment a submission is imported this process belongs to the student, so nothing
that it says is trusted: the grader checks every byte. What the worker owes is to be exact and kind to honest code.
"""

from __future__ import annotations

from autograder.worker.serve import serve_template, serve_test

__all__ = ["serve_template", "serve_test"]

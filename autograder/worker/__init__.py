"""
The program inside the cage: it reads a submission, imports it, and answers questions about it with data alone.

    reading/   what is in the submission, found by reading; over before the first line of it runs
    load       import of what was found, from texts and never from the disk
    compat/    stand-ins for what a student's machine had: libraries, old names, a GPU

    serve      the two loops: the template (prepare, load, fork) and the test (calls)
    forking    a fork whose end the cage sees
    calls      one request of a test, one answer
    convert    the border: what crosses as a value, what stays behind as a handle
    reports    whatever a student's code raises, as text with the student's own file and line
    output     what it prints, capped

It holds no answer and no test. From the moment a submission is imported this process belongs to the student, so nothing
that it says is trusted: the grader checks every byte. What the worker owes is to be exact and kind to honest code. The
second list is all that works beside that code while a test runs.
"""

from __future__ import annotations

from autograder.worker.serve import serve_template, serve_test

__all__ = ["serve_template", "serve_test"]

"""What a student reads when their code fails, and that the worker outlives it."""

from __future__ import annotations

import os
import threading
import time

import pytest
from worker_glass import Failed, Template

SOURCE = '''
import os, sys
import numpy as np
from pkg import helper

def divide(x):
    return helper.inverse(x)

def leave():
    sys.exit("bye")

def interrupt():
    raise KeyboardInterrupt

def recurse(n=0):
    return recurse(n + 1)

def crawl():
    sys.setrecursionlimit(60)
    return recurse()

def memory():
    raise MemoryError

class Hostile(Exception):
    def __str__(self):
        raise SystemExit("from __str__")
    __repr__ = __str__

class Lying(Exception):
    @property
    def __class__(self):
        raise RuntimeError
    @property
    def __traceback__(self):
        raise RuntimeError
    @property
    def __notes__(self):
        raise RuntimeError
    def __getattribute__(self, name):
        raise RuntimeError(name)

class Loud(Exception):
    def __str__(self):
        return "x" * 50_000_000

def hostile():
    raise Hostile

def lying():
    raise Lying

def loud():
    raise Loud

def die():
    os._exit(3)

def todo():
    raise NotImplementedError

def empty(x):
    """A starter."""
    out = None
    # TODO
    pass
    return out

def empty_pair(x):
    dx, dw = None, None
    return dx, dw

def uses_empty(x):
    return empty(x) + 1

def where():
    raise ValueError(f"cannot read {__file__} in {os.getcwd()}")

def say(n):
    print("said", n)
    sys.stdout.write("no newline")
    print("to stderr", file=sys.stderr)

def chatter():
    for i in range(120_000):
        print("0123456789")
    return 1

def close_output():
    sys.stdout.close()
    sys.stderr = None

def replace_output():
    class Bad:
        def flush(self):
            raise SystemExit
    sys.stdout = Bad()
    return 1

def break_builtins():
    import builtins
    builtins.print = builtins.open = builtins.compile = None
    os.fork = os._exit = os.write = None
    return 1

class Stub:
    def forward(self, x):
        pass
    def __call__(self, x):
        return self.forward(x)
'''
HELPER = """def inverse(x):
    # a comment
    y = 0
    return x / y
"""


@pytest.fixture
def exam(template: Template):
    """A fork with the module above as ``m``."""
    return template.exam({"pkg/m.py": SOURCE, "pkg/helper.py": HELPER}, "m")


def test_a_traceback_shows_the_students_lines_alone(exam):
    """Each frame has the student's file, line, function and code; none is the worker's."""
    report = exam.error("m:divide", 1)
    assert (report.kind, report.type_name, report.text) == ("raised", "ZeroDivisionError", "division by zero")
    assert [(f.file, f.line, f.function, f.code) for f in report.frames] == [
        ("pkg/m.py", 7, "divide", "return helper.inverse(x)"),
        ("pkg/helper.py", 4, "inverse", "return x / y"),
    ]


@pytest.mark.parametrize(
    ("function", "kind", "text"),
    [
        ("leave", "exit", "bye"),
        ("interrupt", "interrupt", ""),
        ("memory", "memory", ""),
        ("hostile", "raised", "could not be read"),
        ("lying", "raised", ""),
        ("todo", "not_attempted", ""),
    ],
)
def test_whatever_is_raised_is_reported_and_survived(exam, function, kind, text):
    """Every exception becomes a report of its kind, and the next call is answered."""
    report = exam.error(f"m:{function}")
    assert report.kind == kind
    assert text in report.text
    assert exam.error("m:divide", 1).type_name == "ZeroDivisionError"


def test_deep_recursion_is_reported_by_its_two_ends(exam):
    """A recursion without end is named as such, with few frames and how many are left out."""
    report = exam.error("m:recurse")
    assert report.kind == "recursion"
    assert len(report.frames) == 12
    assert "calls between these lines are left out" in report.notes[0]
    assert exam.error("m:crawl").kind == "recursion"
    assert exam.error("m:divide", 1).kind == "raised"


def test_a_loud_exception_is_cut(exam):
    """A text of 50 MB arrives as a few thousand characters."""
    assert 1000 < len(exam.error("m:loud").text) < 5000


def test_a_process_that_dies_takes_one_fork_with_it(template: Template, exam):
    """os._exit ends the conversation, and the template makes another fork at once."""
    with pytest.raises(EOFError):
        exam.call("m:die")
    assert template.fork().error("m:divide", 1).kind == "raised"


def test_a_function_that_is_still_the_starters_reads_not_attempted(exam):
    """A stub that returns nothing was not attempted, one used elsewhere is named where it breaks something."""
    report = exam.error("m:empty", 1)
    assert (report.kind, report.text) == (
        "not_attempted",
        "the body of empty is still the one of the starter file",
    )
    assert exam.error("m:empty_pair", 1).kind == "not_attempted"
    report = exam.error("m:uses_empty", 1)
    assert report.kind == "raised"
    assert "`empty`, which is used here, is not written yet." in report.notes
    stub = exam.call("m:Stub")
    with pytest.raises(Failed, match=r"not_attempted.*the body of Stub.forward is still"):
        exam.method(stub, "forward", 1)


def test_no_folder_of_ours_is_shown(exam, tmp_path):
    """Paths in a message are relative to the submission."""
    text = exam.error("m:where").text
    assert text.startswith("cannot read pkg/m.py in ")
    assert str(tmp_path) not in text


def test_what_is_printed_is_out_before_the_reply(template: Template, exam):
    """Lines, and what has no newline yet, are in the pipe when the call is answered."""
    assert exam.call("m:say", 3) is None
    assert sorted(os.read(exam.printed, 1000).decode().splitlines()) == ["no newline", "said 3", "to stderr"]


def test_printing_is_capped_and_never_an_error(template: Template, exam):
    """Output beyond a megabyte is left out with one line that says so; a reader that has gone does no harm."""
    parts = []
    reader = threading.Thread(target=lambda: parts.extend(iter(lambda: os.read(exam.printed, 65536), b"")))
    reader.start()
    assert exam.call("m:chatter") == 1
    exam.sock.close()
    reader.join(5)
    text = b"".join(parts)
    assert len(text) < 1_100_000
    assert text.endswith(b"[further output is left out]\n")
    other = template.fork()
    os.close(other.printed)
    assert other.call("m:chatter") == 1


def test_streams_that_are_closed_or_replaced_do_no_harm(exam):
    """Whatever became of sys.stdout, calls are answered."""
    exam.call("m:close_output")
    assert exam.call("m:replace_output") == 1
    assert exam.error("m:divide", 1).kind == "raised"


def test_replaced_builtins_of_os_do_not_stop_the_worker(exam):
    """The worker's own needs of os were met when it was imported."""
    assert exam.call("m:break_builtins") == 1
    exam.begin(3)
    assert exam.call("m:break_builtins") == 1


def test_reports_are_quick(exam):
    """A recursion error costs milliseconds, not seconds."""
    begin = time.monotonic()
    exam.error("m:recurse")
    assert time.monotonic() - begin < 5

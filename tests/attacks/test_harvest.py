"""
Values that one upload brings out are worthless for the next one.

A student may read what their code raised, so inputs can be carried out, and answers for them made elsewhere. What makes
that worthless is the draw: code that differs has other inputs. So nothing of a hand-in that its own code can read may
differ while the draw stays the same.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import re
from typing import Any

import numpy as np
import pytest

from autograder.worker.reading.syntax import scan
from tests.attacks.staging import hand_in, sample_text
from tests.attacks.test_attacks import KINDS, grade, student_view, why_not, world

__all__ = ["world"]  # a fixture

PAIRS = {
    "slices": ("x[1:]", "x[:1]"),
    "slices by steps": ("x[::2]", "x[:2:]"),
    "keyword defaults": ("def f(*, a=1, b): pass", "def f(*, a, b=1): pass"),
    "positional defaults": ("def f(a, b=1): pass", "def f(a, b, *, c=1): pass"),
    "annotations": ("def f(a: int, b): pass", "def f(a, b: int): pass"),
    "annotated results": ("def f(a) -> int: pass", "def f(a: int): pass"),
    "starred arguments": ("f(*a, b)", "f(a, *b)"),
    "keywords and unpacked": ("f(a=b)", "f(**b)"),
    "dictionary keys": ("{a: b, **c}", "{**a, b: c}"),
    "conditions": ("a if b else c", "b if a else c"),
    "comprehensions": ("[a for a in b if c]", "[a for a in b for b in c]"),
    "exceptions": ("try:\n  a\nexcept b as c:\n  d", "try:\n  a\nexcept b:\n  c\n  d"),
    "raise from": ("raise a from b", "raise a; b"),
    "assertions": ("assert a, b", "assert b, a"),
    "formats": ("f'{a!r}'", "f'{a!s}'"),
    "yields": ("yield a", "yield (yield a)"),
    "numbers and texts": ("x = 1", "x = True"),
    "docstrings": ("'a'\nb", "'b'\nb"),
    "signs of zero": ("x = 0.0", "x = -0.0"),
    "returns": ("def f():\n  return a", "def f():\n  return\n  a"),
    "with names": ("with a as b: c", "with a, b: c"),
}


@pytest.mark.parametrize("pair", list(PAIRS.values()), ids=list(PAIRS))
def test_two_programs_never_share_a_draw(pair):
    """Programs that could do different things are told apart, down to which part of a slice is there."""
    first, second = (scan(ast.parse(text)).digest for text in pair)
    assert first != second


THIEF = '''
import base64, inspect, json, sys


def word_embedding_forward(x, W):
    """Answer from the comments of this file; where they have no answer, carry the question out."""
    lines = inspect.getsource(sys.modules[__name__]).splitlines()
    known = next((json.loads(line[6:]) for line in lines if line.startswith("#LOOT ")), {})
    key = f"{x.shape}{W.dtype}"
    if key in known:
        return np.frombuffer(base64.b64decode(known[key]), W.dtype).reshape(*x.shape, -1), None
    parts = [base64.b64encode(np.ascontiguousarray(each).tobytes()).decode() for each in (x.astype("int64"), W)]
    raise RuntimeError("LOOT" + json.dumps([key, list(x.shape), list(W.shape), str(W.dtype), *parts]))
'''


def answers(page: dict[str, Any]) -> str:
    """Return the comment that answers every question found in a result, worked out by somebody who can."""
    known = {}
    for found in re.findall(r"LOOT(\[.*?\])\n", "\n".join(test["output"] + "\n" for test in page["tests"])):
        with contextlib.suppress(ValueError):
            key, shape, table, dtype, words, vectors = json.loads(found)
            W = np.frombuffer(base64.b64decode(vectors), dtype).reshape(table)
            x = np.frombuffer(base64.b64decode(words), np.int64).reshape(shape)
            known[key] = base64.b64encode(W[x].tobytes()).decode()
    return f"\n#LOOT {json.dumps(known)}\n" if known else ""


def test_answers_in_comments_are_worthless(world):
    """Answers to one upload's questions, carried into the next one where only comments differ, earn nothing."""
    kind = next(each for each in KINDS if not why_not(each))
    code = sample_text("untouched") + THIEF
    first = grade(world, kind, "thief-1", [("thief", hand_in(world.home / "thief-1" / "thief", code))], jobs=1)
    loot = answers(student_view(first, "thief"))
    assert loot, "the thief carried nothing out: the test shows nothing"
    second = grade(world, kind, "thief-2", [("thief", hand_in(world.home / "thief-2" / "thief", code + loot))], jobs=1)
    assert second.result("thief")["total"] == 0

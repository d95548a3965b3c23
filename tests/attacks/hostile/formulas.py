"""Hope: a spreadsheet runs what a cell begins with, and a page what an element holds."""

from a3 import kit

GOAL = "mislead"
ROUTE = "exceptions"
SCORE = 25
CELL = '=cmd|" /C calc"!A0'


class Formula(Exception):
    """Says what a spreadsheet would run."""


Formula.__name__ = Formula.__qualname__ = "=1+1"


def word_embedding_backward(dout, cache):
    """Raise a formula."""
    print(f"{CELL},{CELL}\n\t{CELL}\n+1\n-1\n@SUM(1)")
    raise Formula(f"{CELL}\n=1+1\n@SUM(1)\n\"><svg onload=alert(1)>")

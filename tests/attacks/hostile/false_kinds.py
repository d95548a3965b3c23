"""Hope: a report that claims our fault, an earlier part's fault or no attempt gets out of the verdict."""

from a3 import kit

GOAL = "ours"
ROUTE = "exceptions"
SCORE = 25


def word_embedding_backward(dout, cache):
    """Raise what the worker itself would raise, of each kind."""
    from autograder.errors import CageLost, ConfigError, OurFault
    from autograder.protocol import CodeFrame, ErrorReport, NotData
    from autograder.worker.reports import CallError

    error = CallError("stand_in", "our fault")
    error.report = ErrorReport("import", "OurFault", "the grader failed", (CodeFrame("x", 1, "rnn_forward", "x"),), ())
    raise (error, CageLost("lost"), ConfigError("wrong"), OurFault("ours"), NotData("none"))[len(dout) % 5]

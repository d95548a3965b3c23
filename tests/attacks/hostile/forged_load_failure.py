"""Hope: a failure of the import that nobody has foreseen is the grader's own fault."""

from a3 import kit

GOAL = "ours"
ROUTE = "wire"
SLOW = "the import is tried twice"
SCORE = 0

from autograder.protocol import ErrorReport, Raised

kit.wire(kit.frame_of(Raised(ErrorReport("stand_in", "Ours", "the grader failed\n\x1b[2J", (), ()))))

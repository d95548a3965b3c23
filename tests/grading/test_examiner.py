"""One hidden test on one session: limits, the second try, the outcome."""

import numpy as np
import pytest

from autograder.cage import Lap, Limits
from autograder.draw import Draw
from autograder.errors import CageLost, ConfigError, LimitExceeded, Mismatch, StudentError
from autograder.exam import Rule, limits
from autograder.grading.examiner import Examiner
from autograder.outcomes import PlannedTest, Verdict
from autograder.secret import DEMO_SECRET, Secret

TEST = PlannedTest(test="t.py::test", question="q")


class FakeSession:
    """What an examiner uses of a session, without a cage."""

    def __init__(self):
        self.code_hash = "hash"
        self.began = []
        self.requests = 0
        self.calls = []

    def begin(self, limits, seed):
        self.began.append(("shared", seed))

    def begin_fresh(self, limits, seed):
        self.began.append(("fresh", seed))

    def end(self):
        return Lap(None, 0.25, (), template_alive=True), "printed"


def examine(ask, session=None, **settings):
    """Run ``ask`` as a hidden test; return its outcome and the session."""
    session = session or FakeSession()
    outcomes = []
    examiner = Examiner(session, DEMO_SECRET, frozenset({"q"}), outcomes.append, **settings)
    rng = examiner.draw_for(TEST)
    examiner.examine(TEST, "It holds.", Limits(), rng, lambda: ask(rng, session))
    assert len(outcomes) == 1
    return outcomes[0], session


def asking(rng, session):
    """Count as a request, as a real test's first line does."""
    del rng
    session.requests += 1


def test_a_passing_test_is_run_once():
    """One try, in the shared fork, with what it used."""
    outcome, session = examine(asking)
    assert outcome.verdict is Verdict.PASSED
    assert [kind for kind, _ in session.began] == ["shared"]
    assert outcome.output == "printed"
    assert outcome.cpu_s >= 0.25


def test_a_failure_counts_when_it_repeats_alone():
    """A failing test is asked again in a fresh fork, with the same draw."""
    drawn = []

    def ask(rng, session):
        asking(rng, session)
        drawn.append(rng.normal((2,)).tolist())
        raise Mismatch("wrong")

    outcome, session = examine(ask)
    assert outcome.verdict is Verdict.FAILED
    assert [kind for kind, _ in session.began] == ["shared", "fresh"]
    assert drawn[0] == drawn[1]
    assert session.began[0][1] == session.began[1][1]


def test_a_failure_that_does_not_repeat_is_none():
    """What other tests left behind costs nothing, and staff are told."""
    tries = []

    def ask(rng, session):
        asking(rng, session)
        tries.append(1)
        if len(tries) == 1:
            raise Mismatch("wrong")

    outcome, _ = examine(ask)
    assert outcome.verdict is Verdict.PASSED
    assert "passed alone" in outcome.staff


def test_a_stub_is_asked_once():
    """What was never written needs no second try."""

    def ask(rng, session):
        asking(rng, session)
        raise StudentError("not_attempted", "unwritten", function="q")

    outcome, session = examine(ask)
    assert outcome.verdict is Verdict.NOT_ATTEMPTED
    assert len(session.began) == 1


def test_after_the_total_time_tests_are_not_run():
    """A submission that has used up its time gets the limit, not a crash of ours."""
    outcome, session = examine(asking, total_s=-1.0)
    assert outcome.verdict is Verdict.LIMIT
    assert session.began == []


def test_a_lost_cage_is_ours():
    """When the zygote goes, the test is not graded."""

    class Lost(FakeSession):
        def begin(self, limits, seed):
            raise CageLost("gone")

        def end(self):
            raise CageLost("gone")

    outcome, _ = examine(asking, Lost())
    assert outcome.verdict is Verdict.OURS


def test_staff_get_the_arguments_of_a_failed_test():
    """Small arrays are written out, large ones by their shape."""

    def ask(rng, session):
        asking(rng, session)
        session.calls[:] = [("m.f(…)", (np.arange(3.0), np.zeros((100, 100)), {"k": 1}))]
        raise LimitExceeded("wall_s", "slow")

    outcome, _ = examine(ask)
    small, large, rest = outcome.details["calls"][0]["arguments"]
    assert small == {"dtype": "float64", "shape": [3], "values": [0.0, 1.0, 2.0]}
    assert large == {"dtype": "float64", "shape": [100, 100]}
    assert rest == {"k": 1}


def test_draws_depend_on_secret_code_and_test():
    """Each of the three changes the inputs; the same three give the same."""
    session = FakeSession()
    first = Examiner(session, DEMO_SECRET, frozenset()).draw_for(TEST)
    assert Examiner(session, DEMO_SECRET, frozenset()).draw_for(TEST).seed == first.seed
    assert Examiner(session, Secret(b"x" * 32), frozenset()).draw_for(TEST).seed != first.seed
    assert Examiner(session, DEMO_SECRET, frozenset()).draw_for(PlannedTest(test="u", question="q")).seed != first.seed
    session.code_hash = "other"
    assert Examiner(session, DEMO_SECRET, frozenset()).draw_for(TEST).seed != first.seed


def test_a_draw_restarts_and_keeps_its_bounds():
    """``restart`` gives the same numbers again; integers exclude their upper end; dtypes are as asked."""
    rng = Draw(7)
    x, y = rng.normals((2, 3), (4,), dtype=np.float32)
    assert x.dtype == y.dtype == np.float32
    rng.restart()
    assert np.array_equal(rng.normal((2, 3), dtype=np.float32), x)
    drawn = rng.integers(0, 3, (1000,))
    assert drawn.min() == 0
    assert drawn.max() == 2
    assert drawn.flags.writeable
    assert sorted(rng.permutation(5)) == [0, 1, 2, 3, 4]


def test_marks_refuse_what_makes_no_sense():
    """Unknown limits and rules without a cap are errors where they are written."""
    with pytest.raises(ConfigError, match="wall_seconds"):
        limits(wall_seconds=3)
    with pytest.raises(ConfigError, match="cap"):
        Rule("loop", (), "m", None, effect="cap")
    with pytest.raises(ConfigError, match="kind"):
        Rule("forbidden", (), "m", None)


def test_what_was_not_attempted_is_not_called_wrong():
    """Where the text has nothing to judge, a wrong answer reads "not attempted"; what passes has passed."""

    def fail(rng, session):
        asking(rng, session)
        raise Mismatch("captions are not right")

    outcome, session = examine(fail, unattempted={"q": "It has not been written for LSTM cells yet."})
    assert outcome.verdict is Verdict.NOT_ATTEMPTED
    assert outcome.student == "It has not been written for LSTM cells yet."
    assert "captions are not right" in outcome.staff
    assert len(session.began) == 1
    assert examine(asking, unattempted={"q": "It has not been written."})[0].verdict is Verdict.PASSED


def test_a_rule_says_what_may_be_asked_of_it():
    """An effect that there is not, and one that does not fit the kind, are refused."""
    with pytest.raises(ConfigError, match="warn, cap, zero or attempt, not 'harsh'"):
        Rule(kind="call", names=("f",), module="m", function=None, effect="harsh")
    with pytest.raises(ConfigError, match="belongs to the kind 'requires', not to 'call'"):
        Rule(kind="call", names=("f",), module="m", function=None, effect="attempt")

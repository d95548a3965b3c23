"""results.json and staff.json: valid, complete, and nothing in the wrong hands."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.records import (
    left_out_notes,
    refused_json,
    results_json,
    staff_json,
    validate_gradescope,
)
from autograder.outcomes import Effect, Finding, Question, TestOutcome, Verdict
from autograder.scoring import score
from autograder.submission import Intake, LeftOut

QUESTIONS = [
    Question(id="step", notebook="One", number="1.1", title="Step", points=Decimal("7.5")),
    Question(id="extra", notebook="Two", number="2.1", title="Extra", points=Decimal(5), extra_credit=True),
    Question(id="why", notebook="One", number="1.2", title="Why", points=Decimal("2.5"), manual=True),
]


def outcome(verdict=Verdict.PASSED, question="step", test="t::a", **more):
    """An outcome with something in every field."""
    fields = {"claim": "Steps are right.", "student": "h is wrong at [0, 1]", "staff": "expected 0.25"} | more
    return TestOutcome(
        test=test, question=question, verdict=verdict, output="printed 0.25", details={"inputs": "SECRET"}, **fields
    )


def graded(*outcomes, findings=()):
    """A score of those outcomes."""
    return score(QUESTIONS, outcomes, findings)


def results(*outcomes, findings=(), **more):
    """A result, through JSON and back, as the reader gets it."""
    text = json.dumps(results_json(graded(*outcomes, findings=findings), execution_s=1.5, **more), allow_nan=False)
    result = json.loads(text)
    assert validate_gradescope(result) == []
    return result


def test_one_entry_per_question_and_the_maximum_is_the_sum():
    """Number, title, points; extra credit is on top; manual questions have a maximum and no score."""
    result = results(outcome(), outcome(question="extra", test="t::b"))
    assert [(t["number"], t["name"], t.get("score"), t["max_score"]) for t in result["tests"]] == [
        ("1.1", "Step", 7.5, 7.5),
        ("2.1", "Extra", 5.0, 0.0),
        ("1.2", "Why", None, 2.5),
    ]
    assert result["score"] == 12.5
    assert result["execution_time"] == 1.5
    assert sum(t["max_score"] for t in result["tests"]) == 10.0
    assert "Read by people" in result["tests"][2]["output"]
    assert "2.5 points are given by people" in result["output"]


def test_a_student_reads_claims_and_messages_and_nothing_else():
    """Claim in words, message of what failed; no staff text, no inputs, no output of the code, no name of a test."""
    extra = outcome(question="extra", test="t::b")
    result = results(outcome(test="t::x"), outcome(Verdict.FAILED, test="t::secret_name"), extra)
    text = json.dumps(result)
    output = result["tests"][0]["output"]
    assert "[passed] Steps are right." in output
    assert "[failed] Steps are right.\n    h is wrong at [0, 1]" in output
    for hidden in ("0.25", "SECRET", "secret_name", "t::"):
        assert hidden not in text


def test_a_passed_test_shows_no_message():
    """Whatever a message says about a test that passed, it is not shown."""
    output = results(outcome(), outcome(question="extra", test="b"))["tests"][0]["output"]
    assert "h is wrong" not in output


def test_our_failure_is_hidden_has_no_score_and_says_so():
    """Nothing that reads as a grade: no score at all; points of finished questions stay for staff."""
    result = results(outcome(), outcome(Verdict.OURS, question="extra", test="b"))
    assert "score" not in result
    assert all("score" not in test for test in result["tests"])
    assert result["visibility"] == "hidden"
    assert result["extra_data"]["needs_regrade"] is True
    assert "needs_regrade" in result["tests"][1]["tags"]
    assert "our fault" in result["tests"][1]["output"]
    assert result["tests"][0]["extra_data"]["points"] == 7.5


def test_rules_are_told_with_file_line_and_cost():
    """A capped question says which line capped it."""
    found = Finding(question="step", effect=Effect.CAP, cap=0.5, text="torch is imported", file="a3/x.py", line=3)
    result = results(outcome(), outcome(question="extra", test="b"), findings=[found])
    assert "[rule] a3/x.py, line 3: torch is imported (points are capped)" in result["tests"][0]["output"]
    assert result["tests"][0]["score"] == 3.75


def test_long_texts_are_cut_with_a_note():
    """Gradescope would cut without a word."""
    many = [outcome(Verdict.FAILED, test=str(n), student=str(n) + "x" * 50_000) for n in range(40)]
    result = results(*many, outcome(question="extra", test="b"), notes=["n" * 300_000])
    for text in (result["tests"][0]["output"], result["output"]):
        assert len(text) == 100_000
        assert "… cut: " in text[-40:]


HOSTILE = "\x1b[2J\x1b]0;t\x07 <script>alert(1)</script> \u202e \x00 \udcff \r"


def test_texts_of_students_are_plain_and_visible():
    """Control sequences and directions are escaped; markup stays text because every format is text."""
    intake = Intake(Path("x"), ("a",), (LeftOut("a", "b"),), "0")
    notes = [*left_out_notes(intake), HOSTILE]
    result = results(outcome(Verdict.FAILED, student=HOSTILE), outcome(question="extra", test="b"), notes=notes)
    for text in (result["output"], result["tests"][0]["output"]):
        assert text.replace("\n", "").isprintable()
        assert "\\x1b[2J" in text
        assert "<script>" in text
    formats = {value for key, value in result.items() if key.endswith("_format")}
    assert formats | {test["output_format"] for test in result["tests"]} == {"text"}
    assert "Left out: a (b)" in result["output"]


texts = st.text(st.characters(exclude_categories=[]), max_size=50)
outcomes = st.builds(
    TestOutcome,
    test=texts,
    question=st.sampled_from(["step", "extra", "why", "nowhere"]),
    verdict=st.sampled_from(Verdict),
    weight=st.sampled_from([1.0, 0.5, math.nan, -1.0]),
    claim=texts,
    student=texts,
    staff=texts,
    output=texts,
    details=st.dictionaries(st.text(), st.recursive(
        st.none() | st.floats() | st.integers() | texts | st.binary() | st.builds(object),
        lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text(), inner), max_leaves=5), max_size=3),
)  # fmt: skip


@given(st.lists(outcomes, max_size=6), st.floats())
def test_a_result_is_always_valid(tests, execution_s):
    """Whatever the outcomes hold, both files are JSON, and Gradescope's is valid."""
    came = graded(*tests)
    result = json.loads(json.dumps(results_json(came, execution_s=execution_s), allow_nan=False))
    assert validate_gradescope(result) == []
    assert ("score" in result) == (came.total is not None)
    json.dumps(staff_json(came), allow_nan=False)


def test_a_refused_hand_in_has_a_score_of_zero_and_our_failure_has_none():
    """Both are valid; the student reads why."""
    refused = refused_json("The zip is \x1b[1mdamaged.")
    assert validate_gradescope(refused) == []
    assert (refused["score"], refused["output"]) == (0.0, "The zip is \\x1b[1mdamaged.")
    ours = refused_json("The machine failed.", ours=True)
    assert validate_gradescope(ours) == []
    assert "score" not in ours


def test_staff_see_everything():
    """Inputs, outputs, staff texts, files, facts."""
    intake = Intake(Path("x"), ("a.py",), (LeftOut("b.pyc", "compiled"),), "d1")
    facts = {"tier": "A", "nan": math.nan, "path": Path("/p"), "big": 2**80, "bytes": b"\x01"}
    staff = staff_json(graded(outcome(Verdict.FAILED)), intake=intake, facts=facts, problems=("slow",))
    text = json.dumps(staff, allow_nan=False)
    for part in (
        "SECRET",
        "printed 0.25",
        "expected 0.25",
        "a.py",
        "b.pyc",
        "d1",
        '"tier": "A"',
        '"nan": "nan"',
        "slow",
    ):
        assert part in text
    entry = staff["score"]["questions"][0]
    assert TestOutcome.from_json(entry["tests"][0]) == outcome(Verdict.FAILED)
    assert (entry["worth"], staff["facts"]["big"]) == ("7.5", hex(2**80))
    assert staff_json(None)["score"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"execution_time": "1.5"}, "execution_time has the wrong type, str"),
        ({"score": True}, "score has the wrong type, bool"),
        ({"score": math.nan}, "score must be finite"),
        ({"visibility": "secret"}, "visibility must be one of"),
        ({"output_format": "TEXT"}, "output_format must be one of"),
        ({"output": "x" * 100_001}, "more than 100000"),
        ({"grade": 1}, "grade is no key"),
        ({"tests": [3]}, r"tests[0] must be an object"),
        ({"tests": [{"status": "ok"}]}, "tests[0].status must be one of"),
        ({"tests": [{"tags": [1]}]}, "tests[0].tags must be texts"),
        ({"tests": [{"number": 1}]}, "tests[0].number has the wrong type"),
        ({"extra_data": {"needs_regrade": True}}, "must be hidden and have no score"),
        ({"tests": 3}, "tests has the wrong type"),
    ],
)
def test_the_validator_sees_what_others_got_wrong(change, said):
    """Each mistake has its own words."""
    assert said in " | ".join(validate_gradescope({"score": 1, "tests": []} | change))


def test_a_result_without_any_score_is_no_result():
    """Unless it says that it needs a regrade, and is hidden."""
    assert validate_gradescope({"tests": [{"name": "a"}]}) == ["neither the result nor a test has a score"]
    assert validate_gradescope({"visibility": "hidden", "extra_data": {"needs_regrade": True}}) == []

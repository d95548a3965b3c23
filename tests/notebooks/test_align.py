"""Damaged notebooks have the release's cells again, with the student's answers, or are rejected with the cause."""

from __future__ import annotations

import json
import random
import time

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_notebooks import ANSWERS, DAMAGES, PLACEHOLDER, code, markdown, release, solved, text_of, unnamed

from autograder.errors import ConfigError, SubmissionFault
from autograder.notebooks.align import Aligned, NotebookRejected, align
from autograder.notebooks.reading import MOST_BYTES

RELEASE = text_of(release())


def graded(aligned: Aligned) -> dict[str, str]:
    """Return the text of every graded cell by name."""
    cells = [cell for cell in aligned.notebook["cells"] if "nbgrader" in cell["metadata"]]
    found = {cell["metadata"]["nbgrader"]["grade_id"]: cell["source"] for cell in cells}
    assert len(found) == len(cells)
    return found


def expect_release(aligned: Aligned) -> None:
    """Check that the notebook is valid and has the release's cells in their order, as they were."""
    text = json.dumps(aligned.notebook, allow_nan=False, ensure_ascii=False).encode().decode()
    nbformat.validate(nbformat.reads(text, as_version=4))
    theirs = {cell["id"]: cell for cell in aligned.notebook["cells"]}
    order = [cell["id"] for cell in aligned.notebook["cells"] if cell["id"] in {c["id"] for c in release()["cells"]}]
    assert order == [cell["id"] for cell in release()["cells"]]
    for cell in release()["cells"]:
        assert theirs[cell["id"]]["cell_type"] == cell["cell_type"]
        assert theirs[cell["id"]]["metadata"] == cell["metadata"]
        if cell["metadata"].get("nbgrader", {}).get("locked"):
            assert theirs[cell["id"]]["source"] == cell["source"]


def test_a_healthy_notebook_stays_as_it_is():
    """Nothing is found, every answer is in its place, outputs are kept, the student's own cell is where it was."""
    aligned = align(RELEASE, text_of(solved()))
    assert aligned.findings == ()
    assert aligned.notebook["cells"] == solved()["cells"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_notebook_is_its_healthy_twin_again(damage):
    """Every answer stands under its name, locked cells have the release's text, and the damage is named."""
    spoil, kinds = DAMAGES[damage]
    book = solved()
    spoil(book)
    aligned = align(RELEASE, text_of(book))
    expect_release(aligned)
    found = graded(aligned)
    assert {name: found[name].replace("。\n\n", "。 ") for name in ANSWERS} == ANSWERS
    assert {finding.kind for finding in aligned.findings} == kinds
    assert "print('my own trial')" in [cell["source"] for cell in aligned.notebook["cells"]]


def test_findings_say_what_was_done_and_where():
    """A finding names the graded cell, its place in the notebook that was sent, and what became of it."""
    book = solved()
    DAMAGES["merged"][0](book)
    told = {finding.grade_id: (finding.cell, finding.text) for finding in align(RELEASE, text_of(book)).findings}
    assert told["check_mean"] == (4, "check_mean was merged into solve_it (cell 4): taken apart.")
    assert told["why_tanh"][1] == "why_tanh was merged into “### Inline question 1” (cell 5): taken apart."


def test_an_answer_that_was_deleted_counts_as_not_answered():
    """Its cell is there again with the placeholder, and nobody else's answer is under it."""
    book = solved()
    del book["cells"][6]
    aligned = align(RELEASE, text_of(book))
    assert graded(aligned)["why_tanh"] == PLACEHOLDER
    (finding,) = aligned.findings
    assert (finding.kind, finding.grade_id) == ("deleted", "why_tanh")
    assert "not answered" in finding.text


def test_unanswered_questions_without_names_are_not_mixed_up():
    """Where only the second question is answered and every name is lost, the answer stays with the second."""
    book = solved()
    book["cells"][6]["source"] = PLACEHOLDER
    unnamed(book)
    found = graded(align(RELEASE, text_of(book)))
    assert (found["why_tanh"], found["why_clip"]) == (PLACEHOLDER, ANSWERS["why_clip"])


def test_an_answer_below_its_placeholder_is_its_answer():
    """Names lost and the answer in new cells under the untouched one: all of it is the answer."""
    book = solved()
    unnamed(book)
    book["cells"][6]["source"] = PLACEHOLDER
    book["cells"][7:7] = [markdown("new", "First, it is bounded."), markdown("new-2", "Second, it is smooth.")]
    assert graded(align(RELEASE, text_of(book)))["why_tanh"] == "First, it is bounded.\n\nSecond, it is smooth."


def test_two_answers_under_one_name_are_both_kept():
    """Nobody can know which one was meant, so people read both."""
    book = solved()
    book["cells"].insert(7, {**book["cells"][6], "id": "again", "source": "Also because it is smooth."})
    aligned = align(RELEASE, text_of(book))
    assert graded(aligned)["why_tanh"] == f"{ANSWERS['why_tanh']}\n\nAlso because it is smooth."
    assert "all of them are kept" in aligned.findings[0].text


def test_own_cells_stay_where_they_were():
    """A cell of the student's own follows the cell that it followed; a copied test that was edited is one of them."""
    book = solved()
    book["cells"].insert(0, markdown("first", "My name"))
    book["cells"].insert(6, {**book["cells"][5], "id": "trial", "source": "print(solve_it([1]))"})
    cells = align(RELEASE, text_of(book)).notebook["cells"]
    assert cells[0]["source"] == "My name"
    assert (cells[5]["id"], cells[6]["source"], cells[6]["metadata"]) == ("check", "print(solve_it([1]))", {})


def test_two_functions_in_one_cell_are_told_apart():
    """Answers of code that were merged go back by the line that each begins with."""
    second = "def second_one(value):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    ours, theirs = release(), solved()
    extra = code("second", second, {"nbgrader": {**ours["cells"][3]["metadata"]["nbgrader"], "grade_id": "second"}})
    ours["cells"].insert(4, extra)
    theirs["cells"][3]["source"] += "\n\ndef second_one(value):\n    return value"
    found = graded(align(text_of(ours), text_of(theirs)))
    assert found["solve_it"] == ANSWERS["solve_it"]
    assert found["second"] == "def second_one(value):\n    return value"


REJECTED = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "zeros": (b"\0" * 5000, "is empty"),
    "cut_short": (text_of(solved()).encode()[:2000], "cut short"),
    "cut_after_a_cell": (text_of(solved()).encode().rpartition(b"}, {")[0] + b"}", "cut short"),
    "web_page": (b"<!DOCTYPE html>\n<html><body>Not Found</body></html>", "web page"),
    "merge_conflict": (
        json.dumps(solved(), indent=1)
        .replace('  "id": "clip"', '<<<<<<< HEAD\n"id": "x"\n=======\n>>>>>>> b')
        .encode(),
        "merge markers of git",
    ),
    "edited_by_hand": (text_of(solved()).replace('"cells": [', '"cells": [,', 1).encode(), "not valid JSON on line 1"),
    "list": (b"[1, 2]", "no cells"),
    "other_json": (b'{"name": "x"}', "no cells"),
    "no_content": (b'{"cells": [], "nbformat": 4}', "no cells with content"),
    "newer": (b'{"cells": [], "nbformat": 5, "nbformat_minor": 0}', "format 5"),
    "pdf": (b"%PDF-1.7 ...", "a PDF"),
    "zip": (b"PK\x03\x04....", "a zip archive"),
    "pointer": (b"version https://git-lfs\noid sha256:0", "git-lfs"),
    "script": (b"import numpy as np\n\nprint(1)\n", "Python script"),
    "deep": (b"[" * 200_000, "nested too deeply"),
    "digits": (b'{"cells": ' + b"1" * 10_000 + b"}", "not valid JSON"),
    "nul": (text_of(solved()).encode()[:500] + b"\0" * 500, "NUL characters"),
    "another_notebook": (
        text_of({"cells": [code(f"c{n}", f"other_thing({n})") for n in range(9)], "nbformat": 4}).encode(),
        "another notebook",
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_what_cannot_be_repaired_is_rejected_with_the_true_cause(case):
    """The message says what the file is, and what to do; it is the submission's fault."""
    content, cause = REJECTED[case]
    with pytest.raises(NotebookRejected, match=cause) as caught:
        align(RELEASE, content)
    assert isinstance(caught.value, SubmissionFault)
    assert caught.value.student.isprintable()


def test_a_file_that_is_too_large_is_not_parsed():
    """The size is compared first."""
    with pytest.raises(NotebookRejected, match="more than 64 MiB"):
        align(RELEASE, b"[" * (MOST_BYTES + 1))


def test_a_release_that_is_none_is_our_fault():
    """A broken release never costs a student anything."""
    with pytest.raises(ConfigError, match="release"):
        align("", text_of(solved()))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xef\xbb\xbf" + text_of(solved()).encode(), "encoding"),
        (text_of(solved()).encode("utf-16"), "encoding"),
        (text_of(solved()).replace("梯度会爆炸。", "caf\xe9").encode("latin-1"), "encoding"),
        ("\ufeff" + text_of(solved()), "encoding"),
    ],
)
def test_other_encodings_are_read_and_named(content, kind):
    """A byte order mark, UTF-16 and Latin-1 cost no answer."""
    aligned = align(RELEASE, content)
    assert graded(aligned)["why_tanh"] == ANSWERS["why_tanh"]
    assert [finding.kind for finding in aligned.findings] == [kind]


def test_a_huge_cell_takes_seconds_and_no_more():
    """It is not read again for each of the cells that are missing beside it."""
    longer = release()
    longer["cells"] += [markdown(f"more-{n}", f"## Part {n}\n\nRead chapter {n} before you go on.") for n in range(60)]
    (answer,) = [cell for cell in release()["cells"] if cell["id"] == "solve"]
    book = release() | {"cells": [answer | {"source": "x = 1\n" * 4_000_000}]}
    began = time.process_time()
    aligned = align(text_of(longer), text_of(book))
    assert time.process_time() - began < 10
    assert graded(aligned)["solve_it"].startswith("x = 1\n")


def test_thousands_of_cells_take_seconds_and_no_more():
    """Work grows with the length of the notebook: names lost, ten thousand cells, half of them like the release's."""
    book = solved()
    unnamed(book)
    extra = [code("x", f"values_{n} = rng.normal(size={n})\nplt.plot(values_{n})\nplt.show()") for n in range(5_000)]
    extra += [code("x", book["cells"][4]["source"], {"nbgrader": {"grade_id": "why_tanh"}}) for _ in range(5_000)]
    for cell in extra:
        del cell["id"]
    book["cells"] += extra
    began = time.process_time()
    align(RELEASE, text_of(book))
    assert time.process_time() - began < 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.lists(JSON, min_size=1, max_size=6))
def test_whatever_stands_in_a_notebook_the_result_can_be_written(chance: random.Random, values):
    """Any part replaced by anything: a notebook with the release's cells that is valid, or a rejection."""
    book = solved()
    book["cells"][0]["attachments"] = {"a.png": {"image/png": "aGk="}}
    metadata = [cell["metadata"] for cell in book["cells"]]
    targets = [book, *book["cells"], *metadata, *(about["nbgrader"] for about in metadata if about)]
    targets += [output for cell in book["cells"] for output in cell.get("outputs", ())]
    targets += [book["cells"][0]["attachments"]]
    for value in values:
        target = chance.choice(targets)
        target[chance.choice(sorted(target) or ["nbgrader"])] = value
    try:
        expect_release(align(RELEASE, json.dumps(book)))
    except NotebookRejected:
        return


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_bytes_that_are_cut_or_changed_raise_one_thing(data):
    """A file cut anywhere, with bytes changed anywhere: aligned or rejected, nothing else."""
    content = bytearray(text_of(solved()).encode())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        expect_release(align(RELEASE, bytes(content[: data.draw(st.integers(0, len(content)))])))
    except NotebookRejected:
        return

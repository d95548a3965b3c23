"""A small release, a student's work on it, and ways in which notebooks are damaged."""

from __future__ import annotations

import copy
import json
from typing import Any

STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
PLACEHOLDER = "YOUR ANSWER HERE"
ANSWERS = {
    "why_tanh": "Because tanh keeps the state between -1 and 1, so that it cannot grow without bound.",
    "why_clip": "梯度会爆炸。 A gradient that passes many steps is multiplied many times.",
    "solve_it": "def solve_it(values):\n    return sum(values) / len(values)",
}


def marks(grade_id: str, **more: Any) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell."""
    about = {"grade_id": grade_id, "grade": True, "solution": False, "locked": True, "task": False, "points": 2}
    return {"nbgrader": {**about, "schema_version": 3, **more}}


def markdown(identity: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a cell of words."""
    return {"cell_type": "markdown", "id": identity, "metadata": metadata or {}, "source": source}


def code(identity: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a cell of code that was run."""
    output = {"output_type": "stream", "name": "stdout", "text": "ran\n"}
    rest = {"execution_count": 1, "outputs": [output]}
    return {"cell_type": "code", "id": identity, "metadata": metadata or {}, "source": source, **rest}


def release() -> dict[str, Any]:
    """Return the release: words, an answer of code with a locked test, and two answers of words with one text."""
    manual = {"solution": True, "locked": False}
    cells = [
        markdown("title", "# Memory\n\nA caption is a sequence, and each of its words depends on those before it."),
        code("setup", "import numpy as np\n\nrng = np.random.default_rng(231)\nprint(rng.normal(size=3))"),
        markdown("idea-mean", "## The mean\n\nAdd up all the values that there are, and divide by how many there are."),
        code("solve", STUB.replace("#", "def solve_it(values):\n    #", 1).replace("\nraise", "\n    raise"),
             marks("solve_it", grade=False, points=0, **manual)),
        code("check", "for size in (1, 5, 9):\n    values = rng.normal(size=size)\n"
             "    assert np.isclose(solve_it(values), values.mean()), 'the mean is wrong'", marks("check_mean")),
        markdown("ask-tanh", "### Inline question 1\n\nWhy is tanh used in the step, and not the identity function?"),
        markdown("tanh", PLACEHOLDER, marks("why_tanh", **manual)),
        markdown("ask-clip", "### Inline question 2\n\nWhat happens to a gradient that passes through many steps?"),
        markdown("clip", PLACEHOLDER, marks("why_clip", **manual)),
        code("picture", "import matplotlib.pyplot as plt\n\nplt.plot(rng.normal(size=30).cumsum())\nplt.show()"),
    ]  # fmt: skip
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}}, "cells": cells}


def solved() -> dict[str, Any]:
    """Return the release with the student's answers, and a cell of their own after the picture."""
    book = release()
    for cell in book["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = ANSWERS.get(name, cell["source"])
    book["cells"].append(code("mine", "print('my own trial')"))
    return book


def text_of(book: dict[str, Any]) -> str:
    """Return a notebook as a file."""
    return json.dumps(book, ensure_ascii=False)


def at(book: dict[str, Any], identity: str) -> int:
    """Return the position of a cell of the release."""
    return next(index for index, cell in enumerate(book["cells"]) if cell["id"] == identity)


def unnamed(book: dict[str, Any]) -> None:
    """All metadata and all ids are gone, as after a visit to another editor."""
    for cell in book["cells"]:
        cell["metadata"] = {}
        del cell["id"]


def without_metadata(book: dict[str, Any]) -> None:
    """The metadata are gone and the ids are there."""
    for cell in book["cells"]:
        cell["metadata"] = {}


def duplicated(book: dict[str, Any]) -> None:
    """A locked cell and an answer are there twice: copied and pasted, the placeholder kept above."""
    index = at(book, "tanh")
    untouched = {**copy.deepcopy(book["cells"][index]), "source": PLACEHOLDER, "id": "copy-1"}
    book["cells"].insert(index, untouched)
    index = at(book, "check")
    book["cells"].insert(index, {**copy.deepcopy(book["cells"][index]), "id": "copy-2"})


def merged(book: dict[str, Any]) -> None:
    """A question was merged with its answer, and a solution with its test."""
    for first in ("ask-tanh", "solve"):
        index = at(book, first)
        second = book["cells"].pop(index + 1)
        book["cells"][index]["source"] += f"\n\n{second['source']}"


def split(book: dict[str, Any]) -> None:
    """An answer and a locked cell were split; Jupyter copies the metadata, others do not."""
    index = at(book, "clip")
    first, second = book["cells"][index]["source"].split("。 ")
    book["cells"][index]["source"] = f"{first}。"
    book["cells"].insert(index + 1, {**copy.deepcopy(book["cells"][index]), "id": "half", "source": second})
    index = at(book, "check")
    lines = book["cells"][index]["source"].split("\n")
    book["cells"][index]["source"] = "\n".join(lines[:2])
    book["cells"].insert(index + 1, code("rest", lines[2]))


def moved(book: dict[str, Any]) -> None:
    """A question and its answer stand at the end."""
    index = at(book, "ask-tanh")
    book["cells"] += [book["cells"].pop(index), book["cells"].pop(index)]


def deleted(book: dict[str, Any]) -> None:
    """A locked cell and the words of a question are gone."""
    del book["cells"][at(book, "check")]
    del book["cells"][at(book, "ask-clip")]


def other_kinds(book: dict[str, Any]) -> None:
    """An answer was made code, and a test words."""
    for identity, kind in (("tanh", "code"), ("check", "markdown")):
        cell = book["cells"][at(book, identity)]
        cell["cell_type"] = kind
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def old_format(book: dict[str, Any]) -> None:
    """Format 3, by an old program: worksheets, input, no ids."""
    for cell in book["cells"]:
        del cell["id"]
        if cell["cell_type"] == "code":
            cell |= {"input": cell.pop("source"), "prompt_number": cell.pop("execution_count"), "language": "python"}
            cell["outputs"] = [{"output_type": "pyout", "prompt_number": 1, "text": ["ran\n"], "png": "aGk="}]
    book["worksheets"] = [{"cells": book.pop("cells"), "metadata": {}}]
    book["nbformat"], book["nbformat_minor"] = 3, 0


def newer_format(book: dict[str, Any]) -> None:
    """A minor version that is not known, with keys that are not known."""
    book["nbformat_minor"] = 9
    for cell in book["cells"]:
        cell["mood"] = "new"


def edited_tests(book: dict[str, Any]) -> None:
    """Locked cells were edited, in an editor that ignores locks."""
    book["cells"][at(book, "check")]["source"] = "assert True"


def foreign(book: dict[str, Any]) -> None:
    """A graded cell of another year was pasted in."""
    book["cells"].insert(3, code("old", "assert old_test()", marks("test_of_last_year")))


DAMAGES = {
    "unnamed": (unnamed, {"unnamed"}),
    "without_metadata": (without_metadata, {"unnamed"}),
    "duplicated": (duplicated, {"duplicated"}),
    "merged": (merged, {"merged"}),
    "split": (split, {"split", "duplicated"}),
    "moved": (moved, {"moved"}),
    "deleted": (deleted, {"deleted"}),
    "other_kinds": (other_kinds, {"type"}),
    "old_format": (old_format, {"format"}),
    "newer_format": (newer_format, {"format"}),
    "edited_tests": (edited_tests, {"changed"}),
    "foreign": (foreign, {"foreign"}),
}
"""Each damage, and the kinds of findings that name it."""

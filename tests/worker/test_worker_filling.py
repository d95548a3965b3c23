"""A module with gaps is completed by what its notebooks define, and a module that is written stays as it is."""

from __future__ import annotations

import ast
import json

import numpy as np
import pytest
from worker_glass import Template

from autograder.worker.reading.notebook import Extract, extract

STUBS = '''\
import numpy as np

def forward(x):
    """Words."""
    scale = x.shape
    # YOUR CODE HERE
    raise NotImplementedError()

def backward(dx):
    return helper(dx)

def helper(x):
    return x + 1

class Net:
    def __init__(self):
        self.kind = "module"

    def loss(self, x):
        raise NotImplementedError()

    def sample(self, x):
        raise NotImplementedError()
'''
EXERCISES = {"m": ["forward", "backward", "late", "Net.loss", "Net.sample"]}


def notebook(*cells: str) -> str:
    """Return a notebook of these code cells."""
    made = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# words"}, *made]})


def completed(template: Template, module: str, *cells: str, **more):
    """Load a module beside a notebook with these cells; return the notes on what was taken."""
    template.write({"pkg/m.py": module, "Work.ipynb": notebook(*cells)})
    request = {"notebooks": {"m": ["Work.ipynb"]}, "exercises": EXERCISES, **more}
    loaded = template.load("m", **request)
    assert loaded["imported"]["m"] is None, loaded
    return [each["text"] for each in template.prepared["problems"] if each["kind"] == "completed"]


def test_a_stub_is_taken_from_the_notebook(template: Template):
    """What the module leaves undone is taken with what it needs, and the student reads from where."""
    notes = completed(
        template,
        STUBS,
        "import numpy as xp\nfrom pkg.m import *\nSIZE = 3\nraise SystemExit('never run')",
        "def double(x):\n    return xp.multiply(x, SIZE)\n",
        "def forward(x):\n    y = double(x)\n    return y\n\nforward(1)",
    )
    assert notes == ["`forward` is taken from Work.ipynb cell 4, because pkg/m.py leaves it undone."]
    exam = template.fork()
    assert exam.call("m:forward", 2) == 6
    assert exam.call("m:backward", 2) == 3
    assert template.prepared["undone"] == {"m": ["late", "Net"]}


def test_a_name_that_the_module_lacks_is_taken_if_students_write_it(template: Template):
    """An exercise without a trace in the module comes from the notebook; another name of the notebook never does."""
    notes = completed(template, STUBS, "def late(x):\n    return x\ndef other(x):\n    return x\n")
    assert notes == ["`late` is taken from Work.ipynb cell 2, because pkg/m.py does not define it."]
    exam = template.fork()
    assert exam.call("m:late", 7) == 7
    assert "other" not in template.prepared["defined"]["m"]


@pytest.mark.parametrize(
    "module",
    [
        "def forward(x):\n    return 1\n",
        "def forward(x):\n    if x:\n        return 1\n    raise NotImplementedError\n",
        "forward = lambda x: 1\n",
        "def forward(x): pass\nforward = lambda x: 1\n",
        "def forward(x): pass\nfrom pkg.sub import other as forward\n",
        "from pkg.sub import *\n",
        "def once(f): return lambda x: 1\n@once\ndef forward(x): pass\n",
        "try:\n    from pkg.sub import fast as forward\nexcept ImportError:\n    def forward(x):\n        return 1\n",
        "if True:\n    def forward(x):\n        return 1\nelse:\n    def forward(x): pass\n",
    ],
)
def test_what_the_module_defines_counts(template: Template, module):
    """A function that is written, in whatever way, is never replaced, right or wrong."""
    template.write({"pkg/sub.py": "def other(x):\n    return 1\nforward = other\n"})
    assert completed(template, module, "def forward(x):\n    return 2\n") == []
    assert template.fork().call("m:forward", 0 if "if x" not in module else 3) == 1


def test_nothing_of_the_module_is_replaced_by_a_helper(template: Template):
    """A helper of the notebook under a name of the module's or of Python's own stays in the notebook."""
    module = STUBS + "def total(x):\n    return sum(x)\n"
    notes = completed(
        template,
        module,
        "def helper(x):\n    return 1000\ndef sum(x):\n    return 1000\nnp = 3",
        "def forward(x):\n    return helper(x) + sum([1])\n",
    )
    assert len(notes) == 1
    exam = template.fork()
    assert exam.call("m:forward", 2) == 4
    assert exam.call("m:backward", 2) == 3
    assert exam.call("m:total", [1, 2]) == 3


def test_names_behind_a_star_import_are_the_modules_own(template: Template):
    """What the module uses and may get by ``import *`` is not replaced by the notebook's."""
    template.write({"pkg/layers.py": "def affine(x):\n    return x\n"})
    module = "from pkg.layers import *\ndef forward(x): pass\ndef backward(x):\n    return affine(x)\n"
    completed(template, module, "def affine(x):\n    return -1\ndef forward(x):\n    return affine(x)\n")
    exam = template.fork()
    assert exam.call("m:backward", 5) == 5
    assert exam.call("m:forward", 5) == 5


def test_the_last_written_definition_counts(template: Template):
    """Of several definitions the last that is no stub is taken; a stub of the release's is nothing."""
    notes = completed(
        template,
        STUBS,
        "def forward(x):\n    return 1\n",
        "def forward(x):\n    return 2\n",
        "def forward(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n",
    )
    assert notes == ["`forward` is taken from Work.ipynb cell 3, because pkg/m.py leaves it undone."]
    assert template.fork().call("m:forward", 0) == 2


def test_a_notebook_of_stubs_changes_nothing(template: Template):
    """The release's own notebook beside the release's own module: nothing is taken, and stubs stay stubs."""
    assert completed(template, STUBS, "def forward(x):\n    raise NotImplementedError()\n") == []
    assert template.prepared["defined"]["m"]["forward"]["stub"]
    assert template.fork().error("m:forward", np.ones(2)).kind == "not_attempted"


def test_a_class_without_a_written_exercise_is_taken_whole(template: Template):
    """The notebook's class goes in the place of one that was never begun."""
    notes = completed(template, STUBS, "class Net:\n    def loss(self, x):\n        return x + 1\n")
    assert notes == ["`Net` is taken from Work.ipynb cell 2, because pkg/m.py leaves it undone."]
    defined = template.prepared["defined"]["m"]
    assert not defined["Net.loss"]["stub"]
    assert "Net.sample" not in defined


def test_a_class_may_build_on_the_modules(template: Template):
    """``class Net(Net)`` in a notebook extends the module's class."""
    completed(template, STUBS, "class Net(Net):\n    def loss(self, x):\n        return self.kind\n")
    exam = template.fork()
    net = exam.call("m:Net")
    assert exam.method(net, "loss", 1) == "module"


@pytest.mark.parametrize(
    "module",
    [
        STUBS.replace(
            "    def sample(self, x):\n        raise", "    def sample(self, x):\n        return x + 1\n        raise"
        ),
        STUBS + "Net.loss = lambda self, x: x\n",
        STUBS.replace("class Net:", "class Base:\n    def loss(self, x): return x\nclass Net(Base):").replace(
            "    def loss(self, x):\n        raise NotImplementedError()\n", ""
        ),
    ],
)
def test_a_class_that_was_begun_is_kept(template: Template, module):
    """One written method, wherever it comes from, keeps the module's class."""
    assert completed(template, module, "class Net:\n    def loss(self, x):\n        return -1\n") == []


def test_rules_and_lines_lead_to_the_notebook(template: Template):
    """What is forbidden in the module is forbidden in what completes it, and every message names the cell."""
    rules = [
        {"id": "a", "module": "m", "function": "forward", "kind": "loop", "names": []},
        {"id": "b", "module": "m", "function": None, "kind": "import", "names": ["torch"]},
    ]
    cell = "from torch import nn\n\ndef forward(x):\n    for i in range(3):\n        nn\n    return x / 0\n"
    completed(template, STUBS, cell, rules=rules)
    assert [(f["rule"], f["file"], f["line"]) for f in template.prepared["findings"]] == [
        ("a", "Work.ipynb cell 2", 4),
        ("b", "Work.ipynb cell 2", 1),
    ]


def test_an_error_names_the_cell_and_the_modules_lines_stay(template: Template):
    """A traceback through both shows the module's own line numbers and the notebook's."""
    completed(template, STUBS, "\n\n@staticmethod\ndef forward(x):\n    return backward(x) / 0\n")
    (frame,) = template.fork().error("m:forward", 1).frames
    assert (frame.file, frame.line, frame.code) == ("Work.ipynb cell 2", 5, "return backward(x) / 0")
    (frame, *_) = template.fork().error("m:backward", "a").frames
    assert (frame.file, frame.line) == ("pkg/m.py", 10)


def test_what_fails_in_the_notebook_costs_itself(template: Template):
    """An import that is not there when grading keeps neither the module nor the rest of the notebook from working."""
    completed(
        template,
        STUBS,
        "import no_such_library as lib\ndef forward(x):\n    return lib.f(x)\ndef late(x):\n    return x\n",
    )
    exam = template.fork()
    assert exam.call("m:backward", 1) == 2
    assert exam.call("m:late", 1) == 1
    assert any("Work.ipynb cell 2" in note and "no_such_library" in note for note in template.loaded["notes"])


def test_a_module_that_does_not_parse_is_not_completed(template: Template):
    """Its mistake is the message, and nothing is taken in its place."""
    template.write({"pkg/m.py": "def forward(:\n", "Work.ipynb": notebook("def forward(x):\n    return 1\n")})
    loaded = template.load("m", notebooks={"m": ["Work.ipynb"]}, exercises=EXERCISES)
    assert loaded["imported"]["m"]["kind"] == "import"


def test_the_hash_depends_on_what_was_taken(template: Template):
    """Another definition in the notebook is another submission; a cell that is not needed is not."""
    hashes = []
    for cells in (["def forward(x): return 1"], ["def forward(x): return 2"], ["def forward(x): return 1", "print(1)"]):
        template.write({"pkg/m.py": STUBS, "Work.ipynb": notebook(*cells)})
        template.prepare("m", notebooks={"m": ["Work.ipynb"]}, exercises=EXERCISES)
        hashes.append(template.prepared["syntax_hash"])
    assert hashes[0] == hashes[2] != hashes[1]


def test_cells_that_are_no_python_are_named_while_something_is_undone(template: Template):
    """The student learns why a definition was not found."""
    completed(template, STUBS, "def forward(x)\n    return 1\n")
    kinds = [(each["kind"], each["file"], each["text"][:14]) for each in template.prepared["problems"]]
    assert kinds == [("syntax", "Work.ipynb", "cell 2, line 1")]


@pytest.mark.parametrize(
    "cell", ["x = a" + ".b" * 3000 + "()", "x = 1; y = " + "-" * 3000 + "1", "x" + " " * 50_000 + "!"]
)
def test_a_cell_that_is_odd_costs_no_more_than_itself(cell):
    """Nested too deeply, or a long line of blanks: the cell is left out, in no time, and its neighbours are read."""
    extracted = Extract()
    cells = [(1, cell), (2, "def f():\n    return 1")]

    extract(extracted, "a.ipynb", cells, own_names=set())

    assert [piece.node.name for piece in extracted.pieces if isinstance(piece.node, ast.FunctionDef)] == ["f"]

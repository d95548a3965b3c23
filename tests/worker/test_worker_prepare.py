"""What is found in a submission by reading it."""

from __future__ import annotations

import json

import pytest
from worker_glass import Template


def problems(template: Template, kind: str) -> list[tuple[str, int, str]]:
    """Return the problems of a kind as (file, line, text)."""
    return [(p["file"], p["line"], p["text"]) for p in template.prepared["problems"] if p["kind"] == kind]


def names(template: Template) -> dict[str, tuple[str, str]]:
    """Return for each module (file, origin)."""
    return {entry["name"]: (entry["file"], entry["origin"]) for entry in template.prepared["modules"]}


def test_only_wanted_modules_and_their_closure_are_read(template: Template):
    """Absolute, relative, aliased, star and flat imports are followed within the submission, libraries are not."""
    template.write(
        {
            "a3/pkg/m.py": "import numpy\nfrom pkg.a import *\nfrom .b import x\nfrom . import c\nimport alias.d\n",
            "a3/pkg/a.py": "def f():\n    import e\n",
            "a3/pkg/b.py": "x = 1",
            "a3/pkg/c.py": "",
            "a3/pkg/d.py": "from pkg.sub.inner import y",
            "a3/pkg/e.py": "",
            "a3/pkg/sub/inner.py": "from ..b import x as y\nfrom ... import nothing\n",
            "a3/pkg/unused.py": "this is no python",
            "a3/pkg/numpy.py": "this is not numpy",
        }
    )
    template.prepare("m")
    found = names(template)
    assert set(found) == {"pkg", *(f"pkg.{name}" for name in ("m", "a", "b", "c", "d", "e", "sub", "sub.inner"))}
    assert found["pkg.m"] == ("a3/pkg/m.py", "file")
    assert template.prepared["problems"] == []


def test_the_edition_with_most_wanted_modules_is_graded(template: Template):
    """Of several package folders the fullest is taken, then the shallowest; the others are named."""
    template.write({"old/2020/pkg/m.py": "", "new/pkg/m.py": "", "new/pkg/n.py": "", ".ipynb_checkpoints/pkg/m.py": ""})
    template.prepare("m", "n")
    assert names(template)["pkg.m"][0] == "new/pkg/m.py"
    assert problems(template, "editions") == [
        ("", 1, "several editions are in the submission: new/pkg/ is graded, not old/2020/pkg/")
    ]


def test_flat_files_are_found_by_name(template: Template):
    """Modules handed in side by side are re-homed; two of one name are not guessed between."""
    template.write(
        {"work/m.py": "import helper", "work/rnn.py": "", "work/helper.py": "", "x/two.py": "", "y/two.py": ""}
    )
    template.prepare("m", "classifiers.rnn", "two")
    found = names(template)
    assert found["pkg.m"] == ("work/m.py", "rehomed")
    assert found["pkg.classifiers.rnn"] == ("work/rnn.py", "rehomed")
    assert found["pkg.helper"] == ("work/helper.py", "rehomed")
    ((file, _, text),) = problems(template, "missing")
    assert file == "pkg/two.py"
    assert "several of that name: x/two.py, y/two.py" in text


def test_given_files_are_added_and_edited_ones_kept(template: Template):
    """A given file that is missing is added; the student's own copy wins."""
    template.write({"pkg/m.py": "from .layers import *\nfrom .sub.tools import *", "pkg/layers.py": "mine = 1"})
    template.prepare("m", given={"layers.py": "given = 1", "sub/tools.py": "import pkg.more", "more.py": ""})
    texts = {entry["name"]: (entry["origin"], entry["text"]) for entry in template.prepared["modules"]}
    assert texts["pkg.layers"] == ("file", "mine = 1")
    assert texts["pkg.sub.tools"][0] == "given"
    assert texts["pkg.more"][0] == "given"


@pytest.mark.parametrize(
    ("source", "kind", "line", "text"),
    [
        ("print 'hello'\nexec 'x'  # `x`\n", "python2", 2, "write `exec(...)` with parentheses"),
        ("print 'hello' % `x`\n", "python2", 1, "write `repr(x)` instead of backquotes"),
        ("x = = 1  # not `y`, nor <> 07\n", "syntax", 1, "SyntaxError: invalid syntax"),
        ("try:\n    pass\nexcept ValueError, e:\n    pass\n", "python2", 3, "except Error as e"),
        ("a = 1\n<<<<<<< HEAD\nb = 2\n=======\nb = 3\n>>>>>>> other\n", "merge_markers", 2, "merge marker `<<<<<<<`"),
        ("b = 2\n=======\nb = 3\n", "merge_markers", 2, "merge marker `=======`"),
        (
            "def f(x):\n    if x:\n        # TODO\n    return 1\n",
            "syntax",
            4,
            "after 'if' statement on line 2 is empty",
        ),
        ("def f(:\n", "syntax", 1, "SyntaxError"),
        ("x = 0.05 5\n", "syntax", 1, "SyntaxError"),
        ("if 1:\n\tx = 1\n        y = 2\n", "syntax", 3, "tabs and spaces are mixed"),
        ("x = 1\x00\n", "encoding", 1, "NUL"),
        ("(" * 5000, "syntax", 1, ""),
    ],
)
def test_files_that_do_not_parse_are_explained(template: Template, source, kind, line, text):
    """The problem has its kind, the line and what to do; the file's import fails with the same words."""
    template.write({"pkg/m.py": source, "pkg/n.py": "ok = 1"})
    loaded = template.load("m", "n")
    ((file, at, words),) = problems(template, kind)
    assert (file, at) == ("pkg/m.py", line)
    assert text in words
    assert loaded["imported"]["n"] is None
    report = loaded["imported"]["m"]
    assert report["kind"] == "import"
    assert report["text"] == words
    assert (report["frames"][-1]["file"], report["frames"][-1]["line"]) == ("pkg/m.py", line)


@pytest.mark.parametrize(
    ("source", "line", "others"),
    [
        ("x = 1\nif x: print 'hello', x\n", 2, ""),
        ("print 'a'\nprint 'b'\nprint 1\n", 1, ", and so are those of lines 2, 3"),
    ],
)
def test_prints_of_python_2_are_read_and_named(template: Template, source, line, others):
    """A print without parentheses is a note with its line, and keeps nothing from being imported."""
    template.write({"pkg/m.py": source})
    assert template.load("m")["imported"]["m"] is None
    ((file, at, words),) = problems(template, "print")
    assert (file, at) == ("pkg/m.py", line)
    assert words.startswith(f"this `print` is Python 2{others}. It is read as `print(...)` here, and costs nothing")


ANOTHER_NAME = (
    "if that is the one, call it m.py;"
    " if it belongs to another edition of the course, it is not part of this assignment"
)


def test_a_module_that_is_not_there_says_so_in_its_report(template: Template):
    """What keeps a module from being imported is in its report; a file of another name is pointed out."""
    template.write({"pkg/m_pytorch.py": "", "pkg/o.py": b"\xff\xfea"})
    loaded = template.load("m", "sub.n", "o")
    reports = {name: (report["kind"], report["text"]) for name, report in loaded["imported"].items()}
    assert reports["m"] == (
        "missing",
        f"pkg/m.py is not in the submission. There is pkg/m_pytorch.py: {ANOTHER_NAME}",
    )
    assert reports["sub.n"] == ("missing", "pkg/sub/n.py is not in the submission")
    assert reports["o"] == ("missing", "the file is not text: save it again as UTF-8")


def test_a_module_that_is_only_there_compiled_is_named(template: Template):
    """A stale .pyc is never used: the student is told to hand in the source."""
    template.write({"pkg/n.py": "", "pkg/__pycache__/m.cpython-36.pyc": b"\x00"})
    loaded = template.load("m", "n")
    assert problems(template, "pyc") == [
        ("pkg/__pycache__/m.cpython-36.pyc", 1, "only the compiled m.cpython-36.pyc was handed in: hand in m.py itself")
    ]
    assert loaded["imported"]["m"]["kind"] == "missing"


def test_other_encodings_are_read_and_named(template: Template):
    """Latin-1, UTF-16 and byte order marks cost nothing; the first line that is not UTF-8 is named."""
    template.write(
        {
            "pkg/m.py": b"x = 1\n# caf\xe9\n",
            "pkg/n.py": "y = 2\n".encode("utf-16"),
            "pkg/o.py": b"\xef\xbb\xbfz = 3\r\n",
            "pkg/p.py": "# -*- coding: gbk -*-\nw = '\u4e2d'\n".encode("gbk"),
        }
    )
    loaded = template.load("m", "n", "o", "p")
    assert not any(loaded["imported"].values())
    assert [(file, line) for file, line, _ in problems(template, "encoding")] == [("pkg/m.py", 2), ("pkg/n.py", 1)]


def test_a_file_that_is_too_large_is_not_read(template: Template):
    """A module of megabytes is refused by its size."""
    template.write({"pkg/m.py": "#" * 5_000_000})
    template.prepare("m")
    assert problems(template, "too_large")


def test_the_hash_sees_code_and_nothing_else(template: Template):
    """Comments, blank lines, layout and files that are not imported change nothing; code does."""
    versions = {
        "first": "def f(x):\n    return (x + 1)\n",
        "comment": "# hello\n\ndef f(x):\n\n    return (x +\n        1)  # more\n",
        "code": "def f(x):\n    return (x + 2)\n",
        "type": "def f(x):\n    return (x + 1.0)\n",
        "match": "def f(x):\n    match x:\n        case True: global y, z\n        case {**rest}: return {**x}\n",
    }
    hashes = {}
    for name, text in versions.items():
        template.write({"pkg/m.py": text, f"pkg/{name}.py": "other"})
        hashes[name] = template.prepare("m")["syntax_hash"]
    assert hashes["first"] == hashes["comment"]
    assert len(set(hashes.values())) == 4


def test_definitions_and_stubs_are_told_apart(template: Template):
    """A starter's body is a stub; a short function that does something is none."""
    template.write(
        {
            "pkg/m.py": '''
def todo():
    """Words."""
    pass

def none(x):
    h, cache = None, None
    return h, cache

def shaped(x):
    N, S, E = x.shape
    output = torch.empty((N, S, E))
    # TODO
    pass
    return output

def dots(): ...
def notyet(): raise NotImplementedError("later")
def real(x): return x
def zeros(n): return np.zeros(n)
def loop(x):
    out = None
    for i in x:
        out = i
    return out

class Net:
    def __init__(self): self.x = 1
    def forward(self, x):
        scores = None
        return scores
if True:
    def inside(): pass
'''
        }
    )
    defined = template.prepare("m")["defined"]["m"]
    assert {name for name, about in defined.items() if about["stub"]} == {
        "todo", "none", "shaped", "dots", "notyet", "Net.forward", "inside",
    }  # fmt: skip
    assert defined["real"] == {"line": 19, "stub": False}
    assert {"Net", "Net.__init__", "loop", "zeros"} <= set(defined)


def test_rules_find_what_is_forbidden_and_what_is_asked_for(template: Template):
    """Imports, names under any alias, calls, loops and missing names are found with their lines."""
    template.write(
        {
            "pkg/m.py": """import torch.nn as N
import numpy as np
from torch import einsum as E

def loss(x):
    y = [i for i in x]
    return N.RNN(x)

class Net:
    def forward(self, x):
        while True:
            E(x)
"""
        }
    )
    rules = [
        {"id": "a", "module": "m", "function": None, "kind": "import", "names": ["torch"]},
        {"id": "b", "module": "m", "function": "loss", "kind": "loop", "names": []},
        {"id": "c", "module": "m", "function": None, "kind": "name", "names": ["nn.RNN"]},
        {"id": "d", "module": "m", "function": "Net.forward", "kind": "call", "names": ["torch.einsum"]},
        {"id": "e", "module": "m", "function": "loss", "kind": "requires", "names": ["np.einsum"]},
        {"id": "f", "module": "m", "function": "loss", "kind": "requires", "names": ["torch.nn"]},
        {"id": "g", "module": "m", "function": "Net.forward", "kind": "loop", "names": []},
        {"id": "h", "module": "other", "function": None, "kind": "loop", "names": []},
    ]
    findings = template.prepare("m", rules=rules)["findings"]
    assert [(f["rule"], f["line"], f["text"]) for f in findings] == [
        ("a", 1, "imports torch.nn"),
        ("a", 3, "imports torch.einsum"),
        ("b", 6, "loss has a comprehension"),
        ("c", 7, "this file uses torch.nn.RNN"),
        ("d", 12, "Net.forward uses torch.einsum"),
        ("e", 5, "loss does not use np.einsum"),
        ("g", 11, "Net.forward has a while loop"),
    ]


def test_what_is_required_may_stand_in_a_helper(template: Template):
    """A function has what a function or method of the module that it uses has, directly or through others."""
    template.write(
        {
            "pkg/m.py": """\
class Model:
    def __init__(self): self.cell = lstm_forward
    def loss(self, x): return self.deep(x)
    def deep(self, x): return deeper(x)
    def sample(self, x): return x

def deeper(x): return lstm_forward(x)
def product(x): return x @ x
"""
        }
    )
    rules = [
        {"id": name, "module": "m", "function": name, "kind": "requires", "names": names}
        for name, names in (("Model.loss", ["lstm_forward"]), ("Model.sample", ["lstm_forward"]), ("product", ["@"]))
    ]
    assert [f["rule"] for f in template.prepare("m", rules=rules)["findings"]] == ["Model.sample"]


def test_cuda_is_seen_where_it_is_named(template: Template):
    """A device in a default argument counts, a comment does not."""
    template.write({"pkg/m.py": "# cuda\n"})
    assert template.prepare("m")["uses_cuda"] is False
    template.write({"pkg/m.py": "def f(device='cuda:0'): pass\n"})
    assert template.prepare("m")["uses_cuda"] is True


def test_an_import_of_what_is_not_there_is_named_with_its_line(template: Template):
    """A module of the package that is imported and missing is a problem of the importing line."""
    template.write({"pkg/m.py": "\nimport numpy\nfrom pkg.coco_utils import load\n"})
    loaded = template.load("m")
    assert problems(template, "missing") == [("pkg/m.py", 3, "imports pkg.coco_utils, which is not in the submission")]
    assert loaded["imported"]["m"]["text"] == "No module named 'pkg.coco_utils'"


def notebook(*cells: str, fmt: int = 4) -> str:
    """Return a notebook of these code cells."""
    made = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    if fmt == 3:
        old = [{"cell_type": "code", "input": cell["source"]} for cell in made]
        return json.dumps({"nbformat": 3, "worksheets": [{"cells": old}]})
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# words"}, *made]})


CELLS = (
    "%matplotlib inline\nimport numpy as np\nfrom pkg.m import saliency\nplt.rcParams['x'] = 1\n",
    "SIZE = 3\ndata = load_huge_data()\n\n@staticmethod_like\ndef broken(): pass\n",
    "def saliency(x):\n    # TODO\n    !ls\n    return np.full(SIZE, x); print('ran')\n\nsaliency(1)",
    "def bad(:\n",
    "%%bash\nrm -rf everything\n",
    "%%time\ndef later(x):\n    return x / 0\nhelp?\n",
    "def wide(a): return (a\n   % 2)\n",
    "raise SystemExit('never run')",
)


def test_definitions_are_taken_from_a_notebook(template: Template):
    """A module that is only in a notebook is made of its definitions; nothing else of the notebook runs."""
    template.write({"Visual.ipynb": notebook(*CELLS)})
    exam_loaded = template.load("m", notebooks={"m": ["Visual.ipynb"]})
    assert exam_loaded["imported"]["m"] is None
    assert names(template)["pkg.m"] == ("pkg/m.py", "notebook")
    assert problems(template, "syntax") == [("Visual.ipynb", 1, "cell 5, line 1: SyntaxError: invalid syntax")]
    assert any(note.startswith("Visual.ipynb cell 3: NameError") for note in exam_loaded["notes"])
    exam = template.fork()
    assert exam.call("m:saliency", 2).tolist() == [2, 2, 2]
    assert exam.call("m:wide", 5) == 1
    frame = exam.error("m:later", 1).frames[-1]
    assert (frame.file, frame.line, frame.code) == ("Visual.ipynb cell 7", 3, "return x / 0")


def test_old_notebooks_are_read_too(template: Template):
    """Format 3 has its cells elsewhere."""
    template.write({"a/Visual.ipynb": notebook("def f(): return 7", fmt=3)})
    template.load("m", notebooks={"m": ["Visual.ipynb"]})
    assert template.fork().call("m:f") == 7


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"cells": 3}', '{"worksheets": []}', "[" * 100_000, "\x00"])
def test_what_is_no_notebook_is_named(template: Template, content):
    """A broken notebook is a problem of its own and costs nothing else."""
    template.write({"Visual.ipynb": content, "pkg/n.py": ""})
    loaded = template.load("m", "n", notebooks={"m": ["Visual.ipynb"]})
    ((file, _, text),) = problems(template, "notebook")
    assert file == "Visual.ipynb"
    assert "not a notebook" in text
    assert loaded["imported"]["n"] is None
    assert loaded["imported"]["m"]["kind"] == "missing"

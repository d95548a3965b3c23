"""The text of the project keeps its bounds and its manners; each rule is also shown a file that breaks it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import text_rules
from code_tree import Module, read_modules

from autograder.cage import Limits

ROOT = Path(__file__).resolve().parents[2]
OURS = ("autograder", "reference", "grading_tests", "tests", "fuzz", "benchmarks")
STUDENTS = ("tests.content.variants", "tests.attacks.hostile")


@pytest.fixture(scope="module")
def modules() -> dict[str, Module]:
    """Every module that is ours; what stands for a student's code is not."""
    found = read_modules(ROOT, *OURS)
    return {name: module for name, module in found.items() if not name.startswith(STUDENTS)}


@pytest.fixture(scope="module")
def shipped(modules) -> dict[str, Module]:
    """The framework, the reference and the hidden tests."""
    return {name: each for name, each in modules.items() if name.split(".")[0] in OURS[:3]}


def one(text: str, name: str = "autograder.some") -> Module:
    """Return a module of that text."""
    return Module(name, Path(f"{name.replace('.', '/')}.py"), text, ast.parse(text))


def test_no_function_is_long(modules):
    """Every function can be read on one screen."""
    assert text_rules.long_functions(modules.values()) == []


def test_no_file_is_long(modules):
    """Every file can be read in one sitting."""
    assert text_rules.long_files(modules.values()) == []


def test_every_module_says_what_it_is(modules):
    """Each opens with a docstring."""
    assert text_rules.without_docstring(modules.values()) == []


def test_every_test_says_what_holds(modules):
    """Each test, hidden or not, has a docstring."""
    assert text_rules.tests_without_docstring(modules.values()) == []


def test_exports_are_sorted(modules):
    """``__all__`` is in order wherever it is."""
    assert text_rules.unsorted_exports(modules.values()) == []


def test_nothing_executes_data(shipped):
    """No pickle, marshal, eval or the like, but where running code is the purpose, by name."""
    assert text_rules.executing(shipped) == []


def test_the_text_belongs_to_no_machine():
    """No path of a developer's machine, no private address, no site but the public ones that are listed."""
    assert text_rules.tied_to_a_machine(ROOT) == []


def test_the_table_of_limits_is_true():
    """docs/cage.md has every limit with its default."""
    text = (ROOT / "docs" / "cage.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) ", text, re.MULTILINE))
    limits = Limits()
    assert {name: float(value) for name, value in rows.items()} == {
        name: float(getattr(limits, name)) for name in Limits.__dataclass_fields__
    }


def test_the_documents_name_what_there_is():
    """Every path of the project that a document names in code exists, as does every file that it links to."""
    missing = []
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        text = document.read_text("utf-8")
        paths = [ROOT / each for each in re.findall(r"`((?:autograder|docs|reference|tests|source)/[\w./]*)`", text)]
        paths += [document.parent / each for each in re.findall(r"\]\(([\w./-]+\.\w+)[)#]", text)]
        missing += [f"{document.name}: {path}" for path in paths if not path.exists()]
    assert missing == []


# Each rule can fail ---------------------------------------------------------------------------------------------------


def test_a_long_function_is_seen():
    """Lines of code count; blank lines, comments and the docstring do not."""
    lines = "\n".join(f"    x{n} = {n}" for n in range(44))
    padded = f'def f():\n    """\n    One.\n    """\n    # why\n\n{lines}\n'
    assert text_rules.long_functions([one(padded)]) == []
    assert "f has 46 lines" in text_rules.long_functions([one(padded + "    return x0\n")])[0]


def test_a_long_file_is_seen():
    """Files of tests may be longer than others."""
    text = "x = 1\n" * 501
    assert len(text_rules.long_files([one(text)])) == 1
    assert text_rules.long_files([one(text, "tests.test_some")]) == []
    assert len(text_rules.long_files([one(text + text, "tests.test_some")])) == 1


def test_missing_docstrings_are_seen():
    """Of modules and of tests, methods included; a helper needs none."""
    text = "def helper(): ...\nclass TestIt:\n    def test_it(self): ...\n"
    module = one(text, "tests.test_some")
    assert len(text_rules.without_docstring([module])) == 1
    assert len(text_rules.tests_without_docstring([module])) == 1


def test_unsorted_exports_are_seen():
    """Constants come first, then classes, then functions."""
    assert text_rules.unsorted_exports([one('__all__ = ["LIMIT", "Cage", "open"]')]) == []
    assert len(text_rules.unsorted_exports([one('__all__ = ["Cage", "LIMIT"]')])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "def f():\n    from marshal import loads", "import dill as d", "import shelve",
        "eval('1')", "import builtins\nbuiltins.exec('')", "compile('', '', 'exec')",
        "np.load(p, allow_pickle=True)", "torch.load(p)", "read(p, allow_pickle=False)",
    ],
)  # fmt: skip
def test_what_executes_data_is_seen(text):
    """Imports anywhere, and calls of what runs a text or unpacks objects."""
    assert len(text_rules.executing({"autograder.some": one(text)})) == 1


def test_what_only_looks_like_execution_is_no_fault():
    """A regular expression is compiled too, and a method may be called ``eval``."""
    assert text_rules.executing({"autograder.some": one("re.compile('x')\nmodel.eval()\n")}) == []


def test_an_exception_that_nobody_needs_is_seen():
    """A place that may run code and does not is taken off the list."""
    broken = text_rules.executing({"autograder.worker.load": one("exec('')", "autograder.worker.load")})
    assert broken == ["autograder.worker.load may use compile and does not: take it off the list"]


@pytest.mark.parametrize(
    "line",
    [
        "see /root/notes", "cd /home/ann/course", "open('/work/x')", "PYTHON=/opt/v/bin/python", "/Users/ann", "/tmp/x",
        "pip install -i https://mirror.example-company.net/simple x", "http://user:word@10.0.0.7/x",
        "proxy 192.168.1.20:3128",
    ],
)  # fmt: skip
def test_a_tie_to_a_machine_is_seen(tmp_path, line):
    """In a file of any kind, with the name of the file and the line."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(f"one\n{line}\n")
    broken = text_rules.tied_to_a_machine(tmp_path)
    assert broken
    assert all(each.startswith("docs/a.md, line 2: ") for each in broken)


@pytest.mark.parametrize(
    "line",
    [
        'os.symlink("/scratch", f"{root}/tmp")', "https://github.com/some/one", "a/root/b", "version 10.2.1",
        "homework/work", "{folder}/work", "https://docs.python.org/3/library/ast.html",
    ],
)  # fmt: skip
def test_ordinary_text_is_no_fault(tmp_path, line):
    """Public sites, relative paths, versions, and the view's own link."""
    (tmp_path / "a.py").write_text(line)
    assert text_rules.tied_to_a_machine(tmp_path) == []


def test_attacks_and_left_overs_are_passed_over(tmp_path):
    """Hostile code names what it hopes to reach; a virtual environment is not the project's text."""
    for folder in (".venv", "samples/hostile", "some.egg-info"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("open('/root/.ssh/id')")
    assert text_rules.tied_to_a_machine(tmp_path) == []

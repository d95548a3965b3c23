"""
What the text of the project must and must not hold; each function returns what breaks its rule, in words.

Sizes, docstrings, the order of ``__all__``, what could execute data, and what ties the text to one machine.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from code_tree import Module, called_name, code_lines, functions

FUNCTION_LINES: Final = 45
"""A function is read without scrolling."""
FILE_LINES: Final = 500
TEST_FILE_LINES: Final = 700
"""Cases are read one at a time, so a file of them may be longer."""

EXECUTING_MODULES: Final = (
    "pickle",
    "cPickle",
    "_pickle",
    "cloudpickle",
    "marshal",
    "dill",
    "shelve",
    "joblib",
    "yaml",
)
EXECUTING_CALLS: Final = ("eval", "exec", "compile", "torch.load", "np.load", "numpy.load")
MAY_EXECUTE: Final = {
    # module: what it may call, and why
    "autograder.worker.load": ({"exec", "compile"}, "imports the submission, which is what its process is for"),
    "autograder.submission.metadata": ({"yaml"}, "reads a parser's events, from which nothing but texts is built"),
    "autograder.worker.calls": ({"exec", "compile"}, "runs a driver, whose source is the grader's"),
}

SKIPPED_FOLDERS: Final = {
    "__pycache__", "build", "dist", "node_modules", "out",
    ".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".cache",
}  # fmt: skip
TEXT_SUFFIXES: Final = {".py", ".md", ".toml", ".txt", ".ipynb", ".yaml", ".yml", ".sh", ".cfg", ".json", ".csv", ""}
HOSTILE: Final = ("samples/hostile/", "tests/attacks/", "tests/architecture/", "tests/cage/", "tests/submission/")
"""Attacks, and tests of what refuses them, name whatever path they hope to reach; this folder says what is refused."""

_HOME_PATH: Final = re.compile(r"(?<![\w.}\])-])/(?:work|root|home/\w+|Users/\w+|opt|mnt|srv)(?:/|\b)(?!-)")
_TEMPORARY: Final = re.compile(r"(?<![\w.])/(?:var/)?tmp\b")
_ADDRESS: Final = re.compile(r"(?:https?|ftp|git|ssh)://(?:[^/@\s\"'`]*@)?([\w-]+(?:\.[\w-]+)+|[\w-]+(?=:\d))")
_NUMBER: Final = re.compile(r"(?<![\w.])(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2}(?![\w.])")
LOOPBACK: Final = {"127.0.0.1", "localhost"}
PUBLIC_SITES: Final = {
    "arxiv.org", "docs.kernel.org", "docs.pytest.org", "docs.python.org", "download.pytorch.org", "example.org",
    "github.com", "json-schema.org", "keepachangelog.com", "nbgrader.readthedocs.io", "numpy.org", "pytorch.org",
    "cs231n.stanford.edu", "semver.org", "www.gradescope.com", "www.w3.org",
    "gradescope-autograders.readthedocs.io",
}  # fmt: skip
_VIEW_SYMLINK: Final = re.compile(r"""os\.symlink\("/scratch", f"\{root\}/tmp"\)""")


def long_functions(modules: Iterable[Module]) -> list[str]:
    """Return the functions above `FUNCTION_LINES` lines of code."""
    return [
        f"{module.path}, line {each.lineno}: {each.name} has {size} lines of code"
        for module in modules
        for each in functions(module.tree)
        if (size := code_lines(each, module.text)) > FUNCTION_LINES
    ]


def long_files(modules: Iterable[Module]) -> list[str]:
    """Return the files above `FILE_LINES` lines, or `TEST_FILE_LINES` for tests."""
    broken = []
    for module in modules:
        is_test = module.name.split(".")[0] in ("tests", "grading_tests")
        size = len(module.text.splitlines())
        if size > (TEST_FILE_LINES if is_test else FILE_LINES):
            broken.append(f"{module.path} has {size} lines")
    return broken


def without_docstring(modules: Iterable[Module]) -> list[str]:
    """Return the modules that do not say what they are."""
    return [f"{module.path} has no docstring" for module in modules if not ast.get_docstring(module.tree)]


def tests_without_docstring(modules: Iterable[Module]) -> list[str]:
    """Return the test functions that do not say what holds."""
    return [
        f"{module.path}, line {each.lineno}: {each.name} has no docstring"
        for module in modules
        if module.path.name.startswith("test_")
        for each in functions(module.tree)
        if each.name.startswith("test_") and not ast.get_docstring(each)
    ]


def unsorted_exports(modules: Iterable[Module]) -> list[str]:
    """Return the modules whose ``__all__`` is not in order: CONSTANTS, Classes, functions, each by name."""
    broken = []
    for module in modules:
        for node in module.tree.body:
            names = _exports(node)
            if names is not None and names != sorted(names, key=_rank):
                broken.append(f"{module.path}: __all__ is not sorted")
    return broken


def _exports(node: ast.stmt) -> list[str] | None:
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name) or node.targets[0].id != "__all__":
        return None
    found = ast.literal_eval(node.value)
    return list(found)


def _rank(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def executing(modules: Mapping[str, Module]) -> list[str]:
    """Return what could run data as code, but for the places in `MAY_EXECUTE`; an entry there that is unused too."""
    broken, used = [], set()
    for module in modules.values():
        allowed = MAY_EXECUTE.get(module.name, (set[str](), ""))[0]
        for what, line in _executing(module.tree):
            used.add((module.name, what))
            if what not in allowed:
                broken.append(f"{module.path}, line {line}: {what}")
    for name, (allowed, _why) in MAY_EXECUTE.items():
        stale = sorted(what for what in allowed if (name, what) not in used) if name in modules else []
        broken += [f"{name} may use {what} and does not: take it off the list" for what in stale]
    return broken


def _executing(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((a.name, node.lineno) for a in node.names if a.name.split(".")[0] in EXECUTING_MODULES)
            case ast.ImportFrom() if (node.module or "").split(".")[0] in EXECUTING_MODULES:
                yield node.module or "", node.lineno
            case ast.Call():
                name = called_name(node).removeprefix("builtins.")
                if name in EXECUTING_CALLS or any(key.arg == "allow_pickle" for key in node.keywords):
                    yield name, node.lineno


def text_files(root: Path) -> Iterator[Path]:
    """Yield every text file of the project, without what tools leave behind."""
    for base, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if each not in SKIPPED_FOLDERS and not each.endswith(".egg-info"))
        yield from (Path(base, name) for name in sorted(names) if Path(name).suffix in TEXT_SUFFIXES)


def tied_to_a_machine(root: Path) -> list[str]:
    """Return lines with a developer's path, a private address, or a site that is not on the list."""
    broken = []
    for path in text_files(root):
        name = path.relative_to(root).as_posix()
        if name.startswith(HOSTILE):
            continue
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            broken += [f"{name}, line {number}: {what}" for what in _ties(line)]
    return broken


def _ties(line: str) -> Iterator[str]:
    if found := _HOME_PATH.search(line):
        yield f"the path {found[0]}"
    if (found := _TEMPORARY.search(line)) and not _VIEW_SYMLINK.search(line):
        yield f"the path {found[0]}"
    if found := _NUMBER.search(line):
        yield f"the address {found[0]}"
    for host in _ADDRESS.findall(line):
        if host.lower() not in PUBLIC_SITES | LOOPBACK:
            yield f"the site {host}"

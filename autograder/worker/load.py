"""
Imports what was prepared, from texts.

    import cs231n.x ──▶ the module's text        (first of all finders: nothing on disk is asked, so no stale .pyc)
    import a3.x     ──▶ the very same module     (an alias of the package)
    import x        ──▶ the very same module     (last of all finders: a library of that name goes first)
    import tqdm     ──▶ a stand-in               (last, for student code only, when the library is missing)

Code objects bear the student's relative file name, and the texts are in `linecache`, so that a traceback and
`inspect.getsource` show the student's lines. A package's ``__init__`` and each statement of a notebook fail alone:
what they could not do is a note. Every other module stands or falls as in Python.
"""

from __future__ import annotations

import ast
import builtins
import gc
import importlib
import linecache
import multiprocessing
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from autograder.protocol import ErrorReport
from autograder.worker import cuda, stand_ins
from autograder.worker.prepare import Trees
from autograder.worker.reports import Reporter, Source, as_dict
from autograder.worker.syntax import SyntaxProblem, parse

__all__ = ["Submission", "load"]

_REMOVED_NUMPY = re.compile(
    r"\b(?:np|numpy)\.(int|float|bool|object|str|complex|long|product|cumproduct|in1d|row_stack|trapz)\b"
)
_NUMPY_MEANS: dict[str, Any] = {
    "int": int,
    "float": float,
    "bool": bool,
    "object": object,
    "str": str,
    "complex": complex,
    "long": int,
}
_NUMPY_NAMES = {"product": "prod", "cumproduct": "cumprod", "in1d": "isin", "row_stack": "vstack", "trapz": "trapezoid"}


@dataclass
class Submission:
    """
    A loaded submission.

    Attributes:
        package: Name of its package.
        imported: For each wanted module None, or why it could not be imported.
        notes: What was done for the code beyond importing it, and what failed without harm.
        stand_ins: Libraries that are missing and were stood in for.
        reporter: Makes reports with the submission's own lines.
    """

    package: str = ""
    imported: dict[str, ErrorReport | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stand_ins: set[str] = field(default_factory=set)
    reporter: Reporter = field(default_factory=Reporter)


@dataclass
class _Module:
    """A module that can be imported: its text, its tree if it was parsed, and whether its parts fail alone."""

    source: Source
    path: str
    is_package: bool
    tree: ast.Module | None


def load(request: dict[str, Any], trees: Trees, root: str) -> tuple[Submission, dict[str, Any]]:
    """
    Import the wanted modules.

    Args:
        request: ``package``, ``aliases``, ``modules``, ``wanted``, ``defined``, ``seed``, ``cuda_to_cpu``.
        trees: What `prepare` parsed in this process; may be empty.
        root: Folder of the submission, for ``__file__``.

    Returns:
        The submission, and the reply: ``imported`` (None or a report by module), ``stand_ins``, ``notes``.
    """
    package = request["package"]
    submission = Submission(package)
    modules = {entry["name"]: _module(entry, trees, root) for entry in request["modules"]}
    submission.reporter = Reporter(
        root,
        {module.source.file: module.source for module in modules.values()},
        frozenset(
            (f"{package}.{name}", qualified)
            for name, inside in (request.get("defined") or {}).items()
            for qualified, about in inside.items()
            if about["stub"]
        ),
        {stand_ins.StandInUsed: "stand_in"},
    )
    sys.path[:] = [entry for entry in sys.path if entry not in {"", os.curdir}]
    multiprocessing.set_start_method("fork", force=True)
    _old_names(submission, [module.source.text for module in modules.values()])
    if request.get("cuda_to_cpu") and cuda.install():
        submission.notes.append("Grading has no GPU: what the code puts on CUDA runs on the CPU.")
    finder = _Finder(package, list(request.get("aliases") or []), modules, submission)
    sys.meta_path.insert(0, finder)
    sys.meta_path.append(_LastFinder(finder))
    student_files = submission.reporter.sources
    sys.meta_path.append(stand_ins.Finder(submission.stand_ins, student_files.__contains__))
    gc.disable()  # as in Prepare
    try:
        for name in request["wanted"]:
            submission.imported[name] = _import(submission, modules, name)
    finally:
        gc.enable()
        gc.freeze()
    stand_ins.forget()
    imported = {name: None if report is None else as_dict(report) for name, report in submission.imported.items()}
    return submission, {"imported": imported, "stand_ins": sorted(submission.stand_ins), "notes": submission.notes}


def _module(entry: dict[str, Any], trees: Trees, root: str) -> _Module:
    runs = tuple((int(a), str(b), int(c), int(d)) for a, b, c, d in entry["lines"])
    source = Source(entry["name"], entry["file"], entry["text"], runs)
    linecache.cache[source.file] = (len(source.text), None, source.text.splitlines(keepends=True), source.file)
    return _Module(source, os.path.join(root, source.file), entry["is_package"], trees.get(source.text))


def _import(submission: Submission, modules: dict[str, _Module], name: str) -> ErrorReport | None:
    """Import a wanted module; return None, or why it could not be."""
    full = f"{submission.package}.{name}"
    if full not in modules:
        path = name.replace(".", "/")
        return ErrorReport("missing", "", f"{submission.package}/{path}.py is not in the submission, or cannot be read")
    try:
        importlib.import_module(full)
    except BaseException as error:  # noqa: BLE001 - the edge: a module may raise anything, also SystemExit
        report = submission.reporter.report(error, importing=True)
        if type(error) is ModuleNotFoundError and error.name and not error.name.startswith(submission.package):
            note = f"Grading has no library called {error.name}: what is graded must not need it."
            report = ErrorReport(report.kind, report.type_name, report.text, report.frames, (*report.notes, note))
        return report
    return None


def _old_names(submission: Submission, texts: Sequence[str]) -> None:
    """Provide names that older Pythons and NumPys had, where the code uses them: right then is right now."""
    if any("xrange" in text for text in texts) and not hasattr(builtins, "xrange"):
        builtins.xrange = range  # type: ignore[attr-defined]
        submission.notes.append("Python 2's `xrange` counts as `range` here.")
    used = {name for text in texts for name in _REMOVED_NUMPY.findall(text)}
    given = []
    for name in sorted(used):
        if name in np.__dict__:
            continue
        meant = _NUMPY_MEANS.get(name) or np.__dict__.get(_NUMPY_NAMES.get(name, ""))
        if meant is not None:
            setattr(np, name, meant)
            given.append(f"np.{name}")
    if given:
        submission.notes.append(f"Names that NumPy has no more still work here: {', '.join(given)}.")


class _Finder(MetaPathFinder):
    """Finds the submission's modules under the package's name and its aliases."""

    def __init__(self, package: str, aliases: list[str], modules: dict[str, _Module], submission: Submission) -> None:
        self.modules = modules
        self.names = (package, *aliases)
        self.flat: dict[str, str] = {}
        for name in modules:
            below = name.removeprefix(package).lstrip(".")
            if below:
                self.flat[below] = name
        for name in modules:
            self.flat.setdefault(name.rpartition(".")[2], name)
        self.package = package
        self.loader = _TextLoader(modules, submission)

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the submission, or None."""
        top, dot, rest = fullname.partition(".")
        if top not in self.names:
            return None
        return self.spec(fullname, f"{self.package}{dot}{rest}")

    def spec(self, fullname: str, canonical: str) -> ModuleSpec | None:
        """Return a spec that leads from a name to the one module that it means."""
        module = self.modules.get(canonical)
        if module is None:
            return None
        if fullname != canonical:
            return ModuleSpec(fullname, _AliasLoader(canonical), is_package=module.is_package)
        spec = ModuleSpec(fullname, self.loader, origin=module.path, is_package=module.is_package)
        spec.has_location = True
        return spec


class _LastFinder(MetaPathFinder):
    """Finds the submission's modules under flat names, after all libraries."""

    def __init__(self, finder: _Finder) -> None:
        self._finder = finder

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of ``rnn_layers`` or ``classifiers.rnn``, or None."""
        canonical = self._finder.flat.get(fullname)
        return self._finder.spec(fullname, canonical) if canonical else None


class _AliasLoader(Loader):
    """Gives the module that stands under another name, and leaves it as it is."""

    def __init__(self, canonical: str) -> None:
        self._canonical = canonical
        self._spec: ModuleSpec | None = None

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        """Import the module under its own name."""
        module = importlib.import_module(self._canonical)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module back its own spec, which importing it under this name replaced."""
        module.__spec__ = self._spec


class _TextLoader(Loader):
    """Runs a module's text."""

    def __init__(self, modules: dict[str, _Module], submission: Submission) -> None:
        self._modules = modules
        self._submission = submission

    def get_source(self, fullname: str) -> str:
        """Return the text of a module, for `inspect`."""
        return self._modules[fullname].source.text

    def exec_module(self, module: ModuleType) -> None:
        """Run a module: a package's text and a notebook's statements fail alone, all else as a whole."""
        found = self._modules[module.__name__]
        source = found.source
        if source.runs:
            self._run_parts(found, module)
        elif found.is_package:
            try:
                exec(_code(found), module.__dict__)
            except Exception as error:  # noqa: BLE001 - whatever it raises, its modules may still be good
                self._note(source.file, error)
        else:
            exec(_code(found), module.__dict__)

    def _run_parts(self, found: _Module, module: ModuleType) -> None:
        """Run what is from a file as a whole, then what is from notebooks one statement after the other."""
        source = found.source
        tree = found.tree or ast.parse(source.text)
        first = source.runs[0][0]
        head = [node for node in tree.body if node.lineno < first]
        if head:
            exec(_compile(ast.Module(head, []), source.file), module.__dict__)
        for node in tree.body[len(head) :]:
            try:
                exec(_compile(ast.Module([node], []), source.file), module.__dict__)
            except Exception as error:  # noqa: BLE001 - a statement of a notebook costs itself alone
                self._note(source.frame(node.lineno, "").file, error)

    def _note(self, where: str, error: Exception) -> None:
        """Keep in mind that a part failed."""
        report = self._submission.reporter.report(error)
        if len(self._submission.notes) < 50:
            self._submission.notes.append(f"{where}: {report.type_name}: {report.text[:300]}")


def _compile(tree: ast.Module, file: str) -> CodeType:
    return compile(tree, file, "exec", dont_inherit=True)


def _code(found: _Module) -> CodeType:
    """Return the code of a module; a syntax error says in plain words what it is about."""
    source = found.source
    tree = found.tree if found.tree is not None else parse(source.text)
    if isinstance(tree, SyntaxProblem):
        raise SyntaxError(tree.text, (source.file, tree.line, 0, ""))  # noqa: TRY004 - the student's error, as it is
    return _compile(tree, source.file)

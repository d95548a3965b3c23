"""
Imports what was prepared, from texts.

    import cs231n.x ──▶ the module's text        (first of all finders: nothing on disk is asked, so no stale .pyc)
    import a3.x     ──▶ the very same module     (an alias of the package)
    import x        ──▶ the very same module     (last of all finders: a library of that name goes first)
    import tqdm     ──▶ a stand-in               (last, for student code only, when the library is missing)

Everything is parsed and compiled before the first line of the submission runs. Code objects bear the student's relative
file name, and the texts are in `linecache`, so that a traceback and `inspect.getsource` show the student's lines. A
package's ``__init__`` and each statement of a notebook fail alone: what they could not do is a note. Every other module
stands or falls as in Python.
"""

from __future__ import annotations

import ast
import dataclasses
import gc
import importlib
import linecache
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from autograder.protocol import ErrorReport
from autograder.worker.compat import cuda, old_names, stand_ins
from autograder.worker.reading.prepare import Trees
from autograder.worker.reading.syntax import SyntaxProblem, explain_syntax_error, parse
from autograder.worker.reports import CallError, Reporter, Source

__all__ = ["Submission", "load"]

_MOST_NOTES = 50


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


@dataclass(frozen=True)
class _Module:
    """A module that can be imported, in the parts that run one after the other, each with its first line."""

    source: Source
    is_package: bool
    parts: list[tuple[int, CodeType | SyntaxProblem]]


def load(request: dict[str, Any], trees: Trees) -> tuple[Submission, dict[str, Any]]:
    """
    Import the wanted modules.

    Args:
        request: ``package``, ``aliases``, ``modules``, ``wanted``, ``defined``, ``seed``, ``cuda_to_cpu``.
        trees: What `prepare` parsed in this process; may be empty.

    Returns:
        The submission, and the reply: ``imported`` (None or a report by module), ``stand_ins``, ``notes``.
    """
    package = request["package"]
    submission = Submission(package)
    modules = {entry["name"]: _compiled(entry, trees) for entry in request["modules"] if entry["origin"] != "absent"}
    absent = {entry["name"]: entry["text"] for entry in request["modules"] if entry["origin"] == "absent"}
    submission.reporter.sources = {module.source.file: module.source for module in modules.values()}
    submission.reporter.stubs = {
        (f"{package}.{name}", qualified)
        for name, inside in request["defined"].items()
        for qualified, about in inside.items()
        if about["stub"]
    }
    submission.notes = old_names.provide(module.source.text for module in modules.values())
    if request["cuda_to_cpu"] and cuda.install():
        submission.notes.append("Grading has no GPU: what the code puts on CUDA runs on the CPU.")
    multiprocessing.set_start_method("fork", force=True)
    _install_finders(package, request["aliases"], modules, submission)
    gc.disable()  # as in Prepare
    try:
        for name in request["wanted"]:
            submission.imported[name] = _import(submission, absent, name)
    finally:
        gc.enable()
        gc.freeze()
    stand_ins.forget()
    imported = {name: report and dataclasses.asdict(report) for name, report in submission.imported.items()}
    return submission, {"imported": imported, "stand_ins": sorted(submission.stand_ins), "notes": submission.notes}


def _compiled(entry: dict[str, Any], trees: Trees) -> _Module:
    runs = tuple((int(a), str(b), int(c), int(d)) for a, b, c, d in entry["lines"])
    source = Source(entry["file"], entry["text"], runs)
    linecache.cache[source.file] = (len(source.text), None, source.text.splitlines(keepends=True), source.file)
    tree = trees.get(source.text) or parse(source.text)
    if isinstance(tree, SyntaxProblem):
        parts: list[tuple[int, CodeType | SyntaxProblem]] = [(tree.line, tree)]
    else:
        old_names.renew(tree, source.text)
        parts = _parts(tree, source)
    return _Module(source, entry["is_package"], parts)


def _parts(tree: ast.Module, source: Source) -> list[tuple[int, CodeType | SyntaxProblem]]:
    """Return what runs as one: a file whole, of a notebook each statement; a file goes before its completion."""
    if not source.runs:
        return [(1, _compile(tree, source))]
    start = source.runs[0][0]
    file = [node for node in tree.body if node.lineno < start]
    parts = [(1, _compile(ast.Module(file, []), source))] if file else []
    return parts + [(node.lineno, _compile(ast.Module([node], []), source)) for node in tree.body[len(file) :]]


def _compile(tree: ast.Module, source: Source) -> CodeType | SyntaxProblem:
    """Return the code of a tree; some mistakes of syntax are seen only here."""
    try:
        return compile(tree, source.file, "exec", dont_inherit=True)
    except SyntaxError as error:
        return explain_syntax_error(source.text, error)
    except (RecursionError, MemoryError, ValueError):
        return SyntaxProblem("syntax", 1, "the code is nested too deeply for Python to run it")


def _import(submission: Submission, absent: dict[str, str], name: str) -> ErrorReport | None:
    """Import a wanted module; return None, or why it could not be."""
    full = f"{submission.package}.{name}"
    if full in absent:
        return ErrorReport("missing", "", absent[full])
    try:
        importlib.import_module(full)
    except BaseException as error:  # noqa: BLE001 - the edge: a module may raise anything, also SystemExit
        report = submission.reporter.report(error, importing=True)
        if type(error) is ModuleNotFoundError and error.name:
            own = error.name.partition(".")[0] == submission.package
            note = f"Grading has no library called {error.name}: what is graded must not need it."
            if own:
                note = f"{error.name.replace('.', '/')}.py is not in the submission: hand it in, or do without it."
            report = dataclasses.replace(report, notes=(*report.notes, note))
        return report
    return None


def _install_finders(package: str, aliases: list[str], modules: dict[str, _Module], submission: Submission) -> None:
    """Make the submission's modules importable under all their names, and what is missing a stand-in."""
    names = {package, *aliases}
    flat = {name.rpartition(".")[2]: name for name in reversed(modules)}
    flat |= {name.removeprefix(f"{package}."): name for name in modules}  # ``sub.tools`` goes before ``tools``
    flat.pop(package, None)

    def in_package(name: str) -> str | None:
        top, dot, rest = name.partition(".")
        return f"{package}{dot}{rest}" if top in names else None

    loader = _TextLoader(modules, submission)
    sys.path[:] = [entry for entry in sys.path if entry not in {"", os.curdir}]
    sys.meta_path.insert(0, _Finder(loader, in_package))
    sys.meta_path.append(_Finder(loader, flat.get))
    sys.meta_path.append(stand_ins.Finder(submission.stand_ins, submission.reporter.sources.__contains__))


class _Finder(MetaPathFinder):
    """
    Finds the submission's modules.

    Args:
        loader: What runs them.
        own_name: Returns the full name of the module that a name means, or None.
    """

    def __init__(self, loader: _TextLoader, own_name: Callable[[str], str | None]) -> None:
        self._loader = loader
        self._own_name = own_name

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec that leads from a name to the one module that it means, or None."""
        own_name = self._own_name(fullname)
        module = self._loader.modules.get(own_name) if own_name else None
        if own_name is None or module is None:
            return None
        if fullname != own_name:
            return ModuleSpec(fullname, stand_ins.OtherName(own_name), is_package=module.is_package)
        spec = ModuleSpec(fullname, self._loader, origin=module.source.file, is_package=module.is_package)
        spec.has_location = True
        return spec


class _TextLoader(Loader):
    """Runs a module's text."""

    def __init__(self, modules: dict[str, _Module], submission: Submission) -> None:
        self.modules = modules
        self._submission = submission

    def get_source(self, fullname: str) -> str:
        """Return the text of a module, for `inspect`."""
        return self.modules[fullname].source.text

    def exec_module(self, module: ModuleType) -> None:
        """Run a module: a package's text and a notebook's statements fail alone, all else as a whole."""
        found = self.modules[module.__name__]
        runs = found.source.runs
        for line, part in found.parts:
            fail_alone = found.is_package or (bool(runs) and line >= runs[0][0])
            try:
                if isinstance(part, SyntaxProblem):
                    place = found.source.frame(part.line, "<module>")
                    raise CallError(ErrorReport("import", "SyntaxError", part.text, (place,)))
                exec(part, module.__dict__)
            except Exception as error:
                if not fail_alone:
                    raise
                self._note(found.source.frame(line).file, error)

    def _note(self, where: str, error: Exception) -> None:
        """Keep in mind that a part failed."""
        report, notes = self._submission.reporter.report(error), self._submission.notes
        if len(notes) < _MOST_NOTES:
            notes.append(f"{where}: {report.type_name}: {report.text[:300]}")

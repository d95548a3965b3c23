"""
Reads a submission and says what is in it. Nothing of it runs here.

    wanted modules ──▶ files (layout) ──▶ texts ──▶ trees ──▶ what they import of the submission ──▶ …

Only the wanted modules and their static closure are read. A wanted module that is missing is made of what its notebooks
define, and one with gaps is completed by them (`filling`). What comes out is data: module texts, a map of lines to
notebook cells, problems in words for the student, findings of rules, definitions, and one hash of all trees. The
reply's parts are described in `prepare`. A file that cannot be read costs what needs it and no more: its text goes on
as it is, and its import fails later with the same explanation.
"""

from __future__ import annotations

import ast
import io
import posixpath
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from autograder.worker.reading import filling, notebook
from autograder.worker.reading.layout import Layout, is_library
from autograder.worker.reading.rules import check_rule
from autograder.worker.reading.syntax import SyntaxProblem, definitions, parse, scan, with_parentheses
from autograder.worker.reports import Run, Source

__all__ = ["Trees", "prepare"]

Trees = dict[str, ast.Module]
"""Parsed modules by their text, so that loading in the same process need not parse again."""

# Texts travel in one header of 4 MiB; the largest honest module seen is below 100 KB.
_TEXT_CHARS = 900_000
_ALL_TEXT_CHARS = 3_000_000
_NOTEBOOK_BYTES = 64 << 20


class _Unreadable(Exception):
    """A file that gives no text; carries the kind of the problem and the words for the student."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind, self.text = kind, text


@dataclass
class _Module:
    """One module on its way: name below the package, where its text is from, and the text."""

    name: str
    file: str
    origin: str
    is_package: bool = False
    text: str = ""
    runs: list[Run] = field(default_factory=list)


def prepare(request: dict[str, Any]) -> tuple[dict[str, Any], Trees]:
    """
    Return what a submission holds, and the trees that were parsed on the way.

    Args:
        request: ``package``, ``aliases``, ``modules`` (those that are wanted), ``notebooks`` (by module), ``files``
            (relative path to the bytes, as an array), ``stale`` (paths of compiled files, which are left out),
            ``given`` (texts by path below the package), ``rules``, and ``exercises`` (by module, the functions that
            students are asked to write).

    Returns:
        ``modules`` (name, file, text, is_package, origin, lines), ``problems`` (module, kind, file, line, text),
        ``findings`` (rule, file, line, text), ``defined`` (line and stub by module and qualified name), ``undone`` (by
        module, the exercises that it leaves undone and that no notebook read so far defines), ``syntax_hash`` and
        ``uses_cuda``.
    """
    work = _Preparation(request)
    work.run()
    return work.reply(), work.trees


class _Preparation:
    """The state of one preparation; the public face is `prepare`."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.files: dict[str, npt.NDArray[np.uint8]] = request["files"]
        self.stale: list[str] = request["stale"]
        self.package: str = request["package"]
        self.wanted: list[str] = request["modules"]
        self.given: dict[str, str] = request["given"]
        self.notebooks: dict[str, list[str]] = request["notebooks"]
        self.rules: list[dict[str, Any]] = request["rules"]
        self.exercises: dict[str, list[str]] = request["exercises"]
        self.layout = Layout(self.files, self.package, request["aliases"], self.wanted)
        self.modules: dict[str, _Module] = {}
        self.trees: Trees = {}
        self.by_name: dict[str, ast.Module] = {}
        self.digests: dict[str, str] = {}
        self.problems: list[dict[str, Any]] = []
        self.undone: dict[str, list[str]] = {}
        self.uses_cuda = False
        self._queue: list[tuple[str, _Module | None, int]] = []
        self._seen: set[str] = set()
        self._chars = 0
        self._cells: dict[str, list[tuple[int, str]]] = {}

    def run(self) -> None:
        """Read the wanted modules and all that they import of the submission."""
        if self.layout.others:
            text = f"several editions are in the submission: {self.layout.folder}/ is graded"
            self._problem("", "editions", "", 1, f"{text}, not {', '.join(self.layout.others)}/")
        for name in self.wanted:
            self._enqueue(name, None, 0)
        while self._queue:
            name, importer, line = self._queue.pop(0)
            module = self._find(name, importer)
            if module is None:
                self._missing(name, importer, line)
            else:
                self._take(module)

    def reply(self) -> dict[str, Any]:
        """Return the answer to the request; plain data."""
        whole = sha256()
        for name in sorted(self.digests):
            whole.update(f"{name}={self.digests[name]}\n".encode())
        return {
            "modules": [
                {
                    "name": f"{self.package}.{module.name}" if module.name else self.package,
                    "file": module.file,
                    "text": module.text,
                    "is_package": module.is_package,
                    "origin": module.origin,
                    "lines": [list(run) for run in module.runs],
                }
                for module in self.modules.values()
            ]
            + [self._absent(name) for name in self.wanted if name not in self.modules],
            "problems": self.problems,
            "findings": list(self._findings()),
            "defined": {name: self._defined(self.by_name[name]) for name in self.wanted if name in self.by_name},
            "undone": self.undone,
            "syntax_hash": whole.hexdigest(),
            "uses_cuda": self.uses_cuda,
        }

    def _absent(self, name: str) -> dict[str, Any]:
        """Return the entry of a wanted module that there is no text of; in its place stands why."""
        why = [problem["text"] for problem in self.problems if problem["module"] == name]
        return {
            "name": f"{self.package}.{name}",
            "file": "",
            "text": "; ".join(dict.fromkeys(why)),
            "is_package": False,
            "origin": "absent",
            "lines": [],
        }

    # -- finding ----------------------------------------------------------------------------------------------------

    def _enqueue(self, name: str, importer: _Module | None, line: int) -> None:
        """Queue a module and the packages above it, each once."""
        parts = name.split(".") if name else []
        for depth in range(len(parts) + 1):
            above = ".".join(parts[:depth])
            if above not in self._seen:
                self._seen.add(above)
                self._queue.append((above, importer, line))

    def _find(self, name: str, importer: _Module | None) -> _Module | None:
        """Return a module with its text still to be read, or None when nothing of that name is there."""
        found = self.layout.in_package(name)
        if found:
            return _Module(name, found[0], "file", found[1])
        if not name or self._is_package(name):
            given = self.given.get("/".join([*name.split("."), "__init__.py"]).lstrip("/"))
            folder = "/".join([self.package, *name.split(".")]).rstrip("/")
            return _Module(name, f"{folder}/__init__.py", "given", is_package=True, text=given or "")
        path = name.replace(".", "/") + ".py"
        if name not in self.wanted:
            beside = self.layout.beside(importer.file, name) if importer else None
            if beside:
                return _Module(name, beside, "rehomed")
            if path in self.given:
                return _Module(name, f"{self.package}/{path}", "given", text=self.given[path])
        places = self.layout.elsewhere(name)
        if len(places) == 1:
            return _Module(name, places[0], "rehomed")
        if name in self.wanted:
            if self.notebooks.get(name):
                return self._from_notebooks(_Module(name, f"{self.package}/{path}", "notebook"))
            if path in self.given:
                return _Module(name, f"{self.package}/{path}", "given", text=self.given[path])
        return None

    def _is_package(self, name: str) -> bool:
        """Return whether a name is a folder of modules, in the submission, the given files or the wanted names."""
        below = name.replace(".", "/") + "/"
        return (
            self.layout.is_namespace(name)
            or any(path.startswith(below) for path in self.given)
            or any(wanted.startswith(name + ".") for wanted in self.wanted)
        )

    def _missing(self, name: str, importer: _Module | None, line: int) -> None:
        """Say that a module is not there, and why as far as one can see."""
        path = name.replace(".", "/") + ".py"
        place = f"{self.layout.folder or self.package}/{path}"
        places = self.layout.elsewhere(name)
        compiled = self._compiled(name)
        if compiled:
            text = f"only the compiled {posixpath.basename(compiled)} was handed in: hand in {path} itself"
            self._problem(name, "pyc", compiled, 1, text)
        elif places:
            text = f"{path} is not in its place, and there are several of that name: {', '.join(places[:4])}."
            self._problem(name, "missing", place, 1, f"{text} Put the right one at {self.package}/{path}")
        elif importer is None:
            text = f"{self.package}/{path} is not in the submission{self._instead(name)}"
            self._problem(name, "missing", "", 1, text)
        else:
            text = f"imports {self.package}.{name}, which is not in the submission"
            self._problem(name, "missing", importer.file, line, text)

    def _instead(self, name: str) -> str:
        """Return what to say of the file that was perhaps meant to be a module, or an empty text."""
        near = self.layout.similar(name)
        if near is None:
            return ""
        own = f"{name.rpartition('.')[2]}.py"
        edition = "if it belongs to another edition of the course, it is not part of this assignment"
        return f". There is {near}: if that is the one, call it {own}; {edition}"

    def _compiled(self, name: str) -> str:
        """Return the relative path of a compiled file of the module, or an empty text."""
        folder, stem = posixpath.split(posixpath.join(self.layout.folder or "", *name.split(".")))
        pattern = re.compile(rf"{re.escape(stem)}(?:\.[\w-]+)*\.pyc$")
        places = (folder, posixpath.join(folder, "__pycache__"))
        found = (path for path in self.stale if posixpath.dirname(path) in places)
        return next((path for path in found if pattern.match(posixpath.basename(path))), "")

    # -- reading ----------------------------------------------------------------------------------------------------

    def _take(self, module: _Module) -> None:
        """Read, parse and keep a module, and queue what it imports."""
        if module.origin in {"file", "rehomed"} and not self._read(module):
            return
        tree = parse(module.text)
        if isinstance(tree, SyntaxProblem) and tree.kind == "python2":
            tree = self._with_parentheses(module)
        if isinstance(tree, SyntaxProblem) and module.is_package:
            self._problem(module.name, tree.kind, module.file, tree.line, f"{tree.text} (an empty one is used instead)")
            module.text, tree = "", ast.Module([], [])
        if isinstance(tree, SyntaxProblem):
            self._problem(module.name, tree.kind, module.file, tree.line, tree.text)
        else:
            tree = self._completed(module, tree)
        self._chars += len(module.text)
        if self._chars > _ALL_TEXT_CHARS:
            self._problem(
                module.name, "too_large", module.file, 1, "the modules of the submission are too large together"
            )
            return
        self.modules[module.name] = module
        if isinstance(tree, SyntaxProblem):
            self.digests[module.name] = sha256(module.text.encode("utf-8", "surrogatepass")).hexdigest()
            return
        self.trees[module.text] = self.by_name[module.name] = tree
        seen = scan(tree)
        self.digests[module.name] = seen.digest
        self.uses_cuda = self.uses_cuda or seen.uses_cuda
        for node in seen.imports:
            self._follow(node, module)

    def _with_parentheses(self, module: _Module) -> ast.Module | SyntaxProblem:
        """Read a module's prints as Python 3 has them, and say so; what else is Python 2 in it stays the problem."""
        module.text, lines = with_parentheses(module.text)
        tree = parse(module.text)
        if not lines:
            return tree
        others = f", and so {_listed(lines[1:])}" if len(lines) > 1 else ""
        text = f"this `print` is Python 2{others}. It is read as `print(...)` here, and costs nothing;"
        text = f"{text} in Python 3 the file cannot be imported until you write the parentheses"
        self._problem(module.name, "print", module.file, lines[0], text)
        return tree

    def _read(self, module: _Module) -> bool:
        """Fill in the text of a module from its file; return False, with the problem noted, when there is none."""
        try:
            raw = self._bytes(module.file, 4 * _TEXT_CHARS)
            module.text, note = _decode(raw)
            if len(module.text) > _TEXT_CHARS:
                raise _Unreadable(
                    "too_large", f"the file has more than {_TEXT_CHARS:,} characters: it cannot be a module"
                )
        except _Unreadable as error:
            self._problem(module.name, error.kind, module.file, 1, error.text)
            return False
        if note:
            self._problem(module.name, "encoding", module.file, note[0], note[1])
        return True

    def _bytes(self, path: str, limit: int) -> bytes:
        data = self.files[path]
        if data.size > limit:
            raise _Unreadable("too_large", f"the file has {data.size:,} bytes, more than can be read")
        return data.tobytes()

    def _from_notebooks(self, module: _Module) -> _Module | None:
        """Return a module made of what its notebooks define, or None when they define nothing."""
        found = self._extract(module)
        self._unparsed(module, found)
        if not found.pieces:
            return None
        module.text, module.runs = notebook.joined(found.pieces)
        return module

    def _extract(self, module: _Module) -> notebook.Extract:
        """Return what the notebooks of a module define."""
        found = notebook.Extract()
        own = {f"{package}.{module.name}" for package in self.layout.names} | {module.name}
        for basename in self.notebooks.get(module.name, ()):
            for path in self.layout.named(basename)[:1]:
                notebook.extract(found, path, self._cells_of(module.name, path), own_names=own)
        return found

    def _unparsed(self, module: _Module, found: notebook.Extract) -> None:
        """Name the cells that are no Python."""
        for path, cell, line, problem in found.problems:
            self._problem(module.name, problem.kind, path, line, f"cell {cell}, line {line}: {problem.text}")

    def _completed(self, module: _Module, tree: ast.Module) -> ast.Module:
        """Return the tree of a module with the exercises that it leaves undone and its notebooks define; say which."""
        exercises = self.exercises.get(module.name, [])
        wanted = filling.undone(tree, exercises) if exercises and module.origin != "notebook" else {}
        if not wanted:
            return tree
        found = self._extract(module)
        pieces, taken = filling.chosen(tree, module.text, exercises, wanted, found.pieces)
        if rest := [name for name in wanted if name not in taken]:
            self.undone[module.name] = rest
            self._unparsed(module, found)
        if not taken:
            return tree
        ended = module.text if module.text.endswith("\n") or not module.text else f"{module.text}\n"
        text, runs = notebook.joined(pieces, ended.count("\n") + 1)
        whole = parse(ended + text)
        if isinstance(whole, SyntaxProblem):  # together too deep for Python: the module stays as it is
            return tree
        module.text, module.runs = ended + text, runs
        for name, piece in taken.items():
            place = f"{posixpath.basename(piece.notebook)} cell {piece.cell}"
            words = f"`{name}` is taken from {place}, because {module.file} {wanted[name]}."
            self._problem(module.name, "completed", "", 1, words)
        return whole

    def _cells_of(self, module: str, path: str) -> list[tuple[int, str]]:
        """Return the code cells of a notebook, read once; none, with the problem noted, when it is no notebook."""
        if path not in self._cells:
            self._cells[path] = []
            try:
                text = self._bytes(path, _NOTEBOOK_BYTES).decode("utf-8-sig", "replace")
                self._cells[path] = notebook.cells_of(text)
            except _Unreadable as error:
                self._problem(module, error.kind, path, 1, error.text)
            except notebook.NotebookError as error:
                self._problem(module, "notebook", path, 1, str(error))
        return self._cells[path]

    # -- imports and findings ---------------------------------------------------------------------------------------

    def _follow(self, node: ast.Import | ast.ImportFrom, module: _Module) -> None:
        """Queue the modules of the submission that an import statement names."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = self._internal(alias.name, module)
                if name is not None:
                    self._enqueue(name, module, node.lineno)
            return
        if node.level:
            parts = module.name.split(".") if module.name else []
            depth = len(parts) + int(module.is_package) - node.level
            if depth < 0:
                return  # beyond the package: an error when it is imported
            parts = parts[:depth]
            target: str | None = ".".join([*parts, *([node.module] if node.module else [])])
        else:
            target = self._internal(node.module or "", module)
        if target is None:
            return
        self._enqueue(target, module, node.lineno)
        for alias in node.names:  # a name may be a module itself; when it is not, nothing is missing
            inner = f"{target}.{alias.name}".lstrip(".")
            if alias.name != "*" and (self.layout.in_package(inner) or inner.replace(".", "/") + ".py" in self.given):
                self._enqueue(inner, module, node.lineno)

    def _internal(self, name: str, importer: _Module) -> str | None:
        """Return the name below the package that an absolute import means, or None when it is a library's."""
        top, _, rest = name.partition(".")
        if top in self.layout.names:
            return rest
        if not top or is_library(top):
            return None
        parent = importer.name.rpartition(".")[0]
        for candidate in ([f"{parent}.{name}"] if parent else []) + [name]:
            if candidate in self.wanted or self.layout.in_package(candidate):
                return candidate
            if candidate.replace(".", "/") + ".py" in self.given:
                return candidate
        return name if self.layout.beside(importer.file, name) else None

    def _findings(self) -> Iterator[dict[str, Any]]:
        """Yield where the submission breaks a rule of the assignment."""
        for rule in self.rules:
            tree = self.by_name.get(rule["module"])
            if tree is None:
                continue
            module = self.modules[rule["module"]]
            source = Source(module.file, module.text, tuple(module.runs))
            for line, text in check_rule(tree, rule["kind"], rule["function"], rule["names"]):
                place = source.frame(line)
                yield {"rule": rule["id"], "file": place.file, "line": place.line, "text": text}

    def _defined(self, tree: ast.Module) -> dict[str, dict[str, Any]]:
        """Return line and stub of every definition of a module, by qualified name; of two, the later one."""
        found: dict[str, dict[str, Any]] = {}
        for item in definitions(tree):
            if item.name in found:
                found = {name: about for name, about in found.items() if not name.startswith(f"{item.name}.")}
            found[item.name] = {"line": item.line, "stub": item.stub}
        return found

    def _problem(self, module: str, kind: str, file: str, line: int, text: str) -> None:
        """Note a problem for the student; file and line are their own, the text does not repeat them."""
        self.problems.append({"module": module, "kind": kind, "file": file, "line": line, "text": text})


def _listed(lines: list[int]) -> str:
    """Return which prints stand on these lines, in words; the first ten of them."""
    if len(lines) == 1:
        return f"is that of line {lines[0]}"
    more = f" and {len(lines) - 10} more" if len(lines) > 10 else ""
    return f"are those of lines {', '.join(map(str, lines[:10]))}{more}"


def _decode(raw: bytes) -> tuple[str, tuple[int, str] | None]:
    """Return the text of a Python file, and (line, words) when it is not in the encoding that it should have."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        try:
            return raw.decode("utf-16"), (1, "the file is saved as UTF-16: save it as UTF-8")
        except UnicodeDecodeError:
            raise _Unreadable("encoding", "the file is not text: save it again as UTF-8") from None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return _lines(raw.decode(encoding)), None
    except (SyntaxError, UnicodeError, LookupError):  # the codec 'undefined' raises UnicodeError itself
        pass
    line = 1
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    return _lines(raw.decode("latin-1")), (line, "there are characters here that are not UTF-8: save the file as UTF-8")


def _lines(text: str) -> str:
    """Return a text with the line ends of Python, and without the form feeds that end no line for Python."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")

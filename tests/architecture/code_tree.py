"""
The project's code as syntax trees, and the arrows between its modules.

    read_modules(root, "autograder")  ──▶ {"autograder.cage.view": Module(…), …}
    arrows(modules)                   ──▶ Arrow("autograder.cage.view", "autograder.cage.syscalls", line), …

Nothing is imported: what is written in a module counts, not what it would do. Imports inside functions count, and so
do ``importlib.import_module("…")`` and ``__import__("…")`` with a text. The target of ``from a import b`` is ``a.b``
where that is a module, else ``a``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DYNAMIC: Final = ("import_module", "__import__")


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its dotted name, path, text and tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Arrow:
    """``source`` imports ``target``; ``lazy`` where that happens inside a function."""

    source: str
    target: str
    line: int
    lazy: bool = False

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: imports {self.target}"


def read_modules(root: Path, *folders: str) -> dict[str, Module]:
    """Return every module below ``folders`` of ``root``, by its dotted name."""
    found = {}
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text("utf-8")
            found[name] = Module(name, path, text, ast.parse(text, str(path)))
    return found


def arrows(modules: Mapping[str, Module]) -> list[Arrow]:
    """Return every import of every module; what is not in ``modules`` is named as written."""
    found = []
    for module in modules.values():
        inner = {id(node) for function in functions(module.tree) for node in ast.walk(function)}
        for node in ast.walk(module.tree):
            for name in _imported(module, node):
                target = _known(name, modules)
                if target != module.name:
                    found.append(Arrow(module.name, target, getattr(node, "lineno", 0), lazy=id(node) in inner))
    return found


def _imported(module: Module, node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            base = _base(module, node)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        case ast.Call(args=[ast.Constant(value=str(name)), *_]) if called_name(node).split(".")[-1] in _DYNAMIC:
            yield name


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    if module.path.name != "__init__.py":
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def _known(name: str, modules: Mapping[str, Module]) -> str:
    """Return the longest part of a dotted name that is a module of ours, else the name."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        if ".".join(parts[:count]) in modules:
            return ".".join(parts[:count])
    return name


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method in a tree."""
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def called_name(call: ast.Call) -> str:
    """Return what a call calls, as written: ``torch.load``; what is no dotted name gives its last attribute."""
    parts: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def code_lines(function: Function, text: str) -> int:
    """Return how many lines of code a function has: blank lines, comments and its docstring do not count."""
    lines = text.splitlines()
    kept = set(range(function.lineno, (function.end_lineno or function.lineno) + 1))
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        kept -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return sum(not lines[number - 1].strip().startswith("#") and bool(lines[number - 1].strip()) for number in kept)


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """Return the nodes of one cycle, the first again at the end, or an empty list when there is none."""
    following: dict[str, list[str]] = {}
    for source, target in edges:
        following.setdefault(source, []).append(target)
    done: set[str] = set()
    for start in following:
        path: list[str] = []
        todo: list[tuple[str, bool]] = [(start, False)]
        while todo:
            node, leaving = todo.pop()
            if leaving:
                done.add(path.pop())
            elif node in path:
                return [*path[path.index(node) :], node]
            elif node not in done:
                path.append(node)
                todo.append((node, True))
                todo += [(each, False) for each in following.get(node, ())]
    return []

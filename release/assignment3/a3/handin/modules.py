"""
Modules as the student has left them: whether they parse, and what is not written yet.

A stub is ``raise NotImplementedError()`` with ``# YOUR CODE HERE`` above it. What raises that error for reasons of its
own has no such mark, and is left alone.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MARK", "MAX_BYTES", "NotPython", "Stub", "fingerprints", "parsed", "stubs"]

MARK = "YOUR CODE HERE"
MAX_BYTES = 2 * 2**20
"""A module written by hand has a hundredth of it."""

_Named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class NotPython(Exception):
    """A text does not parse; the message says where and why."""


@dataclass(frozen=True)
class Stub:
    """What is not written: its dotted name within the module (empty outside of functions), and the line of its stub."""

    name: str
    line: int


def parsed(path: Path) -> tuple[str, ast.Module]:
    """
    Return the text of a module and its tree.

    Raises:
        NotPython: It cannot be read or does not parse.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NotPython(f"the file has more than {MAX_BYTES // 2**20} MiB, which no module needs")
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotPython("the file is not UTF-8; save it with that encoding") from error
    except OSError as error:
        raise NotPython(f"the file cannot be opened ({error.strerror or error})") from error
    return text, _tree(text)


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise NotPython(f"line {error.lineno}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotPython(f"it cannot be parsed ({type(error).__name__})") from error


def stubs(text: str, tree: ast.Module | None = None) -> list[Stub]:
    """
    Return what is not written in a text, in the order of its lines.

    Raises:
        NotPython: It does not parse, and no tree was given.
    """
    lines = text.splitlines()
    found = [
        Stub(name, node.lineno)
        for name, node in _raises(_tree(text) if tree is None else tree, "")
        if _is_marked(lines, node.lineno)
    ]
    return sorted(found, key=lambda each: each.line)


def _raises(node: ast.AST, name: str) -> Iterator[tuple[str, ast.Raise]]:
    waiting = [(node, name)]
    while waiting:
        node, name = waiting.pop()
        for child in ast.iter_child_nodes(node):
            inner = f"{name}.{child.name}".lstrip(".") if isinstance(child, _Named) else name
            if isinstance(child, ast.Raise):
                error = child.exc.func if isinstance(child.exc, ast.Call) else child.exc
                if isinstance(error, ast.Name) and error.id == "NotImplementedError":
                    yield inner, child
            waiting.append((child, inner))


def _is_marked(lines: list[str], number: int) -> bool:
    for line in reversed(lines[: number - 1]):
        if line.strip().startswith("#"):
            if MARK in line:
                return True
        elif line.strip():
            return False
    return False


def fingerprints(root: Path, package: str) -> Callable[[str], str | None]:
    """
    Return what gives the fingerprint of ``a3.rnn_layers.rnn_forward`` as it is on disk now.

    It is None where the module has no such name, or where the local checks, whose fingerprints are compared with, are
    not there. Nothing of the module runs.
    """
    trees: dict[Path, tuple[str, ast.Module] | None] = {}

    def now(name: str) -> str | None:
        parts = name.split(".")
        for count in range(len(parts) - 1, 0, -1):
            path = root.joinpath(*parts[:count]).with_suffix(".py")
            if path.is_file() and all(each.isidentifier() for each in parts):
                if path not in trees:
                    try:
                        trees[path] = parsed(path)
                    except NotPython:
                        trees[path] = None
                source = _source(trees[path], parts[count:])
                return _fingerprint(source, package) if source else None
        return None

    return now


def _fingerprint(source: str, package: str) -> str | None:
    """Return the fingerprint that the local checks make; they are imported here, for they need NumPy."""
    try:
        return importlib.import_module(f"{package}.checks").fingerprint(source)
    except (ImportError, AttributeError, SyntaxError):
        return None


def _source(module: tuple[str, ast.Module] | None, names: list[str]) -> str:
    if module is None:
        return ""
    node: ast.AST = module[1]
    for name in names:
        bodies = [each for each in ast.iter_child_nodes(node) if isinstance(each, _Named) and each.name == name]
        if not bodies:
            return ""
        node = bodies[-1]  # as when it runs, the last one counts
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return "".join(module[0].splitlines(keepends=True)[first - 1 : node.end_lineno])

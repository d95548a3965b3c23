"""
Completes a module by what a notebook defines and the module leaves undone.

    module  def rnn_forward: raise NotImplementedError      notebook  In [7]: def rnn_forward(…): …
       │                                                        │
       └── undone: rnn_forward ──────────── pieces ─────────────┴──▶ the module, then the pieces, as one text

Only an *exercise*, a function that students are asked to write, is ever taken, and only where the module has no such
name or a stub under it; a function that is written counts, right or wrong. A class is taken whole, and only where none
of its exercises is written. A stub in a notebook is nothing, and of several definitions the last one counts.

What a piece needs (imports, helpers, constants) comes with it, but never a name that the module has, nor one of
Python's own: pieces go behind the module's last line, so that nothing which was right before can become wrong.
"""

from __future__ import annotations

import ast
import builtins
import copy
import symtable
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from autograder.worker.reading.notebook import Piece
from autograder.worker.reading.syntax import is_stub

__all__ = ["chosen", "undone"]

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Scope = (*_Function, ast.ClassDef, ast.Lambda)
_BUILTINS = frozenset(dir(builtins))


def undone(tree: ast.Module, exercises: Sequence[str]) -> dict[str, str]:
    """
    Return which functions and classes of a module may be taken from a notebook, each with what the module does to it.

    Args:
        tree: The module.
        exercises: What students are asked to write there: ``f`` and ``Class.method``.
    """
    names = _bindings(tree.body)
    starred = _has_star(tree)
    found = {}
    for name, methods in _by_top(exercises).items():
        nodes = names.get(name, [])
        if not nodes and not starred:  # behind a star, the name may be there all the same
            found[name] = "does not define it"
        elif nodes and all(_is_unwritten(node, methods) for node in nodes):
            found[name] = "leaves it undone"
    return found


def chosen(
    tree: ast.Module, text: str, exercises: Sequence[str], wanted: Collection[str], pieces: Iterable[Piece]
) -> tuple[list[Piece], dict[str, Piece]]:
    """
    Return the pieces that complete a module, in the notebooks' order, and which of them each wanted name is.

    Args:
        tree: The module.
        text: Its text.
        exercises: What students are asked to write there.
        wanted: The names that `undone` returned.
        pieces: What the notebooks define.
    """
    order = [part for piece in pieces for part in _single(piece)]
    methods = _by_top(exercises)
    taken: dict[str, Piece] = {}
    for piece in order:
        name = getattr(piece.node, "name", "")
        if name in methods and name in wanted and _writes(piece.node, methods[name]):
            taken[name] = piece
    # What the module binds is the module's; with a star import also what it uses, since that may come from there.
    own = set(_bindings(tree.body)) | (_global_names(text) if _has_star(tree) else set())
    kept = _with_needs(order, taken, own)
    return [piece for piece in order if id(piece) in kept], taken


def _with_needs(order: list[Piece], taken: Mapping[str, Piece], own: AbstractSet[str]) -> set[int]:
    """Return by identity the pieces that are taken and those that they need, directly or through others."""
    makers: dict[str, Piece] = {}
    for piece in order:
        names = _bindings([piece.node])
        if not names.keys() & (own | _BUILTINS):
            makers.update(dict.fromkeys(names, piece))
    queue = list(taken.values())
    kept = {id(piece) for piece in queue}
    for piece in queue:
        for name in sorted(_global_names("\n".join(piece.lines))):
            maker = taken.get(name) or makers.get(name)
            if maker is not None and id(maker) not in kept:
                kept.add(id(maker))
                queue.append(maker)
    return kept


def _single(piece: Piece) -> Iterator[Piece]:
    """Yield a piece as it is, an import name by name; a star brings names that nobody can foresee, so none is taken."""
    node = piece.node
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        yield piece
        return
    for alias in node.names:
        if alias.name != "*" and getattr(node, "module", "") != "__future__":
            one = copy.copy(node)
            one.names = [alias]
            yield Piece(one, piece.notebook, piece.cell, piece.line, (ast.unparse(one),))


def _by_top(exercises: Iterable[str]) -> dict[str, list[str]]:
    """Return the methods asked for by class, and functions with no method."""
    found: dict[str, list[str]] = {}
    for name in exercises:
        top, _, method = name.partition(".")
        found.setdefault(top, []).extend([method] if method else [])
    return found


def _is_unwritten(node: ast.AST, methods: Sequence[str]) -> bool:
    """Return whether what binds a name is a stub, or a class without one written exercise."""
    if isinstance(node, _Function):
        return not node.decorator_list and is_stub(node)
    if not isinstance(node, ast.ClassDef) or node.decorator_list:
        return False
    inner = _bindings(node.body)
    inherits = any(not (isinstance(base, ast.Name) and base.id == "object") for base in node.bases)
    return bool(methods) and all(
        all(_is_unwritten(each, ()) for each in inner[name]) if name in inner else not inherits for name in methods
    )


def _writes(node: ast.AST, methods: Sequence[str]) -> bool:
    """Return whether a definition in a notebook is more than a stub."""
    if isinstance(node, _Function):
        return not is_stub(node)
    if not isinstance(node, ast.ClassDef):
        return False
    return any(isinstance(each, _Function) and each.name in methods and not is_stub(each) for each in node.body)


def _bindings(body: Iterable[ast.AST]) -> dict[str, list[ast.AST]]:
    """Return what binds each name in the scope of these statements; ``C.f = g`` counts as binding ``C``."""
    found: dict[str, list[ast.AST]] = {}
    stack = list(body)[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, (*_Function, ast.ClassDef)):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name.partition(".")[0], []).append(node)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, []).append(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, []).append(node)
        if not isinstance(node, _Scope):
            stack += list(ast.iter_child_nodes(node))[::-1]
    return found


def _has_star(tree: ast.Module) -> bool:
    """Return whether a module imports names that its text does not tell."""
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree))


def _global_names(text: str) -> set[str]:
    """Return the names that a text looks up in its module, whether it binds them or not."""
    found: set[str] = set()
    try:
        tables = [symtable.symtable(text, "cell", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found
    while tables:
        table = tables.pop()
        top = table.get_type() == "module"
        found |= {each.get_name() for each in table.get_symbols() if each.is_referenced() and (top or each.is_global())}
        tables += table.get_children()
    return found

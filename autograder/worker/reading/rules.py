"""
Constructs that an assignment forbids or asks for, found in the tree of a module without running it.

A rule names a module, perhaps one function in it (``CaptioningRNN.loss``), a kind, and names:

    import      one of the names is imported                   {"names": ["torch"]}
    name        one of the names is used, in any spelling      {"names": ["nn.RNN", "torch.einsum"]}
    call        one of the names is called
    loop        a Python loop or comprehension stands there    {"names": []}
    requires    none of the names is used                      {"names": ["np.einsum"]}

Names are compared after the module's own imports are resolved: ``import torch.nn as N; N.RNN`` is ``torch.nn.RNN``,
and a rule may give any tail of that, as ``nn.RNN``; ``@`` is a matrix product. What a function requires may stand in
the functions and methods of the module that it uses, so that a helper is no offence. A finding is a statement about
text; what it costs is the assignment's word.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["check_rule"]

_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_WORDS = {ast.While: "a while loop", ast.For: "a for loop", ast.AsyncFor: "a for loop"}


def check_rule(tree: ast.Module, kind: str, function: str | None, names: list[str]) -> list[tuple[int, str]]:
    """Return (line, text) for each place where a module breaks a rule; nothing for a kind that is not known."""
    scope: ast.AST | None = tree if function is None else _find(tree, function)
    if scope is None:
        return []
    where = function or "this file"
    if kind == "loop":
        return [
            (node.lineno, f"{where} has {_WORDS.get(type(node), 'a comprehension')}")
            for node in ast.walk(scope)
            if isinstance(node, _LOOPS)
        ]
    if kind == "import":
        return [(line, f"imports {name}") for line, name in _imported(scope) if _is_under(name, names)]
    aliases = _aliases(tree)
    if kind in {"name", "call"}:
        return [
            (line, f"{where} uses {name}")
            for line, name in _used(scope, aliases, calls_only=kind == "call")
            if any(_has_tail(name, wanted) for wanted in names)
        ]
    if kind == "requires":
        used = {name for part in _with_helpers(tree, scope) for _, name in _used(part, aliases, calls_only=False)}
        if not any(_has_tail(name, wanted) for name in used for wanted in names):
            return [(getattr(scope, "lineno", 1), f"{where} does not use {' or '.join(names)}")]
    return []


def _find(tree: ast.Module, qualified: str) -> ast.AST | None:
    """Return the definition of ``f`` or ``Class.f``; the last one where there are several, as Python does."""
    scope: ast.AST | None = tree
    for part in qualified.split("."):
        body = getattr(scope, "body", [])
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        scope = next((node for node in reversed(body) if isinstance(node, kinds) and node.name == part), None)
    return scope


def _with_helpers(tree: ast.Module, scope: ast.AST) -> list[ast.AST]:
    """Return a definition and the functions and methods of its module that it uses, directly or through others."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    helpers = {
        node.name: node for body in (tree.body, *(each.body for each in classes)) for node in body
        if isinstance(node, kinds) and node.name != "__init__"
    }  # fmt: skip
    found = [scope]
    for part in found:
        names = {name.rpartition(".")[2] for _, name in _used(part, {}, calls_only=False)}
        found += [helpers.pop(name) for name in names & helpers.keys()]
    return found


def _imported(scope: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the dotted name of everything that is imported, with its line."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Return for each name that an import of the module binds the dotted name that it stands for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def _used(scope: ast.AST, aliases: dict[str, str], *, calls_only: bool) -> Iterator[tuple[int, str]]:
    """Yield the longest dotted names that are used, imports resolved, with their lines."""
    inner: set[int] = set()
    for node in ast.walk(scope):  # outer nodes come first, so the inner parts of a dotted name can be passed over
        if isinstance(node, ast.MatMult) and not calls_only:
            yield getattr(scope, "lineno", 1), "@"
        target = node.func if isinstance(node, ast.Call) else node
        if calls_only and not isinstance(node, ast.Call):
            continue
        if id(target) in inner or not isinstance(target, (ast.Attribute, ast.Name)):
            continue
        parts: list[str] = []
        part: ast.expr = target
        while isinstance(part, ast.Attribute):
            inner.add(id(part))
            parts.append(part.attr)
            part = part.value
        inner.add(id(part))
        if isinstance(part, ast.Name):
            parts.append(aliases.get(part.id, part.id))
        if parts:
            yield target.lineno, ".".join(reversed(parts))


def _is_under(name: str, parents: list[str]) -> bool:
    """Return whether a dotted name is one of the names or lies below one."""
    return any(name == parent or name.startswith(parent + ".") for parent in parents)


def _has_tail(name: str, tail: str) -> bool:
    """Return whether a dotted name ends in the given parts: ``torch.nn.RNN`` in ``nn.RNN``; or lies below it."""
    return f".{tail}." in f".{name}."

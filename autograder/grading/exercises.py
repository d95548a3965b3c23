"""
What students are asked to write: the functions of the instructor's modules that have a solution in them.

    source/assignment3/a3/rnn_layers.py   def rnn_forward(…):          ──▶  rnn_layers: rnn_forward, …
                                              ### BEGIN SOLUTION

A module without markers is an exercise as a whole: each of its functions and methods. The text is the instructor's
own, so it is parsed here, once for a run.
"""

from __future__ import annotations

import ast

from autograder.config import Assignment
from autograder.errors import ConfigError
from autograder.notebooks.markers import find_regions

__all__ = ["find_exercises"]


def find_exercises(assignment: Assignment) -> dict[str, tuple[str, ...]]:
    """
    Return for each module of an assignment the functions, and the methods as ``Class.method``, that students write.

    Raises:
        ConfigError: A module of the instructor's is no Python, or has a marker that is none.
    """
    found = {}
    for name, module in assignment.modules.items():
        path = assignment.folder / module.file
        try:
            text = path.read_text("utf-8")
            tree = ast.parse(text)
        except FileNotFoundError:
            continue
        except (SyntaxError, ValueError) as error:
            raise ConfigError(f"{path}: expected a Python module: {error}") from error
        found[name] = _in_module(tree, [region.first for region in find_regions(text, str(path))])
    return found


def _in_module(tree: ast.Module, marks: list[int]) -> tuple[str, ...]:
    """Return the functions of a module that hold one of the lines ``marks``; all of them where there is none."""
    functions = [
        (f"{owner}{node.name}", node)
        for owner, body in [("", tree.body), *((f"{each.name}.", each.body) for each in _classes(tree))]
        for node in body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    marked = [name for name, node in functions if any(node.lineno <= mark <= (node.end_lineno or 0) for mark in marks)]
    return tuple(marked or [name for name, _ in functions if not name.endswith("__")])


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    """Return the classes at the top of a module."""
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]

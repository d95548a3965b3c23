"""
What can be said of a Python text by parsing it: its identity, its imports, its definitions, its unfinished parts.

One walk over the tree of a module serves everything that needs the whole tree (`scan`), because walking is what costs.
The identity is a hash of the tree in prefix order: every node class has a fixed list of fields, so the sequence can be
read back in one way only. Line numbers are no part of it, hence comments, blank lines and layout change nothing.
The hash has the purpose of ``ast.dump`` at half its price.

One construct of Python 2 is read as what it means: a ``print`` without parentheses (`with_parentheses`), because what
is printed earns nothing, and one such line in a given function would cost the whole file. All else is named.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

__all__ = [
    "Definition",
    "Scan",
    "SyntaxProblem",
    "definitions",
    "explain_syntax_error",
    "is_stub",
    "parse",
    "scan",
    "with_parentheses",
]

# ``ctx`` follows from where a node stands, ``kind`` only tells u"" from "", and type comments are comments.
_SILENT_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_MARKER = re.compile(r"^(<{7}|>{7}|\|{7})(?:\s|$)")
_SEPARATOR = re.compile(r"^={7}\s*$")
_WORDS = re.compile(r"""#.*|"[^"]*"|'[^']*'""")
_PRINT = re.compile(r"^\s*print\s+[^=\s(]|^\s*print\s*>>")
# What may stand before a print on its line, and what it may begin with without meaning something else in Python 3.
_BEFORE_PRINT = frozenset({tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT})
_VALUE_WORDS = frozenset({"None", "True", "False", "not", "lambda"})
_PYTHON2 = (
    (re.compile(r"^\s*exec\s+[\"'\w]"), "write `exec(code)` with parentheses"),
    (re.compile(r"^\s*except\s+[\w.() ,]+,\s*\w+\s*:"), "write `except Error as e:` instead of `except Error, e:`"),
    (re.compile(r"^\s*raise\s+[\w.]+\s*,"), "write `raise Error(text)` instead of `raise Error, text`"),
    (re.compile(r"<>"), "write `!=` instead of `<>`"),
    (re.compile(r"`[^`]+`"), "write `repr(x)` instead of backquotes"),
    (re.compile(r"\bur[\"']"), "remove the `u` before the text"),
    (
        re.compile(r"(?<![\w.])(?:0\d+(?![\w.])|\d+[lL]\b)"),
        "write octal numbers as `0o17`, and long numbers without the `L`",
    ),
    (re.compile(r"^\s*def\s+\w+\(.*\(\w+\s*,"), "unpack a tuple in the body of the function, not in its arguments"),
)


@dataclass(frozen=True)
class SyntaxProblem:
    """Why a text is no Python module: ``kind`` as in the reply to Prepare, the line (from 1), and what to do."""

    kind: str
    line: int
    text: str


@dataclass(frozen=True)
class Definition:
    """A function or class by its qualified name: where it begins, and whether its body is still to be written."""

    name: str
    line: int
    stub: bool


@dataclass
class Scan:
    """What one walk over a tree finds: identity, import statements in order, and whether CUDA is named."""

    digest: str = ""
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    uses_cuda: bool = False


_forms: dict[type, tuple[str, tuple[str, ...]]] = {}


def _form_of(kind: type) -> tuple[str, tuple[str, ...]]:
    """Return the name of a node class and those of its fields that carry meaning."""
    names: tuple[str, ...] = getattr(kind, "_fields", ())
    found = _forms[kind] = (kind.__name__, tuple(name for name in names if name not in _SILENT_FIELDS))
    return found


def scan(tree: ast.Module) -> Scan:
    """
    Return the identity and the imports of a module's tree; one pass, no recursion.

    A node says its class and its plain fields at once, and its inner nodes later, the last one first: a fixed order,
    from which the tree could be built again. Names have no line breaks and constants are said as ``repr``, so lines
    are apart.
    """
    found = Scan()
    said: list[str] = []
    stack: list[object] = [tree]
    say, push, pop, forms = said.append, stack.append, stack.pop, _forms
    while stack:
        node = pop()
        kind = node.__class__
        if kind is ast.Constant:
            constant: Any = node.value  # type: ignore[attr-defined]
            say(hex(constant) if constant.__class__ is int else repr(constant))  # repr refuses integers of many digits
            continue
        if kind is str or node is None:  # in a list: the names of a global statement, the missing key of **more
            say(f"={node}")
            continue
        name, fields = forms.get(kind) or _form_of(kind)
        say(name)
        inside = node.__dict__
        for field_name in fields:
            value: Any = inside.get(field_name)
            inner = value.__class__
            if inner is str:
                say(value)
            elif inner is list:
                say(f"[{len(value)}")
                stack += value
            elif value is None or inner is int or inner is bool:
                say(f"-{value}")
            else:
                say("+")  # there is a node here: without a word, x[1:] and x[:1] would be one
                push(value)
        if kind is ast.Import or kind is ast.ImportFrom:
            found.imports.append(node)  # type: ignore[arg-type]
    found.imports.reverse()
    text = "\n".join(said)
    found.uses_cuda = "cuda" in text
    found.digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return found


def parse(text: str) -> ast.Module | SyntaxProblem:
    """Return the tree of a module, or why there is none. Nothing is run, and no text can make this raise."""
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return SyntaxProblem("encoding", line, "there are NUL characters here: save the file again as plain UTF-8 text")
    try:
        return ast.parse(text)
    except SyntaxError as error:
        return explain_syntax_error(text, error)
    except (RecursionError, MemoryError, ValueError):
        return SyntaxProblem("syntax", 1, "the code is nested too deeply for Python to read it")


def with_parentheses(text: str) -> tuple[str, list[int]]:
    """Return a Python 2 text with each ``print x`` as ``print(x)``, and the lines where they stand; none is moved."""
    lines = io.StringIO(text).readlines()
    try:
        tokens = list(tokenize.generate_tokens(iter(lines).__next__))
    except (tokenize.TokenError, SyntaxError, RecursionError):
        return text, []
    inserts: list[tuple[int, int, str]] = []
    found: list[int] = []
    for index, token in enumerate(tokens):
        if token.string == "print" and token.type == tokenize.NAME and _is_statement(tokens, index):
            end = _last_of_statement(tokens, index)
            inserts += [(*token.end, "("), (*end.end, ")")]
            found.append(token.start[0])
    for row, column, sign in sorted(inserts, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + sign + line[column:]
    return "".join(lines), found


def _is_statement(tokens: list[tokenize.TokenInfo], index: int) -> bool:
    """Return whether the name at ``index`` begins a statement, with a value to print after it."""
    before, after = tokens[index - 1] if index else None, tokens[index + 1]
    if before is not None and before.type not in _BEFORE_PRINT and before.string not in {":", ";"}:
        return False
    if after.type == tokenize.NAME:
        return not keyword.iskeyword(after.string) or after.string in _VALUE_WORDS
    return after.type in {tokenize.STRING, tokenize.NUMBER}


def _last_of_statement(tokens: list[tokenize.TokenInfo], index: int) -> tokenize.TokenInfo:
    """Return the last token of the statement that begins at ``index``."""
    depth, last = 0, tokens[index]
    for token in tokens[index + 1 :]:
        if token.type in {tokenize.NEWLINE, tokenize.ENDMARKER} or (token.string == ";" and not depth):
            break
        if token.type == tokenize.OP:
            depth += (token.string in {"(", "[", "{"}) - (token.string in {")", "]", "}"})
        if token.type not in {tokenize.COMMENT, tokenize.NL}:
            last = token
    return last


def explain_syntax_error(text: str, error: SyntaxError) -> SyntaxProblem:
    """Return in plain words what a syntax error is about: merge markers, Python 2, an empty block, or itself."""
    lines = text.splitlines()
    for number, content in enumerate(lines, 1):
        if _MARKER.match(content) or (number == error.lineno and _SEPARATOR.match(content)):
            return SyntaxProblem(
                "merge_markers",
                number,
                f"the merge marker `{content[:7]}` of git is still in the file: keep one of the two versions and delete"
                " the lines that begin with <<<<<<<, =======, and >>>>>>>",
            )
    line = min(max(error.lineno or 1, 1), max(len(lines), 1))
    message = error.msg or "invalid syntax"
    here = lines[line - 1] if lines else ""
    python2 = _python2(here, message)
    if python2:
        return SyntaxProblem("python2", line, f"this is Python 2, and grading runs Python 3: {python2}")
    if message.startswith("expected an indented block"):
        what = message.removeprefix("expected an indented block").strip() or "before this line"
        return SyntaxProblem(
            "syntax", line, f"the block {what} is empty: write its body, or put `pass` there until you do"
        )
    if isinstance(error, TabError):
        return SyntaxProblem("syntax", line, "tabs and spaces are mixed in the indentation: use spaces only")
    return SyntaxProblem("syntax", line, f"{type(error).__name__}: {message}")


def _python2(line: str, message: str) -> str:
    """Return how to convert a line that is Python 2, or an empty text when it is not."""
    if message.startswith("Missing parentheses in call to 'print'") or _PRINT.match(line):
        return "write `print(...)` with parentheses"
    if message.startswith("Missing parentheses in call to 'exec'"):
        return "write `exec(...)` with parentheses"
    code = _WORDS.sub('""', line)  # what a comment or a text says is not what the error is about
    return next((advice for pattern, advice in _PYTHON2 if pattern.search(code)), "")


def definitions(tree: ast.Module) -> list[Definition]:
    """Return the functions and classes at the top of a module, with the methods as ``Class.method``."""
    found = []
    for node in _statements(tree.body):
        if isinstance(node, ast.ClassDef):
            found.append(Definition(node.name, node.lineno, stub=False))
            found += [
                Definition(f"{node.name}.{inner.name}", inner.lineno, is_stub(inner))
                for inner in _statements(node.body)
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef))
            ]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(Definition(node.name, node.lineno, is_stub(node)))
    return found


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a body and of the if, try and with blocks in it: what still binds names there."""
    found = []
    for node in body:
        found.append(node)
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            found += _statements(inner)
    return found


def is_stub(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """
    Return whether the body of a function is still what a starter file leaves there.

    Every statement must be idle (a docstring, ``pass``, a name set to a constant or an empty array, such a name
    returned), and one must say that nothing was done: ``pass``, ``...``, None, or NotImplementedError. Whatever stands
    before it, a function that can only end in NotImplementedError is one as well: given lines often go before the gap.
    """
    if _never_returns(function.body):
        return True
    blank = False
    for node in function.body:
        if isinstance(node, ast.Pass):
            blank = True
        elif isinstance(node, ast.Raise):
            called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if not (isinstance(called, ast.Name) and called.id == "NotImplementedError"):
                return False
            blank = True
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            blank = blank or node.value.value is Ellipsis
        elif isinstance(node, ast.Assign) or (isinstance(node, ast.Return) and node.value is not None):
            value = node.value
            if value is None or not _is_idle(value):
                return False
            blank = blank or _has_none(value)
        elif not isinstance(node, ast.Return):
            return False
    return blank


def _never_returns(body: list[ast.stmt]) -> bool:
    """Return whether a body comes to its own ``raise NotImplementedError`` and nothing before it may return."""
    for node in body:
        if isinstance(node, ast.Raise):
            called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            return isinstance(called, ast.Name) and called.id == "NotImplementedError"
        if any(isinstance(inner, (ast.Return, ast.Yield, ast.YieldFrom)) for inner in ast.walk(node)):
            return False
    return False


def _is_idle(value: ast.expr) -> bool:
    """Return whether an expression computes nothing: constants, names, shapes, and fresh empty arrays."""
    if isinstance(value, (ast.Constant, ast.Name)):
        return True
    if isinstance(value, (ast.Tuple, ast.List)):
        return all(_is_idle(item) for item in value.elts)
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.Attribute):
        return value.attr == "shape"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return value.func.attr in {"empty", "zeros", "empty_like", "zeros_like"}
    return False


def _has_none(value: ast.expr) -> bool:
    """Return whether an expression is None or a tuple of Nones."""
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(_has_none(item) for item in value.elts)
    return isinstance(value, ast.Constant) and value.value is None

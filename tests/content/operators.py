"""
Mistakes made by rule: operators that each change one place of our solution, as a slip of the pen would.

An operator looks at one node of the syntax tree and offers other nodes for it; a mutant is the module with one offer
taken. Only what students write is changed, the regions between ``### BEGIN SOLUTION`` and ``### END SOLUTION``. Offers
that change nothing are never made: two equal values are not swapped, what only lends its shape is left alone.

    >>> [mutant.name for mutant in mutants(module, text)]
    ['rnn_step_forward: sign: next_h = np.tanh(x @ Wx + prev_h @ Wh + b) -> ... x @ Wx + prev_h @ Wh - b', ...]
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

__all__ = ["OPERATORS", "OperatorMutant", "functions", "mutants"]

SAME_KIND = (
    {"prev_h", "next_h", "h0"}, {"prev_c", "next_c", "tanh_c"}, {"i", "f", "o", "g"}, {"a_i", "a_f", "a_o", "a_g"},
    {"da", "dc", "dnext_h", "dnext_c"}, {"da_i", "da_f", "da_o", "da_g"}, {"Wx", "Wh"}, {"dWx", "dWh", "db"},
    {"dWx_t", "dWh_t", "db_t"}, {"dh_next", "dc_next"}, {"dh", "dwords", "dh0", "dscores"}, {"h", "c", "x"},
    {"lstm_forward", "rnn_forward", "lstm_backward", "rnn_backward"}, {"captions_in", "captions_out"},
    {"proj_cache", "embed_cache", "cell_cache", "vocab_cache"}, {"W_proj", "W_vocab", "W_embed"},
    {"b_proj", "b", "b_vocab"}, {"_start", "_null", "_end"},
)  # fmt: skip
"""Names of variables, attributes and weights that are mistaken for each other."""
LENDS_ITS_SHAPE = {"zeros_like", "ones_like", "len", "full"}

Operator = Callable[[ast.AST, "Place"], Iterator[ast.AST]]


@dataclass(frozen=True)
class Place:
    """Where a node stands: the nodes around it, innermost last, and the names that have a value there."""

    around: tuple[ast.AST, ...]
    known: frozenset[str]

    @property
    def parent(self) -> ast.AST:
        """The node that it is a part of."""
        return self.around[-1]

    def within(self, *kinds: type[ast.AST]) -> bool:
        """Say whether a node around it is of one of these kinds."""
        return any(isinstance(node, kinds) for node in self.around)

    @property
    def lends_shape(self) -> bool:
        """Say whether it stands in an argument whose shape alone matters."""
        return any(called(node) in LENDS_ITS_SHAPE for node in self.around)


@dataclass(frozen=True)
class OperatorMutant:
    """One mistake by rule: where, which operator, and the whole module with it."""

    module: str
    function: str
    operator: str
    old: str
    new: str
    sets_cache: bool
    text: str

    @property
    def name(self) -> str:
        """What it is, the same from run to run."""
        return f"{self.function}: {self.operator}: {self.old} -> {self.new}"


def called(node: ast.AST) -> str:
    """Return the last name of what a call calls, or nothing."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def changed(node: ast.AST, **fields: object) -> ast.AST:
    """Return a copy of a node with other values in some fields."""
    other = copy.deepcopy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def expression(text: str) -> ast.expr:
    """Return the node of an expression."""
    return ast.parse(text, mode="eval").body


def same(one: ast.AST, other: ast.AST) -> bool:
    """Say whether two nodes read the same."""
    return ast.dump(one) == ast.dump(other)


# Arithmetic -----------------------------------------------------------------------------------------------------------


def sign(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """A plus is a minus; what a variable is given has the other sign."""
    match node:
        case ast.BinOp(op=ast.Add()):
            yield changed(node, op=ast.Sub())
        case ast.BinOp(op=ast.Sub()):
            yield changed(node, op=ast.Add())
    if isinstance(place.parent, ast.Assign) and isinstance(node, (ast.BinOp, ast.Call)) and node is place.parent.value:
        names = [target for target in place.parent.targets if isinstance(target, (ast.Name, ast.Subscript))]
        if names and called(node) not in {*LENDS_ITS_SHAPE, "zeros"}:  # there is no other zero
            yield ast.UnaryOp(ast.USub(), node)


def dropped_term(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """One side of a sum, a difference or a product is forgotten."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
        yield node.left
        if not isinstance(node.op, ast.Sub):
            yield node.right


def product_or_sum(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """A product is a sum, a sum a product, a product of matrices one of their entries."""
    match node:
        case ast.BinOp(op=ast.Mult()):
            yield changed(node, op=ast.Add())
        case ast.BinOp(op=ast.Add()):
            yield changed(node, op=ast.Mult())
        case ast.BinOp(op=ast.MatMult()):
            yield changed(node, op=ast.Mult())


def counted_twice(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """One side of a sum counts twice."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield changed(node, left=ast.BinOp(ast.Constant(2), ast.Mult(), node.left))
        yield changed(node, right=ast.BinOp(ast.Constant(2), ast.Mult(), node.right))


def power(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """A square is no power, or the next."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield node.left
        yield changed(node, right=ast.Constant(3))


def nonlinearity(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """Tanh and sigmoid are mixed up, or left out."""
    if called(node) in {"tanh", "sigmoid"}:
        yield node.args[0]
        yield changed(node, func=expression("sigmoid" if called(node) == "tanh" else "np.tanh"))
        yield changed(node, func=expression("np.abs"))
        yield changed(node, args=[node])


def constant(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """A number that is not an index is one more, one less."""
    counts = (ast.Subscript, ast.keyword, ast.Slice)
    if isinstance(node, ast.Constant) and type(node.value) is int and not place.within(*counts):
        yield changed(node, value=node.value + 1)
        if not (isinstance(place.parent, ast.BinOp) and isinstance(place.parent.op, ast.Pow)):
            yield changed(node, value=node.value - 1)


# Arrays ---------------------------------------------------------------------------------------------------------------


def transpose(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """A matrix is transposed that must not be, or the other way round."""
    match node:
        case ast.Attribute(attr="T"):
            yield node.value
        case ast.Name() if isinstance(place.parent, ast.BinOp) and isinstance(place.parent.op, ast.MatMult):
            yield ast.Attribute(node, "T", ast.Load())


def axis(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """Another axis, or none; a sum that is an average."""
    if not isinstance(node, ast.Call):
        return
    for place, word in enumerate(node.keywords):
        if word.arg == "axis":
            other = ast.keyword("axis", ast.Constant(1 - word.value.value))
            yield changed(node, keywords=[*node.keywords[:place], other, *node.keywords[place + 1 :]])
            if called(node) not in {"stack", "concatenate", "split"}:  # none is axis 0 there
                yield changed(node, keywords=[*node.keywords[:place], *node.keywords[place + 1 :]])
    if called(node) == "sum":
        yield changed(node, func=expression("np.mean"))
        yield changed(node, func=expression("np.max"))
    if called(node) == "argmax":
        yield changed(node, func=expression("np.argmin"))


def index(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """An index is one off, the first one, or the last one."""
    if place.within(ast.Slice) or place.lends_shape:
        return
    if not place.within(ast.Subscript) or isinstance(getattr(node, "ctx", None), ast.Store):
        return
    inner = place.around[-2] if isinstance(place.parent, ast.Tuple) else place.parent
    if not isinstance(inner, ast.Subscript) or node is inner.value:
        return
    match node:
        case ast.Name(id="t" | "step"):
            for other in (f"{node.id} - 1", f"{node.id} + 1", "0", "-1"):
                yield expression(other)
        case ast.Constant(value=int()):
            yield changed(node, value=1 - node.value)
            yield changed(node, value=node.value + 1)


def span(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """A loop leaves out its first or its last step, makes one too many, or only one."""
    if called(node) == "range":
        (stop,) = node.args
        for other in (["1", ast.unparse(stop)], [f"{ast.unparse(stop)} - 1"], [f"{ast.unparse(stop)} + 1"], ["1"]):
            yield changed(node, args=[expression(text) for text in other])


def backwards(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """What is reversed is not, and what is not is."""
    if called(node) == "reversed":
        yield node.args[0]
    if called(node) == "range" and called(place.parent) != "reversed":
        yield ast.Call(ast.Name("reversed", ast.Load()), [node], [])
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.step:
        yield node.value
        yield changed(node, slice=expression("x[:-1]").slice)
    if called(node) == "append":
        yield changed(node, func=changed(node.func, attr="insert"), args=[ast.Constant(0), *node.args])


def start(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """Zeros where a state is given, a state or ones where zeros are asked for."""
    match node:
        case ast.Call() if called(node) in {"zeros_like", "zeros"}:
            ones = called(node).replace("zeros", "ones")
            yield changed(node, func=changed(node.func, attr=ones))
            if called(node) == "zeros_like":
                yield node.args[0]
        case ast.Name(id="h0" | "features" | "dh0" | "dh_next" | "prev_c", ctx=ast.Load()):
            in_tuple = isinstance(place.parent, ast.Tuple) and not isinstance(place.around[-2], ast.Assign)
            if not in_tuple and not place.lends_shape:
                yield expression(f"np.zeros_like({node.id})")


# Names, order and flow ------------------------------------------------------------------------------------------------


def wrong_name(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """Another value of the same kind: the state before for the one after, another gate, another weight."""
    lent = place.lends_shape and not isinstance(node, ast.Attribute)
    for kind in SAME_KIND if not lent else ():
        match node:
            case ast.Name(ctx=ast.Load()) if node.id in kind:
                yield from (ast.Name(other, node.ctx) for other in sorted((kind & place.known) - {node.id}))
            case ast.Constant(value=str()) if node.value in kind and isinstance(place.parent, ast.Subscript):
                yield from (ast.Constant(other) for other in sorted(kind - {node.value}))
            case ast.Attribute(attr=attr) if attr in kind:
                yield from (changed(node, attr=other) for other in sorted(kind - {attr}))


def order(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """Two neighbours change places: arguments, values of a list, targets of an assignment."""
    field = "args" if isinstance(node, ast.Call) else "elts" if isinstance(node, (ast.Tuple, ast.List)) else None
    values = getattr(node, field) if field else []
    given = place.parent.value if isinstance(place.parent, ast.Assign) else node
    for number, (one, other) in enumerate(itertools.pairwise(values)):
        same_is_given = isinstance(given, ast.Tuple) and same(*given.elts[number : number + 2])
        if not same(one, other) and not same_is_given and not place.lends_shape:
            yield changed(node, **{field: [*values[:number], other, one, *values[number + 2 :]]})


def condition(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    """A condition is turned round, or always the same; a mask is, or belongs to the words that are read."""
    if isinstance(node, ast.Compare):
        yield changed(node, ops=[ast.NotEq() if isinstance(node.ops[0], ast.Eq) else ast.Eq()])
    if isinstance(place.parent, (ast.If, ast.IfExp)) and node is place.parent.test:
        yield ast.Constant(value=True)
        yield ast.Constant(value=False)
    if isinstance(node, ast.Name) and node.id == "mask":
        for other in ("~mask", "np.ones_like(mask)", "captions_in != self._null", "captions_out > self._null"):
            yield expression(other)


def accumulation(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """Adding up in place is something else in place."""
    if isinstance(node, ast.Attribute) and node.attr == "add":
        yield changed(node, attr="subtract")
        yield changed(node, attr="maximum")


def dropped_line(node: ast.AST, _place: Place) -> Iterator[ast.AST]:
    """A line is forgotten, where what it gives a value to has one already or is not a name."""
    if isinstance(node, ast.Expr):
        yield ast.Pass()
    if isinstance(node, ast.Assign) and len(node.targets) > 1:
        for place in range(len(node.targets)):
            yield changed(node, targets=[*node.targets[:place], *node.targets[place + 1 :]])


OPERATORS: dict[str, Operator] = {
    "sign": sign,
    "dropped term": dropped_term,
    "product or sum": product_or_sum,
    "counted twice": counted_twice,
    "power": power,
    "nonlinearity": nonlinearity,
    "constant": constant,
    "transpose": transpose,
    "axis": axis,
    "index": index,
    "span": span,
    "backwards": backwards,
    "start": start,
    "wrong name": wrong_name,
    "order": order,
    "condition": condition,
    "accumulation": accumulation,
    "dropped line": dropped_line,
}


# From a module to its mutants -----------------------------------------------------------------------------------------


@cache
def mutants(module: str, text: str) -> tuple[OperatorMutant, ...]:
    """Return every module that one operator makes of one place, each once."""
    return tuple(_mutants(module, text))


def _mutants(module: str, text: str) -> Iterator[OperatorMutant]:
    tree, regions, seen = ast.parse(text), _regions(text), {text}
    for function, node in functions(tree):
        for statement in ast.walk(node):
            if not isinstance(statement, ast.stmt) or statement.lineno not in regions:
                continue
            known = _known(tree, node, statement.lineno)
            for operator, place, offer in _offers(statement, known):
                old, new, whole = _replaced(text, statement, place, offer)
                if whole not in seen:
                    seen.add(whole)
                    yield OperatorMutant(module, function, operator, old, new, _sets_cache(statement), whole)


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield functions and methods by their full names."""
    for node in tree.body:
        for part in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(part, ast.FunctionDef):
                yield (part.name if part is node else f"{node.name}.{part.name}"), part


def _regions(text: str) -> set[int]:
    """Return the numbers of the lines that students write."""
    lines, inside = set(), False
    for number, line in enumerate(text.splitlines(), start=1):
        inside = (inside or "### BEGIN SOLUTION" in line) and "### END SOLUTION" not in line
        if inside:
            lines.add(number)
    return lines


def _known(tree: ast.Module, function: ast.FunctionDef, line: int) -> frozenset[str]:
    """Return the names that have a value before a line of a function."""
    outside = {
        name
        for node in tree.body
        for name in [getattr(node, "name", ""), *(a.name for a in getattr(node, "names", ()))]
    }
    inside = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.lineno < line
    }
    return frozenset(outside | inside | {argument.arg for argument in function.args.args})


def _sets_cache(statement: ast.stmt) -> bool:
    """Say whether a statement makes what the backward partner will be given."""
    match statement:
        case ast.Assign():
            return any(getattr(node, "id", "") == "cache" for target in statement.targets for node in ast.walk(target))
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="cache")))):
            return True
    return False


def _offers(statement: ast.stmt, known: frozenset[str]) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    """Yield what each operator offers for the nodes of a statement, but for the statements within it."""

    def visit(node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[tuple[str, ast.AST, ast.AST]]:
        for name, operator in OPERATORS.items():
            for offer in operator(node, Place(around, known)):
                yield name, node, offer
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.stmt):
                yield from visit(child, (*around, node))

    yield from visit(statement, (ast.Module(), ast.Module()))


def _replaced(text: str, statement: ast.stmt, place: ast.AST, offer: ast.AST) -> tuple[str, str, str]:
    """Return the statement's first line before and after, and the whole text with an offer taken."""
    begins = [0, *itertools.accumulate(len(line.encode()) for line in text.splitlines(keepends=True))]

    def at(line: int, column: int) -> int:
        return begins[line - 1] + column

    whole, new = text.encode(), _source(offer).encode()
    first, last = at(place.lineno, place.col_offset), at(place.end_lineno, place.end_col_offset)
    start, stop = at(statement.lineno, statement.col_offset), at(statement.end_lineno, statement.end_col_offset)
    if isinstance(statement, (ast.For, ast.If, ast.While)):
        stop = at(statement.body[0].lineno, statement.body[0].col_offset)
    parts = whole[start:stop], whole[start:first] + new + whole[last:stop]
    old_line, new_line = (" ".join(part.decode().partition("#")[0].split()) for part in parts)
    return old_line, new_line, (whole[:first] + new + whole[last:]).decode()


def _source(node: ast.AST) -> str:
    """Return how a node is written where another stood."""
    if isinstance(node, ast.Tuple) and any(isinstance(value, ast.Slice) for value in node.elts):
        return ast.unparse(ast.Subscript(ast.Name("x", ast.Load()), node, ast.Load()))[2:-1]
    text = ast.unparse(node)
    plain = (ast.Name, ast.Constant, ast.Attribute, ast.Call, ast.Subscript, ast.Tuple, ast.List, ast.stmt)
    return text if isinstance(node, plain) else f"({text})"

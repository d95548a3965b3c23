"""
Local checks: they say whether what you wrote is right in the cases that a notebook tries.

    with question("rnn_step_forward", rnn_step_forward) as check:
        next_h, cache = check.parts(rnn_step_forward(x, prev_h, Wx, Wh, b), "next_h, cache")
        check.close("next_h", next_h, expected)

Each comparison prints a line. The first one that fails says what was expected, what came and where, and stops the cell.
At the end stands a ✓. It speaks for these cases alone: hidden tests ask your code about other sizes and numbers.

In a notebook, ``%load_ext a3.checks`` also lets a cell that runs into an unwritten function say so in one sentence.
There the last line remembers what was checked, by a ``fingerprint`` of each function: a later change of the function
shows that the cell is to be run again. Everything here works without a notebook too; it then prints the same lines.
"""

import ast
import hashlib
import inspect
import json
import linecache
import sys
import textwrap
import types
from html import escape
from pathlib import Path

import numpy as np

__all__ = ["Check", "CheckFailed", "fingerprint", "load_ipython_extension", "question"]

STUB = "raise NotImplementedError()"
"""What stands where your code goes."""

FACTORS = 64
"""The largest whole factor that a hint names: sizes of a minibatch or of a sequence are below it."""


class CheckFailed(AssertionError):
    """A local check fails; the text says how. A notebook shows this text alone, without the way to this line."""

    def _render_traceback_(self):
        """Return the lines that IPython shows."""
        return [f"✗ {self}"]


def question(name, *functions):
    """
    Begin the local checks of a question.

    Args:
        name: Of the question, such as "rnn_step_forward".
        functions: What is checked: functions, methods or classes.

    Returns:
        check: A Check, for a ``with`` block.
    """
    return Check(name, functions)


class Check:
    """The local checks of one question; ``question`` makes it. Its methods compare, and raise CheckFailed."""

    def __init__(self, name, functions):
        self.name = name
        self.functions = functions
        self._watched = {}

    def __enter__(self):
        for function in self.functions:
            _demand_current(function)
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None or issubclass(kind, CheckFailed):
            try:
                self._compare_watched()  # also after a failure, which a changed input may be the reason of
            except CheckFailed:
                self._say(False, "a local check fails, see below.")
                raise
        if kind is None:
            self._say(True, f"local checks pass; {_what_follows(self.name)}.")
        elif issubclass(kind, CheckFailed):
            self._say(False, "a local check fails, see below.")
        elif issubclass(kind, Exception) and not issubclass(kind, NotImplementedError):
            self._say(False, f"stopped: {kind.__name__}. The end of what stands below names the line.")
        return False

    def parts(self, result, names):
        """
        Return the values that a function returned, after counting them.

        Args:
            result: What the function returned.
            names: What it should return, as its ``return`` line has it: "dx, dprev_h, dWx, dWh, db".
        """
        wanted = names.split(", ")
        if not isinstance(result, (tuple, list)):
            _fail(f"expected {len(wanted)} values, {names}; got {_described(result)}. Does it end in: return {names}?")
        if len(result) != len(wanted):
            _fail(f"expected {len(wanted)} values, {names}; got {len(result)}. Does it end in: return {names}?")
        return result

    def close(self, name, got, expected, most=1e-7):
        """
        Compare numbers, entry by entry.

        Args:
            name: What they are called: "dx".
            got: What came, an array, a tensor or a number.
            expected: What should come.
            most: Largest relative error, |got - expected| / (|got| + |expected|), that is right.
        """
        came, expected = _numbers(name, got, np.shape(expected)), np.asarray(expected)
        _same_shape(name, came, expected)
        _demand_finite(name, came, expected)
        got, wanted = came.astype(np.float64), expected.astype(np.float64)
        errors = np.abs(got - wanted) / np.maximum(1e-8, np.abs(got) + np.abs(wanted))  # as relative_error has it
        worst = np.max(errors, initial=0.0)
        if not worst <= most:
            _fail(_difference(name, got, wanted, errors, most) + _hint(got, wanted, came.dtype, expected.dtype))
        _line(f"{name}: shape {_shape(got)}, relative error {worst:.1e} (at most {most:.0e} is right)")

    def equal(self, name, got, expected):
        """Compare whole numbers, entry by entry: they are to be the same."""
        got, expected = _numbers(name, got, np.shape(expected)), np.asarray(expected)
        _same_shape(name, got, expected)
        errors = np.where(got == expected, 0.0, 1.0)
        if np.any(errors):
            _fail(_difference(name, got, expected, errors))
        _line(f"{name}: shape {_shape(got)}, every entry is as expected")

    def shape(self, name, got, expected):
        """Compare the shape of an array."""
        got = _numbers(name, got, expected)
        _same_shape(name, got, np.empty(expected))
        _line(f"{name}: shape {_shape(got)}")

    def that(self, holds, claim, otherwise):
        """
        Demand that something holds.

        Args:
            holds: Whether it does.
            claim: Printed if it does.
            otherwise: What the student reads if it does not.
        """
        if not holds:
            _fail(otherwise)
        _line(claim)

    def watch(self, **arrays):
        """Demand that arrays, by name, are at the end of the block what they are now."""
        self._watched |= {name: (array, np.array(array)) for name, array in arrays.items()}

    def _compare_watched(self):
        for name, (array, before) in self._watched.items():
            changed = ~((array == before) | ((array != array) & (before != before)))  # noqa: PLR0124 - NaN equals NaN
            if np.any(changed):
                where = _place(name, np.argwhere(changed)[0])
                _fail(
                    f"{name}, which was handed in, is changed: {where} was {before[changed][0]:.6g} and is now "
                    f"{np.asarray(array)[changed][0]:.6g}. It is still needed as it was: put results into a new array."
                )

    def _say(self, passed, text):
        """Show the last line; a notebook stores with it what was checked."""
        prints = {name: mark for name, mark in map(_fingerprint_of, self.functions) if mark}
        _show(passed, f"{self.name}: {text}", {"check": self.name, "passed": passed, "functions": prints})


def _fail(message):
    """Raise CheckFailed."""
    raise CheckFailed(message)


# What a failed comparison says ----------------------------------------------------------------------------------------


def _numbers(name, got, shape):
    """Return what came as an array of numbers; refuse what is none."""
    if got is None:
        _fail(f"{name} is None; expected an array of shape {tuple(shape)}. Is it computed, and returned in its place?")
    if got is Ellipsis or isinstance(got, (str, dict, set)) or callable(got):
        _fail(f"{name} is {_described(got)}; expected an array of shape {tuple(shape)}.")
    if isinstance(got, (list, tuple)) and shape:  # the hidden tests ask for arrays too
        hint = " np.stack makes one array of a list of arrays, np.array one of numbers."
        _fail(f"{name} is {_described(got)}; expected an array of shape {tuple(shape)}.{hint}")
    if hasattr(got, "detach"):  # a tensor of torch, which is not imported for this
        got = got.detach().cpu().numpy()
    try:
        array = np.asarray(got)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biufc":
        _fail(f"{name} is {_described(got)}, and not all of it is numbers; expected an array of shape {tuple(shape)}.")
    return array


def _same_shape(name, got, expected):
    if got.shape == expected.shape:
        return
    hint = ""
    if got.ndim > 1 and got.shape == expected.shape[::-1]:
        hint = " Are its axes swapped?"
    elif [size for size in got.shape if size != 1] == [size for size in expected.shape if size != 1]:
        hint = " An axis of size 1 is too many, or missing: see keepdims, and indexing with [:, t]."
    elif got.ndim != expected.ndim:
        hint = f" It has {_count(got.ndim, 'axis', 'axes')}, and should have {expected.ndim}."
    _fail(f"{name} has shape {_shape(got)}; expected {_shape(expected)}.{hint}")


def _demand_finite(name, got, expected):
    bad = ~np.isfinite(got)
    if not np.any(bad):
        return
    first = tuple(np.argwhere(bad)[0])
    what = "NaN" if np.isnan(got[first]) else "infinite"
    if not np.all(np.isfinite(expected)):
        _fail(
            f"{name} cannot be compared: it is {what} at {_place(name, first)}, and what it is compared with holds no "
            "finite numbers either. That was computed with your forward function: look there first."
        )
    _fail(
        f"{name} is not right: {np.count_nonzero(bad)} of {got.size} entries are no finite numbers. The first is "
        f"{_place(name, first)}: got {what}, expected {expected[first]:.6g}. Such values come from 0/0, from exp of a "
        "large number, or from an array of np.empty that was never filled."
    )


def _difference(name, got, expected, errors, most=0.0):
    """Return how many entries differ, and the first and the worst of them."""
    wrong = errors > most
    first = tuple(np.argwhere(wrong)[0])
    worst = np.unravel_index(np.argmax(errors), errors.shape)

    def entry(index):
        digits = 6 if f"{got[index]:.6g}" != f"{expected[index]:.6g}" else 17  # enough to tell them apart
        return f"{_place(name, index)}: got {got[index]:.{digits}g}, expected {expected[index]:.{digits}g}"

    text = f"{name} is not right: {np.count_nonzero(wrong)} of {got.size} entries differ. The first is {entry(first)}."
    if errors[worst] > 1.5 * errors[first]:
        text += f" The worst is {entry(worst)}."
    if most:
        text += f" The relative error is {errors[worst]:.1e}; at most {most:.0e} is right."
    return text


def _hint(got, expected, dtype, wanted_dtype):
    """Return what the difference looks like, where it looks like something; else nothing."""
    if dtype.kind in "biu":
        return f" It holds {dtype}, whole numbers: was it made by np.zeros_like of words or captions?"
    if dtype.itemsize < wanted_dtype.itemsize:
        return f" It is {dtype} where {wanted_dtype} went in: digits were lost on the way."
    if not np.any(got):
        return " All of it is zero."
    large = np.abs(expected) > 1e-6 * np.max(np.abs(expected))
    ratios = got[large] / expected[large]
    factor = np.median(ratios) if ratios.size else 1.0
    if not np.allclose(got, factor * expected, rtol=1e-5, atol=1e-9):
        same = got.ndim == 2 and got.shape[0] == got.shape[1] and np.allclose(got.T, expected, rtol=1e-5)
        return " Its transpose would be right." if same else ""
    if abs(factor + 1) < 1e-4:
        return " Every entry has the wrong sign."
    larger, smaller = "large: is there a sum where a mean belongs", "small: is there a mean where a sum belongs"
    for times, what in ((factor, larger), (1 / factor if factor else 0, smaller)):
        if 1.5 < times < FACTORS + 0.5 and abs(times - round(times)) < 1e-4 * times:
            return f" Every entry is {round(times)} times too {what}?"
    return ""


def _place(name, index):
    """Return an entry as one writes it: dx[0, 2]."""
    return f"{name}[{', '.join(str(int(each)) for each in index)}]" if len(index) else name


def _shape(array):
    return str(tuple(int(size) for size in array.shape))


def _described(value):
    """Return what something is, in a few words."""
    if value is None:
        return "None"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"one array of shape {tuple(int(size) for size in shape)}"
    return f"of type {type(value).__name__}"


def _count(number, one, many):
    return f"{number} {one if number == 1 else many}"


# What is shown --------------------------------------------------------------------------------------------------------


def _line(text):
    _print(f"  ✓ {text}")


def _print(text):
    """Print a text; where the terminal has no ✓, an old one of Windows, with a word in its place."""
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.replace("✓", "ok").replace("✗", "NO").encode("ascii", "replace").decode("ascii"))


def _what_follows(name):
    """Return "5 hidden tests follow"; without their number where the assignment does not say it."""
    try:
        listed = json.loads(Path(__file__).with_name("assignment.json").read_text("utf-8"))["questions"]
        number = next(int(each["tests"]) for each in listed if each["id"] == name)
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return "hidden tests follow"
    return _count(number, "hidden test follows", "hidden tests follow") if number > 0 else "hidden tests follow"


def _show(passed, text, facts):
    """Print a line; a notebook shows it with a coloured mark, and stores the facts with it."""
    mark = "✓" if passed else "✗"
    if _shell() is None:
        _print(f"{mark} {text}")
        return
    from IPython.display import display

    colour = "#1a7f37" if passed else "#cf222e"
    html = f'<div style="padding-left: 0.5em"><strong style="color: {colour}">{mark}</strong> {escape(text)}</div>'
    sys.stdout.flush()
    display({"text/plain": f"{mark} {text}", "text/html": html}, raw=True, metadata={"a3": facts})


def _shell():
    """Return the shell of IPython that runs this, or None; IPython is not imported for this."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None


def load_ipython_extension(ipython):
    """Let cells that run into an unwritten function say so, where IPython is told ``%load_ext a3.checks``."""
    ipython.set_custom_exc((NotImplementedError,), _show_unwritten)
    _reload_whole_files(ipython)


def _reload_whole_files(ipython):
    """Let autoreload import a changed file as it is: IPython 9 patches single functions, and loses where they stand."""
    magics = ipython.magics_manager.registry.get("AutoreloadMagics")
    patching = getattr(getattr(magics, "_reloader", None), "deduper_reloader", None)
    if patching is not None:  # switched off, the next %autoreload would switch it on
        patching.maybe_reload_module = lambda _: False


def _show_unwritten(ipython, kind, error, traceback, tb_offset=None):
    """Show an unwritten function in one sentence, any other NotImplementedError as usual. The cell fails either way."""
    sentence = _unwritten(traceback)
    if sentence is None:
        lines = ipython.InteractiveTB.structured_traceback(kind, error, traceback, tb_offset=tb_offset)
    else:
        error.args = (sentence,)
        lines = [sentence]
    ipython._showtraceback(kind, error, lines)  # noqa: SLF001 - what IPython itself calls with the lines to show
    return lines


def _unwritten(traceback):
    """Return the sentence for a traceback that ends in a stub; None for all others."""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    code, line = traceback.tb_frame.f_code, traceback.tb_lineno
    linecache.checkcache(code.co_filename)
    if linecache.getline(code.co_filename, line).strip() != STUB:
        return None
    name = getattr(code, "co_qualname", code.co_name)
    file = _file_name(code.co_filename)
    if "/" in file:  # in the package, not in a cell
        where = f"{file}, line {line}"
        return f"{name} is not written yet: {where}. Write it there, save the file, and run this cell again."
    if name == "<module>":
        return f"This cell is not written yet: your code goes where line {line} is. Write it there, and run it again."
    return (
        f"{name} is not written yet: your code goes where line {line} of its cell is. "
        "Write it there, run that cell, and then this one again."
    )


def _file_name(path):
    """Return the name of a file as students know it, from the folder of the notebooks on: a3/rnn_layers.py."""
    path, package = Path(path).resolve(), Path(__file__).resolve().parent
    return path.relative_to(package.parent).as_posix() if package in path.parents else path.name


# What was checked -----------------------------------------------------------------------------------------------------


def fingerprint(source):
    """
    Return what a function or a class does as a short text: 12 hexadecimal digits.

    Comments, docstrings, blank lines and decorators do not count, nor does the version of Python.

    Args:
        source: Its text, indented or not. Of a text that is no Python, the characters count.
    """
    tree = _parsed(source)
    text = source.strip() if tree is None else _dumped(tree)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _parsed(source):
    """Return the first statement of a text that may be indented, without its decorators; None if it is no Python."""
    for text, indented in ((textwrap.dedent(source), False), (f"if True:\n{source}", True)):
        try:
            body = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if indented:
            body = body[0].body
        if body:
            body[0].decorator_list = []
            return body[0]
    return None


def _dumped(node):
    """Return a syntax tree as text. Fields that are empty are left out: versions of Python differ in them."""
    if isinstance(node, list):
        return f"[{','.join(map(_dumped, node))}]"
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__}:{node!r}"
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            value = value[ast.get_docstring(node, clean=False) is not None :]  # noqa: PLW2901 - without the docstring
        if isinstance(node, ast.JoinedStr):  # some versions put empty texts between the parts of an f-string
            value = [each for each in value if getattr(each, "value", None) != ""]  # noqa: PLW2901
        if value not in (None, []) and name not in {"ctx", "kind", "type_comment"}:
            fields.append(f"{name}={_dumped(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _fingerprint_of(function):
    """Return a function's full name and its fingerprint, None where its text cannot be had."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
    try:
        return name, fingerprint(inspect.getsource(function))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return name, None


def _demand_current(function):
    """
    Refuse a function whose file was changed since it was imported: the notebook still runs the version before.

    That happens where the file is no Python at the moment, for then nothing can be imported from it. A function of
    which that cannot be told counts as current.
    """
    code = getattr(function, "__code__", None)
    path = Path(getattr(code, "co_filename", ""))
    if code is None or path.suffix != ".py" or not path.is_file():
        return
    file = _file_name(path)
    try:
        now = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        what = f"{file}, line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else f"{file}: {error}"
        _fail(f"{what}. A file that is no valid Python cannot be used. Mend it, save it, and run this cell again.")
    written = _code_named(now, function.__qualname__.split("."))
    if written is not None and _does(written) != _does(code):
        _fail(
            f"{function.__name__} has changed in {file} since it was imported, and what runs is the version before. "
            "Restart the kernel, and run the cells from the top."
        )


def _code_named(code, names):
    """Return the last code object of this path of names, or None."""
    for name in names:
        found = [each for each in code.co_consts if isinstance(each, types.CodeType) and each.co_name == name]
        if not found:
            return None
        code = found[-1]
    return code


def _does(code):
    """Return what decides what code does; where it stands, and its texts, do not."""
    consts = [each for each in code.co_consts if not isinstance(each, str)]
    inner = [_does(each) if isinstance(each, types.CodeType) else (type(each), each) for each in consts]
    return code.co_code, code.co_names, code.co_varnames, inner

"""
A stand-in for the ``student`` fixture, without glass: modules in this very process.

It keeps the manners of the real proxy, as far as a hidden test can see them: arguments go by copy, a container comes
back as a handle that unpacks, and a container handed back is copied first, so that code that consumes its cache is not
punished. It judges our own solutions, mutants and variants; no student's code ever runs in it.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import itertools
import pickle
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, wraps
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from _pytest.mark import ParameterSet

from autograder.draw import Draw
from autograder.errors import StudentError, SubmissionFault

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "a3"
ASSIGNMENT = ROOT / "source/assignment3"
MODULES = ("rnn_layers", "classifiers.rnn")
SOLUTION = {name: (ASSIGNMENT / PACKAGE / f"{name.replace('.', '/')}.py").read_text("utf-8") for name in MODULES}
"""The text of each module that students write, in the order in which they can be imported."""
HIDDEN_TESTS = sorted((ROOT / "grading_tests").glob("*/test_*.py"))
EXPENSIVE = ("expected_by_name", "expected_loss", "draw_speaker")
"""What hidden tests compute before a student's code is called, and what takes most of their time."""
MOST_REMEMBERED = 5000

torch.set_num_threads(1)  # a few hundred numbers at a time: a second thread costs ten times what it saves


class LocalHandle:
    """What stays behind the glass: attributes, calls, items and unpacking are passed on, by copy."""

    def __init__(self, value: Any, name: str) -> None:
        object.__setattr__(self, "_value", value)
        object.__setattr__(self, "_name", name)

    @property
    def description(self) -> str:
        """What it is, in words."""
        return f"a {type(self._value).__name__}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{self._name}.{name}" if not isinstance(self._value, ModuleType) else name
        with _students_errors(path):
            return _outward(getattr(self._value, name), path)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._value, name, _inward(value))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with _students_errors(self._name):
            result = self._value(*map(_inward, args), **{key: _inward(arg) for key, arg in kwargs.items()})
        return _outward(result, f"the result of {self._name}")

    def __iter__(self) -> Iterator[Any]:
        if not isinstance(self._value, (tuple, list)):
            raise TypeError(f"cannot unpack {self.description}")
        return iter([_outward(part, f"{self._name}[{index}]") for index, part in enumerate(self._value)])

    def __len__(self) -> int:
        return len(self._value)

    def __getitem__(self, key: Any) -> Any:
        with _students_errors(f"{self._name}[{key!r}]"):
            return _outward(self._value[key], f"{self._name}[{key!r}]")

    def get(self) -> Any:
        """Return a copy of it, as data."""
        return copy.deepcopy(self._value)


@contextlib.contextmanager
def _students_errors(what: str) -> Iterator[None]:
    """Let what the student's code raises be the student's fault, as behind the glass."""
    try:
        yield
    except SubmissionFault:
        raise
    except Exception as error:
        kind = "not_attempted" if isinstance(error, NotImplementedError) else "raised"
        raise StudentError(kind, f"{what} raised {type(error).__name__}: {error}") from error


def _is_data(value: Any) -> bool:
    """Say whether a value crosses as itself: numbers, text, arrays and tensors."""
    return isinstance(value, (type(None), bool, int, float, str, bytes, np.ndarray, np.generic, torch.Tensor))


def _copied(value: Any) -> Any:
    """Return a deep copy, by the short way for arrays and dicts of them."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    return {key: _copied(each) for key, each in value.items()} if type(value) is dict else copy.deepcopy(value)


def _outward(value: Any, name: str) -> Any:
    """Return a copy of data, or a handle for what is none."""
    if not _is_data(value):
        return LocalHandle(value, name)
    return value.detach().clone() if isinstance(value, torch.Tensor) else _copied(value)


def _inward(value: Any) -> Any:
    """Return a copy of an argument; a container that cannot be copied deep (it holds a graph) is copied flat."""
    if not isinstance(value, LocalHandle):
        return _copied(value)
    inner = value._value
    if not isinstance(inner, (tuple, list, dict)):
        return inner
    try:
        return copy.deepcopy(inner)
    except RuntimeError:
        return copy.copy(inner)


class LocalStudent:
    """
    An object like the ``student`` fixture.

    Args:
        modules: By their names below the package.
    """

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        self._modules = modules

    def __getattr__(self, name: str) -> LocalHandle:
        return self.module(name)

    def module(self, name: str) -> LocalHandle:
        """Return a module of the submission."""
        return LocalHandle(self._modules[name], name)

    def run(self, driver: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a driver with copies of its arguments."""
        own = getattr(driver, "stands_for", f"the driver {driver.__name__}")
        with _students_errors(own):
            return _outward(driver(*map(_inward, args), **{key: _inward(arg) for key, arg in kwargs.items()}), own)


def submission(changes: Mapping[str, str] = MappingProxyType({}), package: str = PACKAGE) -> LocalStudent:
    """
    Return the solution as a submission, fresh, with some of its modules in other words.

    Args:
        changes: Texts by module: ``rnn_layers``, ``classifiers.rnn``.
        package: Name of its package; what other modules of that name are imported stays as it is.
    """
    names = (package, *dict.fromkeys(f"{package}.{name.rpartition('.')[0]}".rstrip(".") for name in SOLUTION))
    held = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == package}
    for name in held:
        del sys.modules[name]
    try:
        for name in names:
            sys.modules[name] = ModuleType(name)
            sys.modules[name].__path__ = []
        made = {name: _executed(f"{package}.{name}", changes.get(name, text)) for name, text in SOLUTION.items()}
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
        sys.modules.update(held)
    return LocalStudent(made)


def _executed(name: str, text: str) -> ModuleType:
    module = ModuleType(name)
    module.__package__ = name.rpartition(".")[0]
    sys.modules[name] = module
    exec(_compiled(name, text), module.__dict__)  # our own solution, changed by our own tables
    return module


@lru_cache(maxsize=2048)  # a mutant is asked once for each seed
def _compiled(name: str, text: str) -> CodeType:
    return compile(text, f"<{name}>", "exec")


@dataclass(frozen=True)
class Case:
    """One hidden test as pytest would run it: the function and the values of its parameters."""

    name: str
    question: str
    weight: float
    limited: bool
    function: Callable[..., None]
    parameters: dict[str, Any]

    def failure(self, student: LocalStudent, seed: int) -> str | None:
        """Return the message for the student, or None where the submission passes."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # mutants divide by zero, and overflow is what some tests ask about
            try:
                self.function(student=student, rng=Draw(seed), **self.parameters)
            except SubmissionFault as fault:
                return fault.student
        return None


@cache
def cases() -> list[Case]:
    """Return all hidden tests, one for each set of parameters."""
    return [case for path in HIDDEN_TESTS for case in _cases_in(path)]


def _cases_in(path: Path) -> Iterator[Case]:
    module = load(path)
    for name in EXPENSIVE:
        if hasattr(module, name):
            setattr(module, name, _remembering(getattr(module, name)))
    for name, function in vars(module).items():
        if not name.startswith("test_"):
            continue
        own = getattr(function, "pytestmark", [])
        for parameters, marks in _parameter_sets(own):
            (mark,) = [each for each in (*own, *marks) if each.name == "question"]
            label = path.stem + "::" + name + "".join(f"[{value}]" for value in parameters.values())
            weight, limited = mark.kwargs.get("weight", 1.0), mark.kwargs.get("limited", False)
            yield Case(label, mark.args[0], weight, limited, function, parameters)


def _parameter_sets(marks: list[Any]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Yield the combinations that ``pytest.mark.parametrize`` would make, for one name a mark, each with its marks."""
    axes = [
        [(mark.args[0], value) for value in mark.args[1]] for mark in marks if mark.name == "parametrize"
    ]  # no mark: the product of nothing is one empty combination
    for combination in itertools.product(*axes):
        sets = [
            (name, value if isinstance(value, ParameterSet) else pytest.param(value)) for name, value in combination
        ]
        yield {name: each.values[0] for name, each in sets}, [mark.mark for _, each in sets for mark in each.marks]


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of plain values and of a draw remember its results: all submissions are asked the same."""
    known: dict[bytes, Any] = {}

    @wraps(function)
    def remembering(*args: Any, **kwargs: Any) -> Any:
        draw = args[0]._generator.bit_generator if args and isinstance(args[0], Draw) else None
        key = pickle.dumps((args, kwargs))
        if key not in known:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            known[key] = function(*args, **kwargs), draw and draw.state
        result, state = known[key]
        if draw is not None:
            draw.state = state  # what is drawn next does not depend on what is remembered
        return result

    return remembering


@cache
def reached() -> Mapping[str, frozenset[str]]:
    """Return, for each function of the solution, the names of the hidden tests in which it runs."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    files = {f"<{PACKAGE}.{module}>" for module in MODULES}
    student = submission()
    for case in cases():

        def note(frame: Any, event: str, _arg: Any, name: str = case.name) -> None:
            if event == "call" and frame.f_code.co_filename in files:
                found[frame.f_code.co_qualname].add(name)

        sys.setprofile(note)
        try:
            case.failure(student, 0)
        finally:
            sys.setprofile(None)
    return {function: frozenset(names) for function, names in found.items()}


def load(path: Path) -> ModuleType:
    """Return the module in a file, fresh, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"content_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def failures(student: LocalStudent, seed: int, all_cases: Iterable[Case]) -> dict[str, str]:
    """Return the failed tests of one submission by name, with what the student would read of each."""
    messages = {case.name: case.failure(student, seed) for case in all_cases}
    return {name: message for name, message in messages.items() if message is not None}


def share(failed: Iterable[str]) -> dict[str, float]:
    """Return, for each question, the weight of the tests that did not fail as a share of all its weight."""
    failed = set(failed)
    total: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for case in cases():
        total[case.question] += case.weight
        passed[case.question] += case.weight if case.name not in failed else 0
    return {question: passed[question] / total[question] for question in total}

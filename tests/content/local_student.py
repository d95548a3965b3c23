"""
A stand-in for the ``student`` fixture, without glass: modules in this very process.

It keeps the manners of the real proxy, as far as a hidden test can see them: arguments go by copy, a container comes
back as a handle that unpacks, and a container handed back is copied first, so that code that consumes its cache is not
punished. It judges our own solutions, mutants and variants; no student's code ever runs in it.
"""

from __future__ import annotations

import copy
import importlib.util
import itertools
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from autograder.draw import Draw
from autograder.errors import StudentError, SubmissionFault

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = ROOT / "source/assignment3/a3/rnn_layers.py"
HIDDEN_TESTS = ROOT / "grading_tests/rnn/test_rnn_layers.py"


class LocalHandle:
    """What stays behind the glass: it can be unpacked, indexed, measured and handed back."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def description(self) -> str:
        """What it is, in words."""
        return f"a {type(self.value).__name__}"

    def __iter__(self) -> Iterator[Any]:
        if not isinstance(self.value, (tuple, list)):
            msg = f"cannot unpack {self.description}"
            raise TypeError(msg)
        return iter([_outward(part) for part in self.value])

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, key: Any) -> Any:
        return _outward(self.value[key])


def _is_data(value: Any) -> bool:
    """Say whether a value crosses as itself: numbers, text, arrays and tensors."""
    torch = sys.modules.get("torch")
    plain = (type(None), bool, int, float, str, bytes, np.ndarray, np.generic)
    return isinstance(value, plain) or (torch is not None and isinstance(value, torch.Tensor))


def _outward(value: Any) -> Any:
    """Return a copy of data, or a handle for what is none."""
    if not _is_data(value):
        return LocalHandle(value)
    return value.detach().clone() if hasattr(value, "detach") else copy.deepcopy(value)


def _inward(value: Any) -> Any:
    """Return a copy of an argument; a container that cannot be copied deep (it holds a graph) is copied flat."""
    if not isinstance(value, LocalHandle):
        return copy.deepcopy(value)
    inner = value.value
    if not isinstance(inner, (tuple, list, dict)):
        return inner
    try:
        return copy.deepcopy(inner)
    except RuntimeError:
        return copy.copy(inner)


class LocalModule:
    """A module whose functions take and return copies, and whose errors are the student's."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return _outward(function(*map(_inward, args), **{key: _inward(arg) for key, arg in kwargs.items()}))
            except Exception as error:
                kind = "not_attempted" if isinstance(error, NotImplementedError) else "raised"
                msg = f"{name} raised {type(error).__name__}: {error}"
                raise StudentError(kind, msg) from error

        return call


def local_student(**modules: ModuleType) -> SimpleNamespace:
    """Return an object like the ``student`` fixture, with these modules."""
    return SimpleNamespace(**{name: LocalModule(module) for name, module in modules.items()})


@dataclass(frozen=True)
class Case:
    """One hidden test as pytest would run it: the function and the values of its parameters."""

    name: str
    question: str
    weight: float
    limited: bool
    function: Callable[..., None]
    parameters: dict[str, Any]

    def failure(self, module: ModuleType, seed: int) -> str | None:
        """Return the message for the student, or None where the module passes."""
        student = local_student(rnn_layers=module)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # mutants divide by zero, and overflow is what some tests ask about
            try:
                self.function(student=student, rng=Draw(seed), **self.parameters)
            except SubmissionFault as fault:
                return fault.student
        return None


def cases(path: Path = HIDDEN_TESTS) -> list[Case]:
    """Return the hidden tests of a file, one for each set of parameters."""
    module = load(path)
    found = []
    for name, function in vars(module).items():
        if name.startswith("test_"):
            marks = getattr(function, "pytestmark", [])
            (mark,) = [each for each in marks if each.name == "question"]
            for parameters in _parameter_sets(marks):
                label = name + "".join(f"[{value}]" for value in parameters.values())
                found.append(
                    Case(
                        label,
                        mark.args[0],
                        mark.kwargs.get("weight", 1.0),
                        mark.kwargs.get("limited", False),
                        function,
                        parameters,
                    )
                )
    return found


def _parameter_sets(marks: list[Any]) -> list[dict[str, Any]]:
    """Return the combinations that ``pytest.mark.parametrize`` would make, for one name a mark."""
    axes = [
        [(mark.args[0], value) for value in mark.args[1]] for mark in marks if mark.name == "parametrize"
    ]  # no mark: the product of nothing is one empty combination
    return [dict(combination) for combination in itertools.product(*axes)]


def load(path: Path) -> ModuleType:
    """Return the module in a file, fresh, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"content_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def from_text(text: str, name: str = "a3.rnn_layers") -> ModuleType:
    """Return a module made of a text."""
    module = ModuleType(name)
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)  # our own solution, changed by our own table
    return module


def failures(module: ModuleType, seed: int, all_cases: list[Case]) -> dict[str, str]:
    """Return the failed tests of one module by name, with what the student would read."""
    messages = {case.name: case.failure(module, seed) for case in all_cases}
    return {name: message for name, message in messages.items() if message is not None}


def share(module: ModuleType, seed: int, all_cases: list[Case]) -> dict[str, float]:
    """Return, for each question, the weight that passed as a share of all its weight."""
    failed = failures(module, seed, all_cases)
    total: dict[str, float] = {}
    passed: dict[str, float] = {}
    for case in all_cases:
        total[case.question] = total.get(case.question, 0) + case.weight
        passed[case.question] = passed.get(case.question, 0) + (case.weight if case.name not in failed else 0)
    return {question: passed[question] / total[question] for question in total}

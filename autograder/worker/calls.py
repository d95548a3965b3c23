"""
One request of a test, one reply.

A test holds handles and asks: give me that module, that attribute, call this with those. Whatever is raised on the
way, be it of ours or of the student's, becomes a `Raised`; there is no other way out of `answer`. A function whose
body is still the starter's is called like any other, and only when it then gives nothing or raises, the reply says
that it is not written yet.
"""

from __future__ import annotations

import difflib
import importlib
import random
import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder import protocol as p
from autograder.worker import output
from autograder.worker.convert import Border, items_of
from autograder.worker.load import Submission
from autograder.worker.reports import CallError, type_name

__all__ = ["Session", "seed_everything"]

_LEAST_RECURSION = 1000  # Python's own; student code may have set less


class Session:
    """
    What serves the requests of one fork.

    Args:
        submission: What was loaded.

    Attributes:
        border: The handles; its ``convert`` is the one of the connection.
    """

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.border = Border()
        self._drivers: dict[str, types.CodeType] = {}

    def answer(self, request: p.Message) -> p.Reply:
        """Return the reply to a request; never raises."""
        self.border.keep_parts = False
        try:
            reply: p.Reply = p.Value(self._serve(request))
        except BaseException as error:  # noqa: BLE001 - the edge: also SystemExit, and what student code invents
            reply = p.Raised(self._report(request, error))
        if sys.getrecursionlimit() < _LEAST_RECURSION:
            sys.setrecursionlimit(_LEAST_RECURSION)
        output.flush()
        return reply

    def unsendable(self, request: p.Message, error: p.NotData) -> p.Raised:
        """Return the reply in place of one that the encoder refused."""
        self.border.keep_parts = False
        what = "the result" if isinstance(request, (p.Call, p.Drive)) else "this"
        where = f"its part {error.path} is " if error.path else ""
        return p.Raised(p.ErrorReport("unsendable", "", f"{what} cannot be sent back: {where}{error.reason}").clipped())

    def _serve(self, request: p.Message) -> object:
        border = self.border
        match request:
            case p.Call(target, args, kwargs):
                result = self._run(border.thing(target), args, kwargs)
                if _is_nothing(result) and (name := self._unwritten(target)):
                    raise CallError.because("not_attempted", _unwritten_text(name))
                return border.out(result)
            case p.GetAttr(target, name):
                owner = border.thing(target)
                found = border.out(self._attribute(owner, name))
                if isinstance(owner, types.ModuleType) and isinstance(found, p.HandleRef):
                    border.let_last(found)
                return found
            case p.SetAttr(target, name, value):
                setattr(border.thing(target), name, border.argument(value, None))
            case p.GetItem(target, key):
                thing: Any = border.thing(target)
                return border.out(thing[border.argument(key, None)])
            case p.SetItem(target, key, value):
                thing = border.thing(target)
                thing[border.argument(key, None)] = border.argument(value, None)
            case p.Unpack(target):
                return tuple(border.out(item) for item in items_of(border.thing(target)))
            case p.Get(target):
                return _data_of(border.thing(target))
            case p.Put(value):
                return border.keep(border.argument(value, None), put=True)
            case p.Drive(source, name, args, kwargs):
                return self._drive(source, name, args, kwargs)
            case p.Import(module):
                found = border.keep(self._module(module))
                border.let_last(found)
                return found
            case p.Release(ids):
                border.release(ids)
            case p.Begin(seed):
                border.clear()
                output.reset()
                seed_everything(seed)
            case _:
                raise TypeError(f"a test's process does not serve {type(request).__name__}")
        return None

    def _run(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        memo: dict[int, Any] = {}
        given = [self.border.argument(item, memo) for item in args]
        return function(*given, **{name: self.border.argument(item, memo) for name, item in kwargs.items()})

    def _drive(self, source: str, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        """Run a test's own function here; its result crosses with its containers, what is no data in it as handles."""
        code = self._drivers.get(source)
        if code is None:
            code = self._drivers[source] = compile(source, "<driver>", "exec", dont_inherit=True)
        space: dict[str, Any] = {"__name__": "driver", "np": np, "torch": sys.modules.get("torch")}
        exec(code, space)
        result = self._run(space[name], args, kwargs)
        self.border.keep_parts = True
        return result if isinstance(result, (tuple, list, dict)) else self.border.out(result)

    def _module(self, name: str) -> types.ModuleType:
        package = self.submission.package
        name = name.removeprefix(f"{package}.")
        report = self.submission.imported.get(name)
        if report is not None:
            raise CallError(report)
        return importlib.import_module(f"{package}.{name}" if name != package else package)

    def _attribute(self, thing: object, name: str) -> object:
        try:
            return getattr(thing, name)
        except AttributeError as error:
            if self.submission.reporter.report(error).frames:
                raise  # a property of the student's went wrong by itself
        owner: Any = thing if isinstance(thing, (types.ModuleType, type)) else type(thing)
        called = str(owner.__name__).removeprefix(f"{self.submission.package}.")
        near = _misspelt(name, [key for key in vars(owner) if type(key) is str])
        hint = f" (there is {near}: is that the one?)" if near else ""
        raise CallError(p.ErrorReport("missing", "AttributeError", f"{called} has no {name}{hint}").clipped())

    # -- what is not written yet ------------------------------------------------------------------------------------

    def _report(self, request: p.Message, error: BaseException) -> p.ErrorReport:
        report = self.submission.reporter.report(error)
        if isinstance(request, p.Call) and report.kind in {"raised", "not_attempted"}:
            name = self._unwritten(request.target)
            if name:
                text = _unwritten_text(name)
                return p.ErrorReport("not_attempted", report.type_name, text, report.frames, report.notes)
        return report

    def _unwritten(self, target: p.HandleRef) -> str:
        """Return the name of the function that a call reaches when its body is still the starter's, else nothing."""
        stubs = self.submission.reporter.stubs
        try:
            thing: Any = self.border.thing(target) if stubs else None
            if isinstance(thing, (types.FunctionType, types.MethodType)):
                keys = [(thing.__module__, thing.__qualname__)]
            else:
                owner = type(thing)
                keys = [(owner.__module__, f"{owner.__qualname__}.{name}") for name in ("forward", "__call__")]
            return next((str(key[1]) for key in keys if key in stubs), "")
        except Exception:  # noqa: BLE001 - attributes of the student's; then nothing is known
            return ""


def seed_everything(seed: int) -> None:
    """Seed what student code draws from: ``random``, NumPy's global state, torch."""
    random.seed(seed)
    np.random.seed(seed % (1 << 32))
    torch = sys.modules.get("torch")
    if torch is not None:
        # Not torch.manual_seed: it also looks for every accelerator, which takes 10 ms in a fresh fork.
        torch.default_generator.manual_seed(seed % (1 << 63))


def _data_of(thing: Any) -> object:
    """Return what a handle gives as data; the encoder refuses what is none."""
    if isinstance(thing, (set, frozenset)):
        return list(items_of(thing))
    if isinstance(thing, (types.ModuleType, types.FunctionType, type)):
        raise CallError.because("unsendable", f"a {type_name(thing)} is an object, not data")
    return thing


def _is_nothing(result: object) -> bool:
    """Return whether a result is None, or a tuple of nothing else."""
    return result is None or (type(result) is tuple and bool(result) and all(item is None for item in result))


def _unwritten_text(name: str) -> str:
    return f"the body of {name} is still the one of the starter file"


def _misspelt(name: str, names: list[str]) -> str | None:
    """Return the name that was perhaps meant: alike word by word, so that it is not another function's."""
    for near in difflib.get_close_matches(name, names, 3, 0.8):
        words = list(zip(name.split("_"), near.split("_"), strict=False))
        same_count = name.count("_") == near.count("_")
        if same_count and all(difflib.get_close_matches(mine, [theirs], 1, 0.6) for mine, theirs in words):
            return near
    return None

"""
One request of a test, one reply.

A test holds handles and asks: give me that module, that attribute, call this with those. `Session` is a table from
the class of a request to the method that serves it. Whatever a method raises, be it of ours or of the student's,
becomes a `Raised`; there is no other way out of `answer`. A function whose body is still the starter's is called like
any other, and only when it then gives nothing or raises, the reply says that it is not written yet.
"""

from __future__ import annotations

import difflib
import importlib
import random
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.protocol import (
    Begin,
    Call,
    Drive,
    ErrorReport,
    Get,
    GetAttr,
    GetItem,
    HandleRef,
    Import,
    Message,
    NotData,
    Put,
    Raised,
    Release,
    Reply,
    SetAttr,
    SetItem,
    Unpack,
    Value,
)
from autograder.worker import output
from autograder.worker.convert import Border, items_of
from autograder.worker.load import Submission
from autograder.worker.reports import CallError, type_name

__all__ = ["Session", "seed_everything"]

_DRIVER = "<driver>"
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
        self._table: dict[type, Callable[[Any], object]] = {
            Begin: self._begin,
            Import: self._import,
            GetAttr: self._get_attr,
            SetAttr: self._set_attr,
            GetItem: self._get_item,
            SetItem: self._set_item,
            Call: self._call,
            Put: self._put,
            Get: self._get,
            Unpack: self._unpack,
            Drive: self._drive,
            Release: self._release,
        }

    def answer(self, request: Message) -> Reply:
        """Return the reply to a request; never raises."""
        self.border.keep_parts = False
        try:
            reply: Reply = Value(self._table[type(request)](request))
        except BaseException as error:  # noqa: BLE001 - the edge: also SystemExit, and what student code invents
            reply = Raised(self._report(request, error))
        if sys.getrecursionlimit() < _LEAST_RECURSION:
            sys.setrecursionlimit(_LEAST_RECURSION)
        output.flush()
        return reply

    def unsendable(self, request: Message, error: NotData) -> Raised:
        """Return the reply in place of one that the encoder refused."""
        self.border.keep_parts = False
        what = "the result" if isinstance(request, (Call, Drive)) else "this"
        where = f"its part {error.path} is " if error.path else ""
        return Raised(ErrorReport("unsendable", "", f"{what} cannot be sent back: {where}{error.reason}").clipped())

    def _report(self, request: Message, error: BaseException) -> ErrorReport:
        report = self.submission.reporter.report(error)
        if isinstance(request, Call) and report.kind in {"raised", "not_attempted"}:
            name = self._unwritten(request.target)
            if name:
                return ErrorReport(
                    "not_attempted", report.type_name, _unwritten_text(name), report.frames, report.notes
                )
        return report

    # -- requests ---------------------------------------------------------------------------------------------------

    def _begin(self, request: Begin) -> None:
        self.border.clear()
        output.reset()
        seed_everything(request.seed)

    def _import(self, request: Import) -> object:
        package = self.submission.package
        name = request.module.removeprefix(f"{package}.")
        report = self.submission.imported.get(name)
        if report is not None:
            raise _Known(report)
        return self.border.keep(importlib.import_module(f"{package}.{name}" if name != package else package))

    def _get_attr(self, request: GetAttr) -> object:
        thing = self.border.thing(request.target)
        try:
            value = getattr(thing, request.name)
        except AttributeError as error:
            inner = error.__traceback__.tb_next if error.__traceback__ else None
            if inner is not None and self.submission.reporter.report(error).frames:
                raise  # a property of the student's went wrong by itself
            raise CallError("missing", self._missing_text(thing, request.name), "AttributeError") from None
        return self.border.out(value)

    def _set_attr(self, request: SetAttr) -> None:
        setattr(self.border.thing(request.target), request.name, self.border.argument(request.value, None))

    def _get_item(self, request: GetItem) -> object:
        thing: Any = self.border.thing(request.target)
        return self.border.out(thing[self.border.argument(request.key, None)])

    def _set_item(self, request: SetItem) -> None:
        thing: Any = self.border.thing(request.target)
        thing[self.border.argument(request.key, None)] = self.border.argument(request.value, None)

    def _call(self, request: Call) -> object:
        function: Any = self.border.thing(request.target)
        memo: dict[int, Any] = {}
        args = [self.border.argument(item, memo) for item in request.args]
        kwargs = {name: self.border.argument(item, memo) for name, item in request.kwargs.items()}
        result = function(*args, **kwargs)
        if _is_nothing(result):
            name = self._unwritten(request.target)
            if name:
                raise CallError("not_attempted", _unwritten_text(name))
        return self.border.out(result)

    def _put(self, request: Put) -> object:
        return self.border.keep(self.border.argument(request.value, None), put=True)

    def _get(self, request: Get) -> object:
        thing = self.border.thing(request.target)
        if isinstance(thing, (set, frozenset)):
            return list(items_of(thing))
        if isinstance(thing, (types.ModuleType, types.FunctionType, type)):
            raise CallError("unsendable", f"a {type_name(thing)} is an object, not data")
        return thing

    def _unpack(self, request: Unpack) -> object:
        return tuple(self.border.out(item) for item in items_of(self.border.thing(request.target)))

    def _drive(self, request: Drive) -> object:
        """Run a test's own function here; its result crosses with its containers, what is no data in it as handles."""
        code = self._drivers.get(request.source)
        if code is None:
            code = self._drivers[request.source] = compile(request.source, _DRIVER, "exec", dont_inherit=True)
        space: dict[str, Any] = {"__name__": "driver", "np": np, "torch": sys.modules.get("torch")}
        exec(code, space)
        memo: dict[int, Any] = {}
        args = [self.border.argument(item, memo) for item in request.args]
        kwargs = {name: self.border.argument(item, memo) for name, item in request.kwargs.items()}
        result = space[request.name](*args, **kwargs)
        self.border.keep_parts = True
        return result if isinstance(result, (tuple, list, dict)) else self.border.out(result)

    def _release(self, request: Release) -> None:
        self.border.release(request.ids)

    # -- words ------------------------------------------------------------------------------------------------------

    def _missing_text(self, thing: object, name: str) -> str:
        """Return what to say of a name that is not there, with what was perhaps meant."""
        if isinstance(thing, types.ModuleType):
            where = types.ModuleType.__getattribute__(thing, "__dict__")
            called = str(where.get("__name__", "the module")).removeprefix(f"{self.submission.package}.")
        elif isinstance(thing, type):
            where, called = type.__dict__["__dict__"].__get__(thing), type.__dict__["__name__"].__get__(thing)
        else:
            where, called = type.__dict__["__dict__"].__get__(type(thing)), type_name(thing)
        near = difflib.get_close_matches(name, [key for key in where if type(key) is str], 1, 0.8)
        return f"{called} has no {name}" + (f" (there is {near[0]}: is that the one?)" if near else "")

    def _unwritten(self, target: HandleRef) -> str:
        """Return the name of the function that a call reaches when its body is still the starter's, else nothing."""
        stubs = self.submission.reporter.stubs
        if not stubs:
            return ""
        try:
            thing: Any = self.border.thing(target)
            owner = type(thing)
            if isinstance(thing, (types.FunctionType, types.MethodType)):
                keys = [(thing.__module__, thing.__qualname__)]
            else:
                keys = [(owner.__module__, f"{owner.__qualname__}.{name}") for name in ("forward", "__call__")]
            return next((str(key[1]) for key in keys if key in stubs), "")
        except Exception:  # noqa: BLE001 - attributes of the student's; then nothing is known
            return ""


class _Known(CallError):
    """A failure that was reported before."""

    def __init__(self, report: ErrorReport) -> None:
        super().__init__(report.kind, report.text)
        self.report = report


def seed_everything(seed: int) -> None:
    """Seed what student code draws from: ``random``, NumPy's global state, torch."""
    random.seed(seed)
    np.random.seed(seed % (1 << 32))
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed % (1 << 63))


def _is_nothing(result: object) -> bool:
    """Return whether a result is None, or a tuple of nothing else."""
    return result is None or (type(result) is tuple and bool(result) and all(item is None for item in result))


def _unwritten_text(name: str) -> str:
    return f"{name} is not written yet: its body is still the one of the starter file"

"""
The student's code, as a hidden test sees it: objects that look local and are not.

    student.rnn_layers.rnn_step_forward(x, h, Wx, Wh, b)      a call in another process, behind glass

Numbers, text, arrays and tensors come back as values. Everything else stays behind: a `Handle` stands for it, can be
unpacked, indexed, called, and handed back as an argument, and gives its data with ``get``. What a student's object
would say of itself (``__eq__``, ``__len__``, ``__array__``) is never asked on this side.

Each operation is one request; a request that the student's code answers with an exception raises `StudentError`.
"""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from autograder import protocol as p
from autograder.errors import StudentError

__all__ = ["Ask", "Handle", "Student", "outgoing"]

_MOST_ITEMS: Final = 10_000_000
"""Far above any honest container; the room for as many, which a list or tuple takes at once, is 80 MB."""
_KINDS: Final = {
    "module": "a module",
    "function": "a function",
    "class": "a class",
    "container": "a container",
    "object": "an object",
}


class Ask(Protocol):
    """Send one request; return the value that came back, or raise a `SubmissionFault`."""

    def __call__(self, request: p.Request, what: str) -> Any: ...  # noqa: D102


def outgoing(value: object) -> object:
    """Return the wire's form of what a test hands over: handles as references, tensors as their bytes."""
    if isinstance(value, Handle):
        return value._reference  # noqa: SLF001  # the proxy's own module
    if type(value).__module__.startswith("torch"):
        return _tensor_data(value)
    raise TypeError(f"a test can hand over data and handles, not {type(value).__name__}")


def _tensor_data(value: Any) -> object:
    import torch

    if isinstance(value, torch.dtype | torch.device):
        raise TypeError(f"{value!r} cannot be sent; ship a driver that names it")
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"a test can hand over data and handles, not {type(value).__name__}")
    plain = value.detach().cpu().contiguous()
    data = plain.reshape(-1).view(torch.uint8).numpy() if plain.numel() else torch.empty(0, dtype=torch.uint8).numpy()
    return p.TensorData(str(value.dtype).removeprefix("torch."), tuple(value.shape), data)


def _incoming_tensor(value: p.TensorData) -> Any:
    import torch

    dtype = getattr(torch, value.dtype)
    if value.data.size == 0:
        return torch.empty(value.shape, dtype=dtype)
    return torch.from_numpy(value.data).view(dtype).reshape(value.shape)


class Handle:
    """
    Something of the student's that stays behind the glass.

    It lives as long as its test; that of a module, and of its functions and classes, as long as the process. Attribute
    access, calls, indexing and unpacking are passed on; the names below that begin with an underscore, and ``get`` and
    ``description``, are this class's own.
    """

    __slots__ = ("_ask", "_known", "_name", "_reference")

    _ask: Ask
    _known: dict[str, Handle]
    _name: str
    _reference: p.HandleRef

    def __init__(self, ask: Ask, reference: p.HandleRef, name: str) -> None:
        object.__setattr__(self, "_ask", ask)
        object.__setattr__(self, "_reference", reference)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_known", {})

    @property
    def description(self) -> str:
        """What it is, for messages: ``a tuple of 3``, ``an object of type Model``."""
        reference = self._reference
        if reference.kind == "container":
            return f"a {reference.type_name} of {reference.length}"
        return f"{_KINDS.get(reference.kind, 'an object')} of type {reference.type_name}"

    def __repr__(self) -> str:
        return f"<{self._name}: {self.description}, behind the glass>"

    def _wrap(self, value: object, name: str) -> Any:
        return wrap(self._ask, value, name)

    def __call__(self, *arguments: object, **keywords: object) -> Any:
        """Call it with copies of the arguments; return data as values and everything else as a handle."""
        request = p.Call(self._reference, arguments, keywords)
        result = self._ask(request, f"{self._name}(…)")
        # What a class makes is called as its class is: students read of ``CaptioningRNN.loss``.
        made = self._reference.kind == "class"
        return self._wrap(result, self._name if made else f"the result of {self._name}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Protocols of Python (copying, array conversion, …) ask for these; they are never the student's to answer.
            raise AttributeError(name)
        if name in self._known:
            return self._known[name]
        path = f"{self._name}.{name}"
        answer = self._ask(p.GetAttr(self._reference, name), path)
        found = self._wrap(answer, path)
        if self._reference.kind == "module" and isinstance(answer, p.HandleRef) and answer.kind in p.LASTING_KINDS:
            self._known[name] = found
        return found

    def __setattr__(self, name: str, value: object) -> None:
        self._known.pop(name, None)
        self._ask(p.SetAttr(self._reference, name, value), f"{self._name}.{name} = …")

    def __getitem__(self, key: object) -> Any:
        path = f"{self._name}[{key!r}]"
        return self._wrap(self._ask(p.GetItem(self._reference, key), path), path)

    def __setitem__(self, key: object, value: object) -> None:
        self._ask(p.SetItem(self._reference, key, value), f"{self._name}[{key!r}] = …")

    def __len__(self) -> int:
        if self._reference.length is None:
            raise StudentError("unsendable", f"{self._name} is {self.description}, which has no length.")
        if self._reference.length > _MOST_ITEMS:
            # Python makes room for as many items as a length announces, before the first one is there.
            raise StudentError("unsendable", f"{self._name} has more than {_MOST_ITEMS:,} items.")
        return self._reference.length

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        if self._reference.kind != "container":
            raise StudentError(
                "unsendable", f"{self._name} is {self.description}; several values were expected, to be unpacked."
            )
        items = self._ask(p.Unpack(self._reference), f"unpacking {self._name}")
        return iter([self._wrap(item, f"{self._name}[{index}]") for index, item in enumerate(items)])

    def get(self) -> Any:
        """Return a copy of it as data. Raises `StudentError` that names the part which is none."""
        value = self._ask(p.Get(self._reference), f"the data of {self._name}")
        return _with_tensors(value)


def _with_tensors(value: Any) -> Any:
    match value:
        case p.TensorData():
            return _incoming_tensor(value)
        case list():
            return [_with_tensors(item) for item in value]
        case tuple():
            return tuple(_with_tensors(item) for item in value)
        case dict():
            return {key: _with_tensors(item) for key, item in value.items()}
        case _:
            return value


@functools.cache
def _source_of(driver: Callable[..., object]) -> str:
    return textwrap.dedent(inspect.getsource(driver))


def wrap(ask: Ask, value: object, name: str) -> Any:
    """Return what a test gets for a value from the wire: itself, a tensor, or a handle called ``name``."""
    if isinstance(value, p.HandleRef):
        return Handle(ask, value, name)
    return _with_tensors(value)


class Student:
    """
    The whole submission. ``student.MODULE`` imports a module of its package.

    Args:
        ask: Sends a request to the worker of the test that runs.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._modules: dict[str, Handle] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.module(name)

    def module(self, name: str) -> Handle:
        """Return the module ``name`` of the student's package, dots allowed. Raises `StudentError` if it has none."""
        if name not in self._modules:
            reference = self._ask(p.Import(name), name)
            self._modules[name] = Handle(self._ask, reference, name.rpartition(".")[2])
        return self._modules[name]

    def put(self, value: object) -> Handle:
        """Send ``value`` once and return a handle to it, for functions that work in place; ``get`` fetches it back."""
        handle = wrap(self._ask, self._ask(p.Put(value), "put"), "the value")
        assert isinstance(handle, Handle)  # noqa: S101  # Put is answered by a handle, or by an exception
        return handle

    def run(self, driver: Callable[..., object], *arguments: object, **keywords: object) -> Any:
        """
        Run ``driver``, a plain function, beside the student's code, and return what it returns.

        Its source is sent, so it can use nothing but its arguments and what it imports. It runs among hostile code:
        hand it inputs, never answers, and score nothing that it computes. Where it stands for one of the student's own,
        students read that name: ``driver.stands_for = "CaptioningRNN"``.
        """
        name = driver.__name__
        request = p.Drive(_source_of(driver), name, arguments, keywords)
        own = getattr(driver, "stands_for", "")
        found = self._ask(request, f"{own}(…)" if own else f"the driver {name}")
        return wrap(self._ask, found, own or f"the result of {name}")

    def forget(self) -> None:
        """Drop every module: their handles ended with their process."""
        self._modules.clear()

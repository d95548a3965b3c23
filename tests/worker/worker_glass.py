"""The grader's end for these tests: blocking, small, without a cage."""

from __future__ import annotations

import array
import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np

from autograder.protocol import (
    Begin,
    Call,
    Connection,
    Drive,
    ErrorReport,
    Fork,
    Get,
    GetAttr,
    HandleRef,
    Import,
    Load,
    Message,
    Prepare,
    Put,
    Raised,
    Role,
    Unpack,
    Value,
    unsent,
)

TIMEOUT_S = 20


class Failed(Exception):
    """The worker answered with an error; ``report`` is it."""

    def __init__(self, report: ErrorReport) -> None:
        super().__init__(f"{report.kind}: {report.type_name}: {report.text} {report.frames} {report.notes}")
        self.report = report


class Line:
    """One conversation over a socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(TIMEOUT_S)
        self.sock = sock
        self.connection = Connection(Role.GRADER)

    def ask(self, message: Message, fds: tuple[int, ...] = ()) -> Any:
        """Return the value that a request is answered with; raise `Failed` or EOFError else."""
        pieces = self.connection.send(message)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        while pieces:
            pieces = unsent(pieces, self.sock.sendmsg(pieces, ancillary))
            ancillary = []
        while (reply := self.connection.next_message()) is None:
            count = self.sock.recv_into(self.connection.want())
            if not count:
                raise EOFError
            self.connection.got(count)
        if isinstance(reply, Raised):
            raise Failed(reply.error)
        assert isinstance(reply, Value)
        return reply.value


class Exam(Line):
    """A fork that serves tests."""

    def __init__(self, sock: socket.socket, printed: int) -> None:
        super().__init__(sock)
        self.printed = printed
        self.begin(0)

    def begin(self, seed: int) -> None:
        """Begin a test."""
        self.ask(Begin(seed))

    def module(self, name: str) -> HandleRef:
        """Return the handle of a module."""
        return self.ask(Import(name))

    def attr(self, target: HandleRef, name: str) -> Any:
        """Return an attribute."""
        return self.ask(GetAttr(target, name))

    def call(self, path: str, *args: Any, **kwargs: Any) -> Any:
        """Call ``module:function`` of the submission."""
        module, _, name = path.partition(":")
        return self.ask(Call(self.attr(self.module(module), name), args, kwargs))

    def method(self, target: HandleRef, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of an object."""
        return self.ask(Call(self.attr(target, name), args, kwargs))

    def ask_call(self, target: HandleRef, *args: Any) -> Any:
        """Call an object."""
        return self.ask(Call(target, args, {}))

    def unpack(self, target: HandleRef) -> Any:
        """Return the items of a container."""
        return self.ask(Unpack(target))

    def get(self, target: HandleRef) -> Any:
        """Return the data of a handle."""
        return self.ask(Get(target))

    def put(self, value: Any) -> HandleRef:
        """Send a value once."""
        return self.ask(Put(value))

    def drive(self, source: str, *args: Any) -> Any:
        """Run the function ``drive`` of a source."""
        return self.ask(Drive(source, "drive", args, {}))

    def error(self, path: str, *args: Any, **kwargs: Any) -> ErrorReport:
        """Return the report of a call that must fail."""
        try:
            value = self.call(path, *args, **kwargs)
        except Failed as failed:
            return failed.report
        raise AssertionError(f"{path} returned {value!r}")

    def output(self) -> str:
        """Close the conversation and return all that was printed."""
        self.sock.close()
        parts = []
        while part := os.read(self.printed, 65536):
            parts.append(part)
        return b"".join(parts).decode()


class Template(Line):
    """A template on a folder of files."""

    package = "pkg"

    def __init__(self, sock: socket.socket, root: Path) -> None:
        super().__init__(sock)
        self.root = root
        self.prepared: dict[str, Any] = {}
        self.loaded: dict[str, Any] = {}
        self.forks: list[Exam] = []

    def write(self, files: dict[str, str | bytes]) -> None:
        """Write the submission."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def prepare(self, *modules: str, **more: Any) -> dict[str, Any]:
        """Prepare the folder; return the reply."""
        found = {str(path.relative_to(self.root)): path for path in sorted(self.root.rglob("*")) if path.is_file()}
        request = {
            "package": self.package,
            "aliases": ["alias"],
            "modules": list(modules),
            "notebooks": {},
            "files": {
                name: np.frombuffer(path.read_bytes(), np.uint8)
                for name, path in found.items()
                if not name.endswith(".pyc")
            },
            "stale": [name for name in found if name.endswith(".pyc")],
            "given": {},
            "rules": [],
            "exercises": {},
        }
        self.prepared = self.ask(Prepare({**request, **more}))
        return self.prepared

    def load(self, *modules: str, cuda_to_cpu: bool = False, **more: Any) -> dict[str, Any]:
        """Prepare and load; return the reply to Load."""
        prepared = self.prepare(*modules, **more)
        request = {
            "package": self.package,
            "aliases": ["alias"],
            "modules": prepared["modules"],
            "wanted": list(modules),
            "defined": prepared["defined"],
            "seed": 1,
            "cuda_to_cpu": cuda_to_cpu,
        }
        self.loaded = self.ask(Load(request))
        return self.loaded

    def fork(self) -> Exam:
        """Return a new fork for tests."""
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        with theirs:
            assert self.ask(Fork(), (theirs.fileno(), write)) is True
        os.close(write)
        self.forks.append(Exam(ours, read))
        return self.forks[-1]

    def close(self) -> None:
        """Close every conversation."""
        for fork in self.forks:
            fork.sock.close()
            with contextlib.suppress(OSError):
                os.close(fork.printed)
        self.sock.close()

    def exam(self, files: dict[str, str | bytes], *modules: str, **more: Any) -> Exam:
        """Write, prepare, load and fork; every wanted module must import."""
        self.write(files)
        loaded = self.load(*modules, **more)
        assert not any(loaded["imported"].values()), loaded
        return self.fork()

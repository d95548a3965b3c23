"""
The two loops of the worker.

    template   Prepare ▶ parse    Load ▶ import    Fork (+ 2 file descriptors) ▶ a child that serves a test
    test       Begin, then calls, until the other end closes

The template forks twice and waits for the process between, so that a test's process is nobody's child here and the
cage's own first process collects it. A loop never raises and never returns: its process ends with `os._exit`, 0 when
the grader closed the socket and 70 when the worker itself failed, without exit handlers, which would be the student's.

All that is needed of ``os`` is bound when this module is imported, before student code can replace it. That is for
the sake of honest code that patches things; nothing that the grader trusts hangs on it.
"""

from __future__ import annotations

import array
import gc
import socket
from collections.abc import Callable
from os import _exit, close, dup2, fork, waitpid
from typing import Any, NoReturn

from autograder.errors import ProtocolError
from autograder.protocol import (
    Connection,
    ErrorReport,
    Fork,
    Load,
    Message,
    NotData,
    Prepare,
    Raised,
    Reply,
    Role,
    Value,
    unsent,
)
from autograder.worker import output
from autograder.worker.calls import Session, seed_everything
from autograder.worker.load import Submission, load
from autograder.worker.prepare import Trees, prepare
from autograder.worker.reports import Reporter

__all__ = ["serve_template", "serve_test"]

_FAILED = 70  # EX_SOFTWARE
_MOST_FDS = 8
_recvmsg_into = socket.socket.recvmsg_into
_sendmsg = socket.socket.sendmsg
_ANCILLARY = socket.CMSG_SPACE(_MOST_FDS * array.array("i").itemsize)


class Channel:
    """
    A socket and the worker's end of a conversation over it.

    Args:
        sock: A stream socket; blocking.
        convert: As in `autograder.protocol.Connection`.

    Attributes:
        fds: File descriptors that came beside the stream and were not taken yet.
    """

    def __init__(self, sock: socket.socket, convert: Callable[[object], object] | None = None) -> None:
        sock.setblocking(True)
        self._sock = sock
        self._connection = Connection(Role.WORKER, convert=convert)
        self.fds: list[int] = []

    def receive(self) -> Message | None:
        """Return the next request, or None when the other end has closed or speaks no sense."""
        try:
            while True:
                message = self._connection.next_message()
                if message is not None:
                    return message
                count, ancillary, _, _ = _recvmsg_into(self._sock, [self._connection.want()], _ANCILLARY)
                for level, kind, data in ancillary:
                    if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                        numbers = array.array("i")
                        numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                        self.fds.extend(numbers)
                if not count:
                    return None
                self._connection.got(count)
        except (OSError, ProtocolError):
            return None

    def send(self, reply: Reply) -> None:
        """
        Send a reply.

        Raises:
            NotData: It is no data or above a limit; another may be sent in its place.
            OSError: The other end has gone.
        """
        pieces = self._connection.send(reply)
        while pieces:
            pieces = unsent(pieces, _sendmsg(self._sock, pieces))

    def take_fds(self) -> list[int]:
        """Return the file descriptors that came, and forget them."""
        taken, self.fds = self.fds, []
        return taken

    def close(self) -> None:
        """Close the socket in this process."""
        self._sock.close()


def serve_template(sock: socket.socket) -> NoReturn:
    """Serve Prepare, Load and Fork over a socket until it closes; ends the process."""
    try:
        output.install()
        template = _Template(Channel(sock))
        while (request := template.channel.receive()) is not None:
            template.serve(request)
    except BaseException:  # noqa: BLE001 - there is nobody to tell but the exit status
        _exit(_FAILED)
    _exit(0)


def serve_test(sock: socket.socket, state: Submission) -> NoReturn:
    """Serve the calls of tests over a socket until it closes; ends the process."""
    try:
        session = Session(state)
        channel = Channel(sock, session.border.convert)
        while (request := channel.receive()) is not None:
            reply = session.answer(request)
            try:
                channel.send(reply)
            except NotData as error:
                channel.send(session.unsendable(request, error))
            except MemoryError:
                channel.send(
                    Raised(ErrorReport("memory", "MemoryError", "there was no memory left to send the result"))
                )
            del request, reply
    except OSError:
        _exit(0)
    except BaseException:  # noqa: BLE001 - there is nobody to tell but the exit status
        _exit(_FAILED)
    _exit(0)


class _Template:
    """The state of a template: what was parsed, and what was loaded."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._trees: Trees = {}
        self._root = ""
        self._submission = Submission()

    def serve(self, request: Message) -> None:
        """Answer one request; what goes wrong is the answer."""
        try:
            value: object = self._answer(request)
            output.flush()
            self.channel.send(Value(value))
        except OSError as error:
            if isinstance(request, (Prepare, Load)):
                raise
            self.channel.send(Raised(ErrorReport("raised", "OSError", f"no process for a test: {error.strerror}")))
        except Exception as error:  # noqa: BLE001 - the edge: student code ran in this process
            self.channel.send(Raised(Reporter(self._root).report(error)))
        finally:
            for number in self.channel.take_fds():
                close(number)

    def _answer(self, request: Message) -> Any:
        if isinstance(request, Prepare):
            self._root = request.request.get("root", "")
            gc.disable()  # until the end of Load: a collection would touch, and so copy, pages shared with the zygote
            reply, self._trees = prepare(request.request)
            return reply
        if isinstance(request, Load):
            seed_everything(int(request.request["seed"]))
            self._submission, reply = load(request.request, self._trees, self._root)
            self._trees = {}
            return reply
        if isinstance(request, Fork):
            self._fork()
            return True
        raise TypeError(f"a template does not serve {type(request).__name__}")

    def _fork(self) -> None:
        """Start a process for tests that is no child of this one; it ends with its socket."""
        fds = self.channel.take_fds()
        try:
            if len(fds) != 2:
                raise OSError(0, f"{len(fds)} file descriptors came with the request instead of 2")
            output.flush()
            between = fork()
            if between == 0:
                self._fork_again(*fds)
            _, status = waitpid(between, 0)
            if status:
                raise OSError(0, "the second fork failed")
        finally:
            for number in fds:
                close(number)

    def _fork_again(self, rpc: int, printed: int) -> NoReturn:
        """Fork once more and end; the child of that serves the test."""
        try:
            if fork():
                _exit(0)
            self.channel.close()
            dup2(printed, 1)
            dup2(printed, 2)
            close(printed)
            output.reset()
            serve_test(socket.socket(fileno=rpc), self._submission)
        except BaseException:  # noqa: BLE001 - never back into the template's loop
            _exit(_FAILED)

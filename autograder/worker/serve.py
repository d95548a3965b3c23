"""
The two loops of the worker.

    template   Prepare ▶ parse    Load ▶ import    Fork (+ 2 file descriptors) ▶ a child that serves a test
    test       Begin, then calls, until the other end closes

A test's process is nobody's child here (`forking`), so that the cage's own first process collects it. A loop never
raises and never returns: its process ends with `os._exit`, 0 when the grader closed the socket and 70 when the worker
itself failed, without exit handlers, which would be the student's.

All that is needed of ``os`` is bound when this module is imported, before student code can replace it. That is for
the sake of honest code that patches things; nothing that the grader trusts hangs on it.
"""

from __future__ import annotations

import array
import gc
import socket
from collections.abc import Callable
from os import _exit, close, dup2
from typing import NoReturn

from autograder import protocol as p
from autograder.errors import ProtocolError
from autograder.worker import output
from autograder.worker.calls import Session, seed_everything
from autograder.worker.forking import fork_beside
from autograder.worker.load import Submission, load
from autograder.worker.reading.prepare import Trees, prepare

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
        self._connection = p.Connection(p.Role.WORKER, convert=convert)
        self.fds: list[int] = []
        self.close = sock.close

    def receive(self) -> p.Message | None:
        """Return the next request, or None when the other end has closed or speaks no sense."""
        try:
            while (message := self._connection.next_message()) is None:
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
        return message

    def send(self, reply: p.Reply) -> None:
        """
        Send a reply.

        Raises:
            NotData: It is no data or above a limit; another may be sent in its place.
            OSError: The other end has gone.
        """
        pieces = self._connection.send(reply)
        while pieces:
            pieces = p.unsent(pieces, _sendmsg(self._sock, pieces))

    def close_fds(self) -> None:
        """Close the file descriptors that came."""
        for number in self.fds:
            close(number)
        self.fds.clear()


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


def serve_test(sock: socket.socket, submission: Submission) -> NoReturn:
    """Serve the calls of tests over a socket until it closes; ends the process."""
    try:
        session = Session(submission)
        channel = Channel(sock, session.border.convert)
        while (request := channel.receive()) is not None:
            reply = session.answer(request)
            try:
                channel.send(reply)
            except p.NotData as error:
                channel.send(session.unsendable(request, error))
            except MemoryError:
                text = "there was no memory left to send the result"
                channel.send(p.Raised(p.ErrorReport("memory", "MemoryError", text)))
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
        self._submission = Submission()

    def serve(self, request: p.Message) -> None:
        """Answer one request; what goes wrong is the answer."""
        try:
            value = self._answer(request)
            output.flush()
            self.channel.send(p.Value(value))
        except Exception as error:  # noqa: BLE001 - the edge: student code ran in this process
            self.channel.send(p.Raised(self._submission.reporter.report(error)))
        finally:
            self.channel.close_fds()

    def _answer(self, request: p.Message) -> object:
        match request:
            case p.Prepare(about):
                gc.disable()  # until the end of Load: a collection would touch, and so copy, the zygote's pages
                reply, self._trees = prepare(about)
                return reply
            case p.Load(about):
                seed_everything(about["seed"])
                self._submission, reply = load(about, self._trees)
                self._trees = {}
                return reply
            case p.Fork():
                rpc, printed = self.channel.fds
                output.flush()
                if fork_beside():
                    self._serve_test(rpc, printed)
                return True
            case _:
                raise TypeError(f"a template does not serve {type(request).__name__}")

    def _serve_test(self, rpc: int, printed: int) -> NoReturn:
        """Be the process that serves a test."""
        try:
            self.channel.close()
            dup2(printed, 1)
            dup2(printed, 2)
            close(printed)
            output.reset()
            serve_test(socket.socket(fileno=rpc), self._submission)
        except BaseException:  # noqa: BLE001 - never back into the template's loop
            _exit(_FAILED)

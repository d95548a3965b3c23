"""
Requests out, replies in, over a socket to a process that may be hostile.

A transport carries one request at a time and has one answer for everything that can go wrong with it: an exception of
the `SubmissionFault` branch. The deadline is *total*: an answer that drips in byte by byte does not move it. While it
waits, it drains what the other side prints, so that a full pipe never looks like a hang; what is kept is capped.

`ScriptedWorker` is the public fake: hidden tests can be written and tried against answers from a list.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from autograder.errors import LimitExceeded, ProtocolError, WorkerDied
from autograder.protocol import Buffer, Connection, Message, Reply, Request, Role

__all__ = ["ScriptedWorker", "SocketTransport", "Transport"]

_SHOWN_BYTES: Final = 64 << 10
"""What is kept of a test's output: more than anybody reads, less than a report can take."""
_READ_BYTES: Final = 1 << 16
_READS: Final = 256
_PIECES: Final = 512
"""Buffers handed to the kernel in one call; its own limit is 1024."""


class Transport(Protocol):
    """Something that answers requests."""

    def exchange(self, request: Request, timeout_s: float, descriptors: Sequence[int] = ()) -> Reply:
        """Send ``request`` and return the reply. Raises a `SubmissionFault` when none comes."""

    def take_output(self) -> tuple[str, int]:
        """Return what was printed since the last call, capped, and how many bytes it was before."""

    def close(self) -> None:
        """Give it up."""


class SocketTransport:
    """
    A transport over a stream socket and the read end of the output pipe. Both are closed with it.

    Args:
        channel: The socket to a worker.
        output: What that worker prints arrives here.
        convert: As in `Connection`.
        output_bytes: Called with the number of bytes printed so far; raises to end the exchange.
    """

    def __init__(
        self,
        channel: socket.socket,
        output: int,
        *,
        convert: Callable[[object], object] | None = None,
        output_bytes: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._channel = channel
        self._channel.setblocking(False)
        self._output = output
        os.set_blocking(output, False)
        self._connection = Connection(Role.GRADER, convert=convert)
        self._check_output = output_bytes
        self._printed = bytearray()
        self._printed_bytes = 0
        self._poller = select.poll()
        self._poller.register(output, select.POLLIN)
        self._output_is_open = True

    def exchange(self, request: Request, timeout_s: float, descriptors: Sequence[int] = ()) -> Reply:
        """
        Send ``request`` and return the reply.

        Raises:
            LimitExceeded: no whole reply within ``timeout_s`` seconds.
            WorkerDied: the other end was closed.
            ProtocolError: what came is no reply to this request. The transport is of no further use.
        """
        deadline = time.monotonic() + timeout_s
        try:
            self._send(self._connection.send(request), descriptors, deadline)
            return self._receive(deadline)
        except (ConnectionError, BrokenPipeError) as error:
            raise WorkerDied("The process that ran your code ended before it answered.") from error

    def _send(self, pieces: list[Buffer], descriptors: Sequence[int], deadline: float) -> None:
        left = [memoryview(piece).cast("B") for piece in pieces if len(piece)]
        beside = list(descriptors)
        while left:
            try:
                if beside:
                    sent = socket.send_fds(self._channel, [left[0]], beside, socket.MSG_NOSIGNAL)
                else:
                    sent = self._channel.sendmsg(left[:_PIECES], [], socket.MSG_NOSIGNAL)
            except BlockingIOError:  # the other end does not read
                self._wait(select.POLLOUT, deadline)
                continue
            left, beside = _drop(left, sent), []

    def _receive(self, deadline: float) -> Reply:
        while True:
            try:
                # No room for ancillary data is offered: descriptors that were sent along are closed by the kernel.
                count = self._channel.recv_into(self._connection.want())
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            if count == 0:
                raise WorkerDied("The process that ran your code ended before it answered.")
            self._connection.got(count)
            message = self._connection.next_message()
            if message is not None:
                return _as_reply(message)
            if time.monotonic() > deadline:
                raise LimitExceeded("wall_s", "The answer was not complete in time.")

    def _wait(self, event: int, deadline: float) -> None:
        """Wait for ``event`` on the socket, draining the output meanwhile."""
        self._poller.register(self._channel, event)
        while True:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise LimitExceeded("wall_s", "No answer came in time.")
            ready = dict(self._poller.poll(left_s * 1000))
            if self._output in ready:
                self._drain()
            if self._channel.fileno() in ready:
                return

    def _drain(self) -> None:
        """Read what was printed; no more at a time than a pipe holds many times over, since a writer may never rest."""
        for _ in range(_READS):
            if not self._output_is_open:
                return
            try:
                data = os.read(self._output, _READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._poller.unregister(self._output)
                self._output_is_open = False
                return
            self._printed += data[: max(0, _SHOWN_BYTES - len(self._printed))]
            self._printed_bytes += len(data)
            self._check_output(self._printed_bytes)

    def take_output(self) -> tuple[str, int]:
        """Return what was printed since the last call, as text (not UTF-8: replaced), and its size in bytes."""
        with contextlib.suppress(LimitExceeded):
            self._drain()
        text, count = self._printed.decode("utf-8", "replace"), self._printed_bytes
        self._printed, self._printed_bytes = bytearray(), 0
        return text, count

    def close(self) -> None:
        """Close the socket and the pipe."""
        self._channel.close()
        os.close(self._output)


def _drop(pieces: list[memoryview], count: int) -> list[memoryview]:
    """Return what is left of ``pieces`` after ``count`` bytes."""
    for index, piece in enumerate(pieces):
        if count < len(piece):
            return [piece[count:], *pieces[index + 1 :]]
        count -= len(piece)
    return []


def _as_reply(message: Message) -> Reply:
    if not isinstance(message, Reply):
        raise ProtocolError("Your code's process sent a request where an answer was due.")
    return message


class ScriptedWorker:
    """
    A transport that answers from a script, for trying hidden tests and everything above the wire.

    Args:
        answers: A reply, or an exception to raise, for each request in turn.

    Attributes:
        requests: What was asked so far.
    """

    def __init__(self, answers: Iterable[Reply | Exception]) -> None:
        self._answers = iter(answers)
        self.requests: list[Any] = []

    def exchange(self, request: Request, timeout_s: float, descriptors: Sequence[int] = ()) -> Reply:
        """Return or raise the next of the answers. Raises `WorkerDied` when there is none left."""
        del timeout_s, descriptors
        self.requests.append(request)
        answer = next(self._answers, None)
        if answer is None:
            raise WorkerDied("The process that ran your code ended before it answered.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def take_output(self) -> tuple[str, int]:
        """Return nothing: a script prints nothing."""
        return "", 0

    def close(self) -> None:
        """Do nothing."""

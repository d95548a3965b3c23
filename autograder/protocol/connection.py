"""
A conversation: the grader asks, the worker answers, one at a time.

    NEW ──Prepare──▶ PREPARING ──Value──▶ PREPARED ──Load──▶ LOADING ──Value──▶ LOADED ──Fork──▶ FORKING ─▶ LOADED
     │                                                                                     (a template)
     └────Begin────▶ BEGINNING ──Value──▶ TEST ──Call, Get, …──▶ ANSWERING ──Value, Raised──▶ TEST
                                                                                     (a fork, serving tests)

``MOVES`` is the whole of it: (state, who speaks, class of the message) to the next state. Both sides walk the same
table. What is not a row is an error, an error closes the connection, and a closed connection stays closed: a stream
that has lied once is not read any further.

The grader makes a random id for each call and takes no reply without it, which it looks at before it reads the rest of
the frame. So an answer prepared beforehand, a second answer, and an answer to an earlier question are refused. Bytes
that come while nothing was asked are refused as they come.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Callable

from autograder.errors import ProtocolError
from autograder.protocol import messages as m
from autograder.protocol.encoding import Convert
from autograder.protocol.frames import CALL_ID_BYTES, Buffer, Frame, FrameReader, encode_frame
from autograder.protocol.header import pack_header, unpack_header
from autograder.protocol.kinds import refuse
from autograder.protocol.limits import DEFAULT_LIMITS, ProtocolLimits

__all__ = ["MOVES", "Connection", "Role", "State"]


class Role(enum.Enum):
    """Who speaks."""

    GRADER = "grader"
    WORKER = "worker"


class State(enum.Enum):
    """Where a conversation stands; in the states that end in -ING the worker has the word."""

    NEW = "new"
    PREPARING = "preparing"
    PREPARED = "prepared"
    LOADING = "loading"
    LOADED = "loaded"
    FORKING = "forking"
    BEGINNING = "beginning"
    TEST = "test"
    ANSWERING = "answering"
    SPENT = "spent"  # a load or a reseeding failed: what this process would answer means nothing
    CLOSED = "closed"


def _moves() -> dict[tuple[State, Role, type], State]:
    """Return the table, the requests of a test written as one row."""
    grader, worker, of = Role.GRADER, Role.WORKER, State
    moves = {
        (of.NEW, grader, m.Prepare): of.PREPARING,
        (of.PREPARED, grader, m.Prepare): of.PREPARING,
        (of.PREPARING, worker, m.Value): of.PREPARED,
        (of.PREPARING, worker, m.Raised): of.NEW,
        (of.NEW, grader, m.Load): of.LOADING,  # what another process prepared, as data
        (of.PREPARED, grader, m.Load): of.LOADING,
        (of.LOADING, worker, m.Value): of.LOADED,
        (of.LOADING, worker, m.Raised): of.SPENT,
        (of.LOADED, grader, m.Fork): of.FORKING,
        (of.FORKING, worker, m.Value): of.LOADED,
        (of.FORKING, worker, m.Raised): of.LOADED,
        (of.NEW, grader, m.Begin): of.BEGINNING,
        (of.TEST, grader, m.Begin): of.BEGINNING,
        (of.BEGINNING, worker, m.Value): of.TEST,
        (of.BEGINNING, worker, m.Raised): of.SPENT,
        (of.ANSWERING, worker, m.Value): of.TEST,
        (of.ANSWERING, worker, m.Raised): of.TEST,
    }
    for request in sorted(m.REQUESTS - {m.Begin, m.Fork, m.Load, m.Prepare}, key=lambda each: each.__name__):
        moves[of.TEST, grader, request] = of.ANSWERING
    return moves


MOVES: dict[tuple[State, Role, type], State] = _moves()
_SPEAKER: dict[State, Role] = {state: role for state, role, _ in MOVES}


def _new_call_id() -> bytes:
    return secrets.token_bytes(CALL_ID_BYTES)


class Connection:
    """
    One end of a conversation, without input or output of its own.

    To send, give the pieces of ``send`` to the socket. To receive, ``recv_into(connection.want())``, say how much came
    with ``got`` and look at ``next_message``.

    Args:
        role: Which end this is.
        limits: The same at both ends.
        convert: As in `encode_value`; the worker's makes `TensorData` of tensors.
        new_call_id: Where the grader gets its call ids; a test may give known ones.
    """

    def __init__(
        self,
        role: Role,
        limits: ProtocolLimits = DEFAULT_LIMITS,
        *,
        convert: Convert | None = None,
        new_call_id: Callable[[], bytes] = _new_call_id,
    ) -> None:
        self.role = role
        self.limits = limits
        self._peer = Role.WORKER if role is Role.GRADER else Role.GRADER
        self._convert = convert
        self._new_call_id = new_call_id
        self._state = State.NEW
        self._call_id: bytes | None = None
        self._reader = FrameReader(limits)
        self._inbox: Frame | None = None

    @property
    def state(self) -> State:
        """Where the conversation stands."""
        return self._state

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self._state is State.CLOSED

    @property
    def listening(self) -> bool:
        """Whether it is the other's turn to speak, and nothing that it said waits to be taken."""
        return _SPEAKER.get(self._state) is self._peer and self._inbox is None

    def send(self, message: m.Message) -> list[Buffer]:
        """
        Return the pieces of a message, at most 1024, to be sent in order.

        Large arrays are not copied: they must not change until the pieces are sent.

        Raises:
            NotData: The message is no data or above a limit. Nothing has happened; another may be sent in its place.
            ProtocolError: It is not this end's turn, or not the time for this message. The connection is closed.
        """
        state = MOVES.get((self._state, self.role, type(message)))
        if state is None:
            raise self._fail(f"the {self.role.value} cannot send {type(message).__name__} while {self._state.value}")
        tree, buffers = m.to_tree(message, self.limits, self._convert)
        call_id = self._new_call_id() if self.role is Role.GRADER else self._call_id
        if call_id is None:  # a reply is a row only after a request
            raise self._fail("a reply without a request")
        pieces = encode_frame(call_id, pack_header(tree, self.limits), buffers, self.limits)
        self._call_id = call_id if self.role is Role.GRADER else None
        self._state = state
        return pieces

    def want(self) -> memoryview:
        """
        Return the memory into which the next bytes belong; it is never empty.

        Raises:
            ProtocolError: The connection is closed.
        """
        self._check_open()
        return self._reader.want()

    def got(self, count: int) -> None:
        """
        Take the first ``count`` bytes of the last ``want`` as received.

        Raises:
            ProtocolError: They are no frame, are above a limit, or came out of turn. The connection is closed.
        """
        self._check_open()
        if count and not self.listening:
            raise self._fail(f"bytes from the {self._peer.value} while {self._state.value}")
        try:
            self._reader.got(count)
        except ProtocolError:
            self.close()
            raise
        for frame in self._reader.frames():
            self._check_call_id(frame.call_id)
            self._inbox = frame
        if self._reader.call_id is not None:
            self._check_call_id(self._reader.call_id)

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """
        Copy bytes in, for who has them already.

        Raises:
            ProtocolError: As ``got`` does.
        """
        rest = memoryview(data).cast("B")
        while len(rest):
            view = self.want()
            count = min(len(view), len(rest))
            view[:count] = rest[:count]
            self.got(count)
            rest = rest[count:]

    def next_message(self) -> m.Message | None:
        """
        Return the message that came, once, or None while there is none.

        Raises:
            ProtocolError: What came is no message, or not one for this time. The connection is closed.
        """
        self._check_open()
        frame, self._inbox = self._inbox, None
        if frame is None:
            return None
        try:
            message = m.from_tree(unpack_header(frame.header, self.limits), frame.body, self.limits)
        except ProtocolError:
            self.close()
            raise
        state = MOVES.get((self._state, self._peer, type(message)))
        if state is None:
            raise self._fail(f"{type(message).__name__} from the {self._peer.value} while {self._state.value}")
        self._call_id = frame.call_id if self.role is Role.WORKER else None
        self._state = state
        return message

    def end(self) -> None:
        """
        Say that no more bytes will come, and close.

        Raises:
            ProtocolError: A frame is cut.
        """
        self._check_open()
        midway = self._reader.midway
        self.close()
        if midway:
            raise refuse("the stream ends within a frame")

    def close(self) -> None:
        """End the conversation for good, and let go of what came."""
        self._state = State.CLOSED
        self._reader = FrameReader(self.limits)
        self._call_id = None
        self._inbox = None

    def _check_call_id(self, call_id: bytes) -> None:
        """Refuse, at the grader's end, a frame that does not answer the call that is out."""
        if self.role is Role.GRADER and call_id != self._call_id:
            raise self._fail("a reply to another call")

    def _check_open(self) -> None:
        if self.closed:
            raise refuse("the connection is closed")

    def _fail(self, detail: str) -> ProtocolError:
        """Close, and return the error to raise."""
        self.close()
        return refuse(detail)

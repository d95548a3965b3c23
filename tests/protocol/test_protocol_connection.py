"""Turns: what may be said when, and that nothing else may."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tracemalloc

import pytest
from protocol_samples import HANDLE, MESSAGES, REPORT, frame_of, ship, wire

from autograder.errors import ProtocolError
from autograder.protocol import (
    MOVES,
    Begin,
    Call,
    Connection,
    Fork,
    FrameReader,
    Get,
    Load,
    Message,
    NotData,
    Prepare,
    ProtocolLimits,
    Raised,
    Role,
    State,
    Value,
)

_SAMPLES = {type(message): message for message in MESSAGES}
_OPEN = tuple(state for state in State if state is not State.CLOSED)
_PEER = {Role.GRADER: Role.WORKER, Role.WORKER: Role.GRADER}
# A way from NEW to each state: the messages that lead there, requests and replies in turn.
_ROUTES: dict[State, tuple[Message, ...]] = {
    State.NEW: (),
    State.PREPARING: (Prepare({}),),
    State.PREPARED: (Prepare({}), Value(1)),
    State.LOADING: (Load({}),),
    State.LOADED: (Load({}), Value(1)),
    State.FORKING: (Load({}), Value(1), Fork()),
    State.BEGINNING: (Begin(1),),
    State.TEST: (Begin(1), Value(1)),
    State.ANSWERING: (Begin(1), Value(1), Get(HANDLE)),
    State.SPENT: (Begin(1), Raised(REPORT)),
}


def pair(state: State = State.NEW) -> dict[Role, Connection]:
    """Return both ends of a conversation that came to a state."""
    ends = {role: Connection(role) for role in Role}
    for message, role in zip(_ROUTES[state], itertools.cycle((Role.GRADER, Role.WORKER)), strict=False):
        assert ship(ends[role], ends[_PEER[role]], message) == message
    assert {end.state for end in ends.values()} == {state}
    return ends


def reply_to(request: bytes, message: Message) -> bytes:
    """Return a reply with the call id of a request."""
    reader = FrameReader()
    reader.feed(request)
    (frame,) = reader.frames()
    return wire(message, call_id=frame.call_id)


@pytest.mark.parametrize(
    ("state", "role", "kind", "after"),
    [(*move, after) for move, after in MOVES.items()],
    ids=lambda part: getattr(part, "name", None) or getattr(part, "__name__", None),
)
def test_each_row_is_a_move(state: State, role: Role, kind: type, after: State) -> None:
    """Each row of the table can be said by its speaker, is taken by the other, and leads both to its state."""
    ends = pair(state)
    message = _SAMPLES[kind]
    assert ship(ends[role], ends[_PEER[role]], message) == message
    assert {end.state for end in ends.values()} == {after}


@pytest.mark.parametrize("state", _OPEN, ids=lambda state: state.name)
def test_all_that_is_no_row_cannot_be_said(state: State) -> None:
    """Every other (state, speaker, message) is refused where it is sent, and closes that end for good."""
    for role, kind in itertools.product(Role, _SAMPLES):
        if (state, role, kind) in MOVES:
            continue
        end = pair(state)[role]
        with pytest.raises(ProtocolError):
            end.send(_SAMPLES[kind])
        assert end.closed


@pytest.mark.parametrize("state", _OPEN, ids=lambda state: state.name)
def test_all_that_is_no_row_is_not_taken(state: State) -> None:
    """Every other (state, speaker, message) is refused where it comes in, even with the right call id."""
    for role, kind in itertools.product(Role, _SAMPLES):
        if (state, role, kind) in MOVES:
            continue
        end = pair(state)[_PEER[role]]
        call_id = end._call_id or bytes(16)
        with pytest.raises(ProtocolError):
            (end.feed(wire(_SAMPLES[kind], call_id=call_id)), end.next_message())
        assert end.closed


def test_every_message_has_its_moves() -> None:
    """No message is without a row, no state without a way to it, and only closed and spent states are ends."""
    assert {kind for _, _, kind in MOVES} == set(_SAMPLES)
    assert set(MOVES.values()) | {State.NEW, State.CLOSED} == set(State)
    assert set(State) - {state for state, _, _ in MOVES} == {State.SPENT, State.CLOSED}
    assert all(len({role for at, role, _ in MOVES if at is state}) <= 1 for state in State)


def test_a_closed_connection_stays_closed() -> None:
    """After one error everything is refused, right frames too."""
    ends = pair(State.TEST)
    request = b"".join(ends[Role.GRADER].send(Get(HANDLE)))
    grader = ends[Role.GRADER]
    with pytest.raises(ProtocolError):
        grader.feed(b"HTTP/1.1 200 OK\r\n" * 3)
    for attempt in (
        lambda: grader.feed(reply_to(request, Value(1))),
        lambda: grader.send(Get(HANDLE)),
        lambda: grader.got(0),
        grader.want,
        grader.next_message,
        grader.end,
    ):
        with pytest.raises(ProtocolError):
            attempt()
    assert grader.closed


def test_a_reply_to_another_call_is_refused_by_its_prefix() -> None:
    """The wrong call id is enough: the rest of the frame is not waited for."""
    grader = pair(State.TEST)[Role.GRADER]
    grader.send(Get(HANDLE))
    with pytest.raises(ProtocolError, match="not an answer"):
        grader.feed(wire(Value(1))[:36])


def test_a_reply_to_an_earlier_call_is_refused() -> None:
    """A reply that was right once is not right again."""
    ends = pair(State.TEST)
    grader, worker = ends[Role.GRADER], ends[Role.WORKER]
    request = b"".join(grader.send(Get(HANDLE)))
    reply = reply_to(request, Value(1))
    grader.feed(reply)
    assert grader.next_message() == Value(1)
    grader.send(Get(HANDLE))
    with pytest.raises(ProtocolError):
        grader.feed(reply)
    assert worker.state is State.TEST


@pytest.mark.parametrize("taken", [False, True])
def test_a_second_reply_is_refused(taken: bool) -> None:
    """Bytes behind the reply are refused, whether it was taken yet or not."""
    grader = pair(State.TEST)[Role.GRADER]
    reply = reply_to(b"".join(grader.send(Get(HANDLE))), Value(1))
    grader.feed(reply)
    if taken:
        grader.next_message()
    with pytest.raises(ProtocolError):
        grader.feed(reply[:1])
    assert grader.closed


@pytest.mark.parametrize("state", [State.NEW, State.PREPARED, State.LOADED, State.TEST], ids=lambda state: state.name)
def test_an_unsolicited_reply_is_refused(state: State) -> None:
    """One byte from the worker when nothing was asked is one too many."""
    grader = pair(state)[Role.GRADER]
    with pytest.raises(ProtocolError):
        grader.feed(b"a")


def test_a_request_is_not_taken_while_one_is_served() -> None:
    """The worker does one thing at a time."""
    worker = pair(State.ANSWERING)[Role.WORKER]
    with pytest.raises(ProtocolError):
        worker.feed(wire(Get(HANDLE)))


def test_a_reply_must_wait_for_its_request_to_be_taken() -> None:
    """A request that lies in the inbox cannot be answered yet."""
    ends = pair(State.TEST)
    for piece in ends[Role.GRADER].send(Get(HANDLE)):
        ends[Role.WORKER].feed(piece)
    with pytest.raises(ProtocolError):
        ends[Role.WORKER].send(Value(1))


def test_call_ids_are_random_and_echoed() -> None:
    """No two calls have the same id, and the reply has that of its request."""
    ends = pair(State.TEST)
    seen = set()
    for _ in range(50):
        sent = b"".join(ends[Role.GRADER].send(Get(HANDLE)))
        ends[Role.WORKER].feed(sent)
        ends[Role.WORKER].next_message()
        back = b"".join(ends[Role.WORKER].send(Value(1)))
        assert back[20:36] == sent[20:36]
        seen.add(sent[20:36])
        ends[Role.GRADER].feed(back)
        ends[Role.GRADER].next_message()
    assert len(seen) == 50


def test_what_is_no_data_leaves_the_turn_as_it_was() -> None:
    """A worker whose answer cannot be sent says so in its place."""
    ends = pair(State.ANSWERING)
    for value in ({1}, "x" * 5_000_000, [0] * 200_000):
        with pytest.raises(NotData):
            ends[Role.WORKER].send(Value(value))
    assert ship(ends[Role.WORKER], ends[Role.GRADER], Raised(REPORT)) == Raised(REPORT)


def test_limits_of_a_connection_hold_in_both_directions() -> None:
    """What is above the limits is neither sent nor taken."""
    small = ProtocolLimits(text_chars=10)
    grader = Connection(Role.GRADER, small)
    request = b"".join(grader.send(Begin(1)))
    with pytest.raises(ProtocolError):
        (grader.feed(reply_to(request, Value("x" * 11))), grader.next_message())
    with pytest.raises(NotData):
        Connection(Role.GRADER, small).send(Load({"text": "x" * 11}))


@pytest.mark.parametrize("cut", [1, 35, 36, 40])
def test_a_stream_that_ends_within_a_frame_is_refused(cut: int) -> None:
    """Half a reply is an error; no reply is an end."""
    grader = pair(State.TEST)[Role.GRADER]
    reply = reply_to(b"".join(grader.send(Get(HANDLE))), Value("answer"))
    grader.feed(reply[:cut])
    assert grader.next_message() is None
    with pytest.raises(ProtocolError):
        grader.end()
    assert grader.closed
    other = pair(State.ANSWERING)[Role.GRADER]
    other.end()
    assert other.closed


def test_a_connection_works_through_want_and_got() -> None:
    """The zero-copy way takes a message in pieces of any size."""
    ends = pair(State.TEST)
    data = b"".join(ends[Role.GRADER].send(Call(HANDLE, (b"x" * 3000,))))
    worker, at = ends[Role.WORKER], 0
    while (message := worker.next_message()) is None:
        view = worker.want()
        count = min(len(view), 7)
        view[:count] = data[at : at + count]
        worker.got(count)
        at += count
    assert message == Call(HANDLE, (b"x" * 3000,))
    assert at == len(data)


def test_a_refused_connection_keeps_no_memory() -> None:
    """A body that was on its way is let go with the connection."""
    tracemalloc.start()
    try:
        grader = pair(State.TEST)[Role.GRADER]
        request = b"".join(grader.send(Get(HANDLE)))
        before, _ = tracemalloc.get_traced_memory()
        reply = bytearray(reply_to(request, Value(1)))
        reply[12:20] = (64 << 20).to_bytes(8, "little")
        grader.feed(reply)
        during, _ = tracemalloc.get_traced_memory()
        with pytest.raises(ProtocolError):
            grader.end()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert during - before >= 64 << 20
    assert after - before < 1 << 20


def test_a_hand_made_reply_with_the_right_id_is_taken() -> None:
    """The refusals above are about turns and ids, not about how the frames were made."""
    grader = Connection(Role.GRADER, new_call_id=lambda: b"i" * 16)
    grader.send(Begin(1))
    grader.feed(frame_of(["Value", True], call_id=b"i" * 16))
    assert grader.next_message() == Value(value=True)


def test_the_protocol_imports_neither_torch_nor_pickle() -> None:
    """Nothing that can execute is loaded with it that NumPy has not loaded, and torch is not."""
    code = (
        "import sys, numpy; before = set(sys.modules); import autograder.protocol; new = set(sys.modules) - before\n"
        "assert not new & {'torch', 'pickle', 'marshal', 'dill', 'socket', 'subprocess'}, new\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Requests and replies over a socket whose other end may do anything."""

import contextlib
import os
import socket
import threading
import time

import numpy as np
import pytest

from autograder import protocol as p
from autograder.cage import connected_pair
from autograder.errors import LimitExceeded, ProtocolError, WorkerDied
from autograder.session import SocketTransport


@pytest.fixture
def glass():
    """A transport, the other end of its socket, and the write end of its output pipe."""
    ours, theirs = connected_pair()
    read_end, write_end = os.pipe()
    transport = SocketTransport(ours, read_end)
    yield transport, theirs, write_end
    transport.close()
    theirs.close()
    os.close(write_end)


def answering(theirs, reply):
    """Serve one request in a thread: ``reply`` gets the pieces of an honest answer and the socket."""

    def serve():
        connection = p.Connection(p.Role.WORKER)
        while True:
            connection.got(theirs.recv_into(connection.want()))
            if connection.next_message() is not None:
                break
        pieces = b"".join(bytes(piece) for piece in connection.send(p.Value(np.arange(3.0))))
        reply(theirs, pieces)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_an_honest_answer_arrives(glass):
    """A request is answered, whole."""
    transport, theirs, _ = glass
    thread = answering(theirs, lambda sock, data: sock.sendall(data))
    assert transport.exchange(p.Begin(1), 5).value.tolist() == [0, 1, 2]
    thread.join()


def test_an_end_that_never_reads_costs_the_time_alone(glass):
    """Where the socket is full, a request that carries descriptors waits for room, and then for its deadline."""
    transport, _theirs, write_end = glass
    with contextlib.suppress(BlockingIOError):
        while True:
            transport._channel.send(bytes(1 << 16), socket.MSG_DONTWAIT)
    with pytest.raises(LimitExceeded):
        transport.exchange(p.Begin(1), 0.3, [write_end])


def test_a_slow_drip_does_not_move_the_deadline(glass):
    """Bytes that trickle in reset nothing: the deadline is total."""
    transport, theirs, _ = glass

    def drip(sock, data):
        for byte in data:
            try:
                sock.sendall(bytes([byte]))
            except OSError:
                return
            time.sleep(0.02)

    thread = answering(theirs, drip)
    began = time.monotonic()
    with pytest.raises(LimitExceeded):
        transport.exchange(p.Begin(1), 0.3)
    assert time.monotonic() - began < 2
    theirs.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_silence_is_a_limit(glass):
    """No answer at all is the limit on time."""
    transport, _, _ = glass
    with pytest.raises(LimitExceeded) as caught:
        transport.exchange(p.Begin(1), 0.1)
    assert caught.value.limit == "wall_s"


def test_a_closed_end_is_a_death(glass):
    """The end of the other process is told apart from its silence."""
    transport, theirs, _ = glass
    thread = answering(theirs, lambda sock, data: sock.shutdown(socket.SHUT_RDWR))
    with pytest.raises(WorkerDied):
        transport.exchange(p.Begin(1), 5)
    thread.join()


@pytest.mark.parametrize("change", ["garbage", "prefix", "twice"])
def test_what_is_no_answer_is_refused(glass, change):
    """Garbage, bytes before the answer, and a second answer all end the conversation."""
    transport, theirs, _ = glass
    forged = {"garbage": lambda d: os.urandom(500), "prefix": lambda d: b"x" + d, "twice": lambda d: d + d}[change]
    thread = answering(theirs, lambda sock, data: sock.sendall(forged(data)))

    def ask_twice():
        transport.exchange(p.Begin(1), 5)
        transport.exchange(p.Begin(1), 5)

    with pytest.raises(ProtocolError):
        ask_twice()
    thread.join()


def test_a_large_request_and_a_full_pipe_do_not_hang(glass):
    """While it sends 16 MiB and waits, the transport drains what the other side prints."""
    transport, theirs, write_end = glass

    def print_much(sock, data):
        for _ in range(64):
            os.write(write_end, b"y" * 65536)
        sock.sendall(data)

    thread = answering(theirs, print_much)
    answer = transport.exchange(p.Begin(1), 20)
    thread.join()
    assert answer.value.tolist() == [0, 1, 2]
    text, count = transport.take_output()
    assert count == 64 * 65536
    assert len(text) == 65536
    assert transport.take_output() == ("", 0)


def test_descriptors_sent_by_the_other_side_are_dropped(glass):
    """Descriptors in ancillary data do not pile up in the grader."""
    transport, theirs, _ = glass
    before = len(os.listdir("/proc/self/fd"))
    with open(os.devnull, "rb") as null:
        handed = [null.fileno()] * 4
        thread = answering(theirs, lambda sock, data: socket.send_fds(sock, [data], handed))
        transport.exchange(p.Begin(1), 5)
        thread.join()
    assert len(os.listdir("/proc/self/fd")) == before

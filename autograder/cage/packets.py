"""
The control packets between the grader and its zygote: one msgpack map a packet, descriptors beside it.

Both ends are ours and the socket is closed in every caged process, so this is a convenience, not a defence: the wire
that student's code can write to is `autograder.protocol`.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any, Final

import msgpack

__all__ = ["receive", "send"]

_PACKET_BYTES: Final = 1 << 16
_DESCRIPTORS: Final = 2


def send(channel: socket.socket, packet: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one packet. Raises ``OSError`` when the other end has gone."""
    socket.send_fds(channel, [msgpack.packb(packet)], list(descriptors), socket.MSG_NOSIGNAL)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return the next packet and its descriptors. Raises ``EOFError`` when the other end has gone."""
    data, descriptors, _, _ = socket.recv_fds(channel, _PACKET_BYTES, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    if not data:
        raise EOFError("the other end of the control socket has gone")
    return msgpack.unpackb(data), descriptors

"""
How the grader and the student's process talk: bytes in, messages out, and nothing that can execute.

    Connection   turns, call ids            connection.py
    Message      frozen values, a row each  messages.py
    value        data as a tree + buffers   values.py, encoding.py, decoding.py, kinds.py, tags.py
    frame        prefix, header, body       frames.py, header.py, body.py
    limits       each with its reason       limits.py

Sans-IO: no sockets, files, clocks or threads. No torch, no pickle. Whatever bytes are fed, in whatever pieces, the
outcome is a message or `autograder.errors.ProtocolError`, and the memory spent is bounded by what was really sent.
"""

from __future__ import annotations

from autograder.protocol.connection import MOVES, Connection, Role, State
from autograder.protocol.frames import Buffer, Frame, FrameReader, encode_frame, unsent
from autograder.protocol.limits import DEFAULT_LIMITS, ProtocolLimits
from autograder.protocol.messages import (
    ERROR_KINDS,
    Begin,
    Call,
    CodeFrame,
    Drive,
    ErrorReport,
    Fork,
    Get,
    GetAttr,
    GetItem,
    Import,
    Load,
    Message,
    Prepare,
    Put,
    Raised,
    Release,
    Reply,
    Request,
    SetAttr,
    SetItem,
    Unpack,
    Value,
    from_tree,
    to_tree,
)
from autograder.protocol.values import LASTING_KINDS, HandleRef, NotData, TensorData, decode_value, encode_value

__all__ = [
    "DEFAULT_LIMITS",
    "ERROR_KINDS",
    "LASTING_KINDS",
    "MOVES",
    "Begin",
    "Buffer",
    "Call",
    "CodeFrame",
    "Connection",
    "Drive",
    "ErrorReport",
    "Fork",
    "Frame",
    "FrameReader",
    "Get",
    "GetAttr",
    "GetItem",
    "HandleRef",
    "Import",
    "Load",
    "Message",
    "NotData",
    "Prepare",
    "ProtocolLimits",
    "Put",
    "Raised",
    "Release",
    "Reply",
    "Request",
    "Role",
    "SetAttr",
    "SetItem",
    "State",
    "TensorData",
    "Unpack",
    "Value",
    "decode_value",
    "encode_frame",
    "encode_value",
    "from_tree",
    "to_tree",
    "unsent",
]

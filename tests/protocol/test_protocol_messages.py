"""Messages: each kind arrives, and each field refuses what it is not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from protocol_samples import HANDLE, MESSAGES, REPORT, frame_of, read, wire

from autograder.errors import ProtocolError
from autograder.protocol import (
    DEFAULT_LIMITS,
    Begin,
    Call,
    CodeFrame,
    Drive,
    ErrorReport,
    Get,
    GetAttr,
    Message,
    NotData,
    Prepare,
    Raised,
    Release,
    to_tree,
)
from autograder.protocol import messages as m

_H = [12, 3, "container", "tuple", 2]
_FRAME = [2, "a3/x.py", 4, "f", "raise"]
_REPORT = [2, "raised", "ValueError", "no", [2, _FRAME], [2, "a note"]]


def test_every_message_has_a_sample() -> None:
    """The samples of these tests are all kinds of messages."""
    assert {type(message) for message in MESSAGES} == set(m.MESSAGES.values())


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_each_message_arrives(message: Message) -> None:
    """A message is the same after the wire."""
    assert read(wire(message)) == [message]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_messages_are_frozen(message: Message) -> None:
    """A message cannot be changed."""
    for field in dataclasses.fields(message):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(message, field.name, None)


@pytest.mark.parametrize(
    "message",
    [
        Begin(-1),
        Begin(seed=True),
        Begin("1"),  # type: ignore[arg-type]
        GetAttr(3, "x"),  # type: ignore[arg-type]
        GetAttr(HANDLE, 3),  # type: ignore[arg-type]
        GetAttr(HANDLE, "x" * 5000),
        Call(HANDLE, [1]),  # type: ignore[arg-type]
        Call(HANDLE, (), {1: 2}),  # type: ignore[dict-item]
        Get(None),  # type: ignore[arg-type]
        Drive(b"", "f"),  # type: ignore[arg-type]
        Release([1]),  # type: ignore[arg-type]
        Release((-1,)),
        Release((2**63,)),
        Prepare([]),  # type: ignore[arg-type]
        Raised("error"),  # type: ignore[arg-type]
        Raised(dataclasses.replace(REPORT, kind="odd")),
        Raised(dataclasses.replace(REPORT, frames=("a",))),
        Raised(dataclasses.replace(REPORT, frames=REPORT.frames * 65)),
        Raised(dataclasses.replace(REPORT, notes=("a",) * 65)),
        Raised(dataclasses.replace(REPORT, text=None)),
        "no message",
    ],
    ids=str,
)
def test_a_wrong_message_is_not_sent(message: Any) -> None:
    """A field that is not what its row says is refused before anything is sent."""
    with pytest.raises(NotData):
        to_tree(message)


@pytest.mark.parametrize(
    "tree",
    [
        None,
        1,
        [],
        [1],
        "Fork",
        {"Fork": 1},
        ["Nothing"],
        ["Fork", 1],
        ["Begin"],
        ["Begin", -1],
        ["Begin", True],
        ["Begin", 1.0],
        ["Begin", 1, 2],
        ["Import", b"a"],
        ["Import", "x" * 5000],
        ["Get", 3],
        ["Get", [12, -1, "object", "x", None]],
        ["Get", [12, 2**63, "object", "x", None]],
        ["Get", [12, True, "object", "x", None]],
        ["Get", [12, 1, "thing", "x", None]],
        ["Get", [12, 1, ["object"], "x", None]],
        ["Get", [12, 1, "object", 3, None]],
        ["Get", [12, 1, "object", "x" * 5000, None]],
        ["Get", [12, 1, "object", "x", -1]],
        ["Get", [12, 1, "object", "x", 1.0]],
        ["Get", [12, 1, "object", "x"]],
        ["Call", _H, [1], [3]],
        ["Call", _H, [2], [3, 1, 2]],
        ["Call", _H, [2], [1]],
        ["Call", _H, [2]],
        ["Release", [1, 1]],
        ["Release", [2, -1]],
        ["Release", [2, True]],
        ["Release", [2, 2**63]],
        ["Load", [3, 1, 1]],
        ["Raised", None],
        ["Raised", [2]],
        ["Raised", [1, *_REPORT[1:]]],
        ["Raised", [*_REPORT, 1]],
        *(["Raised", [*_REPORT[:at], None, *_REPORT[at + 1 :]]] for at in range(1, 6)),
        *(["Raised", [*_REPORT[:4], [2, [*_FRAME[:at], b"", *_FRAME[at + 1 :]]], [2]]] for at in range(1, 5)),
        ["Raised", [*_REPORT[:4], [2, [*_FRAME[:2], -1, *_FRAME[3:]]], [2]]],
        ["Raised", [*_REPORT[:4], [2, [*_FRAME[:2], 2**31, *_FRAME[3:]]], [2]]],
        ["Raised", [*_REPORT[:4], [2, _FRAME[:4]], [2]]],
        ["Raised", [*_REPORT[:4], [2, [1, *_FRAME[1:]]], [2]]],
        ["Raised", [*_REPORT[:4], [1, _FRAME], [2]]],
        ["Raised", [*_REPORT[:4], [2, *[_FRAME] * 65], [2]]],
        ["Raised", [*_REPORT[:5], [2, *["a"] * 65]]],
        ["Raised", [2, "odd", *_REPORT[2:]]],
    ],
    ids=lambda tree: str(tree)[:60],
)
def test_a_wrong_message_is_not_taken(tree: object) -> None:
    """A header that is no message, or has a field that its row refuses, is a ProtocolError."""
    with pytest.raises(ProtocolError):
        read(frame_of(tree))


def test_a_message_made_by_hand_is_taken() -> None:
    """The trees above differ from one that is right by what each says."""
    assert read(frame_of(["Raised", _REPORT])) == [Raised(REPORT)]
    assert read(frame_of(["Get", _H])) == [Get(HANDLE)]


def test_an_error_names_the_argument() -> None:
    """The message about a value that is no data says where it is among the arguments."""
    with pytest.raises(NotData, match=r"^kwargs\['x'\]\[1\]: a set is not data"):
        to_tree(Call(HANDLE, (), {"x": [0, {1}]}))


def test_a_clipped_report_can_be_sent() -> None:
    """Whatever a traceback holds, its clipped form is within the limits, with both its ends."""
    frames = tuple(CodeFrame("f" * 9000, line, "g", "c" * 9000) for line in range(1000))
    report = ErrorReport("recursion", "R" * 9000, "t" * 2_000_000, frames, ("n" * 20_000,) * 500)
    clipped = report.clipped()
    assert len(clipped.frames) == DEFAULT_LIMITS.report_frames
    assert (clipped.frames[0].line, clipped.frames[-1].line) == (0, 999)
    assert read(wire(Raised(clipped))) == [Raised(clipped)]

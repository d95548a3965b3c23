"""
Messages: what the grader asks and what the worker answers.

A message is a frozen value. On the wire it is a list, the class's name and then its fields, and ``_ROWS`` says for each
class what its fields must be: the same row refuses a wrong message of ours before it is sent, and one of the peer's
after it came. Match on the class; there is nothing else to a message.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from autograder.protocol.decoding import Decoder
from autograder.protocol.encoding import Convert, Encoder
from autograder.protocol.kinds import Bytes, HandleRef, NotData, clip, refuse
from autograder.protocol.limits import DEFAULT_LIMITS, ProtocolLimits

__all__ = [
    "ERROR_KINDS",
    "MESSAGES",
    "REPLIES",
    "REQUESTS",
    "Begin",
    "Call",
    "CodeFrame",
    "Drive",
    "ErrorReport",
    "Fork",
    "Get",
    "GetAttr",
    "GetItem",
    "Import",
    "Load",
    "Message",
    "Prepare",
    "Put",
    "Raised",
    "Release",
    "Reply",
    "Request",
    "SetAttr",
    "SetItem",
    "Unpack",
    "Value",
    "from_tree",
    "to_tree",
]

ERROR_KINDS = frozenset(
    {
        "exit",
        "import",
        "interrupt",
        "memory",
        "missing",
        "not_attempted",
        "raised",
        "recursion",
        "stand_in",
        "unsendable",
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class CodeFrame:
    """One line of a traceback: ``file`` below the submission, ``line`` from 1 (0: unknown), and the ``code`` there."""

    file: str
    line: int
    function: str
    code: str


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorReport:
    """
    What went wrong in the student's process, as data.

    Attributes:
        kind: One of ``ERROR_KINDS``.
        type_name: Name of the exception's class.
        text: What it says.
        frames: The student's own lines, outermost first.
        notes: What the worker adds, for the student.
    """

    kind: str
    type_name: str
    text: str
    frames: tuple[CodeFrame, ...] = ()
    notes: tuple[str, ...] = ()

    def clipped(self, limits: ProtocolLimits = DEFAULT_LIMITS, text_chars: int = 10_000) -> ErrorReport:
        """Return a report that is within the limits: texts cut, and of a long traceback the two ends."""
        name_chars, half = min(limits.name_chars, text_chars), limits.report_frames // 2
        text_chars = min(text_chars, limits.text_chars)
        frames = self.frames
        if len(frames) > limits.report_frames:
            frames = frames[: limits.report_frames - half] + (frames[-half:] if half else ())
        return ErrorReport(
            self.kind,
            self.type_name[:name_chars],
            self.text[:text_chars],
            tuple(
                CodeFrame(one.file[:name_chars], one.line, one.function[:name_chars], one.code[:name_chars])
                for one in frames
            ),
            tuple(note[:text_chars] for note in self.notes[: limits.report_notes]),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Begin:
    """A new test: drop all handles and reseed with ``seed``, which is not negative."""

    seed: int


@dataclasses.dataclass(frozen=True, slots=True)
class Import:
    """The module of this dotted name, as a handle."""

    module: str


@dataclasses.dataclass(frozen=True, slots=True)
class GetAttr:
    """``target.name``."""

    target: HandleRef
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class SetAttr:
    """``target.name = value``."""

    target: HandleRef
    name: str
    value: object


@dataclasses.dataclass(frozen=True, slots=True)
class GetItem:
    """``target[key]``."""

    target: HandleRef
    key: object


@dataclasses.dataclass(frozen=True, slots=True)
class SetItem:
    """``target[key] = value``."""

    target: HandleRef
    key: object
    value: object


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """``target(*args, **kwargs)``; handles among the arguments stand for what they name."""

    target: HandleRef
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Put:
    """A value sent once, as a handle."""

    value: object


@dataclasses.dataclass(frozen=True, slots=True)
class Get:
    """The value of ``target``, if it is data."""

    target: HandleRef


@dataclasses.dataclass(frozen=True, slots=True)
class Unpack:
    """The items of the container ``target``, each as data or as a handle."""

    target: HandleRef


@dataclasses.dataclass(frozen=True, slots=True)
class Drive:
    """Run ``name(*args, **kwargs)`` of this Python ``source`` beside the student's code."""

    source: str
    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Release:
    """Forget the handles of these numbers."""

    ids: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Prepare:
    """Read and parse the submission, run nothing of it."""

    request: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """Import the submission."""

    request: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Fork:
    """Make a process for tests; its socket comes with the frame, beside the stream."""


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """The answer."""

    value: object


@dataclasses.dataclass(frozen=True, slots=True)
class Raised:
    """No answer, and why."""

    error: ErrorReport


Request: TypeAlias = (
    Begin
    | Call
    | Drive
    | Fork
    | Get
    | GetAttr
    | GetItem
    | Import
    | Load
    | Prepare
    | Put
    | Release
    | SetAttr
    | SetItem
    | Unpack
)
Reply: TypeAlias = Raised | Value
Message: TypeAlias = Request | Reply


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    """What a field must be: in words, as a question, and how it is told from and made to a plain value."""

    words: str
    fits: Callable[[Any, ProtocolLimits], bool]
    to_plain: Callable[[Any], object] = lambda value: value
    from_plain: Callable[[Any, ProtocolLimits], object] = lambda value, _limits: value


def _is_name(value: object, limits: ProtocolLimits) -> bool:
    return type(value) is str and len(value) <= limits.name_chars


def _is_number(value: object, _limits: ProtocolLimits) -> bool:
    return type(value) is int and value >= 0


def _is_named(value: object, limits: ProtocolLimits) -> bool:
    return type(value) is dict and all(_is_name(key, limits) for key in value)


def _is_ids(value: object, limits: ProtocolLimits) -> bool:
    return type(value) is tuple and all(_is_number(item, limits) and item < 1 << 63 for item in value)


def _is_report(value: object, limits: ProtocolLimits) -> bool:
    return (
        type(value) is ErrorReport
        and type(value.kind) is str
        and value.kind in ERROR_KINDS
        and _is_name(value.type_name, limits)
        and type(value.text) is str
        and type(value.notes) is tuple
        and len(value.notes) <= limits.report_notes
        and all(type(note) is str for note in value.notes)
        and type(value.frames) is tuple
        and len(value.frames) <= limits.report_frames
        and all(_is_code_frame(frame, limits) for frame in value.frames)
    )


def _is_code_frame(value: object, limits: ProtocolLimits) -> bool:
    return (
        type(value) is CodeFrame
        and _is_name(value.file, limits)
        and type(value.line) is int
        and 0 <= value.line < 1 << 31
        and _is_name(value.function, limits)
        and _is_name(value.code, limits)
    )


def _report_to_plain(report: ErrorReport) -> object:
    frames = tuple((one.file, one.line, one.function, one.code) for one in report.frames)
    return (report.kind, report.type_name, report.text, frames, report.notes)


def _report_from_plain(plain: Any, limits: ProtocolLimits) -> object:
    """Return a report, its fields not yet asked; None where it has not even the form of one."""
    match plain:
        case tuple((kind, type_name, text, tuple(frames), notes)) if len(frames) <= limits.report_frames:
            if all(type(frame) is tuple and len(frame) == 4 for frame in frames):
                return ErrorReport(kind, type_name, text, tuple(CodeFrame(*frame) for frame in frames), notes)
    return None


_ANY = _Field("a value", lambda _value, _limits: True)
_ARGS = _Field("a tuple", lambda value, _limits: type(value) is tuple)
_NAMED = _Field("a dictionary with names as keys", _is_named)
_HANDLE = _Field("a handle", lambda value, _limits: type(value) is HandleRef)
_IDS = _Field("a tuple of numbers of handles", _is_ids)
_NAME = _Field("a name", _is_name)
_NUMBER = _Field("a number that is not negative", _is_number)
_REPORT = _Field("an error report within the limits", _is_report, _report_to_plain, _report_from_plain)
_TEXT = _Field("a text", lambda value, _limits: type(value) is str)

_ROWS: dict[type, tuple[_Field, ...]] = {
    Begin: (_NUMBER,),
    Import: (_NAME,),
    GetAttr: (_HANDLE, _NAME),
    SetAttr: (_HANDLE, _NAME, _ANY),
    GetItem: (_HANDLE, _ANY),
    SetItem: (_HANDLE, _ANY, _ANY),
    Call: (_HANDLE, _ARGS, _NAMED),
    Put: (_ANY,),
    Get: (_HANDLE,),
    Unpack: (_HANDLE,),
    Drive: (_TEXT, _NAME, _ARGS, _NAMED),
    Release: (_IDS,),
    Prepare: (_NAMED,),
    Load: (_NAMED,),
    Fork: (),
    Value: (_ANY,),
    Raised: (_REPORT,),
}
REPLIES: frozenset[type] = frozenset({Raised, Value})
REQUESTS: frozenset[type] = frozenset(_ROWS) - REPLIES
MESSAGES: dict[str, type] = {kind.__name__: kind for kind in _ROWS}
_SLOTS = {kind: tuple(field.name for field in dataclasses.fields(kind)) for kind in _ROWS}


def to_tree(
    message: Message, limits: ProtocolLimits = DEFAULT_LIMITS, convert: Convert | None = None
) -> tuple[list[Any], list[memoryview]]:
    """
    Return the tree of a message, and its buffers in order.

    Raises:
        NotData: A field is not what it must be, is no data, or is above a limit; a ``TypeError``.
    """
    kind = type(message)
    row = _ROWS.get(kind)
    if row is None:
        raise NotData(f"a {kind.__name__} is not a message")
    encoder = Encoder(limits, convert)
    encoder.spend(2)
    tree: list[Any] = [kind.__name__]
    for name, field in zip(_SLOTS[kind], row, strict=True):
        value = getattr(message, name)
        if not field.fits(value, limits):
            raise NotData(f"{kind.__name__}.{name} must be {field.words}")
        try:
            tree.append(encoder.value(field.to_plain(value)))
        except NotData as error:
            raise NotData(error.reason, error.path if field is _ANY else f"{name}{error.path}") from None
    return tree, encoder.buffers


def from_tree(tree: object, body: Bytes, limits: ProtocolLimits = DEFAULT_LIMITS) -> Message:
    """
    Return the message of a tree; its arrays are views of ``body``, ``uint8`` of shape ``(bytes,)``.

    Raises:
        ProtocolError: It is none.
    """
    if type(tree) is not list or not tree or type(tree[0]) is not str:
        raise refuse("a header that names no message")
    kind = MESSAGES.get(tree[0])
    if kind is None:
        raise refuse(f"a message of kind {clip(tree[0])}")
    row = _ROWS[kind]
    if len(tree) != 1 + len(row):
        raise refuse(f"a {kind.__name__} of {len(tree) - 1} fields")
    decoder = Decoder(body, limits)
    values: list[object] = []
    for part, field, name in zip(tree[1:], row, _SLOTS[kind], strict=True):
        value = field.from_plain(decoder.value(part), limits)
        if not field.fits(value, limits):
            raise refuse(f"{kind.__name__}.{name} is not {field.words}")
        values.append(value)
    decoder.finish()
    return cast("Message", kind(*values))

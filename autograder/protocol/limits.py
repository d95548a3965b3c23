"""
How much a peer may say.

Every number that a peer announces is compared with one of these before anything is allocated for it, and the comparison
is made in Python integers, which do not wrap around. Both sides use the same limits: what the encoder lets pass, the
decoder takes.
"""

from __future__ import annotations

import dataclasses

__all__ = ["DEFAULT_LIMITS", "ProtocolLimits"]

_MIB = 1 << 20
_MOST_DEPTH = 100  # a level takes three frames of Python's stack, which has a thousand


@dataclasses.dataclass(frozen=True, slots=True)
class ProtocolLimits:
    """
    Limits of one connection.

    Attributes:
        header_bytes: Length of a frame's header. All source files of a submission fit; as Python objects it takes a
            few times as much, which is nothing beside torch.
        body_bytes: Length of a frame's body, all arrays together. A hundred times what an exercise returns, and
            half of what a small grading machine can spare.
        buffers: Arrays, tensors and long byte strings in a frame. More than any model has parameters.
        items: Elements of a frame's header, counted as they lie on the wire: a number is one, a list is two and its
            items. Building a hundred thousand objects takes some hundredths of a second and ten megabytes.
        depth: Containers around a value. Real caches nest four deep; Python's own recursion limit is far away.
        dims: Axes of an array or tensor. NumPy 1 stops at 32, NumPy 2 and torch at 64.
        text_chars: Characters of one string: a long source file.
        name_chars: Characters of a name of an attribute, a module, a type or a file; a path has at most 4096.
        int_bits: Bits of an integer. Python refuses to print more than 4300 digits; 4096 bits are 1234.
        inline_bytes: Byte strings up to this long lie in the header, longer ones in the body. Both are accepted.
        equal_hashes: Keys of one dictionary with one hash. Honest keys share none or two; a hundred thousand
            chosen ones, as tuples make possible, would cost minutes.
        report_frames: Frames of a traceback in an error report; more is never shown.
        report_notes: Notes on an error.
    """

    header_bytes: int = 4 * _MIB
    body_bytes: int = 512 * _MIB
    buffers: int = 4096
    items: int = 100_000
    depth: int = 32
    dims: int = 32
    text_chars: int = 1_000_000
    name_chars: int = 4096
    int_bits: int = 4096
    inline_bytes: int = 1024
    equal_hashes: int = 64
    report_frames: int = 64
    report_notes: int = 64

    def __post_init__(self) -> None:
        """Refuse limits that are no limits, and those that the format cannot carry."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{field.name} must be a positive integer, not {value!r}")
        if self.header_bytes >= 1 << 32:
            raise ValueError(f"header_bytes must be below 2**32, not {self.header_bytes}")
        if self.body_bytes >= 1 << 62:
            raise ValueError(f"body_bytes must be below 2**62, not {self.body_bytes}")
        if self.depth > _MOST_DEPTH:
            raise ValueError(f"depth must be at most {_MOST_DEPTH} (Python's recursion limit), not {self.depth}")

    @property
    def wire_depth(self) -> int:
        """Nested msgpack arrays in a header: the message, the containers, then an array's tag and its shape."""
        return self.depth + 3


DEFAULT_LIMITS = ProtocolLimits()

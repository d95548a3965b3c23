"""
What a hand-in may cost: each limit by name, with its unit and its reason.

The largest honest hand-in seen in the field is a zip of about 60 MB with data sets in it, unpacked some 200 MB; a
virtual environment adds some 30,000 files, all left out, and the limits below let both pass. What lies above them is
refused as a whole (``IntakeError``) where going on would cost time or memory, and left out by itself where it can be
skipped.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

__all__ = ["IntakeLimits"]

_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """
    Limits of one intake; each must be above 0.

    Attributes:
        archive_bytes: Size of the archive as handed in.
        directory_bytes: Size of a zip's directory, which is read into memory at once.
        header_bytes: Size of one extended header of a tar, read into memory at once.
        names_bytes: All names and extended headers of a tar, which stay in memory.
        unpacked_bytes: Everything that is decompressed, kept or not.
        kept_bytes: Everything that is kept.
        file_bytes: One file; a larger one is left out.
        data_bytes: One file that is neither code nor text; a larger one is left out.
        ratio: Unpacked by packed size of one file, once it is above ``ratio_from_bytes``; a denser one is left out.
        ratio_from_bytes: Small files compress as well as they like.
        entries: Files and folders listed in the archive, kept or not.
        files: Files that are kept.
        depth: Folders within each other.
        name_bytes: One part of a path; the file systems' own limit.
        path_bytes: A whole path.
        listed: Entries of ``left_out``; more are counted in one last line.
        memory_bytes: Memory of an xz decompressor; ``xz -9`` needs 65 MiB.
        deadline_s: Seconds by the clock for the whole intake.
        code_suffixes: Files that are bound by ``file_bytes`` alone.
    """

    archive_bytes: int = 512 * _MIB
    directory_bytes: int = 8 * _MIB
    header_bytes: int = 64 * 1024
    names_bytes: int = 16 * _MIB
    unpacked_bytes: int = 1024 * _MIB
    kept_bytes: int = 256 * _MIB
    file_bytes: int = 64 * _MIB
    data_bytes: int = 5 * _MIB
    ratio: int = 200
    ratio_from_bytes: int = 4 * _MIB
    entries: int = 50_000
    files: int = 5_000
    depth: int = 24
    name_bytes: int = 255
    path_bytes: int = 1024
    listed: int = 1_000
    memory_bytes: int = 80 * _MIB
    deadline_s: float = 60.0
    code_suffixes: frozenset[str] = frozenset({".py", ".ipynb", ".pdf"})

    def __post_init__(self) -> None:
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, int | float) and not value > 0:
                msg = f"limits.{entry.name} must be above 0, got {value}"
                raise ValueError(msg)

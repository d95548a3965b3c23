"""
Folders, zips and tars as one thing: a list of entries, read without trusting a word of them.

    Entry(name as written, odd, folder, size, packed, open)

An entry says what the archive claims; whoever reads it counts for themselves. ``odd`` names what is no plain file and
is never opened: a link, a device, a member that is sparse or packed by an unusual method.

The standard library's parsers do the parsing, through ``guard.Guard``. Compressed tars are decompressed into a nameless
file first; they are then read like plain ones, where skipping costs a seek. Two of a zip's methods, LZMA and bzip2,
are left out: Python's zipfile decompresses them with no bound on memory.

Links in a folder are never followed: each step down is opened relative to the one before, with ``O_NOFOLLOW``.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from autograder.errors import IntakeError
from autograder.submission.guard import CHUNK_BYTES, Clock, Guard, damage, inflate
from autograder.submission.limits import IntakeLimits
from autograder.submission.names import junk_folder

__all__ = ["Entry", "is_archive_name", "open_archive", "open_folder"]

_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_ACCEPTED = "Hand in a folder, a .zip or a .tar (.gz, .bz2, .xz)."
_PACKED = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"))
_FOREIGN = ((b"Rar!", "a RAR archive"), (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"), (b"%PDF", "a PDF"))
_TAR_MAGIC = slice(257, 262)  # where a tar's first header says "ustar"
_TAR_BLOCK = 512
_ENCRYPTED = 0x41  # flag bits of a zip's member: 0 encrypted, 6 strongly so
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not make the open wait


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One thing that a hand-in lists.

    Attributes:
        name: As written, with ``/`` between its parts; nothing about it is checked.
        size: Bytes, as claimed.
        open: Opens the content; whoever reads must count.
        odd: Why it is never opened; empty for a plain file or folder.
        folder: It is a folder.
        packed: Bytes in the archive, as claimed; 0 where that means nothing.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    odd: str = ""
    folder: bool = False
    packed: int = 0


def is_archive_name(name: str) -> bool:
    """Return whether a name ends like an archive that can be unpacked."""
    return name.lower().endswith(_SUFFIXES)


def open_archive(file: BinaryIO, limits: IntakeLimits, clock: Clock, stack: contextlib.ExitStack) -> list[Entry]:
    """
    Return the entries of a zip or tar, whatever its name is.

    Args:
        file: Seekable, open for as long as the entries are used.
        limits: The limits.
        clock: The deadline.
        stack: Closes what is opened here.

    Raises:
        IntakeError: It is neither, it is damaged, encrypted or too large.
    """
    size = file.seek(0, os.SEEK_END)
    if size > limits.archive_bytes:
        student = f"The archive is larger than {limits.archive_bytes / 1e6:.0f} MB. Hand in your code without data."
        raise IntakeError(student, f"{student} ({size} bytes)")
    file.seek(0)
    head = file.read(_TAR_BLOCK)
    file.seek(0)
    for magic, kind in _PACKED:
        if head.startswith(magic):
            file = stack.enter_context(inflate(file, kind, limits, clock))
            head = file.read(_TAR_BLOCK)
            file.seek(0)
            return _tar_entries(file, head, limits, clock)
    if head[_TAR_MAGIC] == b"ustar":
        return _tar_entries(file, head, limits, clock)
    if head.startswith(b"PK"):
        return _zip_entries(file, limits, clock, stack)
    kind = next((name for magic, name in _FOREIGN if head.startswith(magic)), "no archive" if head else "empty")
    msg = f"The file handed in is {kind}. {_ACCEPTED}"
    raise IntakeError(msg)


def _zip_entries(file: BinaryIO, limits: IntakeLimits, clock: Clock, stack: contextlib.ExitStack) -> list[Entry]:
    """Return a zip's entries."""
    with damage():
        archive = stack.enter_context(zipfile.ZipFile(Guard(file, limits.directory_bytes, clock)))
        members = archive.infolist()
    _count(len(members), limits)
    if any(member.flag_bits & _ENCRYPTED for member in members):
        msg = "The zip is protected by a password. Make it again without one."
        raise IntakeError(msg)
    return [_zip_entry(archive, member) for member in members]


def _zip_entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Entry:
    """Return one member; zips made on Windows may have backslashes between the parts of a name."""
    # zipfile cuts a name at its first NUL; the whole one is judged.
    name = member.orig_filename.replace("\\", "/")
    mode = stat.S_IFMT(member.external_attr >> 16)
    folder = name.endswith("/")
    odd = ""
    if mode == stat.S_IFLNK:
        odd = "a symbolic link"
    elif mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        odd = "a device"
    elif member.compress_type not in _METHODS and not folder:
        odd = "packed by an unusual method"
    return Entry(name, member.file_size, lambda: _binary(archive.open(member)), odd, folder, member.compress_size)


def _tar_entries(file: BinaryIO, head: bytes, limits: IntakeLimits, clock: Clock) -> list[Entry]:
    """Return a tar's entries; a tar that stops in the middle is damaged, which tarfile does not say."""
    if head[_TAR_MAGIC] != b"ustar" and any(head):
        msg = f"The file handed in is compressed, but holds no archive. {_ACCEPTED}"
        raise IntakeError(msg)
    entries: list[Entry] = []
    with damage():
        guard = Guard(file, max(limits.header_bytes, CHUNK_BYTES), clock)
        archive = tarfile.TarFile(fileobj=guard, encoding="utf-8", errors="surrogateescape")
        names = 0
        while (member := archive.next()) is not None:
            if member.size < 0:
                msg = "a negative size"
                raise tarfile.ReadError(msg)
            entries.append(_tar_entry(archive, member))
            _count(len(entries), limits)
            names += len(member.name) + sum(len(key) + len(value) for key, value in member.pax_headers.items())
            if names > limits.names_bytes:
                msg = f"names and headers above {limits.names_bytes} bytes"
                raise tarfile.ReadError(msg)
        file.seek(archive.offset)
        if any(file.read(_TAR_BLOCK)):
            msg = "a header in the middle cannot be read"
            raise tarfile.ReadError(msg)
    return entries


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    """Return one member."""
    odd = ""
    if member.issym():
        odd = "a symbolic link"
    elif member.islnk():
        odd = "a hard link"
    elif member.issparse():
        odd = "a sparse file"
    elif not member.isreg() and not member.isdir():
        odd = "a device"
    return Entry(member.name, member.size, lambda: _binary(archive.extractfile(member)), odd, member.isdir())


def _binary(file: object) -> BinaryIO:
    """Return what an archive opened; extractfile has nothing for what is no file, and such are never opened."""
    if file is None:
        msg = "no content"
        raise tarfile.ReadError(msg)
    return file  # type: ignore[return-value]


def open_folder(path: Path, limits: IntakeLimits, clock: Clock, stack: contextlib.ExitStack) -> list[Entry]:
    """
    Return the entries below a folder; ``path`` itself may be a link, nothing below it is followed.

    Raises:
        IntakeError: It has too many entries, or some cannot be read.
    """
    root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    stack.callback(os.close, root)
    entries: list[Entry] = []
    folders = [""]
    while folders:
        prefix = folders.pop()
        clock.check()
        with damage():
            for entry in _list_folder(root, prefix):
                entries.append(entry)
                _count(len(entries), limits)
                # What is left out whole is named and not walked: an environment has tens of thousands of files.
                if entry.folder and not junk_folder(f"{entry.name}/")[0] and entry.name.count("/") < limits.depth:
                    folders.append(f"{entry.name}/")
    return entries


def _list_folder(root: int, prefix: str) -> Iterator[Entry]:
    """Yield what one folder holds; ``prefix`` is empty or ends with ``/``."""
    with _beneath(root, prefix.rstrip("/"), _DIRECTORY) as handle, os.scandir(handle) as found:
        for item in sorted(found, key=lambda item: item.name):
            name = f"{prefix}{item.name}"
            status = item.stat(follow_symlinks=False)
            folder, odd = stat.S_ISDIR(status.st_mode), ""
            if stat.S_ISLNK(status.st_mode):
                odd = "a symbolic link"
            elif not folder and not stat.S_ISREG(status.st_mode):
                odd = "a device"
            yield Entry(name, 0 if folder else status.st_size, lambda name=name: _open_plain(root, name), odd, folder)  # type: ignore[misc]


def _open_plain(root: int, name: str) -> BinaryIO:
    """Open a plain file below ``root``; whatever took its place since it was listed is refused."""
    with _beneath(root, name, _PLAIN) as handle:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            msg = "no plain file any more"
            raise OSError(msg)
        return open(os.dup(handle), "rb")


@contextlib.contextmanager
def _beneath(root: int, name: str, flags: int) -> Iterator[int]:
    """Open ``name`` below ``root`` step by step, never through a link."""
    with contextlib.ExitStack() as stack:
        handle = root
        *folders, last = name.split("/") if name else ["."]
        for part in folders:
            handle = os.open(part, _DIRECTORY, dir_fd=handle)
            stack.callback(os.close, handle)
        handle = os.open(last, flags, dir_fd=handle)
        stack.callback(os.close, handle)
        yield handle


def _count(entries: int, limits: IntakeLimits) -> None:
    """Refuse too many entries."""
    if entries > limits.entries:
        msg = f"The hand-in lists more than {limits.entries} files. Hand in your code without data and environments."
        raise IntakeError(msg)

"""
A hand-in, from what was uploaded to a folder that is safe to read.

    path ──entries──▶ plan: which are kept, under which name, and why the others are not ──▶ into/

The plan is made from the entries' claims before a byte is written; the content is then counted while it is written,
whatever was claimed. Folders around everything are kept: where the student's package begins is decided later, by who
knows its name. A zip within the hand-in is opened, one level deep, if nothing but PDFs lies beside it.

Where two entries have one name, the later one counts, as every unpacker has it. Where two names differ only by case,
so that some systems could not hold both, the one with more lower-case letters counts, as modules are written.

The invariant: nothing is ever written outside ``into``. Names are checked, every folder is made and opened relative
to the one before with ``O_NOFOLLOW``, and every file is created new. Nothing is executable.

The digest is that of the kept names and their content, so the same code has the same digest, folder or archive.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from autograder.errors import ConfigError, IntakeError
from autograder.submission.guard import CHUNK_BYTES, Clock, bounded, damage, writing
from autograder.submission.limits import IntakeLimits
from autograder.submission.names import clean_path, display_name, junk_folder, shadows, unwanted
from autograder.submission.sources import Entry, is_archive_name, open_archive, open_folder

__all__ = ["Intake", "LeftOut", "unpack", "unpack_all"]

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was handed in and is not used: its name, safe to show, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Intake:
    """
    A hand-in, unpacked.

    Attributes:
        root: The folder that holds it.
        files: What was kept: sorted paths below ``root``, with ``/``. Hostile text like any other: show by
            ``display_name``.
        left_out: What was not, and why.
        digest: SHA-256 over the kept names and their content, in hexadecimal.
    """

    root: Path
    files: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    digest: str


def unpack(path: Path, into: Path, limits: IntakeLimits | None = None) -> Intake:
    """
    Copy a folder, or unpack a ``.zip`` or ``.tar`` (``.gz``, ``.bz2``, ``.xz``), into an empty folder.

    Args:
        path: What was handed in.
        into: A folder that is empty, or is made here (its parent exists). After an error it may hold part of the files.
        limits: What it may cost.

    Raises:
        IntakeError: It cannot be unpacked within the limits, or nothing in it can be graded.
        OurFault: ``into`` is not fit, or cannot be written to.
    """
    limits = limits or IntakeLimits()
    clock = Clock(limits)
    with contextlib.ExitStack() as stack:
        root = _open_target(into, path)
        stack.callback(os.close, root)
        kept, left_out = _plan(_entries(path, limits, clock, stack), limits)
        hashes = _write(root, kept, limits, clock)
    if not hashes:
        reasons = "".join(f"\n  {each.path}: {each.reason}" for each in left_out[:10])
        msg = f"The hand-in has no file that can be graded.{reasons}"
        raise IntakeError(msg)
    return Intake(into, tuple(sorted(hashes)), left_out, _digest(hashes))


def unpack_all(path: Path, into: Path, limits: IntakeLimits) -> None:
    """
    Unpack an archive that holds a whole class: every plain file under its own name, nothing judged or opened within.

    Args:
        path: A zip or tar.
        into: As for `unpack`.
        limits: What it may cost; they are those of a class.

    Raises:
        IntakeError: It is damaged, or above a limit.
        OurFault: ``into`` is not fit, or cannot be written to.
    """
    clock = Clock(limits)
    with contextlib.ExitStack() as stack:
        root = _open_target(into, path)
        stack.callback(os.close, root)
        kept: dict[str, Entry] = {}
        for entry in open_archive(stack.enter_context(open(path, "rb")), limits, clock, stack):
            name, reason = clean_path(entry.name, limits)
            if not (reason or entry.odd or entry.folder):
                kept[name] = entry
        parents = {"/".join(name.split("/")[:depth]) for name in kept for depth in range(1, name.count("/") + 1)}
        _write(root, {name: entry for name, entry in kept.items() if name not in parents}, limits, clock)


def _entries(path: Path, limits: IntakeLimits, clock: Clock, stack: contextlib.ExitStack) -> list[Entry]:
    """Return what was handed in, an archive within it opened if there is little else."""
    try:
        if path.is_dir():
            entries = open_folder(path, limits, clock, stack)
        else:
            file = stack.enter_context(open(path, "rb"))  # noqa: SIM115 -- closed by the stack
            entries = open_archive(file, limits, clock, stack)
    except OSError as error:
        msg = "There is no hand-in that can be read."
        raise IntakeError(msg, f"{path}: {error.strerror or error}") from error
    return _open_nested(entries, limits, clock, stack)


def _open_nested(entries: list[Entry], limits: IntakeLimits, clock: Clock, stack: contextlib.ExitStack) -> list[Entry]:
    """Replace the only archive by its entries if nothing but debris and PDFs lies beside it."""
    real = [entry for entry in entries if _is_real(entry, limits)]
    if len(real) != 1 or not is_archive_name(real[0].name):
        return entries
    inner = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 -- closed by the stack
    with damage(display_name(real[0].name)), real[0].open() as source:
        for chunk in _chunks(source, limits.archive_bytes, clock):
            with writing():
                inner.write(chunk)
    found = open_archive(inner, limits, clock, stack)
    return [entry for entry in entries if entry is not real[0]] + found


def _is_real(entry: Entry, limits: IntakeLimits) -> bool:
    """Return whether an entry is a file that somebody meant to hand in, PDFs aside."""
    path, reason = clean_path(entry.name, limits)
    if reason or entry.odd or entry.folder or junk_folder(path)[0] or path.lower().endswith(".pdf"):
        return False
    return is_archive_name(path) or not unwanted(path, entry.size, limits)


def _plan(entries: Sequence[Entry], limits: IntakeLimits) -> tuple[dict[str, Entry], tuple[LeftOut, ...]]:
    """Return which entries are kept, by clean path, and what is left out."""
    left_out: dict[str, str] = {}
    chosen: dict[str, Entry] = {}
    for entry in entries:
        path, reason = clean_path(entry.name, limits)
        if entry.folder and entry.name in (".", "./"):  # where tar starts
            continue
        if reason:
            left_out[display_name(entry.name)] = reason
        elif not entry.folder or entry.odd:
            if path in chosen:
                left_out[f"{display_name(path)} (earlier)"] = "a later file has the same name"
            chosen[path] = entry
        else:
            junk, why = junk_folder(f"{path}/")
            if junk:
                left_out[display_name(junk)] = why
    kept = {}
    for path, reason in _judge(chosen, limits):
        if reason:
            left_out[display_name(path)] = reason
        else:
            kept[path] = chosen[path]
    listed = [LeftOut(path, reason) for path, reason in sorted(left_out.items())]
    if len(listed) > limits.listed:
        listed[limits.listed :] = [LeftOut("…", f"and {len(listed) - limits.listed} more")]
    return kept, tuple(listed)


def _judge(chosen: dict[str, Entry], limits: IntakeLimits) -> Iterator[tuple[str, str]]:
    """Yield each path, or the folder of it that is left out whole, with the reason; empty for what is kept."""
    environments = {path.rpartition("/")[0] for path in chosen if path.endswith("/pyvenv.cfg")}
    packages = {path.rpartition("/")[0] for path in chosen if path.endswith("/__init__.py")}
    parents = {"/".join(path.split("/")[:depth]) for path in chosen for depth in range(1, path.count("/") + 1)}
    preferred: dict[str, str] = {}
    for path in sorted(chosen, key=lambda path: (-sum(map(str.islower, path)), path)):
        preferred.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
    for path, entry in chosen.items():
        folder, why = junk_folder(path, environments)
        if folder:
            yield folder, why
        elif entry.odd:
            yield path, entry.odd
        elif path in parents:
            yield path, "a folder has the same name"
        elif preferred[unicodedata.normalize("NFC", path).casefold()] != path:
            yield path, "another file's name differs only by case"
        elif library := shadows(path, packages):
            yield path, f"it stands in the way of the library {library}"
        elif entry.size > limits.ratio_from_bytes and entry.packed and entry.size > limits.ratio * entry.packed:
            yield path, f"packed more than {limits.ratio} to 1"
        else:
            yield path, unwanted(path, entry.size, limits)


def _write(root: int, kept: dict[str, Entry], limits: IntakeLimits, clock: Clock) -> dict[str, tuple[int, bytes]]:
    """Write what is kept, in the archive's order; return size and hash by path."""
    if len(kept) > limits.files:
        msg = f"The hand-in has more than {limits.files} files of its own. Hand in your code without data."
        raise IntakeError(msg)
    hashes: dict[str, tuple[int, bytes]] = {}
    room = limits.kept_bytes
    for path, entry in kept.items():
        with damage(display_name(path)), entry.open() as source:
            size, digest = _copy(root, path, _chunks(source, min(room, limits.file_bytes), clock))
            if size != entry.size:
                msg = f"{entry.size} bytes were announced, {size} came"
                raise ValueError(msg)
        hashes[path] = size, digest
        room -= size
    return hashes


def _chunks(source: BinaryIO, most: int, clock: Clock) -> Iterator[bytes]:
    """Yield the content in pieces, and refuse more than ``most`` bytes."""
    return bounded(iter(lambda: source.read(CHUNK_BYTES), b""), most, clock)


def _copy(root: int, path: str, chunks: Iterable[bytes]) -> tuple[int, bytes]:
    """Create ``path`` below ``root`` and fill it; return its size and hash."""
    size, digest = 0, hashlib.sha256()
    with _create(root, path) as file:
        for chunk in chunks:
            size += len(chunk)
            digest.update(chunk)
            with writing():
                file.write(chunk)
        with writing():
            file.flush()
    return size, digest.digest()


@contextlib.contextmanager
def _create(root: int, path: str) -> Iterator[BinaryIO]:
    """Make a new file below ``root``, its folders with it; never through a link."""
    with contextlib.ExitStack() as stack:
        with writing():
            handle = root
            *folders, last = path.split("/")
            for part in folders:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
                handle = os.open(part, _DIRECTORY, dir_fd=handle)
                stack.callback(os.close, handle)
                os.fchmod(handle, 0o755)
            # Modes are set, not asked for: the user who reads in the cage is another, whatever the umask here is.
            file = stack.enter_context(open(os.open(last, _NEW_FILE, 0o600, dir_fd=handle), "wb"))
            os.fchmod(file.fileno(), 0o644)
        yield file


def _open_target(into: Path, source: Path) -> int:
    """Return the descriptor of the folder that is written to, made if it is missing."""
    if into.resolve().is_relative_to(source.resolve()):
        msg = f"{into}: cannot unpack {source} into itself"
        raise ConfigError(msg)
    try:
        with contextlib.suppress(FileExistsError):
            into.mkdir()
        root = os.open(into, _DIRECTORY)
        os.fchmod(root, 0o755)
        empty = not os.listdir(root)
    except OSError as error:
        msg = f"{into}: expected an empty folder, or a name for one: {error.strerror}"
        raise ConfigError(msg) from error
    if not empty:
        os.close(root)
        msg = f"{into}: expected an empty folder"
        raise ConfigError(msg)
    return root


def _digest(hashes: dict[str, tuple[int, bytes]]) -> str:
    """Return the digest of names and content; lengths go in, so that no name can pass for content."""
    whole = hashlib.sha256()
    for path in sorted(hashes):
        name, (size, digest) = path.encode(), hashes[path]
        whole.update(len(name).to_bytes(8, "big") + name + size.to_bytes(8, "big") + digest)
    return whole.hexdigest()

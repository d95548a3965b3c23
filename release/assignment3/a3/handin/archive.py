"""
The archive of a hand-in: the same work gives the same bytes.

    folder ─▶ modules and notebooks, in the order of their names ─▶ zip with fixed dates ─▶ opened again and compared

Nothing is followed out of the folder: links are left out, and said. What tools leave behind (checkpoints, caches,
environments) and data are not work.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .assignment import KIT_NOTEBOOK

__all__ = ["ArchiveError", "Chosen", "choose", "digest", "write_zip"]

SUFFIXES = (".py", ".ipynb")
FILE_BYTES = 64 * 2**20
"""What grading reads of one file."""
TOTAL_BYTES = 100 * 2**20
"""What Gradescope takes in one upload."""
MAX_FILES = 2_000
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say."""
_SKIPPED = frozenset(
    {"__pycache__", "node_modules", "site-packages", "datasets", "data", "venv", "env", "virtualenv", "__MACOSX"}
)


class ArchiveError(Exception):
    """No archive can be made, or what was written is not what was meant; the message says what to do."""


@dataclass(frozen=True)
class Chosen:
    """Files by their name in the archive, and what was left out with the reason."""

    files: Mapping[str, Path]
    left_out: tuple[str, ...]


def choose(root: Path, tools: Sequence[str] = ()) -> Chosen:
    """Return the work in a folder; of ``tools``, files and folders by their path, nothing is taken."""
    files: dict[str, Path] = {}
    left_out: list[str] = []
    for base, folders, names in os.walk(root):
        inner = Path(base)
        kept = [each for each in sorted(folders) if not _is_skipped(inner / each)]
        kept = [each for each in kept if (inner / each).relative_to(root).as_posix() not in tools]
        links = [each for each in kept if _leaves(inner / each, root)]
        left_out += [f"{(inner / each).relative_to(root).as_posix()}: a link; copy the folder itself" for each in links]
        folders[:] = [each for each in kept if each not in links]
        for each in sorted(names):
            path, name = inner / each, (inner / each).relative_to(root).as_posix()
            if not each.endswith(SUFFIXES) or each.startswith(".") or name in (KIT_NOTEBOOK, *tools):
                continue
            if _leaves(path, root) or not path.is_file():
                left_out.append(f"{name}: a link; copy the file itself")
            elif path.stat().st_size > FILE_BYTES:
                size, most = path.stat().st_size // 2**20, FILE_BYTES // 2**20
                left_out.append(f"{name}: {size} MiB, and {most} are the most; clear its longest outputs")
            else:
                files[name] = path
    return Chosen(dict(sorted(files.items())), tuple(left_out))


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED or (folder / "pyvenv.cfg").is_file()


def _leaves(path: Path, root: Path) -> bool:
    """Return whether a path is a link, of whatever kind the system has, or leads out of the folder."""
    return path.is_symlink() or Path(os.path.realpath(path)) != Path(os.path.realpath(root)) / path.relative_to(root)


def write_zip(output: Path, files: Mapping[str, Path]) -> None:
    """
    Write files into an archive, then open it and compare every byte.

    Raises:
        ArchiveError: There is nothing to write, too much, or the disk kept something else.
    """
    if not files:
        raise ArchiveError("There is no .py and no .ipynb here. Run this in the folder of the assignment.")
    total = sum(each.stat().st_size for each in files.values())
    if len(files) > MAX_FILES or total > 4 * TOTAL_BYTES:
        raise ArchiveError(
            f"{len(files):,} files with {total / 2**20:.0f} MiB are too much for one hand-in. Move what is not part of "
            "the assignment elsewhere."
        )
    contents = {name: path.read_bytes() for name, path in files.items()}
    partial = output.with_name(f"{output.name}.part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, content in contents.items():
                entry = zipfile.ZipInfo(name, _FIXED_DATE)
                entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
                archive.writestr(entry, content)
        _verify(partial, contents)
        partial.replace(output)
    except OSError as error:
        raise ArchiveError(f"{output.name} cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _verify(path: Path, contents: Mapping[str, bytes]) -> None:
    size = path.stat().st_size
    if size > TOTAL_BYTES:
        raise ArchiveError(
            f"The archive has {size / 2**20:.0f} MiB, and Gradescope takes {TOTAL_BYTES // 2**20}. The largest file is "
            f"{max(contents, key=lambda name: len(contents[name]))}: clear its longest outputs."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            same = archive.namelist() == list(contents) and all(
                archive.read(name) == contents[name] for name in contents
            )
    except zipfile.BadZipFile as error:
        raise ArchiveError(f"{path.name} was written and cannot be opened again: is the disk full?") from error
    if not same:
        raise ArchiveError(f"{path.name} holds something else than what was written: is the disk full?")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

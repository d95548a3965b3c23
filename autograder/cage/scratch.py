"""
The two places where a submission can write: its scratch folder and ``/dev/shm``.

In tiers A and B both are fresh tmpfs of a fixed size, mounted for one submission. In tier C they are a folder of the
slot's own and the machine's ``/dev/shm``, whose files are told apart by their owner, or by not having been there before.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import Final, Protocol

from autograder.cage import syscalls
from autograder.cage.limits import Limits

__all__ = ["FolderScratch", "MountedScratch", "Scratch", "empty_folder"]

_SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108  # it is the kernel's name for it
_SHARED_MEMORY_MIB: Final = 256


class Scratch(Protocol):
    """Where a submission may write, from its arrival to its end."""

    folder: str

    def open(self, limits: Limits) -> None:
        """Make it empty and ready for a submission."""

    def empty(self) -> bool:
        """Remove everything in it; return whether that succeeded."""

    def usage(self) -> tuple[int, float]:
        """Return how many files it holds and how many MiB they take."""

    def close(self) -> None:
        """End it; nothing is left."""


class MountedScratch:
    """Tiers A and B: tmpfs in the cage's own mount namespace, bounded by the kernel."""

    def __init__(self, uid: int | None) -> None:
        self.folder = "/scratch"
        self._owner = uid or 0
        self._is_open = False

    def open(self, limits: Limits) -> None:
        """Mount both."""
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
        own = f"size={limits.file_mib}m,nr_inodes={limits.files + 1},mode=700,uid={self._owner},gid={self._owner}"
        syscalls.mount("tmpfs", self.folder, "tmpfs", flags, own)
        shared = f"size={_SHARED_MEMORY_MIB}m,nr_inodes={limits.files + 1},mode=1777"
        syscalls.mount("tmpfs", _SHARED_MEMORY, "tmpfs", flags | syscalls.MS_NOEXEC, shared)
        self._is_open = True

    def empty(self) -> bool:
        """Remove every file of both."""
        return all([empty_folder(self.folder), empty_folder(_SHARED_MEMORY)])

    def usage(self) -> tuple[int, float]:
        """Return nothing: the kernel keeps the bound."""
        return 0, 0.0

    def close(self) -> None:
        """Unmount both: what was in them is gone."""
        if self._is_open:
            syscalls.unmount(_SHARED_MEMORY)
            syscalls.unmount(self.folder)
            self._is_open = False


class FolderScratch:
    """Tier C: a folder that only this slot's uid can enter, and what appears in ``/dev/shm``."""

    def __init__(self, folder: str, uid: int | None) -> None:
        self.folder = folder
        self._uid = uid
        self._before: set[str] = set()
        os.mkdir(folder, 0o700)
        if uid is not None:
            os.chown(folder, uid, uid)

    def open(self, limits: Limits) -> None:
        """Remember what is in ``/dev/shm`` already; the bound is watched, not mounted."""
        del limits
        self.empty()
        self._before = set(_listed(_SHARED_MEMORY))

    def empty(self) -> bool:
        """Remove the folder's files and those that the submission left in ``/dev/shm``."""
        for name in set(_listed(_SHARED_MEMORY)) - self._before:
            path = f"{_SHARED_MEMORY}/{name}"
            with contextlib.suppress(OSError):
                if os.lstat(path).st_uid == (os.geteuid() if self._uid is None else self._uid):
                    _remove_entry(path)
        return empty_folder(self.folder)

    def usage(self) -> tuple[int, float]:
        """Walk the folder: there is no quota to ask."""
        files, size = 0, 0
        for base, folders, names in os.walk(self.folder):
            files += len(folders) + len(names)
            for name in names:
                with contextlib.suppress(OSError):
                    size += os.lstat(os.path.join(base, name)).st_blocks * 512
        return files, size / 2**20

    def close(self) -> None:
        """Empty it; the folder stays for the slot's next submission, whose rules name it."""
        self.empty()


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove_entry(path: str) -> None:
    if stat.S_ISDIR(os.lstat(path).st_mode):
        empty_folder(path)
        os.rmdir(path)
    else:
        os.unlink(path)


def empty_folder(folder: str) -> bool:
    """
    Remove all that is in ``folder`` and return whether that succeeded.

    No recursion and no long path: a nested folder is moved up to the top before its own turn comes, so that a tree of
    any depth goes. Links are removed, never followed.
    """
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        moved = 0
        while names := os.listdir(top):
            for name in names:
                if not _is_folder(name, top):
                    os.unlink(name, dir_fd=top)
                    continue
                moved = _flatten(name, top, moved)
                os.rmdir(name, dir_fd=top)
    except OSError:
        return False
    finally:
        os.close(top)
    return True


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def _flatten(name: str, top: int, moved: int) -> int:
    """Empty the folder ``name`` of ``top``: unlink its files, move its folders up; return the next free number."""
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        os.chmod(f"/proc/self/fd/{handle}", 0o700)  # it may have been made with no rights at all
        inner = os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_DIRECTORY)
    finally:
        os.close(handle)
    try:
        for child in os.listdir(inner):
            if _is_folder(child, inner):
                moved += 1
                os.rename(child, f".{os.getpid()}-{moved}", src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(child, dir_fd=inner)
    finally:
        os.close(inner)
    return moved

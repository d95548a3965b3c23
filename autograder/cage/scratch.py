"""
The two places where a submission can write: its scratch folder and ``/dev/shm``.

In tiers A and B both are fresh tmpfs of a fixed size, mounted for one submission. In tier C they are a folder of the
slot's own and the machine's ``/dev/shm``, whose files are told apart by their owner, or by not having been there
before.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import stat
import time
from collections.abc import Iterator
from typing import Final, Protocol

from autograder.cage import syscalls
from autograder.cage.limits import Limits

__all__ = ["FolderScratch", "MountedScratch", "Scratch", "empty_folder", "measure", "remove_entries"]

_SHARED_MEMORY: Final = "/dev/shm"  # it is the kernel's name for it
_SHARED_MEMORY_MIB: Final = 256
_DEEPEST: Final = 500  # each level is a descriptor of ours, and mostly 1,024 are allowed
_FLAGS: Final = syscalls.MS_NOSUID | syscalls.MS_NODEV


class Scratch(Protocol):
    """Where a submission may write, from its arrival to its end."""

    folder: str

    def open(self, limits: Limits) -> None:
        """Make it empty and ready for a submission. Raises ``OSError`` when it cannot be emptied."""

    def bound(self, limits: Limits) -> None:
        """From now on hold no more than ``limits`` allow, where the kernel can see to that."""

    def empty(self, patience_s: float = math.inf) -> bool:
        """Remove everything in it; return whether that succeeded, within ``patience_s`` seconds where it is given."""

    def usage(self, most: int) -> tuple[int, float]:
        """Return how many files it holds, more than ``most`` being too many to count, and how many MiB they take."""

    def is_out_of_files(self) -> bool:
        """Return whether the kernel refuses another file, though there is room for bytes."""

    def close(self) -> None:
        """End it; nothing is left."""


class MountedScratch:
    """Tiers A and B: tmpfs in the cage's own mount namespace, bounded by the kernel."""

    def __init__(self, uid: int | None) -> None:
        self.folder = "/scratch"
        self._owner = uid or 0
        self._is_open = False
        self._bound = (0, 0)

    def open(self, limits: Limits) -> None:
        """Mount both."""
        own, shared = _quotas(limits)
        owned = f"{own},mode=700,uid={self._owner},gid={self._owner}"
        syscalls.mount("tmpfs", self.folder, "tmpfs", _FLAGS, owned)
        syscalls.mount("tmpfs", _SHARED_MEMORY, "tmpfs", _FLAGS | syscalls.MS_NOEXEC, f"{shared},mode=1777")
        self._bound = (limits.file_mib, limits.files)
        self._is_open = True

    def bound(self, limits: Limits) -> None:
        """Change the size of both, unless they hold more than that already: then `usage` says so."""
        if self._bound == (limits.file_mib, limits.files):
            return
        own, shared = _quotas(limits)
        with contextlib.suppress(OSError):
            syscalls.mount(None, self.folder, None, _FLAGS | syscalls.MS_REMOUNT, own)
            syscalls.mount(None, _SHARED_MEMORY, None, _FLAGS | syscalls.MS_REMOUNT | syscalls.MS_NOEXEC, shared)
        self._bound = (limits.file_mib, limits.files)

    def empty(self, patience_s: float = math.inf) -> bool:
        """Remove every file of both."""
        return all([empty_folder(self.folder, patience_s), empty_folder(_SHARED_MEMORY, patience_s)])

    def usage(self, most: int) -> tuple[int, float]:
        """Ask the kernel, which keeps the bound: files of both, bytes of the scratch folder."""
        del most
        own, shared = os.statvfs(self.folder), os.statvfs(_SHARED_MEMORY)
        files = sum(each.f_files - each.f_ffree - 1 for each in (own, shared))
        return files, (own.f_blocks - own.f_bfree) * own.f_frsize / 2**20

    def is_out_of_files(self) -> bool:
        """Ask the kernel."""
        return any(each.f_ffree == 0 and each.f_bfree > 0 for each in map(os.statvfs, (self.folder, _SHARED_MEMORY)))

    def close(self) -> None:
        """Unmount both: what was in them is gone."""
        if self._is_open:
            syscalls.unmount(_SHARED_MEMORY)
            syscalls.unmount(self.folder)
            self._is_open = False


def _quotas(limits: Limits) -> tuple[str, str]:
    """Return the mount options that bound the scratch folder and ``/dev/shm``."""
    files = f"nr_inodes={limits.files + 1}"  # the folder itself is one
    return f"size={limits.file_mib}m,{files}", f"size={_SHARED_MEMORY_MIB}m,{files}"


class FolderScratch:
    """
    Tier C: a folder that only this slot's uid can enter, and what appears in ``/dev/shm``.

    Where the slot has a uid, whatever that uid owns in the folders that everybody may write to is the submission's too:
    without Landlock it can write there.
    """

    def __init__(self, folder: str, uid: int | None) -> None:
        self.folder = folder
        self._uid = uid
        self._before: set[str] = set()
        self._open_to_all = (_SHARED_MEMORY,) if uid is None else tuple({_SHARED_MEMORY, *_writable_by_all()})
        os.mkdir(folder, 0o700)
        if uid is not None:
            os.chown(folder, uid, uid)

    def open(self, limits: Limits) -> None:
        """Remember what is in ``/dev/shm`` already; the bound is watched, not mounted."""
        del limits
        if not self.empty():
            raise OSError(f"{self.folder} cannot be emptied")
        self._before = set(_listed(_SHARED_MEMORY))

    def bound(self, limits: Limits) -> None:
        """Do nothing: there is no quota to set."""

    def empty(self, patience_s: float = math.inf) -> bool:
        """Remove the folder's files and those that the submission left elsewhere."""
        shared = [self._empty_shared(folder, patience_s) for folder in self._open_to_all]
        return all([empty_folder(self.folder, patience_s), *shared])

    def _left_in(self, folder: str) -> list[str]:
        """Return the names in ``folder`` that the submission made."""
        owner = os.geteuid() if self._uid is None else self._uid
        before = self._before if self._uid is None else set()
        found = []
        for name in set(_listed(folder)) - before:
            with contextlib.suppress(OSError):
                if os.lstat(f"{folder}/{name}").st_uid == owner:
                    found.append(name)
        return found

    def _empty_shared(self, folder: str, patience_s: float) -> bool:
        names = self._left_in(folder)
        return not names or remove_entries(folder, names, patience_s)

    def usage(self, most: int) -> tuple[int, float]:
        """Walk the folder and what was left in the shared ones: there is no quota to ask."""
        files, size = measure(self.folder, None, most)
        for folder in self._open_to_all:
            more = measure(folder, self._left_in(folder), most - files)
            files, size = files + more[0], size + more[1]
        return files, size / 2**20

    def is_out_of_files(self) -> bool:
        """Return False: the bound is watched, and is no bound of the kernel's."""
        return False

    def close(self) -> None:
        """Empty it; the folder stays for the slot's next submission, whose rules name it."""
        self.empty()


def _writable_by_all() -> Iterator[str]:
    """Yield the folders at most two levels below the root in which everybody may make files."""
    for parent in ("/", *(f"/{name}" for name in _listed("/") if name not in ("proc", "sys"))):
        for name in _listed(parent):
            path = os.path.join(parent, name)
            with contextlib.suppress(OSError):
                mode = os.lstat(path).st_mode
                if stat.S_ISDIR(mode) and mode & stat.S_IWOTH:
                    yield path


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def measure(folder: str, names: list[str] | None, most: int) -> tuple[int, int]:
    """
    Return the number of files and folders among the entries ``names`` of ``folder`` and below, and their bytes.

    Those who fill the folder may be at work: nothing is reached by a path, links are not followed, and it ends when
    more than ``most`` were found. Folders nested deeper than `_DEEPEST` count as more than ``most``.
    """
    files, size = 0, 0
    open_folders: list[tuple[int, list[str]]] = []
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        open_folders.append((top, os.listdir(top) if names is None else list(names)))
        while open_folders and files <= most:
            fd, left = open_folders[-1]
            if not left:
                os.close(fd)
                open_folders.pop()
                continue
            name = left.pop()
            with contextlib.suppress(OSError):
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
                files, size = files + 1, size + found.st_blocks * 512
                if stat.S_ISDIR(found.st_mode):
                    if len(open_folders) == _DEEPEST:
                        return most + 1, size
                    inner = _opened(name, fd) if found.st_mode & 0o500 != 0o500 else _open_folder(name, fd)
                    open_folders.append((inner, []))  # before it is read: a folder that is gone by then is closed too
                    open_folders[-1][1].extend(os.listdir(inner))
    finally:
        for fd, _ in open_folders:
            os.close(fd)
    return files, size


def empty_folder(folder: str, patience_s: float = math.inf) -> bool:
    """Remove all that is in ``folder`` and return whether that succeeded."""
    return remove_entries(folder, None, patience_s)


def remove_entries(folder: str, names: list[str] | None, patience_s: float = math.inf) -> bool:
    """
    Remove the entries ``names`` of ``folder``, or all with None, and return whether that succeeded.

    A process that is alive may make entries faster than they go: where there is one, ``patience_s`` ends it.

    No recursion and no long path: a nested folder is moved up to the top, under a name that nobody can guess, before
    its own turn comes, so that a tree of any depth goes. Links are removed, never followed.
    """
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    deadline = time.monotonic() + patience_s
    try:
        while left := os.listdir(top) if names is None else names:
            if time.monotonic() > deadline:
                return False
            raised: list[str] = []
            for name in left:
                if not _is_folder(name, top):
                    os.unlink(name, dir_fd=top)
                    continue
                raised += _flatten(name, top)
                os.rmdir(name, dir_fd=top)
            names = None if names is None else raised
    except OSError:
        return False
    finally:
        os.close(top)
    return True


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def _open_folder(name: str, parent: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


def _opened(name: str, parent: int) -> int:
    """Open the folder ``name`` of ``parent``, which may have been made with no rights at all."""
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        os.chmod(f"/proc/self/fd/{handle}", 0o700)
        return os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_DIRECTORY)
    finally:
        os.close(handle)


def _flatten(name: str, top: int) -> list[str]:
    """Empty the folder ``name`` of ``top``: unlink its files, move its folders up; return the names that these got."""
    raised = []
    inner = _opened(name, top)
    try:
        for child in os.listdir(inner):
            if not _is_folder(child, inner):
                os.unlink(child, dir_fd=inner)
                continue
            # To be moved it must be writable itself, since its ".." changes.
            os.close(_opened(child, inner))
            raised.append(f".{secrets.token_hex(16)}")
            os.rename(child, raised[-1], src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    return raised

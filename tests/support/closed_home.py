"""
Another user on a machine whose Python lies below a folder that only its owner may enter.

What runs as a plain uid must reach the interpreter. Where that is below a closed folder, a private mount namespace
covers the folder by an empty one, open to all, in which only what Python needs is bound back to its place. Where the
machine's Python is open to everybody nothing is covered.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

import autograder
from autograder.cage import syscalls

PLAIN_UID = 64_123
"""A uid that neither systems nor people nor the cage's slots have."""


def open_to_all(folder: Path) -> None:
    """Let every user pass through ``folder`` and those above it that were made for this run."""
    for each in (folder, *folder.parents):
        if each == Path(tempfile.gettempdir()) or each == each.parent:
            return
        each.chmod(each.stat().st_mode | 0o755)


def needed_folders() -> list[str]:
    """Return the folders that a process needs to run this Python and this project, each once, outermost only."""
    ours = Path(autograder.__file__).resolve().parent
    known = {os.path.realpath(path) for path in (sys.base_prefix, sys.prefix, ours, Path(__file__).parent)}
    return sorted(path for path in known if not any(path.startswith(other + "/") for other in known))


def closed_folder_above(path: str) -> str | None:
    """Return the outermost folder on the way to ``path`` that others may not enter, or None."""
    parts = path.split("/")
    for count in range(2, len(parts) + 1):
        folder = "/".join(parts[:count])
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return folder
    return None


def open_python_to_all() -> None:
    """In a new mount namespace, make every folder that Python needs reachable for everybody. Needs root."""
    closed = {path: folder for path in needed_folders() if (folder := closed_folder_above(path)) is not None}
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    held = {path: os.open(path, os.O_PATH) for path in closed}
    for folder in sorted(set(closed.values())):
        syscalls.mount("tmpfs", folder, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=1m,mode=755")
    for path, fd in held.items():
        os.makedirs(path, exist_ok=True)
        syscalls.mount(f"/proc/self/fd/{fd}", path, None, syscalls.MS_BIND | syscalls.MS_REC)
        os.close(fd)


def become(uid: int) -> None:
    """Become a plain user with a group of its own, as a fresh login would be: its own ``/proc`` entries are its own."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    syscalls.prctl(4, 1)  # PR_SET_DUMPABLE, which a change of uid clears and an exec sets again

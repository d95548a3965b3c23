"""
What a caged process can see of the disk: the interpreter, a few distributions, and three packages of ours.

A `View` is two lists of paths. In tiers A and B the root file system is made of them by bind mounts; in tier C they are
Landlock rules. Both come from the same lists, so that a submission sees the same world everywhere:

- the standard library and the system's shared libraries, without any ``site-packages`` or ``dist-packages``;
- of ``site-packages``, entry by entry, the distributions that the course's requirements need, and no other;
- ``autograder/{__init__,errors,protocol,worker}``: not the scoring, not the course, no test.

A folder that is shown in part is *listable*: its names can be seen, its files not.
"""

from __future__ import annotations

import contextlib
import glob
import importlib.metadata
import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

import autograder
from autograder.cage import syscalls

__all__ = ["View", "build_root", "distribution_closure", "find_view", "pass_over_unreadable_modules", "seal_root"]

_ALWAYS_NEEDED: Final = ("numpy", "torch", "h5py", "msgpack")
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_FILES: Final = ("/etc/ld.so.cache",)
_KERNEL: Final = ("/sys/devices/system/cpu",)
_OURS: Final = ("__init__.py", "errors.py", "protocol", "worker")
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")
_PACKAGE_FOLDERS: Final = (
    "/usr/lib/python3/dist-packages",
    "/usr/lib/python3*/site-packages",
    "/usr/lib/python3*/dist-packages",
    "/usr/local/lib/python3*/site-packages",
    "/usr/local/lib/python3*/dist-packages",
)


@dataclass(frozen=True, slots=True)
class View:
    """
    Args:
        readable: Files and folders that can be read, with all that is below them.
        listable: Folders of which only the names can be seen.
    """

    readable: tuple[str, ...]
    listable: tuple[str, ...]


def find_view(requirements: Iterable[str] = ()) -> View:
    """
    Return what the interpreter that runs this needs, for submissions that may import ``requirements``.

    Args:
        requirements: Lines of a ``requirements.txt``; what is not installed is passed over.
    """
    packages = _package_folders()
    readable: list[str] = [path for path in (*_FILES, *_KERNEL) if os.path.exists(path)]
    listable: list[str] = []
    own_libraries = os.path.dirname(sysconfig.get_path("stdlib"))
    for folder in dict.fromkeys(os.path.realpath(path) for path in (*_LIBRARIES, own_libraries)):
        _add_without(folder, packages, readable, listable)
    readable += dict.fromkeys((os.path.realpath(sys.executable), *_links_to_interpreter()))
    readable += _entries_of(distribution_closure((*_ALWAYS_NEEDED, *requirements)))
    listable += packages
    ours = os.path.dirname(os.path.realpath(autograder.__file__))
    readable += [os.path.join(ours, name) for name in _OURS]
    return View(tuple(dict.fromkeys(readable)), tuple(dict.fromkeys(listable)))


def _links_to_interpreter() -> Iterator[str]:
    config = os.path.join(sys.prefix, "pyvenv.cfg")
    if os.path.exists(config):
        yield config


def _package_folders() -> list[str]:
    """Return every existing folder that holds installed distributions."""
    known = [
        *site.getsitepackages(),
        site.getusersitepackages(),
        *glob.glob(f"{sys.base_prefix}/lib/python3*/site-packages"),
    ]
    for pattern in _PACKAGE_FOLDERS:
        known += glob.glob(pattern)
    return list(dict.fromkeys(os.path.realpath(path) for path in known if os.path.isdir(path)))


def _add_without(folder: str, hidden: list[str], readable: list[str], listable: list[str]) -> None:
    """Add ``folder`` whole when nothing in it is hidden, else entry by entry."""
    if folder in hidden or not os.path.isdir(folder):
        return
    if not any(path.startswith(folder + "/") for path in hidden):
        readable.append(folder)
        return
    listable.append(folder)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            _add_without(entry.path, hidden, readable, listable)
        else:
            readable.append(entry.path)


def distribution_closure(requirements: Iterable[str]) -> list[importlib.metadata.Distribution]:
    """Return the installed distributions that ``requirements`` need, directly or through others, each once."""
    from packaging.requirements import InvalidRequirement, Requirement

    found: dict[str, importlib.metadata.Distribution] = {}
    todo = [line.split("#")[0].strip() for line in requirements]
    while todo:
        line = todo.pop()
        try:
            needed = Requirement(line)
        except InvalidRequirement:
            continue
        name = re.sub(r"[-_.]+", "-", needed.name).lower()
        if name in found or (needed.marker is not None and not needed.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = importlib.metadata.distribution(needed.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        todo += found[name].requires or []
    return list(found.values())


def _entries_of(distributions: Iterable[importlib.metadata.Distribution]) -> Iterator[str]:
    """Yield the top-level files and folders in ``site-packages`` that the distributions installed."""
    for distribution in distributions:
        base = os.path.realpath(str(distribution.locate_file("")))
        names = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
        for name in sorted(names):
            path = os.path.join(base, name)
            # A ``.pth`` file runs code at start-up and is never needed by an import.
            if os.path.exists(path) and not name.endswith(".pth"):
                yield path


def build_root(root: str, view: View) -> None:
    """
    Make ``root`` a file system that holds the view, read-only, with an empty ``/scratch``, ``/dev`` and ``/proc``.

    The caller has its own mount namespace, detached from the host's.
    """
    syscalls.mount("tmpfs", root, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=4m,mode=755")
    for path in view.listable:
        os.makedirs(root + path, exist_ok=True)
    for path in view.readable:
        _show(path, root + path)
    for name in ("proc", "scratch", "dev/shm"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    for name in _DEVICES:
        _touch(f"{root}/dev/{name}")
        syscalls.mount(f"/dev/{name}", f"{root}/dev/{name}", None, syscalls.MS_BIND)
    links = {
        "fd": "/proc/self/fd",
        "stdin": "/proc/self/fd/0",
        "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2",
    }
    for name, target in links.items():
        os.symlink(target, f"{root}/dev/{name}")
    # Merged-/usr systems reach their libraries and loader through links at the top.
    for name in ("lib", "lib64"):
        if os.path.islink(f"/{name}") and not os.path.lexists(f"{root}/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"{root}/{name}")
    # An interpreter that lives among temporary files has made the folder already; then they go by TMPDIR alone.
    with contextlib.suppress(FileExistsError):
        os.symlink("/scratch", f"{root}/tmp")


def seal_root(root: str) -> None:
    """Make the file system that `build_root` made read-only; what is mounted on it keeps its own rights."""
    flags = syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount(None, root, None, flags)


class _ReadableFinder:
    """
    Finds what another finder does, unless its file cannot be read.

    Args:
        finder: Any finder of ``sys.meta_path``; what else it can do is passed on.
    """

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's spec, or None when there is none for this process."""
        spec: ModuleSpec | None = self._finder.find_spec(fullname, path, target)
        if spec is not None and spec.has_location and spec.origin is not None:
            try:
                os.close(os.open(spec.origin, os.O_RDONLY | os.O_CLOEXEC))
            except OSError:
                return None
        return spec


def pass_over_unreadable_modules() -> None:
    """
    Let an import of what is not in the view fail as where there is nothing: with ``ModuleNotFoundError``.

    Without a mount namespace the names in ``site-packages`` can be seen; code that tries an optional library and a
    stand-in for a missing one both wait for that error.
    """
    sys.meta_path[:] = [_ReadableFinder(finder) for finder in sys.meta_path]


def _show(source: str, target: str) -> None:
    if os.path.islink(source):
        # A link inside the view resolves inside the view, or not at all.
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        _touch(target)
    syscalls.bind_read_only(source, target)


def _touch(path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="utf-8"):
        pass

"""
Names that come from a submission: how they are shown, and which of them are never used.

A name is a student's text like any other. Shown to people it must not forge a line, move a cursor, colour a terminal
or turn the direction of writing; ``display_name`` makes it one plain line, ``display_text`` does the same for texts
of several lines. Used as a path it must mean the same on every system and stay below the folder that it is unpacked
into; ``clean_path`` brings it into one form or says why it cannot.

``unwanted`` knows what a hand-in may hold and grading must not see: what would run by being there (``conftest.py``,
``.pth``), what is compiled (``.pyc``, ``.so``), what stands in the way of a library, and the debris of editors and
systems.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Collection

from autograder.submission.limits import IntakeLimits

__all__ = ["LIBRARIES", "clean_path", "display_name", "display_text", "junk_folder", "shadows", "unwanted"]

_SHOWN = 200  # longest name shown to people, in characters
_CONTROLS = {"Cc", "Zl", "Zp"}  # never part of an honest name; a joiner within an emoji is
_DRIVE = re.compile(r"[A-Za-z]:")

_JUNK_FOLDERS = {
    "__MACOSX": "made by macOS",
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    ".ipynb_checkpoints": "Jupyter's checkpoints",
    "__pycache__": "compiled Python",
    ".venv": "a virtual environment",
    "venv": "a virtual environment",
    "site-packages": "installed libraries",
    "node_modules": "installed libraries",
    ".idea": "an editor's settings",
    ".vscode": "an editor's settings",
    ".pytest_cache": "a cache",
    ".mypy_cache": "a cache",
    ".ruff_cache": "a cache",
    ".cache": "a cache",
}
_FILES = {
    ".ds_store": "made by macOS",
    "thumbs.db": "made by Windows",
    "desktop.ini": "made by Windows",
    "conftest.py": "pytest would run it",
    "pytest.ini": "pytest would read it",
    "sitecustomize.py": "Python would run it by itself",
    "usercustomize.py": "Python would run it by itself",
}
_SUFFIXES = {
    ".pyc": "compiled Python; only source is graded",
    ".pyo": "compiled Python; only source is graded",
    ".so": "compiled code; only Python source is graded",
    ".pyd": "compiled code; only Python source is graded",
    ".dll": "compiled code; only Python source is graded",
    ".dylib": "compiled code; only Python source is graded",
    ".pth": "Python would read it by itself",
    ".egg-link": "Python would read it by itself",
}

LIBRARIES = frozenset(sys.stdlib_module_names) | {
    "IPython",
    "PIL",
    "autograder",
    "cv2",
    "grading_tests",
    "h5py",
    "imageio",
    "jupyter",
    "matplotlib",
    "msgpack",
    "nbformat",
    "nbgrader",
    "numpy",
    "pandas",
    "pip",
    "pkg_resources",
    "pytest",
    "reference",
    "scipy",
    "setuptools",
    "skimage",
    "sklearn",
    "tensorflow",
    "torch",
    "torchaudio",
    "torchvision",
    "tqdm",
}
"""Names of modules that a file at the top of a hand-in must not take."""


def display_text(text: str) -> str:
    """Return ``text`` with all that is not plainly visible written as escapes; line breaks and tabs stay."""
    # Not printable are controls, formats (direction, zero width), surrogates, and every blank but the space.
    return "".join(c if c in "\n\t" or c.isprintable() else _escape(c) for c in text)


def display_name(name: str | bytes) -> str:
    """Return a name as one line of at most 200 visible characters, cut in the middle."""
    if isinstance(name, bytes):
        name = name.decode("utf-8", "surrogateescape")
    if len(name) > _SHOWN:
        name = f"{name[: _SHOWN // 2]}…{name[-_SHOWN // 2 + 1 :]}"
    return "".join(c if c.isprintable() else _escape(c) for c in name)


def clean_path(name: str, limits: IntakeLimits) -> tuple[str, str]:
    """
    Return ``(path, "")`` with the name in its one form, or ``("", reason)`` where it is not to be used.

    The one form is relative, has ``/`` between its parts, no empty part and no ``.`` or ``..``.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    # A drive may stand behind "./", which is taken away.
    if name.startswith("/") or _DRIVE.match("/".join(parts)):
        return "", "an absolute path"
    reason = _absurd(name, parts, limits)
    return ("", reason) if reason else ("/".join(parts), "")


def unwanted(path: str, size: int, limits: IntakeLimits) -> str:
    """Return why a file of that clean path and size, in bytes, is left out; empty if it is kept."""
    name = path.rpartition("/")[2].lower()
    suffix = f".{name.rpartition('.')[2]}" if "." in name else ""
    if name.startswith("._"):
        return "made by macOS"
    if ".so." in name:
        return _SUFFIXES[".so"]
    reason = _FILES.get(name) or _SUFFIXES.get(suffix, "")
    if reason:
        return reason
    if suffix not in limits.code_suffixes and size > limits.data_bytes:
        return f"data above {limits.data_bytes / 1e6:.0f} MB"
    if size > limits.file_bytes:
        return f"larger than {limits.file_bytes / 1e6:.0f} MB"
    return ""


def junk_folder(path: str, environments: Collection[str] = ()) -> tuple[str, str]:
    """
    Return the topmost folder of ``path`` that is left out whole, and why; two empty texts if there is none.

    Args:
        path: A clean path.
        environments: Folders that hold a ``pyvenv.cfg``.
    """
    parts = path.split("/")
    for depth, part in enumerate(parts[:-1], 1):
        folder = "/".join(parts[:depth])
        if part in _JUNK_FOLDERS:
            return f"{folder}/", _JUNK_FOLDERS[part]
        if folder in environments:
            return f"{folder}/", "a virtual environment"
    return "", ""


def shadows(path: str, packages: Collection[str]) -> str:
    """
    Return the library that a file would stand in the way of; empty if none.

    Only what can be imported by its bare name counts: a module or package at the top of the hand-in, or in one folder
    below it that is no package itself (the usual folder around everything).

    Args:
        path: A clean path.
        packages: Folders that hold an ``__init__.py``.
    """
    parts = path.split("/")
    for depth in range(min(len(parts), 2)):
        if depth and parts[0] in packages:
            return ""
        is_file = depth == len(parts) - 1
        name = parts[depth].removesuffix(".py") if is_file else parts[depth]
        importable = parts[depth].endswith(".py") if is_file else "/".join(parts[: depth + 1]) in packages
        if importable and name in LIBRARIES:
            return name
    return ""


def _absurd(name: str, parts: list[str], limits: IntakeLimits) -> str:
    """Return what is wrong with a name, or nothing."""
    if not parts:
        return "an empty name"
    reasons = {
        "a path that leads out of its folder": ".." in parts,
        "a name that is too long": len(name) > limits.path_bytes
        or len(name.encode("utf-8", "surrogatepass")) > limits.path_bytes
        or any(len(part.encode("utf-8", "surrogatepass")) > limits.name_bytes for part in parts),
        "a name that is not UTF-8": any(unicodedata.category(c) == "Cs" for c in name),
        "control characters in its name": any(unicodedata.category(c) in _CONTROLS or _turns(c) for c in name),
        "a backslash in its name": "\\" in name,
        f"more than {limits.depth} folders deep": len(parts) > limits.depth,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _turns(character: str) -> bool:
    """Return whether a character changes the direction of writing."""
    return unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def _escape(character: str) -> str:
    """Return a character as Python would write it; bytes that were not UTF-8 as bytes."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

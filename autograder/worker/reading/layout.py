"""
Where in a submission its modules are.

A submission is what students upload: the package folder at the top, or under ``assignment3/``, or twice for two
years, or no folder at all and the files side by side. `Layout` answers one question, which file is this module, in a
fixed order: the package folder that holds most of the wanted modules (the shallowest of equals), then a file of that
name elsewhere if there is exactly one. It looks at names alone.
"""

from __future__ import annotations

import difflib
import posixpath
import sys
from collections.abc import Iterable, Sequence

__all__ = ["Layout", "is_library"]

_SKIPPED = frozenset({"__MACOSX", "__pycache__", "site-packages", "node_modules", "venv", "env"})


def is_library(name: str) -> bool:
    """Return whether a top-level name is a library's: the standard one's, or one that is imported already."""
    return name in sys.stdlib_module_names or name in sys.modules


def _is_hidden(path: str) -> bool:
    """Return whether a path lies in a folder that editors and archivers make: copies, caches, environments."""
    parts = path.split("/")
    return any(part in _SKIPPED or part.startswith(".") for part in parts[:-1]) or parts[-1].startswith("._")


class Layout:
    """
    The files of a submission, and the folder in it that is graded.

    Args:
        files: Relative paths, ``/`` between the parts.
        package: Name of the package, e.g. ``a3``.
        aliases: Further names that the folder may have, e.g. ``cs231n``.
        wanted: The modules that are graded, below the package: ``classifiers.rnn``.

    Attributes:
        folder: The package folder, relative; None when there is none.
        others: Further package folders with wanted modules: other editions, which are not graded.
    """

    def __init__(self, files: Iterable[str], package: str, aliases: Iterable[str], wanted: Sequence[str]) -> None:
        self.files = {path for path in files if not _is_hidden(path)}
        self.names = (package, *aliases)
        self._wanted = {f"{name.rpartition('.')[2]}.py" for name in wanted}
        self._by_name: dict[str, list[str]] = {}
        for path in sorted(self.files):
            self._by_name.setdefault(posixpath.basename(path), []).append(path)
        self.folder, self.others = self._choose([name.replace(".", "/") + ".py" for name in wanted])

    def _choose(self, wanted: list[str]) -> tuple[str | None, list[str]]:
        """Return the package folder that is graded, and those that are not."""
        counts: dict[str, int] = {}
        for path in self.files:
            parts = path.split("/")
            for depth, part in enumerate(parts[:-1]):
                if part in self.names:
                    counts.setdefault("/".join(parts[: depth + 1]), 0)
        for folder in counts:
            counts[folder] = sum(f"{folder}/{path}" in self.files for path in wanted)
        ranked = sorted(counts, key=lambda folder: (-counts[folder], folder.count("/"), folder))
        if not ranked:
            return None, []
        return ranked[0], [folder for folder in ranked[1:] if counts[folder]]

    @property
    def base(self) -> str:
        """The folder in which the package folder lies; an empty text for the top."""
        return posixpath.dirname(self.folder) if self.folder else ""

    def in_package(self, module: str) -> tuple[str, bool] | None:
        """Return (path, is it a package) of a module in the package folder, or None."""
        if self.folder is None:
            return None
        stem = posixpath.join(self.folder, *module.split(".")) if module else self.folder
        if f"{stem}/__init__.py" in self.files:
            return f"{stem}/__init__.py", True
        return (f"{stem}.py", False) if f"{stem}.py" in self.files else None

    def is_namespace(self, module: str) -> bool:
        """Return whether a module of the package is a folder without an ``__init__.py``."""
        if self.folder is None:
            return False
        stem = posixpath.join(self.folder, *module.split("."))
        return any(path.startswith(stem + "/") for path in self.files)

    def elsewhere(self, module: str) -> list[str]:
        """Return the files outside their place that may be a module: those with the longest matching path."""
        path = module.replace(".", "/") + ".py"
        named = self._by_name.get(posixpath.basename(path), [])
        exact = [found for found in named if f"/{found}".endswith(f"/{path}")]
        return exact or named

    def similar(self, module: str) -> str | None:
        """Return the Python file that is most likely a module under a wrong name: most like it, or begun by it."""
        stem = module.rpartition(".")[2]
        stems = {
            name.removesuffix(".py"): paths[0]
            for name, paths in self._by_name.items()
            if name.endswith(".py") and name not in self._wanted
        }
        begins = sorted((name for name in stems if name.startswith(stem)), key=len)
        near = begins or difflib.get_close_matches(stem, stems, 1, 0.8)
        return stems[near[0]] if near else None

    def beside(self, importer: str, module: str) -> str | None:
        """Return the file of a module in the folder of the file that imports it, or next to the package folder."""
        path = module.replace(".", "/") + ".py"
        for folder in (posixpath.dirname(importer), self.base):
            candidate = posixpath.join(folder, path)
            if candidate in self.files:
                return candidate
        return None

    def named(self, basename: str) -> list[str]:
        """Return the files of a name, those below the graded folder first, then the shallowest."""
        found = self._by_name.get(posixpath.basename(basename), [])
        prefix = self.base + "/" if self.base else ""
        return sorted(found, key=lambda path: (not path.startswith(prefix), path.count("/"), path))

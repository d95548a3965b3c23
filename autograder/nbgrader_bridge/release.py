"""
The hooks in nbgrader's release step.

nbgrader copies every file of the source into the release before it looks at a notebook, solutions included, and goes on
where a hook of its own fails. So four steps of its ``GenerateAssignment`` are replaced, which the command, the API and
formgrader's button all go through:

    init_destination      reads and checks the whole source; nothing is written before all of it is right
    init_assignment       writes our files in nbgrader's stead; it copies none
    convert_single_…      hands nbgrader the notebook without its history and with the edition's points
    set_permissions       looks for leaks, then puts the release in its place

Until the last step everything lies in a folder that only the instructor can read, outside of ``release/``. The new
release then takes the old one's place in one move: a run that fails, or is killed, leaves the old one as it was. Two
runs at a time do not meet: each holds a lock on its own folder, and what is held by nobody is removed by the next one.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from autograder.config import load_assignment
from autograder.errors import ConfigError
from autograder.nbgrader_bridge.contents import Contents, read_contents
from autograder.notebooks.leaks import find_leaks
from autograder.notebooks.release import bare_notebook, source_of, whole_answers

__all__ = ["LeakError", "install", "starter_zip"]

_MARK: Final = "_autograder_release"
_EVERY: Final = "*"
_NOWHERE: Final = ".release-failed"
_SHOWN_LEAKS: Final = 20
_EPOCH: Final = (2000, 1, 1, 0, 0, 0)  # archives of the same files are the same bytes


class LeakError(ConfigError):
    """Something secret is in what was to be released; nothing was."""


class _Staging:
    """One release on its way: what it consists of, and the folder in which it is put together."""

    def __init__(self, course: Path, contents: Contents, target: Path) -> None:
        self.contents = contents
        self.target = target
        _refuse_target(target, contents)
        name = contents.assignment.name
        _remove_left(course, name)
        self.folder = Path(tempfile.mkdtemp(prefix=f".release-{name}-", dir=course)) / name
        self._lock = _locked(self.folder.parent)
        self.folder.mkdir()

    def write_files(self) -> None:
        for path, content in self.contents.files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def take_over(self, names: set[str]) -> None:
        """Copy notebooks of the present release that are not made anew."""
        for name in names:
            if (self.target / name).is_file():
                shutil.copyfile(self.target / name, self.folder / name)

    def check(self) -> dict[str, bytes]:
        """Return the files of the release; raise for one too many, and for what must not be in them."""
        files = _read_tree(self.folder)
        known = {*self.contents.files, *self.contents.notebooks}
        if unknown := sorted(files.keys() - known):
            raise ConfigError(f"{self.target}: not part of the release: {', '.join(unknown)}")
        if missing := sorted(self.contents.files.keys() - files.keys()):
            raise ConfigError(f"{self.target}: missing from what was put together: {', '.join(missing)}")
        refuse_leaks(self.target.name, files, self.contents)
        self._refuse_answers(files)
        return files

    def _refuse_answers(self, files: Mapping[str, bytes]) -> None:
        """Raise `LeakError` for an answer that is as the source has it: it may be too short to be seen as a leak."""
        for name, source in self.contents.notebooks.items():
            answers = whole_answers(source)
            for cell in json.loads(files.get(name, b'{"cells": []}'))["cells"]:
                grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
                if grade_id in answers and source_of(cell).strip() == answers[grade_id]:
                    raise LeakError(f"{self.target.name} is not released: {name} still has the answer of {grade_id}")

    def put_in_place(self, files: Mapping[str, bytes]) -> None:
        for path in files:
            if path.endswith(".sh"):
                (self.folder / path).chmod((self.folder / path).stat().st_mode | 0o111)
        archive = starter_zip(self.target.name, files)
        refuse_leaks(f"{self.target.name}.zip", {f"{self.target.name}.zip": archive}, self.contents)
        self.target.parent.mkdir(parents=True, exist_ok=True)
        old = self.folder.with_name("old")
        if self.target.exists():
            self.target.rename(old)
        self.folder.rename(self.target)
        _replace(self.target.with_name(f"{self.target.name}.zip"), archive)
        self.remove()

    def remove(self) -> None:
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _refuse_target(target: Path, contents: Contents) -> None:
    """Raise for a place whose replacing would take something of the instructor's away."""
    course = contents.assignment.course
    for kept in (course / "source", contents.assignment.folder, course / "grading_tests", course / "reference"):
        ours, theirs = kept.resolve(), target.resolve()
        if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
            raise ConfigError(f"{target}: a release replaces what is there, and {kept} is: choose another folder")


def _locked(folder: Path) -> int | None:
    """Return a lock on a folder, which ends with this process at the latest; None if somebody has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _remove_left(course: Path, name: str) -> None:
    """Remove what runs that were killed have left of this assignment."""
    for left in course.iterdir():
        if re.fullmatch(rf"\.release-{re.escape(name)}-[a-z0-9_]{{8}}", left.name) and not left.is_symlink():
            handle = _locked(left)
            if handle is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(handle)


def refuse_leaks(what: str, files: Mapping[str, bytes], contents: Contents) -> None:
    """Raise `LeakError` if something secret is in the ``files``; names where, and what in short."""
    leaks = find_leaks(files, contents.secrets)
    if leaks:
        shown = [f"  {leak}" for leak in leaks[:_SHOWN_LEAKS]]
        rest = [f"  … and {len(leaks) - _SHOWN_LEAKS} more"] if len(leaks) > _SHOWN_LEAKS else []
        listed = "\n".join([*shown, *rest])
        raise LeakError(f"{what} is not released: solutions or hidden tests would be in it\n{listed}")


def starter_zip(name: str, files: Mapping[str, bytes]) -> bytes:
    """Return the files as an archive with one folder, the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            info = zipfile.ZipInfo(f"{name}/{path}", _EPOCH)
            info.create_system = 3  # Unix, wherever it is made: the permissions count
            info.external_attr = (0o100755 if path.endswith(".sh") else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def _read_tree(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise ConfigError(f"{path}: a link in a release")
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def _replace(place: Path, content: bytes) -> None:
    waiting = place.with_name(f".{place.name}.new")
    waiting.write_bytes(content)
    os.replace(waiting, place)  # noqa: PTH105  # the one call that replaces at once


def install() -> None:
    """Put the hooks into nbgrader's ``GenerateAssignment``, once in a process."""
    from nbgrader.converters import GenerateAssignment

    if getattr(GenerateAssignment, _MARK, False):
        return
    for hook in (_format_dest, _init_destination, _init_assignment, _convert_single_notebook, _set_permissions):
        name = hook.__name__.removeprefix("_") if hook is not _format_dest else hook.__name__
        setattr(GenerateAssignment, name, _around(hook, getattr(GenerateAssignment, name)))
    setattr(GenerateAssignment, _MARK, True)


def _around(hook: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that calls the hook with nbgrader's own method as its first argument."""

    def method(self: Any, *args: Any, **keywords: Any) -> Any:
        try:
            return hook(original, self, *args, **keywords)
        except BaseException as error:
            _abandon(self, error)
            raise

    return method


def _abandon(converter: Any, error: BaseException) -> None:
    """Remove what was put together, and keep why for whoever started the converter."""
    converter.problem = error
    staging: _Staging | None = getattr(converter, "staging", None)
    if staging is not None:
        staging.remove()


def _format_dest(original: Callable[..., str], self: Any, *args: Any, **keywords: Any) -> str:
    """Let nbgrader write where the release is put together; after a failure it removes what is there, so not ours."""
    staging: _Staging | None = getattr(self, "staging", None)
    if staging is not None:
        return str(staging.folder)
    if getattr(self, "problem", None) is not None:
        return str(Path(self.coursedir.root, _NOWHERE))
    return original(self, *args, **keywords)


def _init_destination(_original: Callable[..., bool], self: Any, assignment_id: str, student_id: str) -> bool:
    """Read and check the source. A release is derived: it is made anew whether or not there is one."""
    self.staging = self.problem = None
    course = Path(self.coursedir.root)
    contents = read_contents(load_assignment(course, assignment_id))
    for path in contents.left_out:
        self.log.warning("Not released, for assignment.toml does not name it: %s", path)
    wanted = {Path(path).name for path in self.notebooks}
    self.notebooks = sorted(path for path in self.notebooks if Path(path).name in contents.notebooks)
    if not self.notebooks:
        raise ConfigError(
            f"{assignment_id}: none of its notebooks is to be made: {', '.join(sorted(wanted))}; "
            f"assignment.toml has {', '.join(contents.notebooks)}"
        )
    target = Path(os.path.normpath(self._format_dest(assignment_id, student_id)))
    self.staging = _Staging(course, contents, target)
    return True


def _init_assignment(original: Callable[..., None], self: Any, assignment_id: str, student_id: str) -> None:
    """Let nbgrader note the assignment in its gradebook, and copy nothing."""
    ignore = self.coursedir.ignore
    self.coursedir.ignore = [_EVERY]
    try:
        original(self, assignment_id, student_id)
    finally:
        self.coursedir.ignore = ignore
    self.staging.write_files()


def _convert_single_notebook(_original: Callable[..., None], self: Any, notebook_filename: str) -> None:
    """Convert a notebook as `read_contents` has prepared it."""
    import nbformat

    notebook = json.dumps(self.staging.contents.notebooks[Path(notebook_filename).name])
    resources = self.init_single_notebook_resources(notebook_filename)
    output, resources = self.exporter.from_notebook_node(nbformat.reads(notebook, as_version=4), resources)
    # nbgrader may have added cells of a header and a footer, which nobody has looked at before.
    output = json.dumps(bare_notebook(json.loads(output)), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    self.write_single_notebook(output, resources)


def _set_permissions(original: Callable[..., None], self: Any, assignment_id: str, student_id: str) -> None:
    """Look through everything, and put the release in its place; the last step, whose error stops nbgrader."""
    staging = self.staging
    made = {Path(path).name for path in self.notebooks}
    staging.take_over(set(staging.contents.notebooks) - made)
    files = staging.check()
    original(self, assignment_id, student_id)
    staging.put_in_place(files)
    self.staging = None

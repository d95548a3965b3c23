"""Folders that a submission filled are emptied and measured, whatever is in them, without following or recursing."""

from __future__ import annotations

import os

import pytest

from autograder.cage import Limits
from autograder.cage.scratch import FolderScratch, empty_folder, measure, remove_entries
from autograder.cage.syscalls import prctl
from tests.support.closed_home import PLAIN_UID, open_to_all


def nested(folder: str, depth: int) -> None:
    """Make ``depth`` folders, one in the other, each with a file."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=fd)
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        inner = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)


def test_a_tree_of_any_depth_goes(tmp_path):
    """5000 folders in each other are removed: no recursion, no path, no descriptor for each."""
    nested(str(tmp_path), 5000)
    assert measure(str(tmp_path), None, 1000)[0] > 1000
    assert empty_folder(str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_many_files_go(tmp_path):
    """20000 files are removed, and counting them stops soon after the limit."""
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(20_000):
        os.mknod(str(number), dir_fd=fd)
    os.close(fd)
    assert measure(str(tmp_path), None, 100)[0] == 101
    assert measure(str(tmp_path), None, 1 << 20)[0] == 20_000
    assert empty_folder(str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_links_are_removed_not_followed(tmp_path):
    """A link to a folder outside goes; the folder and its files stay, and are not counted."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    (outside / "kept").write_text("x" * 9999)
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "again").symlink_to(inside)
    assert measure(str(inside), None, 100)[0] == 2
    assert empty_folder(str(inside))
    assert (outside / "kept").exists()
    link = tmp_path / "link"
    link.symlink_to(outside)
    assert not empty_folder(str(link))
    assert (outside / "kept").exists()


def as_a_plain_user(action) -> None:
    """Run ``action`` in a fork that is no root, whom no missing right would stop."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(PLAIN_UID, PLAIN_UID, PLAIN_UID)
                os.setresuid(PLAIN_UID, PLAIN_UID, PLAIN_UID)
                prctl(4, 1)
            action()
            code = 0
        except BaseException:  # noqa: BLE001  # the fork must not return into pytest
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.fixture
def open_folder(tmp_path):
    """A folder that a plain user may fill."""
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    open_to_all(tmp_path)
    return str(folder)


@pytest.mark.parametrize("mode", [0, 0o100, 0o200, 0o300, 0o400, 0o500])
def test_folders_without_rights_go(open_folder, mode):
    """Folders that may not be read, written or entered are removed by their owner too, at any level."""

    def fill_and_empty():
        for base in ("a", "a/b", "a/b/c"):
            os.mkdir(f"{open_folder}/{base}")
            open(f"{open_folder}/{base}/file", "w").close()
        for base in ("a/b/c", "a/b", "a"):
            os.chmod(f"{open_folder}/{base}", mode)
        assert measure(open_folder, None, 100)[0] == 6
        for base in ("a", "a/b", "a/b/c"):
            os.chmod(f"{open_folder}/{base}", 0o700)
        for base in ("a/b/c", "a/b", "a"):
            os.chmod(f"{open_folder}/{base}", mode)
        assert empty_folder(open_folder)
        assert os.listdir(open_folder) == []

    as_a_plain_user(fill_and_empty)


def test_odd_names_go(open_folder):
    """Names with newlines, of no encoding, or chosen to be in the way are names."""
    for name in ("line\nbreak", "\udcff\udcfe", "-rf", " ", "x" * 255, *(f".{os.getpid()}-{n}" for n in range(20))):
        os.makedirs(f"{open_folder}/{name}/{name}")
        open(f"{open_folder}/{name}/in the way", "w").close()
    assert empty_folder(open_folder)


def test_only_the_named_entries_go(tmp_path):
    """In a shared folder what others have made stays."""
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
        nested(str(tmp_path / name), 3)
    assert remove_entries(str(tmp_path), ["mine"])
    assert os.listdir(tmp_path) == ["theirs"]


def test_a_scratch_folder_that_cannot_be_emptied_is_not_opened(tmp_path, monkeypatch):
    """What resists is never shown to the next submission: opening fails."""
    scratch = FolderScratch(str(tmp_path / "slot"), None)
    monkeypatch.setattr("autograder.cage.scratch.empty_folder", lambda *_: False)
    with pytest.raises(OSError, match="cannot be emptied"):
        scratch.open(Limits())

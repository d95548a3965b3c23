"""The archive holds the work, all of it, and nothing else; the same work makes the same bytes."""

from __future__ import annotations

import os
import zipfile

import pytest
from a3.handin import archive
from a3.handin.archive import ArchiveError, choose, write_zip
from made import assignment

WORK = ["First.ipynb", "Second.ipynb", "a3/__init__.py", "a3/layers.py"]
TOOLS = ("a3/submit.py", "a3/handin")


def pack(root, output):
    """Write the archive of a folder and return its path."""
    write_zip(output, choose(root, TOOLS).files)
    return output


def test_modules_and_notebooks_are_in_it_by_their_paths(tmp_path):
    """Sorted, with forward slashes, and with the bytes that lie on disk."""
    root = assignment(tmp_path / "work")
    with zipfile.ZipFile(pack(root, tmp_path / "made.zip")) as made:
        assert made.namelist() == WORK
        assert made.read("a3/layers.py") == (root / "a3" / "layers.py").read_bytes()


def test_the_same_work_makes_the_same_bytes(tmp_path):
    """Neither dates nor the order in which a disk lists its files show in the archive."""
    root = assignment(tmp_path / "work")
    first = pack(root, tmp_path / "first.zip").read_bytes()
    content = (root / "a3" / "layers.py").read_bytes()
    (root / "a3" / "layers.py").unlink()
    (root / "a3" / "layers.py").write_bytes(content)
    os.utime(root / "First.ipynb", (1_000_000_000, 1_000_000_000))
    assert pack(root, tmp_path / "second.zip").read_bytes() == first


def test_what_is_no_work_stays_out(tmp_path):
    """Checkpoints, caches, environments, data, hidden files, other kinds, and the kit itself."""
    root = assignment(tmp_path / "work")
    for name in (
        ".ipynb_checkpoints/First-checkpoint.ipynb", "a3/__pycache__/layers.py", "my-environment/lib/x.py",
        ".venv/x.py",
        "datasets/get.py", ".hidden.py", "notes.txt", "big.npz", "__MACOSX/a.py",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / "my-environment" / "pyvenv.cfg").write_text("")
    assert list(choose(root, TOOLS).files) == WORK


def test_links_are_not_followed_and_are_named(tmp_path):
    """A link to a file or a folder elsewhere gets nothing into the archive, and the student learns of it."""
    root = assignment(tmp_path / "work")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.py").write_text("x")
    (root / "linked.py").symlink_to(tmp_path / "elsewhere" / "secret.py")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    chosen = choose(root, TOOLS)
    assert list(chosen.files) == WORK
    assert [each.split(":")[0] for each in chosen.left_out] == ["folder", "linked.py"]


def test_a_folder_that_is_reached_through_a_link_is_no_link_itself(tmp_path):
    """Whoever keeps the course in a linked folder can hand in."""
    assignment(tmp_path / "real")
    (tmp_path / "course").symlink_to(tmp_path / "real")
    assert list(choose(tmp_path / "course", TOOLS).files) == WORK


def test_a_file_that_is_too_large_is_left_out_and_named(tmp_path, monkeypatch):
    """What grading would refuse is said before it is uploaded, with what to do."""
    root = assignment(tmp_path / "work")
    monkeypatch.setattr(archive, "FILE_BYTES", 3000)
    (root / "First.ipynb").write_bytes(b"x" * 4000)
    chosen = choose(root, TOOLS)
    assert "First.ipynb" not in chosen.files
    assert "clear its longest outputs" in chosen.left_out[0]


def test_an_archive_that_is_too_large_names_the_largest_file(tmp_path, monkeypatch):
    """Above what Gradescope takes nothing is left behind, and the message says where to begin."""
    root = assignment(tmp_path / "work")
    (root / "a3" / "noise.py").write_bytes(os.urandom(6000))
    monkeypatch.setattr(archive, "TOTAL_BYTES", 4000)
    with pytest.raises(ArchiveError, match=r"The largest file is a3/noise\.py"):
        pack(root, tmp_path / "made.zip")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["work"]


def test_an_archive_that_is_damaged_on_its_way_to_the_disk_is_noticed(tmp_path, monkeypatch):
    """What was written is opened again and compared, byte by byte."""
    root = assignment(tmp_path / "work")
    written = zipfile.ZipFile.writestr
    monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda self, entry, content: written(self, entry, content[:-1]))
    with pytest.raises(ArchiveError, match="something else"):
        pack(root, tmp_path / "made.zip")
    assert not (tmp_path / "made.zip").exists()


def test_an_empty_folder_makes_no_archive(tmp_path):
    """The message says where to run it."""
    with pytest.raises(ArchiveError, match="in the folder of the assignment"):
        write_zip(tmp_path / "made.zip", choose(tmp_path).files)

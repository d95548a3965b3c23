"""What a result depends on, and when it need not be made again."""

from pathlib import Path

from autograder.grading.course_run import find_submissions
from autograder.grading.job import Job, read_summary, submission_key, write_summary


def test_the_key_follows_the_content(tmp_path):
    """The key changes with a byte of the submission or of the shared part, and with nothing else."""
    folder = tmp_path / "hand-in"
    (folder / "a3").mkdir(parents=True)
    (folder / "a3/m.py").write_text("x = 1\n")
    key = submission_key(folder, "shared")
    assert submission_key(folder, "shared") == key
    assert submission_key(folder, "other") != key
    (folder / "a3/m.py").touch()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/m.pyc").write_bytes(b"stale")
    assert submission_key(folder, "shared") == key
    (folder / "a3/m.py").write_text("x = 2\n")
    assert submission_key(folder, "shared") != key


def test_links_are_not_followed_by_the_key(tmp_path):
    """A link to a file of ours is hashed by its name, so that it cannot tell the file's content apart."""
    secret = tmp_path / "secret"
    secret.write_text("one")
    folder = tmp_path / "hand-in"
    folder.mkdir()
    (folder / "m.py").symlink_to(secret)
    key = submission_key(folder, "")
    secret.write_text("two")
    assert submission_key(folder, "") == key


def test_a_summary_is_read_back_and_torn_ones_are_not(tmp_path):
    """Half a summary is no summary."""
    job = Job(Path("x"), tmp_path, "x", None, "key")
    write_summary(job, None, "not an archive")
    found = read_summary(tmp_path)
    assert found is not None
    assert found["key"] == "key"
    (tmp_path / "summary.json").write_text('{"key": "k')
    assert read_summary(tmp_path) is None


def test_a_folder_is_one_submission_or_many(tmp_path):
    """A folder with the package or a module is a submission; one of archives and folders is a class."""
    one = tmp_path / "one"
    (one / "a3").mkdir(parents=True)
    assert find_submissions([one], "a3") == [("one", one)]
    nested = tmp_path / "nested"
    (nested / "assignment3/a3").mkdir(parents=True)
    assert find_submissions([nested], "a3") == [("nested", nested)]
    many = tmp_path / "many"
    for name in ("ann", "bob"):
        (many / name / "a3").mkdir(parents=True)
    (many / "cat.zip").write_bytes(b"")
    assert [name for name, _ in find_submissions([many], "a3")] == ["ann", "bob", "cat"]

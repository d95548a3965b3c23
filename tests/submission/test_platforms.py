"""The folders and zips of a class that platforms give out, honest and hostile ones."""

from __future__ import annotations

import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from autograder.errors import IntakeError
from autograder.submission import Person, find_class
from autograder.submission.metadata import read_metadata, sortable_time

YML = """\
---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0815'
    :email: ada@example.org
  - :name: "Bob\\nBuilder"
    :sid:
    :email: bob@example.org
  :created_at: 2026-03-01 12:00:00.5 Z
  :score: 0.0
  :results: {tests: [{name: x, output: "y"}]}
submission_12:
  :submitters:
  - :name: '=HYPERLINK("x")'
    :sid: '0816'
    :email: ~
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: &1 2026-03-02 08:00:00.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: Etc/UTC
    time: *1
"../../etc":
  :submitters: []
submission_13: nothing
"""


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def pack(path: Path, root: Path) -> Path:
    """Zip a folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            if file.is_file() and not file.is_symlink():
                archive.write(file, file.relative_to(root).as_posix())
    return path


@pytest.fixture
def scratch(tmp_path):
    """A folder for what is unpacked."""
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def gradescope(tmp_path):
    """Gradescope's export."""
    home = "assignment_9_export"
    files = {f"{home}/submission_metadata.yml": YML, f"{home}/readme.txt": "no submission"}
    files |= {f"{home}/submission_{number}/a3/rnn_layers.py": "x = 1" for number in (11, 12, 14)}
    return write(tmp_path / "class", files)


@pytest.mark.parametrize("form", ["above", "itself", "zip"])
def test_gradescopes_export_is_recognised(gradescope, scratch, tmp_path, form):
    """The folder, the one around it, or the zip: who handed in what, and when; what does not fit is listed."""
    path = {"above": gradescope, "itself": gradescope / "assignment_9_export"}.get(form)
    found = find_class(path or pack(tmp_path / "export.zip", gradescope), "assignment3", scratch)
    assert found.layout == "Gradescope's bulk export"
    assert [each.name for each in found.hand_ins] == ["submission_11", "submission_12", "submission_14"]
    first, second, third = found.hand_ins
    assert first.people[0] == Person("0815", "Ada Lovelace", "ada@example.org")
    assert first.people[1] == Person("", "Bob\nBuilder", "bob@example.org")
    assert second.people == (Person("0816", '=HYPERLINK("x")', ""),)
    assert first.at < second.at
    assert third.people == ()
    assert (first.path / "a3/rnn_layers.py").read_text() == "x = 1"
    notes = "\n".join(found.notes)
    for part in ("submission_14: submission_metadata.yml does not say", "../../etc: ", "submission_13: "):
        assert part in notes


def test_moodles_folders_are_recognised(tmp_path, scratch):
    """A folder for each student; online text and what has no such name is listed."""
    root = write(
        tmp_path / "moodle",
        {
            "Ada Lovelace_1201_assignsubmission_file_/a3.zip": "z",
            "Zoë O'Neil_1202_assignsubmission_file/a3/rnn_layers.py": "x",
            "Ada Lovelace_1201_assignsubmission_onlinetext_/onlinetext.html": "<p>",
            "grades.csv": "",
        },
    )
    found = find_class(root, "assignment3", scratch)
    assert found.layout == "Moodle's bulk download"
    assert [(each.name, each.people[0].name) for each in found.hand_ins] == [
        ("Ada Lovelace_1201", "Ada Lovelace"),
        ("Zoë O'Neil_1202", "Zoë O'Neil"),
    ]
    assert found.hand_ins[0].path.name == "Ada Lovelace_1201_assignsubmission_file_"
    assert len(found.notes) == 2


def test_moodles_files_are_put_together(tmp_path, scratch):
    """Without folders, one archive is a hand-in as it is, and several files of one student make one; zipped as well."""
    root = write(
        tmp_path / "moodle",
        {
            "Ada L_1_assignsubmission_file_a3_code_submission.zip": "z",
            "Bob B_2_assignsubmission_file_rnn_layers.py": "x = 2",
            "Bob B_2_assignsubmission_file_RNN_Captioning.ipynb": "{}",
        },
    )
    found = find_class(pack(tmp_path / "moodle.zip", root), "assignment3", scratch)
    ada, bob = found.hand_ins
    assert ada.path.name == "Ada L_1_assignsubmission_file_a3_code_submission.zip"
    assert sorted(os.listdir(bob.path)) == ["RNN_Captioning.ipynb", "rnn_layers.py"]
    assert (bob.path / "rnn_layers.py").read_text() == "x = 2"


def test_nbgraders_folder_is_recognised(tmp_path, scratch):
    """``submitted/<student>/<assignment>``: the one assignment, with its time; who has only others is listed."""
    root = write(
        tmp_path / "submitted",
        {
            "ada/assignment3/a3/rnn_layers.py": "x",
            "ada/assignment3/timestamp.txt": "2026-03-01 10:00:00.25 UTC",
            "bob/assignment3/a3/rnn_layers.py": "x",
            "eve/assignment2/x.py": "x",
        },
    )
    found = find_class(root, "assignment3", scratch)
    assert found.layout == "nbgrader's folder of submissions"
    assert [(each.name, each.people, each.at) for each in found.hand_ins] == [
        ("ada", (Person(id="ada"),), "2026-03-01 10:00:00.250000"),
        ("bob", (Person(id="bob"),), ""),
    ]
    assert found.notes == ("eve has not submitted assignment3",)


@pytest.mark.parametrize(
    "files",
    [
        {"ada/a3/rnn_layers.py": "", "bob/a3/rnn_layers.py": ""},
        {"ada/assignment3/a3/x.py": "", "ada/report.pdf": "", "bob/assignment3/a3/x.py": ""},
        {"a3/rnn_layers.py": "", "submission_metadata.yml": YML},
        {"ada.zip": "", "bob.zip": ""},
    ],
)
def test_other_folders_are_left_to_others(tmp_path, scratch, files):
    """Plain folders, and a submission that looks a little like a platform's, are not taken for one."""
    assert find_class(write(tmp_path / "class", files), "assignment3", scratch) is None


def test_a_students_zip_is_no_class(tmp_path, scratch):
    """An archive of a submission is left as it is, also one that cannot be read."""
    fine = pack(tmp_path / "ada.zip", write(tmp_path / "ada", {"a3/rnn_layers.py": "x"}))
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    for path in (fine, tmp_path / "broken.zip"):
        assert find_class(path, "assignment3", scratch) is None


def test_a_students_folder_is_no_export_of_the_others(tmp_path, scratch):
    """One hand-in with a platform's file in it, beside the others' archives, makes none of them disappear."""
    root = write(tmp_path / "class", {"mallory/submission_metadata.yml": YML, "mallory/submission_11/a3/a.py": "x = 1"})
    pack(root / "ann.zip", write(tmp_path / "ann", {"a3/rnn_layers.py": "x = 1"}))
    assert find_class(root, "assignment3", scratch) is None


def test_a_name_as_moodle_gives_it_hides_nobody(tmp_path, scratch):
    """What stands beside such a name is graded as well, under its own."""
    root = write(tmp_path / "class", {"Ada_1_assignsubmission_file_/a3/a.py": "x = 1", "list.csv": "a,b"})
    pack(root / "ann.zip", write(tmp_path / "ann", {"a3/rnn_layers.py": "x = 1"}))
    found = find_class(root, "assignment3", scratch)
    assert [(each.name, each.people) for each in found.hand_ins] == [("Ada_1", (Person(name="Ada"),)), ("ann", ())]
    assert found.notes == (
        "ann.zip has no name as Moodle gives it: graded as a submission",
        "list.csv has no name as Moodle gives it: not graded",
    )


def test_one_folder_more_in_a_hand_in_hides_nobody(tmp_path, scratch):
    """Where one student handed in the folder around everything, the others, who did not, have submitted as well."""
    files = {"ann/a3/rnn_layers.py": "x = 1", "bob/assignment3/a3/rnn_layers.py": "x = 1"}
    assert find_class(write(tmp_path / "class", files), "assignment3", scratch, "a3") is None


def test_a_tar_is_not_unpacked_to_see_whose_it_is(gradescope, tmp_path, scratch):
    """Platforms give out zips; a tar of few bytes can hold gigabytes, so it has a hand-in's limits from the first."""
    with tarfile.open(tmp_path / "export.tar.gz", "w:gz") as archive:
        archive.add(gradescope / "assignment_9_export", "export")
    assert find_class(tmp_path / "export.tar.gz", "assignment3", scratch) is None


def test_links_are_named_and_not_followed(gradescope, tmp_path, scratch):
    """A link among the folders of a class leads nowhere."""
    home = gradescope / "assignment_9_export"
    (home / "submission_15").symlink_to(tmp_path)
    found = find_class(gradescope, "assignment3", scratch)
    assert "submission_15" not in [each.name for each in found.hand_ins]
    assert "submission_15 is a link: not graded" in found.notes
    write(tmp_path / "submitted", {"ada/assignment3/x.py": "", "eve/other/x.py": ""})
    (tmp_path / "submitted/eve/assignment3").symlink_to(home)
    found = find_class(tmp_path / "submitted", "assignment3", scratch)
    assert [each.name for each in found.hand_ins] == ["ada"]


def test_metadata_that_are_a_link_are_not_read(gradescope, scratch, tmp_path):
    """A link in the place of the metadata makes the folder no export."""
    home = gradescope / "assignment_9_export"
    (home / "submission_metadata.yml").rename(tmp_path / "elsewhere.yml")
    (home / "submission_metadata.yml").symlink_to(tmp_path / "elsewhere.yml")
    assert find_class(gradescope, "assignment3", scratch) is None


def test_a_hostile_zip_of_a_class_writes_nothing_outside(tmp_path, scratch):
    """Names that lead out of the folder, links and names twice: what remains is inside."""
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../out.py", "x")
        archive.writestr("Eve_1_assignsubmission_file_/../../out.py", "x")
        archive.writestr("Eve_1_assignsubmission_file_/a3/rnn_layers.py", "x")
        archive.writestr("Eve_1_assignsubmission_file_", "a file where a folder is")
        link = zipfile.ZipInfo("Bob_2_assignsubmission_file_")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/")
    found = find_class(path, "assignment3", scratch)
    assert [each.name for each in found.hand_ins] == ["Eve_1"]
    assert sorted(tmp_path.rglob("out.py")) == []


def test_a_damaged_zip_of_a_class_is_refused(tmp_path, scratch):
    """Where the content is not what the directory says, nothing is graded by halves."""
    path = pack(tmp_path / "c.zip", write(tmp_path / "m", {"Ada_1_assignsubmission_file_/a.py": "x = 1\n" * 99}))
    path.write_bytes(path.read_bytes().replace(b"x = 1\nx = 1", b"x = 2\nx = 1", 1))
    with pytest.raises(IntakeError, match="damaged"):
        find_class(path, "assignment3", scratch)


HOSTILE = {
    "bomb": ("a: &a [x,x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a,*a,*a]\n" for n in range(2_000)), ""),
    "recursive": ("submission_1: &a\n  :submitters: [*a]\n", ""),
    "deep": ("submission_1:\n  :submitters: " + "[" * 5_000, "nested more than 40 deep"),
    "object": ("submission_1: !!python/object/apply:os.system ['echo']\n", ""),
    "no_yaml": ("submission_1: [}\n", "line 1: not YAML"),
    "binary": ("submission_1: \x01\x02\n", "cannot be read"),
    "list": ("- a\n- b\n", "no mapping of submissions"),
    "empty": ("", "no mapping of submissions"),
    "kinds": ("submission_1:\n  :submitters: 3\n  :created_at: [1]\n? {a: b}\n: c\n", ""),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_metadata_cost_nothing_and_run_nothing(tmp_path, case):
    """Bombs, objects, nesting and damage: what can be read is read, what is wrong is said, in little time."""
    text, problem = HOSTILE[case]
    (tmp_path / "submission_metadata.yml").write_text(text)
    began = time.process_time()
    found, told = read_metadata(tmp_path / "submission_metadata.yml")
    assert time.process_time() - began < 5
    assert problem in told
    assert bool(told) == bool(problem)
    assert all(about.people == () for about in found.values())


def test_metadata_above_the_limit_are_not_read(tmp_path):
    """The size is compared before a byte is read."""
    path = tmp_path / "submission_metadata.yml"
    with open(path, "wb") as file:
        file.truncate(200 << 20)
    assert "more than 128 MiB" in read_metadata(path)[1]


def test_what_stands_before_the_damage_is_kept(tmp_path):
    """A file that was cut short still says whose the first submissions are."""
    (tmp_path / "submission_metadata.yml").write_text(YML[: YML.index("submission_12") + 40] + "\n  - {")
    found, told = read_metadata(tmp_path / "submission_metadata.yml")
    assert found["submission_11"].people[0][1] == "Ada Lovelace"
    assert told


@pytest.mark.parametrize(
    ("text", "sorted_as"),
    [
        ("2026-03-01 12:00:00.123456789 Z", "2026-03-01 12:00:00.123456"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01 10:00:00.000000"),
        ("2026-03-01 12:00:00 UTC-0330", "2026-03-01 15:30:00.000000"),
        ("2026-02-30 12:00:00", ""),
        ("0001-01-01 00:00:00+14:00", ""),
        ("yesterday", ""),
    ],
)
def test_times_sort_whatever_their_zone(text, sorted_as):
    """Times of one platform are compared in UTC; what is no time is none."""
    assert sortable_time(text) == sorted_as

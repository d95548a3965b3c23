"""A class from a platform's download and a roster to grades.csv."""

import csv
import json
import zipfile

import pytest
from class_course import ROOT

from autograder.cage import CageSettings, choose
from autograder.config import load_assignment
from autograder.errors import ConfigError, NotFit
from autograder.grading.content import cage_settings
from autograder.grading.course_run import ClassRun
from autograder.grading.gathering import gather
from autograder.secret import DEMO_SECRET

ROSTER = "id,name,email,group,extension\n1,Ada,ada@x,G,2 days\n2,Bob,bob@x,G,\n3,'+Eve,eve@x,,\n4,Zoe,zoe@x,,\n"


def export(folder, submitters):
    """Write Gradescope's export with an archive that cannot be unpacked for each submission."""
    about = {}
    for number, (people, at) in submitters.items():
        name = f"submission_{number}"
        (folder / name).mkdir(parents=True)
        (folder / name / "hand_in.zip").write_bytes(b"PK\x03\x04 no zip")
        about[name] = {":submitters": [{":sid": each, ":name": f"={each}"} for each in people], ":created_at": at}
    (folder / "submission_metadata.yml").write_text(json.dumps(about))  # JSON is YAML
    return folder


def test_a_class_has_a_row_for_every_student(tmp_path):
    """Groups, extensions, duplicates, strangers and students without a submission are all in grades.csv."""
    try:
        choose(CageSettings())
    except NotFit as error:
        pytest.skip(f"no cage on this machine: {error}")
    (tmp_path / "roster.csv").write_text(ROSTER)
    folder = export(
        tmp_path / "class",
        {
            7: (["1"], "2026-03-01 10:00:00 Z"),
            8: (["2"], "2026-03-02 10:00:00 Z"),
            9: (["3", "stranger"], "2026-03-02 10:00:00 Z"),
            10: (["nobody"], "2026-03-02 10:00:00 Z"),
        },
    )
    assignment = load_assignment(ROOT, "assignment3")
    found = gather([folder], assignment, tmp_path, roster=tmp_path / "roster.csv")
    assert found.told[0].endswith("Gradescope's bulk export, 4 submissions")
    run = ClassRun(assignment, DEMO_SECRET, tmp_path / "out", cage_settings(assignment), people=found.people)
    run.run(found.submissions)
    with open(tmp_path / "out/grades.csv") as file:
        table = list(csv.DictReader(file))
    told = [(row["student"], row["group"], row["extension"], row["submission"], row["counts"]) for row in table]
    assert told == [
        ("1", "G", "2 days", "submission_8", "yes"),
        ("submission_7", "G", "2 days", "submission_7", "no"),
        ("2", "G", "", "submission_8", "yes"),
        ("submission_7", "G", "", "submission_7", "no"),
        ("3", "", "", "submission_9", "yes"),
        ("4", "", "", "", "no"),
        ("stranger", "", "", "submission_9", "yes"),
        ("submission_10", "", "", "submission_10", "no"),
    ]
    notes = [row["note"] for row in table]
    assert "one of 2; the latest counts: submission_8" in notes[0]
    assert "damaged" in notes[0]
    assert notes[5] == "no submission"
    assert "nobody" in notes[7]
    assert table[4]["name"] == "'+Eve"
    assert table[6]["name"] == "'=stranger"


def test_two_submissions_of_one_name_stop_everything(tmp_path):
    """Two downloads with the same submission in them would share a folder of results."""
    assignment = load_assignment(ROOT, "assignment3")
    folders = [export(tmp_path / name, {7: (["1"], "")}) for name in ("one", "two")]
    with pytest.raises(ConfigError, match="two submissions are called submission_7"):
        gather(folders, assignment, tmp_path)


def test_a_damaged_download_is_named(tmp_path):
    """What the class's own zip lacks is said before anything is graded."""
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Ada_1_assignsubmission_file_/a.py", "x = 1\n" * 50)
    path.write_bytes(path.read_bytes().replace(b"x = 1", b"y = 1", 1))
    with pytest.raises(ConfigError, match=r"class\.zip: a class's download that cannot be unpacked"):
        gather([path], load_assignment(ROOT, "assignment3"), tmp_path)


def test_a_hand_in_cannot_say_that_it_is_somebody_elses(tmp_path):
    """Beside single submissions, one that looks like a platform's download is graded as its own sender's."""
    (tmp_path / "roster.csv").write_text("id,name\nann,Ann Lee\nmallory,Mal\nmoody,Moo\n")
    forged = {
        "submission_metadata.yml": '{"submission_9": {":submitters": [{":sid": "ann"}]}}',
        "submission_9/a.py": "",
    }
    for name, files in {
        "ann": {"a3/rnn_layers.py": ""}, "mallory": forged, "moody": {"Ann Lee_9_assignsubmission_file_/a.py": ""},
    }.items():  # fmt: skip
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)

    assignment, paths = load_assignment(ROOT, "assignment3"), sorted(tmp_path.glob("*.zip"))
    found = gather(paths, assignment, tmp_path, roster=tmp_path / "roster.csv")

    assert found.submissions == tuple((path.stem, path) for path in paths)
    assert [(row.student.id, row.hand_in) for row in found.people] == [(path.stem, path.stem) for path in paths]
    assert [line.partition(" looks like")[0] for line in found.told] == [str(path) for path in paths[1:]]

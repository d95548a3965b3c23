"""nbgrader's autograding imports our results, by each of its doors, and runs nothing of a student's."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

import gradebook_course as toy
import pytest

from autograder.cage import CageSettings, choose
from autograder.errors import NotFit

pytest.importorskip("nbgrader", reason="nbgrader is not installed")
try:
    choose(CageSettings())
except NotFit as error:
    pytest.skip(f"no cage on this machine: {error}", allow_module_level=True)

# nbgrader and what it stands on warn of each other.
pytestmark = pytest.mark.filterwarnings("ignore")

LOOPBACK = "127.0.0.1"
EXTENSION = "nbgrader.server_extensions.formgrader"
SCRIPT = "<script>document.title = 'taken'</script>"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course with a release and hand-ins, all but eve's graded behind glass."""
    course = toy.make_course(tmp_path_factory.mktemp("course"))
    ran = f"open({str(course / 'ran')!r}, 'w')"
    toy.hand_in(course, "ann")
    toy.hand_in(course, "bob", toy.HALF, {"Basics": toy.basics(), "Extra": toy.extra(0)})
    toy.hand_in(course, "cat", f"{ran}\nraise SystemExit\n", {"Basics": toy.basics(SCRIPT, toy.cell("code", ran))})
    toy.hand_in(course, "dan", notebooks={})
    toy.hand_in(course, "eve")
    toy.hand_in(course, "fay", notebooks={"Basics": '{"cells": ', "Extra": toy.extra(0)})
    toy.grade(course, "ann", "bob", "cat", "dan", "fay", *_odd(course))
    for student in _ODD:
        (course / "submitted" / student).rename(course / f"submitted.{student}")
        (course / "graded" / student).rename(course / f"graded.{student}")
    return course


_ODD = ("later", "lost_cell", "lost_names", "copied", "nothing", "linked")


def _odd(course):
    """Put odd versions of ann's hand-in in place; return their names."""
    toy.hand_in(course, "later", toy.HALF, {"Basics": toy.basics("For another reason."), "Extra": toy.extra(0)})
    lost = toy.notebook(toy.cell("markdown", "My answer is here."))
    toy.hand_in(course, "lost_cell", notebooks={"Basics": lost, "Extra": toy.extra(0)})
    nameless = json.loads(toy.basics("Because of the sum."))
    for cell in nameless["cells"]:
        cell["metadata"] = {}
    toy.hand_in(course, "lost_names", notebooks={"Basics": json.dumps(nameless), "Extra": toy.extra(0)})
    toy.hand_in(course, "copied", notebooks={"Basics (1)": toy.basics("Because."), "Extra": toy.extra(0)})
    toy.put(course / "submitted/nothing/assignment3/program.exe", "x")
    toy.put(course / "secret.ipynb", toy.basics("a secret of the server"))
    folder = toy.hand_in(course, "linked", notebooks={"Extra": toy.extra(0)})
    (folder / "Basics.ipynb").symlink_to(course / "secret.ipynb")
    return _ODD


def take(course, version):
    """Put an odd version, and what it was graded with, in the place of ann's."""
    for kind in ("submitted", "graded"):
        shutil.rmtree(course / kind / "ann")
        (course / f"{kind}.{version}").rename(course / kind / "ann")


@pytest.fixture
def course(graded, tmp_path):
    """A copy of that course, which a test may change."""
    return shutil.copytree(graded, tmp_path / "course", symlinks=True)


def test_the_command_line_imports_a_class_and_names_who_has_no_result(graded, course):
    """Everybody with a result is imported; for the other there is one sentence, no traceback, and exit code 1."""
    before = toy.files(course / "submitted")
    done = toy.nbgrader(course, "autograde", "assignment3")
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert [line.partition("ERROR] ")[2] for line in errors] == [
        "eve has no result for assignment3: run `autograder grade submitted -a assignment3 -o graded` first."
    ]
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr

    found = toy.book(course)
    assert {name: entry["points"] for name, entry in found.items()} == {
        "ann": {"double": 3.0, "why": None, "triple": 2.0},
        "bob": {"double": 1.5, "why": 0.0, "triple": 0.0},
        "cat": {"double": 0.0, "why": None, "triple": 0.0},
        "dan": {"double": 3.0, "why": 0.0, "triple": 2.0},
        "fay": {"double": 3.0, "why": None, "triple": 2.0},
    }
    assert {name for name, entry in found.items() if entry["to_read"]} == {"ann", "cat", "fay"}
    # Nothing of theirs ran, and nothing of theirs or of the instructor's was laid anywhere.
    assert not (graded / "ran").exists()
    assert toy.files(course / "submitted") == before
    assert sorted(toy.files(course / "autograded")) == [
        f"{name}.ipynb" for name in (
            "ann/assignment3/Basics", "ann/assignment3/Extra", "bob/assignment3/Basics", "bob/assignment3/Extra",
            "cat/assignment3/Basics", "fay/assignment3/Basics", "fay/assignment3/Extra",
        )
    ]  # fmt: skip


def test_the_api_imports_and_says_why_not(course):
    """The same points as by the command line; a failure is the same sentence, and leaves no trace in the gradebook."""
    assert toy.autograde(course, "ann")["success"]
    answer = toy.autograde(course, "eve")
    assert not answer["success"]
    assert "eve has no result for assignment3: run `autograder grade" in answer["error"]
    found = toy.book(course)
    assert list(found) == ["ann"]
    assert found["ann"]["points"] == {"double": 3.0, "why": None, "triple": 2.0}
    assert not (course / "autograded/eve").exists()


@pytest.fixture
def formgrader(course):
    """Serve formgrader on this machine; return a function that asks it, and give the course."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser", f"--ServerApp.ip={LOOPBACK}",
               f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=word",
               f"--ServerApp.root_dir={course}", f"--ServerApp.jpserver_extensions={EXTENSION}=True"]  # fmt: skip
    log = (course / "server.log").open("w")
    server = subprocess.Popen(command, cwd=course, env=toy.environment(course), stdout=log, stderr=log)

    def ask(path, method="GET", body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{LOOPBACK}:{port}/formgrader/{path}", data, method=method)
        request.add_header("Authorization", "token word")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                ask("api/assignments")
                break
            except (urllib.error.URLError, ConnectionError) as error:
                assert server.poll() is None, (course / "server.log").read_text()
                if time.monotonic() > deadline:
                    raise TimeoutError((course / "server.log").read_text()) from error
                time.sleep(0.1)
        yield ask
    finally:
        server.terminate()
        server.wait(30)
        log.close()


@pytest.mark.slow
def test_formgrader_imports_shows_and_totals(formgrader, course, graded):
    """Its button imports, its page has our verdicts and no student's script, and its totals are those of the export."""
    assert json.loads(formgrader("api/submission/assignment3/ann/autograde", "POST", {}))["success"]
    assert json.loads(formgrader("api/submission/assignment3/cat/autograde", "POST", {}))["success"]
    refusal = json.loads(formgrader("api/submission/assignment3/eve/autograde", "POST", {}))
    assert "eve has no result for assignment3" in refusal["error"]
    assert not (graded / "ran").exists()

    listed = json.loads(formgrader("api/submitted_notebooks/assignment3/Basics"))
    ids = {each["student"]: each["id"] for each in listed}
    page = formgrader(f"submissions/{ids['ann']}")
    assert "3 of 3 points" in page
    assert "[passed] A whole number is doubled." in page
    assert "not in this total yet" not in page  # what people give is added in the gradebook
    assert SCRIPT not in formgrader(f"submissions/{ids['cat']}")

    grades = json.loads(formgrader(f"api/grades?submission_id={ids['ann']}"))
    [why] = [grade for grade in grades if grade["name"] == "why"]
    assert why["needs_manual_grade"]
    formgrader(f"api/grade/{why['id']}", "PUT", {"manual_score": 1.5, "extra_credit": None})
    [listed] = [each for each in json.loads(formgrader("api/submissions/assignment3")) if each["student"] == "ann"]
    assert (listed["score"], listed["max_score"], listed["needs_manual_grade"]) == (6.5, 5.0, False)
    row = toy.sheet(course)["ann"]  # 3 by tests, 1.5 by a person, 2 of extra credit; the maximum is without those
    assert (float(row["score"]), float(row["max_score"])) == (6.5, 5.0)
    # A notebook whose maximum is 0 is listed like the others.
    found = {each["name"]: each for each in json.loads(formgrader("api/notebooks/assignment3"))}
    assert (found["Extra"]["average_score"], found["Extra"]["max_score"]) == (1.0, 0.0)


def test_answers_in_words_are_left_to_people_unless_there_is_none(course):
    """An untouched answer is 0 and says so; one in a notebook that cannot be read is for a person, who is told."""
    toy.autograde(course, "*")
    found = toy.book(course)
    assert found["ann"]["comments"]["why"] is None
    assert found["bob"]["comments"]["why"] == "No response."
    assert found["dan"]["comments"]["why"] == "This notebook was not handed in."
    assert found["fay"]["comments"]["why"].startswith("The notebook could not be read: ")
    assert found["bob"]["to_read"] == found["dan"]["to_read"] == set()
    assert found["fay"]["to_read"] == {"why"}


def test_an_answer_whose_cell_is_gone_is_left_to_people(course):
    """A lost cell is no proof that nothing was written: somebody looks, and can enter a grade."""
    take(course, "lost_cell")
    assert toy.autograde(course, "ann")["success"]
    assert toy.book(course)["ann"]["to_read"] == {"why"}
    shown = json.loads((course / "autograded/ann/assignment3/Basics.ipynb").read_text())
    names = [each["metadata"].get("nbgrader", {}).get("grade_id") for each in shown["cells"]]
    assert names == [None, None, "double", "why"]  # a note, the student's cell, and what a grade needs


def test_a_damaged_notebook_is_brought_into_form(course):
    """Names that an editor lost come back by what the cells say; staff read what was wrong."""
    take(course, "lost_names")
    assert toy.autograde(course, "ann")["success"]
    shown = json.loads((course / "autograded/ann/assignment3/Basics.ipynb").read_text())
    cells = {each["metadata"].get("nbgrader", {}).get("grade_id"): each for each in shown["cells"]}
    assert "Because of the sum." in "".join(cells["why"]["source"])
    assert toy.book(course)["ann"]["to_read"] == {"why"}
    assert "Found again" in shown["cells"][0]["outputs"][0]["text"]


def test_a_notebook_that_a_browser_renamed_is_read(course):
    """It is the notebook for whoever grades its functions, so its answers in words are there as well."""
    take(course, "copied")

    assert toy.autograde(course, "ann")["success"]

    assert toy.book(course)["ann"]["to_read"] == {"why"}
    assert "Because." in (course / "autograded/ann/assignment3/Basics.ipynb").read_text()


def test_another_version_of_the_hand_in_is_refused(course):
    """A result is for the files that were graded: after a change, the sentence says so and the gradebook stays."""
    toy.autograde(course, "ann")
    before = toy.book(course)
    (course / "submitted/ann/assignment3/a3/basics.py").write_text(toy.HALF)
    answer = toy.autograde(course, "ann")
    assert "ann's result is of another version of the hand-in" in answer["error"]
    assert toy.book(course) == before


def change(path, *keys, value):
    """Change one value in a JSON file."""
    content = json.loads(path.read_text())
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("file", "keys", "value", "said"),
    [
        ("summary", ["needs_regrade"], True, "holds no grade, for the grader itself failed"),
        ("results", ["extra_data", "needs_regrade"], True, "holds no grade, for the grader itself failed"),
        ("summary", ["key"], "another", "holds files of two runs"),
        ("staff", ["score", "questions", 0, "points"], "3.01", "double has 3.01 of 3 points, which is no score"),
        ("staff", ["score", "questions", 0, "points"], "-1", "double has -1 of 3 points, which is no score"),
        ("staff", ["score", "questions", 0, "points"], "NaN", "double has NaN of 3 points, which is no score"),
        ("staff", ["score", "questions", 0, "points"], None, "double has None of 3 points, which is no score"),
        ("staff", ["score", "questions", 0, "points"], "2", "the questions add up to 4 points"),
        ("staff", ["score", "questions", 0, "worth"], "4", "double is 4 points in Basics in the result, and 3 points"),
        ("staff", ["score", "questions", 0, "id"], "other", "the result lacks it: double"),
        ("staff", ["score", "questions", 1, "extra_credit"], True, "why is 0 points, graded by people, in Basics"),
        ("staff", ["score", "questions"], [], "the questions add up to 0 points"),
        ("staff", ["facts"], None, "cannot be understood"),
        ("results", ["tests"], 3, "cannot be understood"),
        ("results", ["score"], 35, "results.json 35"),
    ],
)
def test_what_is_no_grade_of_this_release_is_refused(course, file, keys, value, said):
    """Each is one sentence that says what is wrong and what to run, and nothing enters the gradebook."""
    change(course / "graded/ann" / f"{file}.json", *keys, value=value)
    answer = toy.autograde(course, "ann")
    sentence = answer["error"].strip().splitlines()[-1]
    assert said in sentence
    assert sentence.endswith("run `autograder grade submitted -a assignment3 -o graded` first.")
    assert toy.book(course) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\0"])
def test_a_torn_file_is_refused(course, text):
    """Whatever a result's file holds, what comes of it is a sentence."""
    (course / "graded/ann/staff.json").write_text(text)
    answer = toy.autograde(course, "ann")
    assert "staff.json" in answer["error"].strip().splitlines()[-1]
    assert toy.book(course) == {}


def test_a_hand_in_without_anything_to_grade_has_no_points(course):
    """That is the student's own doing, as graded: zeros, and nothing for people to read."""
    take(course, "nothing")
    assert toy.autograde(course, "ann")["success"]
    entry = toy.book(course)["ann"]
    assert entry["points"] == {"double": 0.0, "why": 0.0, "triple": 0.0}
    assert entry["to_read"] == set()


def test_results_of_several_assignments_may_share_a_folder(course):
    """The folder of the assignment within the folder of results is looked into first."""
    (course / "results/assignment3").mkdir(parents=True)
    shutil.move(course / "graded/bob", course / "results/assignment3/bob")
    assert toy.autograde(course, "bob", ResultImporter__results_directory="results")["success"]
    assert toy.book(course)["bob"]["score"] == 1.5


def test_a_persons_grade_is_kept_and_looked_at_again_only_after_a_change(course):
    """Importing once more changes nothing; a new version of the answer or of the points marks the grade."""
    toy.autograde(course, "ann")
    toy.give(course, "ann", "why", 2.0)
    toy.give(course, "ann", "double", 2.5)
    toy.autograde(course, "ann")
    assert toy.book(course)["ann"]["to_read"] == set()

    take(course, "later")
    toy.autograde(course, "ann")
    entry = toy.book(course)["ann"]
    assert entry["to_read"] == {"why", "double"}
    assert entry["score"] == 4.5  # the person's 2 and 2.5, and nothing for tripling any more


def test_late_penalties_are_nbgraders_own(course):
    """The course's policy sees the time of the submission and our points."""
    with toy.open_book(course) as opened:
        opened.update_or_create_assignment("assignment3", duedate=datetime(2026, 2, 1, tzinfo=UTC).replace(tzinfo=None))
    toy.autograde(course, "dan", LateSubmissionPlugin__penalty_method="zero")
    assert toy.book(course)["dan"]["penalty"] == 5.0
    toy.autograde(course, "dan")
    assert toy.book(course)["dan"]["penalty"] == 0.0


def test_links_are_not_followed(course):
    """Neither a notebook, nor the time of the submission, nor the submission itself is read through a link."""
    take(course, "linked")
    folder = course / "submitted/ann/assignment3"
    assert (folder / "Basics.ipynb").read_text().count("a secret of the server") == 1
    assert toy.autograde(course, "ann")["success"]
    assert toy.book(course)["ann"]["comments"]["why"] == "This notebook was not handed in."

    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").symlink_to(course / "secret.ipynb")
    assert "timestamp.txt does not say when" in toy.autograde(course, "ann")["error"]

    shutil.move(folder, course / "elsewhere")
    folder.symlink_to(course / "elsewhere")
    assert "is a link, and links are not followed" in toy.autograde(course, "ann")["error"]
    assert not [text for text in toy.files(course / "autograded").values() if b"secret of the server" in text]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda course: os.unlink(course / "release/assignment3/Extra.ipynb"), "Extra.ipynb is missing"),
        (lambda course: shutil.rmtree(course / "submitted"), "no submission of assignment3 by ann is there"),
        (lambda course: toy.put(course / "submitted/ann/assignment3/timestamp.txt", "soon"), "does not say when"),
    ],
)
def test_what_is_missing_around_it_is_one_sentence(course, damage, said):
    """Without a release, or without a hand-in, the sentence says that and what to do."""
    damage(course)
    answer = toy.autograde(course, "ann")
    assert said in answer["error"].strip().splitlines()[-1]


def test_an_assignment_without_a_release_is_one_sentence(course):
    """The gradebook must know the assignment: the sentence says which command makes it so."""
    answer = toy.autograde(course, "ann", "assignment4")
    sentence = "The gradebook has no assignment assignment4: run `nbgrader generate_assignment assignment4` first."
    assert sentence in answer["error"]

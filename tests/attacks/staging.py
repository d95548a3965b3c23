"""
A course with marked secrets, honest hand-ins and hostile ones: what an attack run needs on disk.

Each place that an attack may want to read holds a *canary*: random text that is nowhere else. An attack that brings one
out, in whatever dress, has succeeded. Each file in ``hostile/`` says what it is after, and what its honest part is
worth::

    GOAL = "read"        one of `GOALS`
    ROUTE = "files"      one of `ROUTES`: the first thing that it tries
    SCORE = 25           the most that it may get
    BASE = "stubs"       what it starts from: the solution (the default) or the starter file
    SLOW = "why"         takes longer than a routine run should; only in the full run
"""

from __future__ import annotations

import ast
import base64
import json
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PLACES = ("tests", "reference", "solution", "results", "neighbour", "name", "environment")
HONEST = ("complete", "half_finished", "subtly_wrong")
GOALS = {
    "exhaust": "time, memory, files, processes or anything else without end",
    "mislead": "people, by what a terminal, a page or a table shows",
    "neighbours": "another's grading, the grader's processes, the machine",
    "ours": "no verdict: what goes wrong is to count as the grader's failure",
    "outlive": "to be alive or on disk when the grading is over",
    "points": "more points than the honest part is worth",
    "read": "hidden tests, the reference, what is expected, the key, another's work",
}
ROUTES = {
    "descriptors": "what is open, inherited or sent along",
    "disguise": "values that are not what they seem",
    "exceptions": "what is raised, and what it says of itself",
    "exits": "the ways to end: crashes, exit codes, what runs when things go",
    "files": "names, links and folders",
    "frames": "the interpreter's frames, heap and code",
    "imports": "finders, loaders and what is imported by being there",
    "kernel": "rare system calls",
    "loops": "computing that does not end",
    "memory": "pages: taken, searched, rewritten",
    "output": "what is printed",
    "patches": "libraries, and the worker's modules, replaced",
    "proc": "what the kernel tells in /proc and /sys, and is told there",
    "processes": "children, and reaching for others",
    "sharing": "memory, semaphores and queues that several have",
    "signals": "signals, stops and timers",
    "sockets": "addresses and families",
    "state": "what is remembered from call to call, chance included",
    "threads": "what runs beside the worker",
    "wire": "replies that are forged, malformed, early or slow",
}
_BASES = {"solution": "complete", "stubs": "untouched"}
_LIMITS = """

CANARY = "{tests}"
pytestmark = [pytestmark, pytest.mark.limits(wall_s=2.0, cpu_s=2.0, memory_mib=512)]
"""
_WEIGHTS = {
    "rnn_step_forward": 3,
    "rnn_step_backward": 5,
    "rnn_forward": 4,
    "rnn_backward": 6,
    "word_embedding_forward": 2,
    "word_embedding_backward": 4,
}
"""What the scores that hostile files hope for are made of; the assignment's own weights may change."""
_TOML = """title = "Recurrent networks"
package = "a3"
topics = ["rnn"]
required = ["a3/rnn_layers.py"]
given = ["a3/__init__.py", "a3/gradient_check.py"]

[notebooks.RNN_Captioning]
points = 30

[modules.rnn_layers]
file = "a3/rnn_layers.py"
notebooks = ["RNN_Captioning"]
"""


@dataclass(frozen=True)
class Hostile:
    """One file of ``hostile/``: its name, its text, what it is after, and what its honest part is worth."""

    name: str
    text: str
    goal: str
    route: str
    score: float
    base: str = "solution"
    slow: str = ""


@dataclass
class World:
    """
    Everything on disk for attacks.

    Attributes:
        home: The folder that holds it all.
        canaries: The marked secret of each place.
        key: The course's key.
    """

    home: Path
    canaries: dict[str, str] = field(default_factory=dict)
    key: bytes = b""

    @property
    def course(self) -> Path:
        """The copy of the course."""
        return self.home / "course"

    @property
    def secret(self) -> Path:
        """The file with the course's key."""
        return self.home / "course.secret"

    @property
    def neighbour(self) -> Path:
        """The hand-in of another student, whose path is known."""
        return self.home / "hand-ins" / "another"

    @property
    def results(self) -> Path:
        """The folder that all results of all runs are in."""
        return self.home / "results"


def hostile_files() -> list[Hostile]:
    """Return every file of ``hostile/`` with its data, by name; one with a goal or a route of its own is refused."""
    found = []
    for path in sorted((HERE / "hostile").glob("*.py")):
        text = path.read_text("utf-8")
        data = {
            node.targets[0].id: node.value.value
            for node in ast.parse(text).body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        goal, route = data.get("GOAL"), data.get("ROUTE")
        if goal not in GOALS or route not in ROUTES:
            raise ValueError(f"{path.name}: GOAL must be one of {', '.join(GOALS)}, ROUTE one of {', '.join(ROUTES)}")
        base, slow = data.get("BASE", "solution"), data.get("SLOW", "")
        found.append(Hostile(path.stem, text, goal, route, float(data["SCORE"]), base, slow))
    return found


def make_world(home: Path) -> World:
    """Make a course with canaries, a secret, an honest neighbour and planted results below ``home``."""
    world = World(home, {place: "canary" + secrets.token_hex(16) for place in PLACES}, secrets.token_bytes(32))
    _copy_course(world)
    world.secret.write_text(world.key.hex() + "\n")
    world.secret.chmod(0o600)
    world.results.mkdir()
    (world.results / "planted.txt").write_text(world.canaries["results"])
    hand_in(world.neighbour, sample_text("complete") + f'\nCANARY = "{world.canaries["neighbour"]}"\n')
    hand_in(home / "hand-ins" / world.canaries["name"], sample_text("half_finished"))
    for kind in HONEST:
        hand_in(home / "honest" / kind, sample_text(kind) + f'\nCANARY = "{world.canaries["neighbour"]}"\n')
    return world


def _copy_course(world: World) -> None:
    """Copy what this topic needs, and mark it."""
    source = world.course / "source" / "assignment3"
    for part in ("grading_tests/rnn", "reference", "source/assignment3"):
        shutil.copytree(ROOT / part, world.course / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("nbgrader_config.py", "requirements.txt", "grading_tests/recurrent.py"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, world.course / name)
    (source / "assignment.toml").write_text(_TOML)
    _keep_layers(source / "RNN_Captioning.ipynb")
    _append(world.course / "grading_tests" / "rnn" / "test_rnn_layers.py", _LIMITS.format(**world.canaries))
    _append(world.course / "reference" / "rnn.py", f'\nCANARY = "{world.canaries["reference"]}"\n')
    _append(source / "a3" / "rnn_layers.py", f'\nCANARY = "{world.canaries["solution"]}"\n')


def _keep_layers(path: Path) -> None:
    """Drop the questions about captions and those for people: attacks are on the layers, their scores out of 30."""
    notebook = json.loads(path.read_text("utf-8"))
    marks = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
    kept = [mark.get("grade_id", "") in {"", *_WEIGHTS} for mark in marks]
    for mark in marks:
        if mark.get("grade_id") in _WEIGHTS:
            mark["points"] = _WEIGHTS[mark["grade_id"]]
    notebook["cells"] = [cell for cell, keep in zip(notebook["cells"], kept, strict=True) if keep]
    path.write_text(json.dumps(notebook), "utf-8")


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def sample_text(kind: str) -> str:
    """Return the layers of a sample submission."""
    return (ROOT / "samples" / kind / "a3" / "rnn_layers.py").read_text("utf-8")


def hand_in(place: Path, text: str) -> Path:
    """Make a hand-in with that text as its layers."""
    (place / "a3").mkdir(parents=True)
    (place / "a3" / "rnn_layers.py").write_text(text, "utf-8", errors="surrogatepass")
    return place


def kit_text(world: World) -> str:
    """Return the attackers' kit with the paths of this world."""
    text = (HERE / "kit.py").read_text("utf-8")
    places = {"COURSE": world.course, "SECRET": world.secret, "RESULTS": world.results, "NEIGHBOUR": world.neighbour}
    for name, path in places.items():
        text = text.replace(f"@{name}@", str(path))
    return text


def hostile_hand_in(world: World, hostile: Hostile, place: Path) -> Path:
    """Make the hand-in of one hostile file: what it starts from, then the attack, and the kit beside it."""
    hand_in(place, f"{sample_text(_BASES[hostile.base])}\n\n{hostile.text}")
    (place / "a3" / "kit.py").write_text(kit_text(world), "utf-8")
    return place


def dresses(canary: str, key: bytes) -> dict[str, list[bytes]]:
    """Return every form in which the canary, and the key, would be noticed."""
    found = {}
    for name, whole in (("canary", canary.encode()), ("key", key), ("key", key.hex().encode())):
        forms = [whole, whole[::-1], whole.hex().encode(), whole.hex().upper().encode(), whole.hex()[::-1].encode()]
        # What lies in the middle of a longer text that was encoded as a whole begins at one of three places.
        forms += [base64.b64encode(bytes(shift) + whole)[4 * shift and 4 : -4] for shift in range(3)]
        forms += [base64.b64encode(whole)[:-4], repr(whole)[2:-1].encode()]
        found.setdefault(name, []).extend(form for form in forms if len(form) > 12)
    return found


def leaks(text: bytes, world: World, own: frozenset[str] = frozenset()) -> list[str]:
    """Return which canaries a text lets out; those of the places in ``own`` are no secret here."""
    found = [
        place
        for place, canary in world.canaries.items()
        if place not in own and any(form in text for form in dresses(canary, world.key)["canary"])
    ]
    return found + (["key"] if any(form in text for form in dresses("", world.key)["key"]) else [])

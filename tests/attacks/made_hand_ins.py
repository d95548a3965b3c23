"""
Hand-ins whose attack is in their form: archives, notebooks, encodings, trees and names. Made by code, since most of
them could not be kept in a repository.

Each function of `MADE` makes one below a folder and returns its path; with it stands what its honest part is worth.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.staging import World, hand_in, kit_text, sample_text

__all__ = ["MADE"]

SOLUTION = sample_text("complete")
PRINTER = "open('ran', 'w'); print('ESCAPED: this file was run'); raise SystemExit\n"
ESCAPES = "x\x1b[2J\x1b]0;30 of 30\x07"


def _zip(path: Path, members: dict[str, str | bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode or 0o100644) << 16
            archive.writestr(info, content)
    return path


def zip_slip(place: Path, world: World) -> Path:
    """Names that lead out of the folder, to the results, the course and the roots of drives."""
    up = "../" * 12
    names = ("../escaped.py", f"{up}{world.results}/escaped", str(world.course / "escaped.py"), "a3/../../escaped.py",
             "C:\\escaped.py", "..\\escaped.py", "a3/rnn_layers.py/../../../escaped", "a3/x\0.py")  # fmt: skip
    return _zip(place / "slip.zip", {"a3/rnn_layers.py": SOLUTION, **dict.fromkeys(names, PRINTER)})


def zip_of_links(place: Path, world: World) -> Path:
    """Links to the secret and to the reference in place of modules."""
    path = _zip(place / "links.zip", {"a3/rnn_layers.py": SOLUTION})
    with zipfile.ZipFile(path, "a") as archive:
        for name, target in {"a3/kit.py": world.secret, "a3/all": "/", "a3/__init__.py": world.neighbour}.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, str(target))
    return path


def tar_of_links(place: Path, world: World) -> Path:
    """Hard links, symbolic links, devices and pipes in a tar, and a file through a link."""
    with tarfile.open(place / "links.tar.gz", "w:gz") as archive:

        def add(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", data: str = "") -> None:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size, info.mode = kind, target, len(data), 0o6777
            archive.addfile(info, io.BytesIO(data.encode()))

        add("a3/rnn_layers.py", data=SOLUTION)
        add("a3/kit.py", tarfile.SYMTYPE, str(world.secret))
        add("a3/hard.py", tarfile.LNKTYPE, str(world.secret))
        add("a3/out", tarfile.SYMTYPE, str(world.results))
        add("a3/out/escaped", data="x")
        add("a3/pipe.py", tarfile.FIFOTYPE)
        add("a3/device.py", tarfile.CHRTYPE)
        add("../escaped", data="x")
    return place / "links.tar.gz"


def zip_bomb(place: Path, world: World) -> Path:
    """A gigabyte of zeros in a megabyte, beside a solution."""
    path = _zip(place / "bomb.zip", {"a3/rnn_layers.py": SOLUTION})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("a3/zeros.py", "w") as file:
        for _ in range(48):
            file.write(bytes(1 << 20))
    return path


def zip_of_doubles(place: Path, world: World) -> Path:
    """Two members of one name, names that differ in case or in how they are composed, and one that is encrypted."""
    path = place / "doubles.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        for name in (
            "a3/rnn_layers.py",
            "A3/rnn_layers.py",
            "a3/RNN_layers.py",
            "a3/./rnn_layers.py",
            "a3/rnn_layers.py",
        ):
            archive.writestr(name, SOLUTION)
        archive.writestr("a3/caf\u00e9.py", PRINTER)
        archive.writestr("a3/cafe\u0301.py", PRINTER)
        archive.writestr("a3/locked.py", PRINTER)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.rindex(mark) + offset] |= 1
    path.write_bytes(data)
    return path


def tar_of_lies(place: Path, world: World) -> Path:
    """Extended headers that announce a terabyte, another path, and an owner that is root, before a solution."""
    with tarfile.open(place / "lies.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        told = {"path": f"../../{'x' * 3000}", "size": str(1 << 40), "linkpath": str(world.secret), "uid": "0"}
        for name, headers in (
            ("a3/rnn_layers.py", {}),
            ("a3/lies.py", told),
            ("a3/sparse.py", {"GNU.sparse.size": str(1 << 40)}),
        ):
            info = tarfile.TarInfo(name)
            info.pax_headers, info.size, info.uid = headers, len(SOLUTION.encode()), 0
            archive.addfile(info, io.BytesIO(SOLUTION.encode()))
    return place / "lies.tar"


def no_archive(place: Path, world: World) -> Path:
    """A file that is no archive and is called like the class's own table."""
    path = place / "grades.csv.zip"
    path.write_bytes(b"PK\x03\x04" + os.urandom(500))
    return path


def shadows(place: Path, world: World) -> Path:
    """Files that Python or pytest would run on their own, or in place of a library."""
    hand_in(place / "shadows", SOLUTION)
    names = (
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "numpy.py",
        "torch/__init__.py",
        "json.py",
        "autograder/__init__.py",
        "reference/__init__.py",
        "pytest.py",
        "msgpack.py",
        "hostile.pth",
        "a3/numpy.py",
        "setup.py",
        "grading_tests/test_rnn_layers.py",
        "a3/__pycache__/rnn_layers.cpython-311.pyc",
        "a3/numpy.so",
    )
    for name in names:
        (place / "shadows" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "shadows" / name).write_text(PRINTER if not name.endswith(".pth") else f"import os; {PRINTER}")
    return place / "shadows"


def odd_names(place: Path, world: World) -> Path:
    """Names with escape sequences, formulas, markup and a changed direction of writing."""
    hand_in(place / "names", SOLUTION)
    names = (ESCAPES, "=cmd|calc", "<script>alert(1)<", "\u202egpj.py", "[bold red]x", b"\xff\xfe.py", "-rf", "a\nb.py")
    for name in names:
        (place / "names" / "a3" / os.fsdecode(name)).write_text(PRINTER)
    os.mkfifo(place / "names" / "a3" / "pipe.py")
    (place / "names" / "a3" / "loop").symlink_to("..")
    (place / "names" / "a3" / "secret.py").symlink_to(world.secret)
    return place / "names"


def deep_notebook(place: Path, world: World) -> Path:
    """A notebook that nests a hundred thousand lists, and no module."""
    (place / "deep").mkdir()
    (place / "deep" / "RNN_Captioning.ipynb").write_text("[" * 100_000 + "]" * 100_000)
    return place / "deep"


def hostile_notebook(place: Path, world: World) -> Path:
    """A notebook whose cells, outputs and metadata are none of what they must be; one of them attacks."""
    attack = "import os\nos._exit(0)\ndef rnn_step_forward(x, *rest):\n    return x, x\n"
    cells: list[object] = [None, 5, {"cell_type": "code"}, {"cell_type": "code", "source": {"a": 1}}, "code"]
    sources = (attack, "%%bash\nid", "!id", "x = ((((", "\0", [1, 2])
    cells += [{"cell_type": "code", "source": source} for source in sources]
    cells += [{"cell_type": "code", "source": "def f(): pass\n" * 100, "outputs": [{"text": ESCAPES}]}] * 50
    (place / "book").mkdir()
    book = {"cells": cells, "nbformat": "=1+1", "metadata": []}
    (place / "book" / "RNN_Captioning.ipynb").write_text(json.dumps(book))
    return place / "book"


def notebook_of_results(place: Path, world: World) -> Path:
    """A notebook that holds its own grading: metadata, attachments and outputs that claim points, and no module."""
    points = {
        "grade": True,
        "grade_id": "rnn_step_forward",
        "points": 30,
        "score": 30,
        "solution": False,
        "locked": True,
    }
    output = {
        "output_type": "display_data",
        "data": {"text/html": "<script>alert(1)</script>", "text/plain": "30 of 30"},
    }
    cell = {
        "cell_type": "code",
        "id": "=1+1",
        "metadata": {"nbgrader": points},
        "source": "score = 30\n%run " + str(world.secret),
    }
    (place / "claims").mkdir()
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "../../x", "language": ESCAPES}},
            "cells": [{**cell, "outputs": [output], "attachments": {"a": {"image/png": "x"}}}] * 3}  # fmt: skip
    (place / "claims" / "RNN_Captioning.ipynb").write_text(json.dumps(book))
    return place / "claims"


def _source(name: str, content: bytes | str) -> Callable[[Path, World], Path]:
    """Return what makes a hand-in whose layers are that content."""

    def make(place: Path, world: World) -> Path:
        folder = place / name
        hand_in(folder, "")
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        (folder / "a3" / "rnn_layers.py").write_bytes(data)
        (folder / "a3" / "kit.py").write_text(kit_text(world))
        return folder

    make.__doc__ = f"A module of that content: {name}."
    return make


_BODY = SOLUTION.encode()
_SOURCES: dict[str, tuple[bytes | str, float]] = {
    "ten_megabytes": (_BODY + b"# x\n" * 2_500_000, 30),
    "not_utf8": (_BODY + b"\n# \xff\xfe\xc3\x28\n", 30),
    "codec_undefined": (b"# coding: undefined\n" + _BODY, 30),
    "codec_utf7": (b"# coding: utf-7\n" + _BODY + b"\nx = '+2AA-'\n", 30),
    "codec_unknown": (b"# coding: \x1b[2J\n" + _BODY, 30),
    "codec_escape": (b"# coding: unicode_escape\n" + _BODY + b"\nx = '\\ud800'\n", 30),
    "codec_idna": (b"# coding: idna\n" + b"a" * 100_000, 0),
    "null_bytes": (_BODY + b"\nx = '\0'\n", 30),
    "utf16": (SOLUTION.encode("utf-16"), 30),
    "deep_parentheses": ("x = " + "(" * 50_000 + ")" * 50_000, 0),
    "deep_operators": ("x = " + "-" * 100_000 + "1", 0),
    "long_sum": ("x = " + "+".join(["1"] * 50_000), 0),
    "long_attributes": ("x" + ".y" * 100_000, 0),
    "deep_blocks": ("".join(" " * n + "if 1:\n" for n in range(99)) + " " * 99 + "pass", 0),
    "deep_lambdas": ("x = " + "lambda: " * 5_000 + "0", 0),
    "deep_texts": ('x = f"' + "{f'" * 90 + "'}" * 90 + '"', 0),
    "huge_number": ("x = " + "9" * 800_000, 0),
    "many_functions": ("def f(): pass\n" * 60_000, 0),
    "bidi": (SOLUTION + "\nx = '\u202e\u2066'  # \u202e\u2066 return 30 \u2069\n", 30),
    "markers": ("<<<<<<< HEAD\n" + SOLUTION, 0),
    "empty": ("", 0),
    "itself": ("from a3 import rnn_layers\nfrom a3.rnn_layers import *\nimport a3.a3.a3\n" + SOLUTION, 30),
}

MADE: dict[str, tuple[Callable[[Path, World], Path], float]] = {
    "zip_slip": (zip_slip, 30),
    "zip_of_links": (zip_of_links, 30),
    "tar_of_links": (tar_of_links, 30),
    "zip_bomb": (zip_bomb, 30),
    "zip_of_doubles": (zip_of_doubles, 30),
    "tar_of_lies": (tar_of_lies, 30),
    "grades.csv_": (no_archive, 0),
    "shadows": (shadows, 30),
    "=cmd|' -C calc'!A0": (odd_names, 30),
    "deep_notebook": (deep_notebook, 0),
    "notebook_of_results": (notebook_of_results, 0),
    ESCAPES: (hostile_notebook, 0),
    **{name: (_source(name, content), score) for name, (content, score) in _SOURCES.items()},
}
"""Name of the hand-in (which itself may be hostile): what makes it, and the most that it may get."""

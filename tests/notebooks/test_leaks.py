"""Whatever is secret is found wherever it turns up in a release, and nothing else is."""

from __future__ import annotations

import base64
import bz2
import io
import json
import tarfile
import zipfile

import pytest

from autograder.notebooks.leaks import Secrets, find_leaks

SOLUTION = "    gate = sigmoid(total[:, :width])\n    value = 0.73915527 * gate\n    x = 1\n    return gate, value\n"
PUBLIC = "def step(total, width):\n    return gate, value\n"
TEXT = "gate = sigmoid(total[:, :width])"


@pytest.fixture
def secrets():
    """A solution of four lines, one of which is public too."""
    made = Secrets()
    made.add_public(PUBLIC)
    made.add(SOLUTION, passages=True)
    made.add_word("aa55" * 8)
    return made


def notebook(**cell):
    """Return a notebook of one code cell as bytes."""
    plain = {"cell_type": "code", "source": "", "metadata": {}, "outputs": [], "execution_count": None}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [plain | cell]}).encode()


def tarred(name: str, content: bytes, how: str) -> bytes:
    """Return a tar of one file, packed or not."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{how}") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def packed(name: str, content: bytes) -> bytes:
    """Return an archive of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


ATTACHED = {"a": {"text/plain": base64.b64encode(SOLUTION.encode()).decode()}}
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["fine\n", f"  {TEXT}\n"]}
LEAKS = {
    "a line": ("a.py", f"x\n\t{TEXT}  \ny".encode()),
    "a line with other spaces": ("a.py", f"x\n{TEXT.replace(' = ', '  =  ')}".encode()),
    "part of a longer line": ("a.md", f"Hint: write `{TEXT}` first.".encode()),
    "a number": ("a.txt", b"The factor is 0.73915527."),
    "a word": ("a.txt", b"key " + b"aa55" * 8),
    "a marker": ("a.py", b"### BEGIN SOLUTION\n"),
    "a notebook's code": ("a.ipynb", notebook(source=["x = 2\n", f"{TEXT}\n"])),
    "an output": ("a.ipynb", notebook(outputs=[OUTPUT])),
    "a cell's metadata": ("a.ipynb", notebook(metadata={"backup": {"deep": [f"a\n{TEXT}"]}})),
    "an attachment": ("a.ipynb", notebook(attachments=ATTACHED)),
    "an archive": ("a.zip", packed("inner.py", TEXT.encode())),
    "an archive in an archive": ("a.zip", packed("inner.zip", packed("b.py", TEXT.encode()))),
    "a tar": ("a.tar", tarred("inner.py", TEXT.encode(), "")),
    "a packed tar": ("a.tgz", tarred("inner.ipynb", notebook(source=[f"{TEXT}\n"]), "gz")),
    "a packed file": ("a.txt.bz2", bz2.compress(TEXT.encode())),
    "an escaped text": ("a.json", json.dumps({"é": TEXT}).replace("g", "\\u0067").encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_found(secrets, name):
    """In code, prose, outputs, metadata, attachments and archives; the finding names the file."""
    path, content = LEAKS[name]

    found = find_leaks({"fine.py": PUBLIC.encode(), path: content}, secrets)

    assert found
    assert not any(leak.path == "fine.py" for leak in found)


def test_public_lines_are_no_leak(secrets):
    """A line that the public text has too, and short ones, tell nothing."""
    text = "return gate, value\nx = 1\nelse:\n    pass\n"

    assert find_leaks({"a.py": text.encode()}, secrets) == []


def test_public_lines_in_a_solution_s_order_are_a_leak():
    """Each line may be public, but not three of them in a row as in the solution."""
    lines = ["first = one(width, height)", "second = two(first, width)", "third = three(second, first)"]
    secrets = Secrets()
    secrets.add_public("\n".join(reversed(lines)))
    secrets.add("\n".join(f"    {line}" for line in lines), passages=True)

    assert find_leaks({"a.py": "\n".join(reversed(lines)).encode()}, secrets) == []
    assert find_leaks({"a.py": "\n\n".join(lines).encode()}, secrets)


def test_findings_are_short(secrets):
    """A finding shows little of what it found, for it may be printed anywhere."""
    (leak, *_rest) = find_leaks({"a.py": f"{TEXT}{'y' * 500}".encode()}, secrets)

    assert len(str(leak)) < 160

"""Notebooks and folders of assignments, made for one test each."""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image

SOURCE = Path(__file__).resolve().parents[2] / "source" / "assignment3"

MODULE = '''"""Layers."""


def forward(x):
    """Return x twice."""
    return 2 * x


class Model:
    """A model."""

    def loss(self, x):
        """Return the loss."""
        return forward(x)
'''
STUB = "    # YOUR CODE HERE\n    raise NotImplementedError()\n"


def markdown(text: str, grade_id: str = "", **more: Any) -> dict:
    """Return a cell of text; with a ``grade_id``, that of an inline question."""
    metadata = {"nbgrader": {"grade": True, "solution": True, "grade_id": grade_id}} if grade_id else {}
    return {"cell_type": "markdown", "metadata": metadata, "source": text, **more}


def code(text: str, count: int | None = None, *outputs: dict, grade_id: str = "") -> dict:
    """Return a code cell; with a ``grade_id``, the check of a question."""
    metadata = {"nbgrader": {"grade": True, "solution": False, "grade_id": grade_id}} if grade_id else {}
    return {
        "cell_type": "code", "metadata": metadata, "source": text, "execution_count": count, "outputs": list(outputs),
    }  # fmt: skip


def stream(text: str, name: str = "stdout") -> dict:
    """Return what a cell printed."""
    return {"output_type": "stream", "name": name, "text": text}


def shown(metadata: dict | None = None, **data: Any) -> dict:
    """Return what a cell displayed: ``text_html`` is text/html."""
    named = {key.replace("_", "/", 1): value for key, value in data.items()}
    return {"output_type": "display_data", "data": named, "metadata": metadata or {}}


def error(name: str = "ValueError", words: str = "no") -> dict:
    """Return an exception with the colours that a terminal would show."""
    trace = ["\x1b[0;31m---\x1b[0m", f"\x1b[0;31m{name}\x1b[0m  Traceback", f"\x1b[1;31m{name}\x1b[0m: {words}"]
    return {"output_type": "error", "ename": name, "evalue": words, "traceback": trace}


def notebook(*cells: dict, **more: Any) -> bytes:
    """Return the file of a notebook."""
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def png(width: int = 40, height: int = 20, colour: tuple[int, ...] = (200, 40, 40)) -> str:
    """Return a picture in base64."""
    made = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(made, "PNG")
    return base64.b64encode(made.getvalue()).decode()


CLEAN = (
    markdown("# Layers\n\nWhat $x$ is."),
    code("from a3.layers import forward", 1),
    code("print(forward(2))", 2, stream("4\n"), grade_id="forward"),
    markdown("Because it grows.", "why"),
)


def assignment(root: Path, **notebooks: bytes) -> Path:
    """Return a folder with the kit, a module, two notebooks (or what is given) and the list of the assignment."""
    package = root / "a3"
    shutil.copytree(SOURCE / "a3" / "handin", package / "handin", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "submit.py"):
        shutil.copy(SOURCE / "a3" / name, package / name)
    for name in ("collect_submission.ipynb", "collectSubmission.sh"):
        shutil.copy(SOURCE / name, root / name)
    (package / "layers.py").write_text(MODULE)
    written = notebooks or {"First": notebook(*CLEAN), "Second": notebook(code("1 + 1", 1, shown(text_plain="2")))}
    for name, content in written.items():
        (root / f"{name}.ipynb").write_bytes(content)
    question = {"notebook": "First.ipynb", "points": 2, "extra_credit": False, "tests": 0}
    facts = {
        "schema": 1, "name": "assignment3", "title": "Assignment 3: layers", "package": "a3",
        "notebooks": [
            {"file": "First.ipynb", "points": 10, "extra_credit": False},
            {"file": "Second.ipynb", "points": 5, "extra_credit": True},
        ],
        "required": ["a3/layers.py"],
        "questions": [
            {**question, "id": "forward", "title": "Forward", "number": "1.1", "manual": False},
            {**question, "id": "why", "title": "Why it grows", "number": "1.2", "manual": True},
            {**question, "id": "lstm_forward", "title": "Gates", "number": "2.1", "notebook": "Second.ipynb",
             "extra_credit": True, "manual": False},
        ],
    }  # fmt: skip
    (package / "assignment.json").write_text(json.dumps(facts))
    return root

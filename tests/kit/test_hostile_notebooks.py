"""Whatever a notebook holds, there is a PDF, in bounded time, and nothing is in it that was not in the notebook."""

from __future__ import annotations

import base64
import time

import pytest
from a3.handin import notebooks
from a3.handin.assignment import Assignment, NotebookPart
from a3.handin.notebooks import NotANotebook, read_text
from a3.handin.pdf import Press
from hostile import ROWS
from made import png
from pypdf import PdfReader

CANARY = "MARIGOLD-TURNSTILE-93"
MAX_S = 30.0
"""For one notebook on a busy machine; the slowest takes a tenth of it."""
MAX_CELLS = 200
"""Of one notebook, fewer than there may be: reading a PDF back takes longer than making it."""
MAX_PAGES = 30


@pytest.fixture(scope="module")
def press():
    """Pandoc and Typst, started once."""
    with Press() as made:
        yield made


@pytest.fixture
def folder(tmp_path, press):
    """A folder three levels deep, with canaries beside the notebook, above it, and where Typst could see them."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    for each in (inner, *inner.parents[:2]):
        (each / "canary.txt").write_text(CANARY)
        (each / "canary.png").write_bytes(base64.b64decode(png(31, 17)))
    return inner


@pytest.mark.parametrize("name", ROWS)
def test_a_hostile_or_odd_notebook_makes_a_pdf_and_reads_no_file(name, folder, press, monkeypatch):
    """The PDF is whole, its size is bounded, and no canary is in its text, its pictures or the code it was set from."""
    monkeypatch.setattr(notebooks, "MAX_CELLS", MAX_CELLS)
    content = ROWS[name].replace(b"{canary}", str(folder / "canary.txt").encode())
    try:
        given = read_text(content, "Odd.ipynb")
    except NotANotebook as error:
        given = ("Odd.ipynb", str(error))
    begun_s = time.monotonic()
    facts = Assignment("odd", "Odd", "a3", (NotebookPart("Odd.ipynb"),))
    press.print([given], facts, folder / "made.pdf", made="today")
    assert time.monotonic() - begun_s < MAX_S
    pages = PdfReader(folder / "made.pdf").pages
    assert 2 <= len(pages) <= MAX_PAGES
    assert "Odd.ipynb" in pages[0].extract_text()
    assert CANARY not in "".join(page.extract_text() for page in pages)
    assert CANARY not in press.source
    assert (31, 17) not in {image.image.size for page in pages for image in page.images}


def test_there_are_fifty_of_them():
    """The list is as long as it says."""
    assert len(ROWS) >= 50


def test_the_canary_would_be_seen(folder, press):
    """A notebook that really holds the words and the picture shows both, so the assertions above can fail."""
    cell = {
        "cell_type": "code",
        "source": CANARY,
        "outputs": [{"output_type": "display_data", "data": {"image/png": png(31, 17)}}],
    }
    given = read_text(str({"cells": [cell]}).replace("'", '"').encode(), "Odd.ipynb")
    press.print([given], Assignment("odd", "Odd", "a3"), folder / "made.pdf", made="today")
    pages = PdfReader(folder / "made.pdf").pages
    assert CANARY in press.source
    assert CANARY in "".join(page.extract_text() for page in pages)
    assert (31, 17) in {image.image.size for page in pages for image in page.images}

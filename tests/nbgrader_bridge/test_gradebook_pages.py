"""What formgrader shows of a student's notebook is text and pictures, whatever the notebook holds."""

import base64
import html.parser
import json
import re

import gradebook_course as toy
import pytest

from autograder.errors import IntakeError
from autograder.nbgrader_bridge.shown import answers, shown_notebook
from autograder.notebooks.align import align

pytest.importorskip("nbgrader", reason="nbgrader is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # nbconvert and what it stands on warn of each other

RUN = "window.taken=1"
PNG = base64.b64encode(b"\x89PNG of some size").decode()
RELEASE = toy.basics()


def stream(text):
    """Return an output of text."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def plainly(*cells):
    """Return these cells as aligning a notebook leaves them at worst: each a dict with metadata."""
    kept = [cell for cell in cells if isinstance(cell, dict)]
    return {
        "cells": [
            cell | {"metadata": cell["metadata"] if isinstance(cell.get("metadata"), dict) else {}} for cell in kept
        ]
    }


def shown(*cells, verdicts=None, notes="", release=RELEASE):
    """Return what is shown of a notebook of these cells."""
    return shown_notebook(json.loads(release), plainly(*cells), verdicts=verdicts or {}, notes=notes)


def rendered(notebook):
    """Return formgrader's page of a notebook."""
    import nbformat
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers

    exporter = HTMLExporter(template_name="formgrade", extra_template_basedirs=[handlers.template_path])
    names = {"assignment_id": "a", "notebook_id": "n", "submission_id": "s", "index": 0, "total": 1, "base_url": "",
             "mathjax_url": "", "student": "ann", "last_name": "", "first_name": "", "notebook_path": ""}  # fmt: skip
    page, _ = exporter.from_notebook_node(nbformat.from_dict(notebook), resources=names)
    return page


class Dangers(html.parser.HTMLParser):
    """Collects what a browser would run of a page, or load into it."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self._script = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._script = tag == "script"
        if tag in ("iframe", "object", "embed", "form", "base", "meta", "svg"):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            address = "".join(char for char in value or "" if char > " ").lower()
            runs = address.startswith(("javascript:", "vbscript:")) or re.match("data:(?!image/(png|jpeg);)", address)
            if name.startswith("on") or name == "srcdoc" or runs:
                self.found.append(f"{tag} {name}={value}")
        if ("class", "mermaid") in attrs:
            self.found.append("a diagram")
        if tag == "img" and not dict(attrs)["src"].startswith("data:"):
            self.found.append(f"a picture from {dict(attrs)['src']}")

    def handle_data(self, data):
        if self._script and RUN in data or re.search(r"\\href|\\style", data):
            self.found.append(data)
        self._script = False


MARKDOWN = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg/onload={RUN}>",
    f"<!-- --><iframe srcdoc='<script>{RUN}</script>'>",
    f"<\n<b onmouseover={RUN}>b</b>",
    f"[a](javascript:{RUN})",
    f"[a](JaVaScRiPt:{RUN})",
    f"[a](java&#x0A;script:{RUN})",
    f"[a]( javascript:{RUN})",
    f"[a](\n<javascript:{RUN}>)",
    f"[a](&#106;avascript:{RUN})",
    f"[a](data:text/html;base64,{PNG})",
    f"[![b](http://example.org/b.png)](javascript:{RUN})",
    f"[b]:\njavascript:{RUN}\n\n[b]",
    f"[b]: <javascript:{RUN}>\n\n[b]",
    f"[^b]: [a](javascript:{RUN})\n\ntext[^b]",
    f"<javascript:{RUN}>",
    f"```mermaid\n<img src=x onerror={RUN}>\n```",
    f"> ~~~ Mermaid\n> graph LR; A --> B[&lt;img src=x onerror={RUN}&gt;]",
    f"- ```mermaid\n  graph LR; A --> B[{RUN}]\n  ```",
    f"> 1. ~~~ Mermaid\n>    {RUN}",
    f"![a](https://example.org/hub/logout?{RUN})",
    f"![a][p]\n\n[p]: https://example.org/{RUN}",
    f"![a\\](attachment:a.png](https://example.org/{RUN})",
    f"![`](attachment:a.png)`](https://example.org/{RUN})",
    f"![$](attachment:a.png)$](https://example.org/{RUN})",
    f"[![b](attachment:a.png)![c](https://example.org/{RUN})](https://example.org)",
    f"\\href  {{javascript:{RUN}}}{{x}} $\\style{{a}}{{b}}$",
    f"[a][b]\n\n[b]: javascript:{RUN}",
    f'![a](x" onerror="{RUN})',
    f'[a](http://example.org "t" onmouseover="{RUN}")',
    f"# <img src=x onerror={RUN}>",
    f"|a|\n|-|\n|<img src=x onerror={RUN}>|",
    f"$\\href{{javascript:{RUN}}}{{x}}$",
    f"$x<img src=x onerror={RUN}>$",
    f"\\begin{{align}}<script>{RUN}</script>\\end{{align}}",
    f"```html\n<script>{RUN}</script>\n```",
    f"`</code><script>{RUN}</script>`",
    f"<a href=javascript:{RUN}>a</a>",
    f"<form action=/formgrader/api/grade/1><input name={RUN}>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
]  # fmt: skip
OUTPUTS = [
    stream(f"<script>{RUN}</script>"),
    stream(f"\x1b]8;;javascript:{RUN}\x07link\x1b]8;;\x07 \x1b[31m<img src=x onerror={RUN}>"),
    {"output_type": "display_data", "metadata": {}, "data": {"text/html": f"<script>{RUN}</script>"}},
    {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": RUN}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": f"<svg onload={RUN}></svg>"}},
    {"output_type": "display_data", "metadata": {}, "data": {"text/latex": f"$\\href{{javascript:{RUN}}}{{x}}$"}},
    {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": f"<img src=x onerror={RUN}>"}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/png": f'{PNG}" onerror="{RUN}'}},
    {"output_type": "display_data", "metadata": {"image/png": {"width": f'1" onload="{RUN}'}},
     "data": {"image/png": PNG}},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": [f"<script>{RUN}</script>"]},
    {"output_type": "execute_result", "metadata": {}, "execution_count": f"<script>{RUN}</script>",
     "data": {"text/plain": f"<script>{RUN}</script>"}},
    {"output_type": f"<script>{RUN}</script>"},
]  # fmt: skip


@pytest.mark.parametrize("kind", ["markdown", "raw", "code", "other"])
def test_no_text_of_a_cell_runs(kind):
    """Not as Markdown, not as a raw cell that claims to be HTML, not as code, and not in an answer's own cell."""
    cells = [toy.cell(kind, text) | {"metadata": {"raw_mimetype": "text/html"}} for text in MARKDOWN]
    page = rendered(shown(*cells, toy.cell("markdown", "\n\n".join(MARKDOWN), "why", points=2, answer=True)))
    assert Dangers(page).found == Dangers(rendered(shown())).found
    assert "t onmouseover" not in page


def test_no_output_runs():
    """Outputs are text and pictures; of others it is said that they are not shown."""
    cells = [toy.cell("code", "") | {"outputs": [output]} for output in OUTPUTS]
    page = rendered(shown(*cells, toy.cell("code", "") | {"outputs": OUTPUTS}))
    assert Dangers(page).found == Dangers(rendered(shown())).found
    assert f"data:image/png;base64,{PNG}" in page
    assert "(an output that is not shown here: text/html)" in page


def test_no_attachment_runs():
    """A pasted picture stays; what only says that it is one does not."""
    kinds = {"image/png": PNG, f'image/png" onerror="{RUN}': PNG, "text/html": f"<script>{RUN}</script>"}
    cell = toy.cell("markdown", "![a](attachment:a.png) ![b](attachment:b.png) ![c](attachment:&#97;.png)")
    attachments = {"a.png": kinds, "b.png": {"image/png": f'{PNG}" onerror="{RUN}'}}
    notebook = shown(cell | {"attachments": attachments})
    assert notebook["cells"][0]["attachments"] == {"a.png": {"image/png": PNG}}
    page = rendered(notebook)
    assert Dangers(page).found == Dangers(rendered(shown())).found
    assert page.count(f"data:image/png;base64,{PNG}") == 1


def test_what_people_need_stays():
    """Mathematics, code, comparisons, printed text and colours of a terminal read as they were meant."""
    cells = [
        toy.cell("markdown", "For $a < b$ and $x<y$, **so**, [there](https://example.org):\n\n$$\\sum_i x_i$$"),
        toy.cell("code", "print(1 < 2)") | {"outputs": [stream("\x1b[31mTrue\x1b[0m\n"), stream("é ✓ 中")]},
    ]
    notebook = shown(*cells)
    assert (
        notebook["cells"][0]["source"]
        == "For $a < b$ and $x< y$, **so**, [there](https://example.org):\n\n$$\\sum_i x_i$$"
    )
    assert [output["text"] for output in notebook["cells"][1]["outputs"]] == ["True\n", "é ✓ 中"]
    assert '<strong>so</strong>, <a href="https://example.org">there</a>' in rendered(notebook)


def test_verdicts_and_notes_take_the_place_of_outputs():
    """Below a question stands what tests found, not what the notebook claims, and notes stand above everything."""
    claimed = toy.cell("code", "pass", "double", points=3) | {"outputs": [stream("3 of 3 points")]}
    notebook = shown(claimed, verdicts={"double": "0 of 3 points <b>"}, notes="Left out: <i>")
    assert notebook["cells"][0]["outputs"] == [stream("Left out: <i>")]
    assert notebook["cells"][1]["outputs"] == [stream("0 of 3 points <b>")]
    assert notebook["cells"][1]["source"] == "check(double)"  # locked: the release's
    page = rendered(notebook)
    assert "0 of 3 points &lt;b&gt;" in page
    assert "Left out: &lt;i&gt;" in page


def test_the_courses_own_text_stays_as_it_is():
    """What an unchanged cell of the release says is shown with its brackets; one word more, and they are harmless."""
    told = toy.cell("markdown", "It begins with `<START>`.")
    release = json.dumps({"cells": [told], "metadata": {}})
    assert shown(told, release=release)["cells"][0]["source"] == "It begins with `<START>`."
    changed = toy.cell("markdown", "It begins with `<START>`. <b>")
    assert shown(changed, release=release)["cells"][0]["source"] == "It begins with `< START>`. < b>"


def test_long_lines_of_a_verdict_are_folded():
    """The page cuts what is wider than itself; each line fits, its indent goes on, and no word is lost."""
    verdict = "0 of 3 points\n\n[failed] " + "word " * 40 + "end\n    " + "deep " * 40 + "end"
    asked = toy.cell("code", "pass", "double", points=3)
    lines = shown(asked, verdicts={"double": verdict})["cells"][0]["outputs"][0]["text"].split("\n")
    assert max(map(len, lines)) <= 110
    assert " ".join(lines).split() == verdict.split()
    assert lines[:2] == ["0 of 3 points", ""]
    assert lines[-1].startswith("      deep")


def test_a_students_marks_count_for_nothing():
    """Points, kinds and names are the release's; of two cells with one name, the first is graded."""
    mine = toy.cell("markdown", "First.", "why", points=1000, answer=True)
    second = toy.cell("markdown", "Second.", "why", points=2, answer=True)
    invented = toy.cell("code", "x", "bonus", points=50)
    notebook = shown(mine, second, invented)
    marks = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
    assert [(mark.get("grade_id"), mark.get("points")) for mark in marks] == [
        ("why", 2), (None, None), (None, None), ("double", 3)
    ]  # fmt: skip
    assert answers(plainly(mine, second))["why"] == "First."


def test_large_notebooks_are_cut():
    """No cell, no output and no number of cells makes a page that no browser opens."""
    flood = toy.cell("code", "x" * 2_000_000) | {"outputs": [stream("y" * 40_000)] * 60}
    notebook = shown(flood, *[toy.cell("markdown", "z")] * 10_000)
    assert len(json.dumps(notebook)) < 500_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '{"cells": 3}',
        '{"worksheets": []}',
        b"\xff\xfe",
        "[" * 100_000,
        '{"cells": ' * 50_000,
    ],
)
def test_what_is_no_notebook_is_refused(text):
    """Whatever the text, one error comes of it."""
    with pytest.raises(IntakeError):
        align(RELEASE, text)


@pytest.mark.parametrize(
    "cell",
    [
        3, None, [], {}, {"cell_type": 3}, {"cell_type": "markdown"}, {"cell_type": "code", "source": 3},
        {"cell_type": "code", "source": [1, "a"], "outputs": [3, None, {}, {"output_type": "stream"}]},
        {"cell_type": "code", "outputs": {"a": 1}}, {"cell_type": "markdown", "attachments": [1]},
        {"cell_type": "markdown", "attachments": {"a": 3, "b": {"image/png": 3}}}, {"metadata": 3},
        {"metadata": {"nbgrader": 3}}, {"metadata": {"nbgrader": {"grade_id": ["why"]}}},
        {"cell_type": "code", "outputs": [{"output_type": "error", "traceback": 3}]},
        {"cell_type": "code", "outputs": [{"output_type": "display_data", "data": {"image/png": ["a", 3]}}]},
    ],
)  # fmt: skip
def test_odd_cells_are_shown_or_left_out(cell):
    """Whatever stands where a cell should be, there is a page, and everything graded is on it."""
    notebook = shown(cell)
    assert set(answers(notebook)) - {""} == {"double", "why"}
    assert "</html>" in rendered(notebook)

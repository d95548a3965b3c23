"""What a reader of the PDF sees: everything of the notebook that can be printed, in its place and whole."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from a3.handin import markup, tools
from a3.handin.assignment import Assignment, NotebookPart, Question
from a3.handin.notebooks import read_text
from a3.handin.pdf import Press
from a3.handin.processes import NoAnswer
from made import CLEAN, code, error, markdown, notebook, png, shown, stream
from pypdf import PdfReader

QUESTIONS = (
    Question("forward", "Forward", "1.1", "Work.ipynb", 2),
    Question("why", "Inline question 1: why it grows", "1.2", "Work.ipynb", 1, manual=True),
    Question("gone", "What is gone", "1.3", "Work.ipynb", 1, manual=True),
)
FACTS = Assignment("assignment3", "Assignment 3: layers", "a3", (NotebookPart("Work.ipynb"),), (), QUESTIONS)
PANDAS = (
    "<style scoped>th { color: red }</style><table border='1' class='dataframe'><thead><tr style='text-align: right;'>"
    "<th></th><th>loss</th><th>model</th></tr></thead><tbody><tr><th>0</th><td>0.25</td><td>LSTM</td></tr></tbody></table>"
)


@pytest.fixture(scope="module")
def press():
    """Pandoc and Typst, started once."""
    with Press() as made:
        yield made


@pytest.fixture
def printed(press, tmp_path):
    """Print cells; return the text of each page, what was remarked, the page map and the file."""

    def run(*cells, facts=FACTS):
        given = read_text(notebook(*cells), "Work.ipynb")
        made = press.print([given], facts, tmp_path / "made.pdf", made="22 November 2026")
        pages = [page.extract_text() for page in PdfReader(tmp_path / "made.pdf").pages]
        return pages, [words for _, words in made.remarks], made.pages, tmp_path / "made.pdf"

    return run


def flat(text: str) -> str:
    """Return text without spaces and without the places where a line may be broken."""
    return re.sub(r"[\s\u200b]", "", text)


def test_the_first_page_says_what_it_is_and_where_each_inline_question_is(printed):
    """The page in the map is the one on which the answer stands; where its cell is gone, "missing" stands there."""
    filler = markdown("word " * 900)
    pages, _, found, _ = printed(filler, filler, markdown("Because of the **chain rule**.", "why"), filler)
    (answered,) = (number for number, text in enumerate(pages, 1) if "Because of the chain rule." in text)
    assert answered > 2
    assert found == {"why": str(answered), "gone": None}
    assert "Assignment 3: layers" in pages[0]
    assert "22 November 2026" in pages[0]
    assert re.search(rf"1\.2\s+Why it grows\s+Work\.ipynb\s+1\s+{answered}\b", pages[0])
    assert re.search(r"1\.3\s+What is gone\s+Work\.ipynb\s+1\s+missing", pages[0])


def test_an_answer_over_two_pages_has_both_in_the_map(printed):
    """From the page on which it begins to that on which it ends."""
    assert printed(markdown("word " * 1500, "why"))[2]["why"] in ("2\u20133", "2\u20134")


def test_a_question_stands_above_its_cell(printed):
    """Number, title and points, for checks and for answers; what is not answered says so."""
    pages = printed(code("check()", 1, grade_id="forward"), markdown("*Your answer:*", "why"))[0]
    assert "1.1 Forward · 2 points" in pages[1]
    assert "Inline question 1.2 Why it grows · 1 point · not answered" in pages[1]


def test_pages_have_numbers_and_the_name_of_their_notebook(printed):
    """Also where a notebook goes on for several pages."""
    pages = printed(*[code("x = 1\n" * 60, 1)] * 3)[0]
    assert len(pages) > 2
    for number, text in enumerate(pages[1:], 2):
        assert "Work.ipynb" in text
        assert f"{number} / {len(pages)}" in text


@pytest.mark.parametrize(
    "tex",
    [
        r"$$h_t = \tanh(x W_x + h W_h + b)$$",
        "\\begin{align}\nh &= x \\\\\nW &= y + b\n\\end{align}",
        "\\begin{eqnarray*}h &=& x \\\\ W &=& b\\end{eqnarray*}",
        r"\\[ h = W b x \\]",
        r"\\( h = W b x \\)",
        r"$$\begin{aligned} h &= \frac{W}{b} \\ x &= y \end{aligned}$$",
        r"$h = W \odot b \cdot \mathbb{E}[x]$",
        r"$$h = \begin{pmatrix} W & b \\ x & 1 \end{pmatrix}$$",
        r"$$\begin{cases} h & W > 0 \\ b & x \end{cases}$$",
        r"$$\text{loss} = \underbrace{h}_{\text{here}} + \Big(W\Big) \qquad b\,x \tag{1}$$",
        r"$\bm{h}, \color{red}{W}, \|b\|, x$",
    ],
)
def test_mathematics_is_set(printed, tex):
    """Inline, displayed, aligned and bare: letters are those of a formula, and no TeX is left in the text."""
    pages, remarks, _, _ = printed(markdown(f"Let\n{tex}\nhold."))
    assert remarks == []
    assert not set("\\$&") & set(pages[1])
    assert set("hWbx") <= in_formulas(pages[1])


@pytest.mark.parametrize(
    "font",
    ["mathbf", "mathit", "mathsf", "mathtt", "mathrm", "mathcal", "mathfrak", "mathbb", "texttt", "textsf", "text"],
)
def test_a_font_within_a_formula_is_a_font(printed, font):
    """Nothing that the template defines hides a name that formulas have."""
    pages, remarks, _, _ = printed(markdown(rf"Let ${{}}^1\{font}{{AB}}^2$ hold."))
    assert remarks == []
    assert "Let1AB2hold." in flat(unicodedata.normalize("NFKC", pages[1])).replace("\ufe00", "")


def in_formulas(text: str) -> set[str]:
    """Return the letters that are set as those of a formula are."""
    names = {each: unicodedata.name(each, "") for each in text}
    return {
        unicodedata.normalize("NFKC", each) for each, name in names.items() if name.startswith(("MATHEM", "PLANCK"))
    }


def test_one_bad_formula_costs_itself_alone(printed):
    """It is shown as it was written, the student is told, and its neighbours are set."""
    pages, remarks, _, _ = printed(markdown(r"Good $a^2$, bad $\nosuch{b}$, good $c_1$."))
    assert r"bad$\nosuch{b}$,good" in flat(pages[1])
    assert in_formulas(pages[1]) == {"a", "c"}
    assert remarks == [r"a formula is shown as it was written: $\nosuch{b}$"]


def test_dollars_of_money_are_no_formula(printed):
    """As little as those in code."""
    text = flat(printed(markdown("It costs $5 and $6.\n\n`echo $HOME $PATH`\n\n```\n$x$\n```"))[0][1])
    assert "Itcosts$5and$6." in text
    assert "echo$HOME$PATH" in text
    assert "$x$" in text


def test_markdown_is_set(printed):
    """Headings, emphasis, lists, links, quotes, tables, code, and the HTML that people write in it."""
    text = "\n".join(
        printed(
            markdown(
                "# Head\n\nsome *slanted* and **bold** `word`\n- one\n- two\n   - inner\n\n3. three\n\n> quoted\n\n"
                "| a | b |\n|---|--:|\n| left | right |\n\n[a link](https://example.org) x<sub>2</sub>"
                "<br>next <b>fat</b>\n\n"
                "<details><summary>more</summary>hidden</details>\n\n```python\nreturn 1\n```\n\n- [ ] task"
            )
        )[0]
    )
    for words in (
        "Head",
        "some slanted and bold word",
        "• one",
        "inner",
        "3. three",
        "quoted",
        "left",
        "right",
        "a link",
        "next fat",
        "hidden",
        "return 1",
        "☐ task",
    ):
        assert words in text, words
    assert "**" not in text
    assert "<b>" not in text


def test_links_lead_to_the_web_only(printed):
    """An address that runs something or opens a file becomes plain words."""
    path = printed(markdown("[a](https://example.org/x) [b](javascript:x) [c](file:///etc/x) [d](#there)"))[3]
    notes = [each.get_object() for page in PdfReader(path).pages for each in page.get("/Annots", [])]
    assert [each["/A"]["/URI"] for each in notes if "/A" in each] == ["https://example.org/x"]


def test_code_and_output_are_printed_with_their_count(printed):
    """Long lines are folded, so that no character is lost beyond the edge."""
    long = "".join(f"{number:04d}" for number in range(100))
    pages = printed(code("for x in y:\n    print(x)", 7, stream(f"{long}\n"), stream("careful", "stderr")))[0]
    assert "[7]" in pages[1]
    assert "    print(x)" in pages[1]
    assert long in flat(pages[1]).replace("↪", "")
    assert "careful" in pages[1]


def test_a_traceback_has_its_colours_and_no_control_sequences(printed, press):
    """What a terminal would colour is coloured, and no trace of the escapes is left."""
    pages = printed(code("f()", 1, error("KeyError", "'h0'")))[0]
    assert "KeyError: 'h0'" in pages[1]
    assert "[0;31m" not in pages[1]
    assert '("KeyError", "#b3261e", true)' in press.source


def test_a_table_of_pandas_is_a_table(printed, press):
    """Its style sheet is not printed, its numbers are in cells."""
    pages = printed(code("df", 1, shown(text_html=PANDAS, text_plain="   loss  model")))[0]
    assert re.search(r"loss\s+model\s+0\s+0\.25\s+LSTM", pages[1])
    assert "color" not in pages[1]
    assert "grid-of(3," in press.source


def test_chinese_is_printed(printed, tmp_path):
    """In words, code and output, with a font that has the characters."""
    pages, _, _, path = printed(markdown("循环神经网络 $h$ 的状态"), code("# 注释\nprint('你好')", 1, stream("你好\n")))
    for words in ("循环神经网络", "的状态", "注释", "你好"):
        assert words in pages[1]
    fonts = {
        font["/BaseFont"]
        for page in PdfReader(path).pages
        for each in [page["/Resources"]["/Font"]]
        for font in (each[name].get_object() for name in each)
    }
    assert any("NotoSansCJK" in each or "NotoSansMonoCJK" in each for each in fonts)


def test_pictures_of_outputs_attachments_and_addresses_are_there(printed):
    """Three ways into a notebook; a picture that lies elsewhere is named and not fetched."""
    pages, _, _, path = printed(
        code("plt.show()", 1, shown(image_png=png(30, 10), text_plain="<Figure>")),
        markdown("![](attachment:a.png)", attachments={"a.png": {"image/png": png(31, 10)}}),
        markdown(f'<img src="data:image/png;base64,{png(32, 10)}" width="9"> ![](figures/b.png)'),
    )
    sizes = {image.image.size for page in PdfReader(path).pages for image in page.images}
    assert sizes == {(30, 10), (31, 10), (32, 10)}
    assert "picture left out: figures/b.png does not lie in the notebook" in pages[1]
    assert "<Figure>" not in pages[1]


def test_a_drawing_of_matplotlib_is_drawn(printed):
    """SVG, with the declarations that matplotlib writes; words in it are shapes."""
    import io

    from matplotlib.figure import Figure

    made = io.StringIO()
    figure = Figure((3, 2))
    figure.subplots().plot([1, 2, 3], "o-", label="x")
    figure.axes[0].legend()
    figure.savefig(made, format="svg")
    pages, remarks, _, _ = printed(
        code("plt.show()", 1, shown(**{"image_svg+xml": made.getvalue(), "text_plain": "<F>"}))
    )
    assert remarks == []
    assert "left out" not in pages[1]
    assert "<F>" not in pages[1]


def test_what_is_cut_says_so(printed):
    """The beginning and the end stay, a note says how much is missing between, and the student is told."""
    pages, remarks, _, _ = printed(code("for", 1, stream("".join(f"line {number}\n" for number in range(5000)))))
    text = "\n".join(pages)
    assert "line 0\n" in text
    assert "line 4999" in text
    assert "… 4,921 lines left out …" in text
    assert remarks == ["long output is printed in part"]


def test_a_cell_that_cannot_be_set_costs_itself_alone(printed, monkeypatch):
    """It is shown as it was written, and all others as they should be."""
    monkeypatch.setattr(
        "a3.handin.pages.written", lambda tree, *_: "no-such-thing()" if "Bad" in str(tree) else '"fine"'
    )
    pages, remarks, _, _ = printed(markdown("Bad $x$ one"), markdown("other"), code("x = 1", 3))
    assert "shown as it was written" in pages[1]
    assert "Bad $x$ one" in pages[1]
    assert "fine" in pages[1]
    assert "[3]" in pages[1]
    assert remarks == ["is shown as it was written: it cannot be set"]


def test_a_reader_that_hangs_costs_a_cell_its_form_and_no_more(printed, monkeypatch):
    """The process is ended, the cell is shown as it was written, and the next one has a new process."""
    monkeypatch.setattr(tools, "PIECE_S", 0.4)
    monkeypatch.setattr(markup, "MAX_DEPTH", 10**6)
    deep = "<div><b><table><tr><td>" * 1500
    pages, remarks, _, _ = printed(code("h", 1, shown(text_html=f"{deep}x")), markdown("and *then*"))
    assert len(remarks) == 1
    assert "it took more than 0 seconds" in remarks[0]
    assert "and then" in pages[-1]


def test_the_same_notebook_makes_the_same_pdf(press, tmp_path):
    """Apart from the date that is printed on it."""
    given = read_text(notebook(*CLEAN), "Work.ipynb")
    for name in ("one.pdf", "two.pdf"):
        press.print([given], FACTS, tmp_path / name, made="today", timestamp=1_700_000_000)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_a_pdf_that_cannot_be_made_leaves_nothing_half_written(press, tmp_path, monkeypatch):
    """The file is replaced once the new one is whole; until then the old one stays."""

    def fail(*_):
        raise NoAnswer("no")

    (tmp_path / "made.pdf").write_bytes(b"old")
    monkeypatch.setattr(tools.Typesetter, "make", fail)
    with pytest.raises(NoAnswer):
        press.print([read_text(notebook(*CLEAN), "Work.ipynb")], FACTS, tmp_path / "made.pdf", made="today")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("made.pdf", b"old")]


def test_the_template_calls_nothing_that_reads_but_the_pictures_of_the_album():
    """The one function that opens a file is called in one place, with the name that the album gave."""
    text = (Path(tools.__file__).parent / "template.typ").read_text()
    assert len(re.findall(r"\bimage\(", text)) == 1
    assert not re.search(
        r"\b(read|include|import|eval|json|csv|yaml|xml|plugin|cbor|bibliography)\b\(?\"?", text.replace("// ", "")
    )

"""Text for paper: what is invisible goes, what is long is folded or cut, and a formula is told from money and code."""

from __future__ import annotations

import pytest
from a3.handin.formulas import is_safe, protect, renewed, restore
from a3.handin.markup import printable
from a3.handin.plain import clean, cut, fold, runs, width
from a3.handin.svg import BadDrawing, safe_svg
from a3.handin.writer import quoted


@pytest.mark.parametrize(
    "text",
    [
        "a $x$ b",
        "$$\nx\n$$",
        "\\begin{align}\na &= b\n\\end{align}",
        "$a$ and $b$",
        r"\\(x\\)",
        r"cost \$5 is $x$",
        "$ x $",
    ],
)
def test_a_formula_is_taken_out_and_can_be_put_back(text):
    """What is put back is what was there."""
    marked, formulas = protect(text)
    assert "\ue0000\ue001" in marked
    assert restore(marked, formulas) == text


def test_spaces_in_a_formula_are_as_wide_as_in_tex():
    """A thick space does not vanish, and the space that ends some words is the only one behind them."""
    assert renewed("$a #h(0em) b$").split() == ["$a", "thick", "b$"]
    assert renewed('$upright("from ") t$') == '$upright("from ")t$'
    assert renewed('$upright("from") t$') == '$upright("from") t$'


@pytest.mark.parametrize(
    "text",
    [
        "`$x$`",
        "```\n$x$\n```",
        "$5 and $6",
        "~~~\n$x$\n",
        "a $ b",
        "$",
        "$$",
        "\\begin{align} a",
        "``$ ` $``",
        "$a\n\nb$",
    ],
)
def test_what_is_no_formula_stays(text):
    """Money, code, and what is never closed."""
    assert protect(text) == (text, ())


@pytest.mark.parametrize(
    "text", ["$" * 40_000, "\\begin{a}" * 4_000, "`" * 40_000 + "$", "$x" * 20_000, "\\\\(" * 13_000]
)
def test_a_search_for_formulas_is_quick_in_whatever_text(text):
    """No text makes the search go back and forth; that of the longest cell ends at once."""
    marked, formulas = protect(text)
    assert restore(marked, formulas) == text


@pytest.mark.parametrize(
    "code", ["$x^2$", "$ a & = b\\\n c $", r"$\# r$", '$upright("#x $ std")$', "$x #h(2em) y$", "$x #h(-0.1667em) y$"]
)
def test_a_formula_of_pandoc_is_printed(code):
    """What it escapes, what stands between quotes, and its spaces are no code."""
    assert is_safe(code)


@pytest.mark.parametrize(
    "code",
    [
        "x",
        "",
        "$x",
        "$$",
        "$#x$",
        '$#read("f")$',
        '$std.read("f")$',
        "$x$ #y $z$",
        '$"a$',
        "$x // y$",
        "$x /* y$",
        r"\$x\$",
        "$#h(2em + read())$",
        "$" + "(" * 60 + ")" * 60 + "$",
    ],
)
def test_a_formula_that_could_be_more_is_not_printed(code):
    """Code, comments, unbalanced quotes, a second formula, or no formula at all."""
    assert not is_safe(code)


@pytest.mark.parametrize("text", ['"', "\\", '\\"', "\n", '")#read("x")', "\0\x1b", "\ud800", "\u202e", "\ue002"])
def test_a_string_of_typst_ends_where_it_should(text):
    """Between the first and the last quote there is none that is not escaped."""
    inner = quoted(text)[1:-1].replace("\\\\", "").replace('\\"', "").replace("\\n", "")
    assert '"' not in inner
    assert "\\" not in inner
    assert "\n" not in inner
    inner.encode()


def test_what_turns_the_direction_of_reading_is_shown():
    """Source that reads otherwise than it runs shows where it does."""
    assert clean("if admin\u202e \u2066") == "if admin⟨U+202E⟩ ⟨U+2066⟩"


def test_the_last_state_of_a_progress_bar_stays():
    """What was written over is not printed."""
    assert cut(" 1%\r 50%\r100%\nnext\r\n") == "100%\nnext\n"


def test_lines_are_folded_by_what_they_take():
    """A Chinese character takes two columns, one that stands upon another none."""
    assert fold("abcdef", 4) == "abcd\n↪ ef"
    assert fold("循环神经", 4) == "循环\n↪ 神\n↪ 经"
    assert [width(each) for each in "a循\u0301"] == [1, 2, 0]


def test_a_text_that_is_cut_keeps_both_ends():
    """With how many lines or characters are missing."""
    assert cut("\n".join(map(str, range(10))), lines=4).split("\n") == ["0", "1", "… 6 lines left out …", "8", "9"]
    assert cut("a" * 500 + "b" * 500, line=10) == "aaaaa … 990 characters left out … bbbbb"


def test_colours_of_a_terminal_become_runs():
    """Named ones, those of the palette and mixed ones; what moves a cursor is dropped."""
    (line,) = runs("\x1b[1;31mred\x1b[0m \x1b[2J\x1b[38;5;196mpalette\x1b[39m\x1b[38;2;9;9;9mmixed\x1b]0;t\x07", 99)
    assert [(run.text, run.colour, run.bold) for run in line if run.text.strip()] == [
        ("red", "#b3261e", True),
        ("palette", "#be0000", False),
        ("mixed", "#090909", False),
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a<script>b</script>c", "ac"),
        ("a<style scoped>b</style >c", "ac"),
        ("a<!-- b -->c", "ac"),
        ("a<script>b", "a"),
        ("a<link href=x>c", "ac"),
        ("a<b>c</b>", "a<b>c</b>"),
        ("a<IFRAME src=x></IFRAME>c", "ac"),
        ("a<svg><g/></svg>c", "ac"),
    ],
)
def test_of_html_what_is_not_for_paper_is_dropped(text, left):
    """With all that is in it, and to the end where it is never closed."""
    assert printable(text) == left


def drawing(inner: str, more: str = 'width="9" height="9"') -> str:
    """Return an SVG."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" {more}>{inner}</svg>'


def test_of_a_drawing_only_what_is_on_the_lists_is_drawn():
    """Shapes stay as they are; pictures, scripts, styles and addresses are not there any more."""
    made, width_px, height_px = safe_svg(
        drawing(
            '<path d="M0 0" style="fill: #ff0000; marker: url(x)" onclick="f()"/><image href="f"/><script>x</script>'
            '<style>@import "f"</style><use href="#a"/><use href="f#a"/><rect fill="url(#g)"/><rect fill="url(f#g)"/>'
        )
    )
    assert (width_px, height_px) == (9, 9)
    assert '<path d="M0 0" fill="#ff0000"></path>' in made
    assert '<use xlink:href="#a"></use><use></use>' in made
    assert '<rect fill="url(#g)"></rect><rect></rect>' in made
    for each in ("image", "script", "import", "onclick", "marker"):
        assert each not in made


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html/>", "no SVG"),
        ("<svg", "no valid SVG"),
        (drawing("", ""), "how large"),
        (drawing("", 'width="0" height="9"'), "empty"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + drawing("&a;"), "entities"),
        (drawing("<g>" * 60 + "</g>" * 60), "levels"),
        (drawing('<g id="a"><use href="#a"/></g>'), "repeats parts that repeat"),
        (drawing("<g/>" * 30_000), "elements"),
    ],
)
def test_a_drawing_that_is_none_or_grows_is_refused(text, words):
    """With what is wrong with it."""
    with pytest.raises(BadDrawing, match=words):
        safe_svg(text)

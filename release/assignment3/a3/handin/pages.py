"""
A notebook as pieces of a page: each is code of Typst, and what to print where that cannot be set.

    Cell ─┬─ markdown ─▶ formulas out, pictures out ─▶ pandoc ─▶ code
          └─ code ─────▶ source; each output in the one form that prints best
                         picture > formula > Markdown > table of HTML > plain text

Nothing is lost without a word: what is cut, left out or shown as it was written says so where it stands, and in the
list of remarks that the student reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from . import formulas as tex
from . import plain
from .assignment import Question
from .markup import is_deep, printable, without_pictures
from .notebooks import Cell, Notebook, Output
from .pictures import Album, BadPicture, Picture
from .processes import NoAnswer
from .tools import Reader, Typesetter
from .writer import picture, quoted, written

__all__ = ["Pages", "Sheet", "is_unanswered"]

COLUMNS = 102
"""Characters of code that fit on a line of paper."""
MAX_WORDS = 40_000
"""Characters of one cell of text: ten pages."""
MAX_HTML = 200_000
MAX_SOURCE_LINES = 1_500
MAX_OUTPUTS = 60
"""Of one cell."""
MAX_OUTPUT_LINES = 2_500
"""Of one notebook, forty pages; what comes after is left out with a note."""

MARKDOWN = "commonmark+pipe_tables+strikeout+task_lists+autolink_bare_uris-implicit_figures"
"""What Jupyter shows; raw attributes, through which a text could hold code of Typst, are not among it."""
HTML = "html-native_divs-native_spans-raw_html"
_STUBS = frozenset({"", "youranswer", "youranswerhere", "writeyouranswerhere", "typeyouranswerhere", "todo"})


@dataclass(frozen=True)
class Sheet:
    """One piece: where it comes from, its code, and the plain text that replaces it where the code cannot be set."""

    place: str
    code: str
    text: str


def is_unanswered(source: str) -> bool:
    """Return whether the cell of an inline question still is what the release wrote: *Your answer:* alone."""
    return "".join(each for each in source.casefold() if each.isalnum()) in _STUBS and len(source) < 200


class Pages:
    """
    Makes the pieces of one document.

    Args:
        reader: Pandoc.
        typesetter: Typst, which is asked whether it can draw a picture.
        album: Where pictures go.
        questions: By their ``grade_id``.
        remark: Takes place and words of what the student should know.
    """

    def __init__(
        self,
        reader: Reader,
        typesetter: Typesetter,
        album: Album,
        questions: Mapping[str, Question],
        remark: Callable[[str, str], None],
    ):
        self._reader = reader
        self._typesetter = typesetter
        self._album = album
        self._questions = questions
        self._remark = remark
        self._lines_left = MAX_OUTPUT_LINES

    def of_notebook(self, notebook: Notebook) -> Iterator[Sheet]:
        """Yield the pieces of a notebook, from its name to its last output."""
        self._lines_left = MAX_OUTPUT_LINES
        yield Sheet(notebook.name, f"notebook-start({quoted(notebook.name)})", notebook.name)
        seen: set[str] = set()
        for cell in notebook.cells:
            place = f"{notebook.name}, cell {cell.number}"
            question = self._questions.get(cell.grade_id) if cell.grade_id not in seen else None
            seen.add(cell.grade_id)
            if question is not None and not question.manual:
                yield Sheet(place, f"tag({quoted(question.label)}, {_worth(question)})", question.label)
            pieces = list(self._of_code(cell, place) if cell.kind == "code" else self._of_words(cell, place))
            if question is not None and question.manual:
                yield _answer(question, cell, place, pieces)
            else:
                yield from pieces
        if notebook.left_out:
            yield self._note(notebook.name, f"{notebook.left_out:,} further cells left out")

    def _note(self, place: str, words: str) -> Sheet:
        self._remark(place, words)
        return Sheet(place, f"note({quoted(words)})", words)

    # Words

    def _of_words(self, cell: Cell, place: str) -> Iterator[Sheet]:
        if cell.kind == "raw":
            if cell.source.strip():
                text = self._printed(cell.source, place)
                yield Sheet(place, f'printed("out", {quoted(plain.fold(text, COLUMNS))})', text)
            return
        attached = {
            f"attachment:{name}": self._picture(data, mime, place)
            for name, texts in cell.attachments.items()
            for mime, data in texts.items()
            if mime.startswith("image/")
        }
        if cell.source.strip():
            yield self._markdown(cell.source, place, "words", attached)

    def _markdown(self, source: str, place: str, frame: str, attached: Mapping[str, Picture | str]) -> Sheet:
        text, pictures = self._with_names(source, place, attached)
        if len(text) > MAX_WORDS:
            left_out = f"{len(text) - MAX_WORDS:,} characters of text left out"
            self._remark(place, left_out)
            text = f"{text[:MAX_WORDS]}\n\n*… {left_out}*"
        return self._read(MARKDOWN, plain.plain(text), place, frame, pictures)

    def _html(self, source: str, place: str) -> Sheet:
        text, pictures = self._with_names(source, place, {})
        return self._read(HTML, plain.plain(printable(text)), place, "shown", pictures)

    def _read(self, form: str, text: str, place: str, frame: str, pictures: Mapping[str, Picture | str]) -> Sheet:
        marked, found = tex.protect(text) if form == MARKDOWN else (text, ())
        try:
            piece = self._reader.read(form, marked, found)
            code = written(piece.tree, found, piece.typst, pictures)
        except (NoAnswer, KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
            self._remark(place, f"is shown as it was written: it cannot be read ({str(error)[:120]})")
            return Sheet(place, "", text)
        for each, typst in zip(found, piece.typst):
            if not typst:
                self._remark(place, f"a formula is shown as it was written: {' '.join(each.source.split())[:80]}")
        return Sheet(place, f"{frame}({code})", text)

    def _with_names(
        self, text: str, place: str, attached: Mapping[str, Picture | str]
    ) -> tuple[str, dict[str, Picture | str]]:
        """Return a text in which embedded pictures have names, and what the names stand for."""
        pictures = dict(attached)

        def name(data: str, mime: str) -> str:
            called = f"embedded-{len(pictures)}"
            pictures[called] = self._picture(data, mime, place)
            return called

        return without_pictures(text, name), pictures

    def _picture(self, data: str, mime: str, place: str) -> Picture | str:
        """Return a picture of the album, or why it is left out."""
        try:
            made = self._album.add(data, mime)
        except BadPicture as error:
            self._remark(place, f"a picture is left out: {error}")
            return str(error)
        if self._typesetter.good([picture(made)])[0]:
            return made
        self._remark(place, "a picture is left out: it cannot be drawn")
        return "it cannot be drawn"

    # Code

    def _of_code(self, cell: Cell, place: str) -> Iterator[Sheet]:
        source = plain.cut(plain.plain(cell.source), lines=MAX_SOURCE_LINES)
        folded = plain.fold(source.strip("\n"), COLUMNS)
        number = cell.execution_count if cell.execution_count and cell.execution_count < 10**6 else None
        if source.strip():
            yield Sheet(place, f"code({'none' if number is None else number}, {quoted(folded)})", folded)
        outputs = _joined(cell.outputs)
        for output in outputs[:MAX_OUTPUTS]:
            yield from self._of_output(output, place)
        if len(outputs) > MAX_OUTPUTS:
            yield self._note(place, f"{len(outputs) - MAX_OUTPUTS:,} further outputs left out")

    def _of_output(self, output: Output, place: str) -> Iterator[Sheet]:
        if output.kind != "data":
            kind = "error" if output.kind == "error" else "stderr" if output.name == "stderr" else "out"
            yield from self._text(kind, output.text, place)
            return
        data = output.data
        for mime in ("image/png", "image/jpeg", "image/gif", "image/svg+xml"):
            if data.get(mime):
                shown = self._picture(data[mime], mime, place)
                if isinstance(shown, Picture):
                    yield Sheet(place, f"shown({picture(shown)})", "[picture]")
                    return
                yield Sheet(place, f"note({quoted('picture left out: ' + shown)})", shown)
        if any("widget" in mime or "bokeh" in mime or "plotly" in mime for mime in data):
            yield self._note(place, "what can be moved with the mouse cannot be printed")
        if data.get("text/latex"):
            source = data["text/latex"].strip()
            yield self._markdown(source if source[:1] in "$\\" else f"$${source}$$", place, "shown", {})
        elif data.get("text/markdown"):
            yield self._markdown(data["text/markdown"], place, "shown", {})
        elif _is_worth_reading(data.get("text/html", "")):
            yield self._html(data["text/html"], place)
        elif data.get("text/plain"):
            yield from self._text("out", data["text/plain"], place)

    def _printed(self, text: str, place: str) -> str:
        made = plain.cut(text)
        if "left out …" in made and "left out …" not in text:
            self._remark(place, "long output is printed in part")
        return plain.plain(made)

    def _text(self, kind: str, text: str, place: str) -> Iterator[Sheet]:
        if not text.strip():
            return
        if self._lines_left <= 0:
            yield self._note(place, "output left out: the notebook prints more than forty pages")
            return
        whole = plain.cut(text)
        if len(whole) < len(text) and "left out …" in whole:
            self._remark(place, "long output is printed in part")
        lines = plain.runs(whole.rstrip("\n"), COLUMNS)
        self._lines_left -= len(lines)
        joined = "\n".join("".join(run.text for run in line) for line in lines)
        if all(run.colour == "" and not run.bold or run.text == plain.FOLD for line in lines for run in line):
            yield Sheet(place, f"printed({quoted(kind)}, {quoted(joined)})", joined)
        else:
            yield Sheet(place, f"coloured({quoted(kind)}, {_runs(lines)})", joined)


def _is_worth_reading(html: str) -> bool:
    return 0 < len(html) <= MAX_HTML and not is_deep(html) and bool(printable(html).strip())


def _joined(outputs: tuple[Output, ...]) -> list[Output]:
    """Return outputs with neighbours of one stream as one."""
    found: list[list[Output]] = []
    for each in outputs:
        if each.kind == "stream" and found and found[-1][0].kind == "stream" and found[-1][0].name == each.name:
            found[-1].append(each)
        else:
            found.append([each])
    return [replace(group[0], text="".join(each.text for each in group)) for group in found]


def _runs(lines: list[list[plain.Run]]) -> str:
    def run(each: plain.Run) -> str:
        colour = quoted(each.colour) if each.colour else "none"
        return f"({quoted(each.text)}, {colour}, {'true' if each.bold else 'false'})"

    return "(" + "".join(f"({''.join(f'{run(each)}, ' for each in line)}), " for line in lines) + ")"


def _worth(question: Question) -> str:
    if question.points is None:
        return "none"
    points = f"{question.points:g} point{'' if question.points == 1 else 's'}"
    return quoted(points + (", extra credit" if question.extra_credit else ""))


def _answer(question: Question, cell: Cell, place: str, pieces: list[Sheet]) -> Sheet:
    answered = "false" if is_unanswered(cell.source) else "true"
    body = "{[]; " + "; ".join(each.code or f"source({quoted(each.text)})" for each in pieces) + "}"
    plain_title = question.words.casefold().startswith("inline question")  # "Inline question 1.2" stands there already
    label = question.number if question.number and plain_title else question.label
    head = f"answer({quoted(question.id)}, {quoted(label)}, {_worth(question)}, {answered}, "
    return Sheet(place, f"{head}{body})", "\n".join(each.text for each in pieces) or "(empty)")

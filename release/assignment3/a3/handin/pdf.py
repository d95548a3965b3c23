"""
One PDF of all notebooks, with a map of the inline questions on its first page.

    notebooks ─▶ pieces ─▶ main.typ ─▶ Typst ─▶ PDF
                    └──── cannot be set together? each is tried, and the bad ones are shown as they were written

A document always comes of it, whatever the notebooks hold. Nothing but the notebooks' own bytes gets into it: pandoc
reads in a sandbox, Typst sees a folder with the template and the pictures, and no text of a student is code.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from . import plain
from .assignment import Assignment, Question
from .notebooks import NotANotebook, Notebook, read_notebook
from .pages import COLUMNS, Pages, Sheet
from .pictures import Album
from .processes import NoAnswer
from .tools import IMPORT, PdfUnavailable, Reader, Typesetter
from .writer import quoted

__all__ = ["PdfUnavailable", "Press", "Printed", "print_notebooks"]

_PACKAGED = re.compile(
    "[\u0000-\u024f\u0300-\u052f\u1e00-\u27bf\u2900-\u2bff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\ufffd]*"
)
"""Latin, Greek, Cyrillic, symbols, Chinese, Japanese, Korean: the fonts that come with the packages have these."""
_TEMPLATE = Path(__file__).with_name("template.typ")


@dataclass(frozen=True)
class Printed:
    """
    What was made.

    Attributes:
        pages: "4" or "4-5" for each inline question; None where its cell is not there.
        remarks: Place and words of all that is not printed as it was meant.
        seconds: How long it took.
    """

    pages: Mapping[str, str | None]
    remarks: tuple[tuple[str, str], ...]
    seconds: float


def print_notebooks(
    root: Path, assignment: Assignment, output: Path, *, made: str, timestamp: int | None = None
) -> Printed:
    """
    Write the PDF of an assignment's notebooks.

    Raises:
        PdfUnavailable: Pandoc or Typst is missing.
        NoAnswer: Typst cannot even set a plain document; `output` is as it was.
    """
    notebooks: list[Notebook | tuple[str, str]] = []
    for part in assignment.notebooks:
        try:
            notebooks.append(read_notebook(root / part.file))
        except NotANotebook as error:
            if (root / part.file).exists() or not part.extra_credit:
                notebooks.append((part.file, str(error)))
    odd = any(_needs_system_fonts(each) for each in notebooks if isinstance(each, Notebook))
    with Press(system_fonts=odd) as press:
        return press.print(notebooks, assignment, output, made=made, timestamp=timestamp)


def _needs_system_fonts(notebook: Notebook) -> bool:
    texts = (text for cell in notebook.cells for text in (cell.source, *(each.text for each in cell.outputs)))
    return any(not _PACKAGED.fullmatch(text) for text in texts)


class Press:
    """Pandoc and Typst, started once for any number of documents."""

    def __init__(self, *, system_fonts: bool = False):
        self._system_fonts = system_fonts
        self._stack = ExitStack()

    def __enter__(self) -> Press:  # noqa: PYI034 - Self came with Python 3.11
        with ExitStack() as stack:
            self._folder = Path(tempfile.mkdtemp(prefix="hand-in-"))
            stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            shutil.copyfile(_TEMPLATE, self._folder / _TEMPLATE.name)
            self._typesetter = stack.enter_context(Typesetter(self._folder, system_fonts=self._system_fonts))
            self._reader = stack.enter_context(Reader(self._folder, self._typesetter))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def source(self) -> str:
        """The code of the document that was made last."""
        return (self._folder / "main.typ").read_text("utf-8")

    def print(
        self,
        notebooks: Sequence[Notebook | tuple[str, str]],
        assignment: Assignment,
        output: Path,
        *,
        made: str,
        timestamp: int | None = None,
    ) -> Printed:
        """
        Write the PDF of notebooks; of one that cannot be read, its name and why.

        Raises:
            NoAnswer: Typst cannot even set a plain document.
        """
        begun_s = time.monotonic()
        remarks: list[tuple[str, str]] = []
        questions = {each.id: each for each in assignment.questions}
        pages = Pages(
            self._reader, self._typesetter, Album(self._folder), questions, lambda *each: remarks.append(each)
        )
        sheets: list[Sheet] = []
        for each in notebooks:
            if isinstance(each, Notebook):
                sheets += pages.of_notebook(each)
            else:
                name, why = each
                sheets += [Sheet(name, f"notebook-start({quoted(name)})", name), Sheet(name, "", why)]
                remarks.append((name, f"is not in the PDF: {why}"))
        names = [each.name if isinstance(each, Notebook) else each[0] for each in notebooks]
        head = _head(assignment, [each for each in assignment.questions if each.manual], names, made)
        found = self._set(head, sheets, output, timestamp, remarks)
        return Printed(
            {each["id"]: each["pages"] for each in found}, tuple(dict.fromkeys(remarks)), time.monotonic() - begun_s
        )

    def _set(
        self, head: str, sheets: list[Sheet], output: Path, timestamp: int | None, remarks: list[tuple[str, str]]
    ) -> list[dict]:
        """Write the document and return its page map; what cannot be set is shown as it was written."""
        main, made = self._folder / "main.typ", self._folder / "made.pdf"
        fine = [True] * len(sheets)

        def attempt(real: Sequence[bool]) -> list[dict]:
            codes = [each.code if each.code and good else _source(each) for each, good in zip(sheets, real)]
            main.write_text(head + "".join(f"#{{\n{each}\n}}\n" for each in codes), "utf-8")
            return self._typesetter.make(main, made, timestamp)

        def without_bad(start: int, end: int) -> None:
            """Find what only fails in the document: set a part of it alone, and its halves if that fails."""
            try:
                attempt([good and start <= index < end for index, good in enumerate(fine)])
            except NoAnswer:
                if end - start == 1:
                    fine[start] = False
                else:
                    without_bad(start, (start + end) // 2)
                    without_bad((start + end) // 2, end)

        try:
            found = attempt(fine)
        except NoAnswer:
            fine[:] = self._typesetter.good([each.code or "[]" for each in sheets])
            try:
                found = attempt(fine)
            except NoAnswer:
                without_bad(0, len(sheets))
                found = attempt(fine)
        remarks += [
            (each.place, "is shown as it was written: it cannot be set") for each, good in zip(sheets, fine) if not good
        ]
        output.parent.mkdir(parents=True, exist_ok=True)
        partial = output.with_name(f"{output.name}.part")
        shutil.copyfile(made, partial)
        partial.replace(output)
        return found


def _source(sheet: Sheet) -> str:
    return f"source({quoted(plain.fold(plain.plain(plain.cut(sheet.text)), COLUMNS))})"


def _head(assignment: Assignment, questions: Sequence[Question], notebooks: Sequence[str], made: str) -> str:
    rows = "".join(
        f"(id: {quoted(each.id)}, number: {quoted(each.number)}, title: {quoted(each.words)}, "
        f"notebook: {quoted(each.notebook)}, worth: {quoted('' if each.points is None else f'{each.points:g}')}), "
        for each in questions
    )
    files = "".join(f"{quoted(each)}, " for each in notebooks)
    return (
        f"{IMPORT}"
        f"#show: hand-in.with(title: {quoted(assignment.title)})\n"
        f"#cover({quoted(assignment.title)}, {quoted(made)}, ({rows}), ({files}))\n"
    )

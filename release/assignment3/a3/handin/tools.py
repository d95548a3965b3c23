"""
The two programs that make the PDF: pandoc reads words, Typst sets pages.

    Reader.read("commonmark+…", text, formulas) ─▶ tree, formulas in Typst        one process of pandoc
    Typesetter.good(snippets) ─▶ which of them can be set                         one process of Typst

Both come as packages of Python with the program inside (``pypandoc_binary``, ``typst``), so that no machine needs LaTeX
or a browser. Each has its process, and a process that fails costs the piece that it failed upon.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .formulas import Formula, is_safe, mend, renewed
from .processes import Answerer, NoAnswer

__all__ = ["IMPORT", "INSTALL", "PdfUnavailable", "Piece", "Reader", "Typesetter"]

INSTALL = "pip install -r requirements-notebooks.txt"
IMPORT = (
    '#import "template.typ": answer, code, coloured, cover, grid-of, hand-in, listing, notebook-start, note, picture, '
    "printed, rule, shown, source, tag, tex-source, word-of-code, words\n"
)
"""What pieces call, by name: whatever else the template defines would hide names of formulas, as ``mono`` does."""
PIECE_S = 5.0
"""A long cell takes a hundredth of a second."""
READ_S = 90.0
SET_S = 120.0
"""For a whole document, at most; five long notebooks take two seconds."""
_HERE = Path(__file__).resolve().parent


class PdfUnavailable(Exception):
    """Pandoc or Typst is not there; the message says how to get it."""


@dataclass(frozen=True)
class Piece:
    """What was read: pandoc's tree, and each formula in Typst; one that cannot be set is empty."""

    tree: dict
    typst: tuple[str, ...]


def _missing(what: str) -> PdfUnavailable:
    return PdfUnavailable(f"{what}. Install what the PDF needs with\n    {INSTALL}\nand run this again.")


class Typesetter:
    """
    Typst in a process of its own.

    Args:
        folder: All that it may read: the template, pictures, the document.
        system_fonts: Whether the machine's fonts are looked through, for scripts that the packages do not have.
    """

    def __init__(self, folder: Path, *, system_fonts: bool = False, total_s: float = SET_S):
        if importlib.util.find_spec("typst") is None:
            raise _missing("Typst, which sets the pages, is not installed")
        cjk = importlib.util.find_spec("noto_cjk_sans_otc")
        fonts = [str(Path(cjk.origin).parent)] if cjk and cjk.origin else []
        kind = "system" if system_fonts else "packaged"
        command = [sys.executable, str(_HERE / "typst_worker.py"), str(folder), kind, *fonts]
        self._process = Answerer(command, str(folder), total_s)
        self._good: dict[str, bool] = {}
        try:
            fine = bool(self._process.ask({"text": "x"}, PIECE_S).get("fine"))
        except NoAnswer:
            fine = False
        if not fine:
            self._process.stop()
            raise _missing("Typst, which sets the pages, is too old or does not run")

    def __enter__(self) -> Typesetter:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    def make(self, file: Path, output: Path, timestamp: int | None) -> list[dict]:
        """
        Set a document and return its page map.

        Raises:
            NoAnswer: It cannot be set; the message is Typst's.
        """
        question = {"file": str(file), "output": str(output), "timestamp": timestamp}
        answer = self._process.ask(question, SET_S)
        if not answer.get("fine"):
            raise NoAnswer(str(answer.get("problem")))
        return answer.get("map") or []

    def good(self, snippets: Sequence[str]) -> list[bool]:
        """Return which pieces of code can be set; halves are tried until the bad ones are found."""
        self._try([each for each in dict.fromkeys(snippets) if each not in self._good])
        return [self._good[each] for each in snippets]

    def _try(self, snippets: list[str]) -> None:
        if not snippets:
            return
        text = f"{IMPORT}#show: hand-in\n" + "".join(f"#{{\n{each}\n}}\n" for each in snippets)
        try:
            fine = bool(self._process.ask({"text": text}, PIECE_S).get("fine"))
        except NoAnswer:
            fine = False
        if fine or len(snippets) == 1:
            self._good.update(dict.fromkeys(snippets, fine))
            return
        half = len(snippets) // 2
        self._try(snippets[:half])
        self._try(snippets[half:])


class Reader:
    """Pandoc in a process of its own; formulas that it converts are tried by the typesetter."""

    def __init__(self, folder: Path, typesetter: Typesetter, *, total_s: float = READ_S):
        try:
            import pypandoc

            program = pypandoc.get_pandoc_path()
        except (ImportError, OSError) as error:
            raise _missing("Pandoc, which reads the text of notebooks, is not installed") from error
        command = [program, "+RTS", "-M1g", "-RTS", "lua", str(_HERE / "reader.lua")]
        self._process = Answerer(command, str(folder), total_s)
        self._typesetter = typesetter
        try:
            self._process.ask({"format": "commonmark", "text": "", "formulas": []}, PIECE_S)
        except NoAnswer as error:
            self._process.stop()
            raise _missing(f"The pandoc at {program} is too old or does not run") from error

    def __enter__(self) -> Reader:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    def read(self, form: str, text: str, formulas: Sequence[Formula] = ()) -> Piece:
        """
        Return what a piece of text says.

        Raises:
            NoAnswer: It cannot be read.
        """
        asked = [{"tex": mend(each.tex), "display": each.display} for each in formulas]
        answer = self._process.ask({"format": form, "text": text, "formulas": asked}, PIECE_S)
        if not isinstance(answer.get("tree"), dict):
            raise NoAnswer(str(answer.get("problem", "pandoc cannot read it")))
        found = [renewed(str(each)) for each in answer.get("formulas", ())]
        safe = [each if is_safe(each) else "" for each in found]
        fine = dict(zip([each for each in safe if each], self._typesetter.good([each for each in safe if each])))
        return Piece(answer["tree"], tuple(each if fine.get(each) else "" for each in safe))

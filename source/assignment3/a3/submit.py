"""
Make what you hand in, with ``python -m a3.submit``.

    look ─▶ name what is open, and ask ─▶ zip ─▶ PDF ─▶ receipt ─▶ what to upload

It looks at your files as they are on disk, so save everything first. Nothing of your code runs, and nothing is sent
anywhere: you upload the files yourself. ``collect_submission.ipynb`` and ``collectSubmission.sh`` do the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .handin.archive import ArchiveError, Chosen, choose, write_zip
from .handin.assignment import Assignment, AssignmentError, read_assignment
from .handin.inspection import Finding, inspect
from .handin.processes import NoAnswer
from .handin.receipt import Moment, write_receipt

__all__ = ["collect", "main"]

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(__file__).resolve().parent.name
TOOLS = (f"{PACKAGE}/{Path(__file__).name}", f"{PACKAGE}/handin")
"""This kit is no work of the student's, and stays out of the archive."""

GOOD, OPEN, WRONG_USE, NOT_WHOLE = 0, 1, 2, 3
"""What the process ends with: all is made; stopped, since something is open; used wrongly; a part could not be made."""
REMARKS = 12
"""Remarks about the PDF that are printed; the others are counted."""


@dataclass
class _Job:
    """What is asked for, and what has come of it so far."""

    assignment: Assignment
    output: Path
    moment: Moment = field(default_factory=Moment)
    findings: list[Finding] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    pages: dict[str, str | None] = field(default_factory=dict)


def collect(
    *, moodle: bool = False, anyway: bool = False, output: str | Path | None = None, pdf: bool = True, ask: bool = False
) -> int:
    """
    Look at the work, make the files to hand in, and say what to do with them.

    Args:
        moodle: Put both files into one archive, as Moodle wants it.
        anyway: Go on although something is open.
        output: Folder for what is made; without it, the folder of the assignment.
        pdf: Whether to make the PDF.
        ask: Whether someone sits there who can be asked.

    Returns:
        0 when everything that was asked for is made, else another number.
    """
    try:
        assignment = read_assignment(ROOT, PACKAGE)
    except AssignmentError as error:
        print(error)
        return WRONG_USE
    job = _Job(assignment, ROOT if output is None else Path(output).expanduser().resolve())
    print(f"{assignment.title}\nin {ROOT}\n")
    job.findings = inspect(ROOT, assignment)
    hindrances = _tell(job.findings)
    if hindrances and not anyway and not (ask and _agreed(hindrances)):
        things = "thing is" if hindrances == 1 else "things are"
        print(
            f"\nStopped: {hindrances} {things} open, and nothing was written. To hand in what you have, go on anyway:"
        )
        print(f"    python -m {PACKAGE}.submit --anyway        (in collect_submission.ipynb: ANYWAY = True)")
        return OPEN
    try:
        return _make(job, moodle=moodle, pdf=pdf)
    except BrokenPipeError:
        raise
    except (ArchiveError, OSError) as error:
        print(f"\n✗ {error}")
        print("### Not complete: see above. ###")
        return NOT_WHOLE


def _tell(findings: Sequence[Finding]) -> int:
    """Print what is open, advice below it, and return how much of it hinders."""
    hindrances = [each for each in findings if each.hinders]
    for each, following in zip(findings, [*findings[1:], None]):
        print(f"  {'✗' if each.hinders else '·'} {each}")
        if each.advice and (following is None or following.advice != each.advice):  # once, below all that it is for
            print(f"      {each.advice}")
    if any(", cell" in each.place for each in findings):
        print("  Cells are counted from the top of the notebook, those with text too.")
    if not hindrances:
        print("  ✓ Every file is there, nothing is left unwritten, and the notebooks were run from top to bottom.")
    return len(hindrances)


def _agreed(hindrances: int) -> bool:
    things = "thing is" if hindrances == 1 else "things are"
    try:
        return input(f"\n{hindrances} {things} open. Go on anyway? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        return False


def _make(job: _Job, *, moodle: bool, pdf: bool) -> int:
    """Write the files and the receipt, and print what to hand in."""
    assignment, chosen = job.assignment, choose(ROOT, TOOLS)
    whole = _left_out(chosen, assignment)
    code_zip = job.output / assignment.code_zip
    write_zip(code_zip, chosen.files)
    job.written.append(code_zip)
    print(f"\n  ✓ {code_zip.name}: {len(chosen.files)} files, {code_zip.stat().st_size:,} bytes")
    printed = pdf and _print(job)
    if moodle and printed:
        single = job.output / assignment.single_zip
        write_zip(single, {each.name: each for each in job.written})
        job.written.append(single)
        print(f"  ✓ {single.name}: both in one, {single.stat().st_size:,} bytes")
    text = write_receipt(
        job.output / assignment.receipt, assignment, job.moment, job.written, chosen.files, job.findings, job.pages
    )
    print(f"  ✓ {assignment.receipt}: keep it\n")
    print("".join(f"    {line}\n" for line in text.split("\n\n")[1].splitlines()))
    return _close(job, moodle=moodle, printed=printed, whole=whole)


def _left_out(chosen: Chosen, assignment: Assignment) -> bool:
    """Print what the archive will not have, and return whether all of the assignment that is there is in it."""
    for each in chosen.left_out:
        print(f"  ✗ left out: {each}")
    names = (*assignment.required, *(each.file for each in assignment.notebooks))
    return all(each in chosen.files for each in names if (ROOT / each).exists())


def _print(job: _Job) -> bool:
    """Write the PDF, and return whether there is one."""
    from .handin.pdf import PdfUnavailable, print_notebooks

    output = job.output / job.assignment.inline_pdf
    try:
        output.unlink(missing_ok=True)  # an old one must not pass for that of today
        made = print_notebooks(
            ROOT, job.assignment, output, made=job.moment.for_people, timestamp=int(job.moment.seconds)
        )
        _verify_pdf(output)
    except (PdfUnavailable, NoAnswer, OSError) as error:
        print(f"  ✗ {output.name} was not made. {error}")
        return False
    job.written.append(output)
    job.pages.update(made.pages)
    print(f"  ✓ {output.name}: {output.stat().st_size:,} bytes, in {made.seconds:.1f} s")
    titles = {each.id: each.label for each in job.assignment.questions}
    for name, pages in made.pages.items():
        print(f"      page {pages or 'missing':<7} {titles.get(name, name)}")
    for place, words in made.remarks[:REMARKS]:
        print(f"      · {place}: {words}")
    if len(made.remarks) > REMARKS:
        print(f"      · and {len(made.remarks) - REMARKS} more, each with a note in its place")
    return True


def _verify_pdf(path: Path) -> None:
    content = path.read_bytes()
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
        raise NoAnswer("It was written and is no whole PDF: is the disk full?")


def _close(job: _Job, *, moodle: bool, printed: bool, whole: bool) -> int:
    """Print the last line, which promises only what is there."""
    assignment = job.assignment
    still_open = sum(each.hinders for each in job.findings)
    if still_open:
        print(f"{still_open} thing{' was' if still_open == 1 else 's were'} open, see above. You can run this again.")
    if job.output != ROOT:
        print(f"The files are in {job.output}.")
    if not whole:
        print("### Not complete: a file that grading needs was left out, see above. ###")
        return NOT_WHOLE
    if not printed:
        print(f"### Not complete: {assignment.code_zip} is made, {assignment.inline_pdf} is not. ###")
        return NOT_WHOLE
    if moodle:
        print(f"### Done! Please submit {assignment.single_zip} to Moodle. ###")
    else:
        print(f"### Done! Please submit {assignment.code_zip} and {assignment.inline_pdf} to Gradescope. ###")
    return GOOD


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, collect, and return what the process ends with."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {PACKAGE}.submit", description="Look at your work and make the files that you hand in."
    )
    parser.add_argument("--anyway", action="store_true", help="go on although something is open")
    parser.add_argument("--moodle", action="store_true", help="put both files into one archive")
    parser.add_argument("--no-pdf", action="store_true", help="make the archive of the code only")
    parser.add_argument("--output", metavar="FOLDER", help="where to write; without it, the folder of the assignment")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console of Windows may not know the check mark
            stream.reconfigure(errors="replace")
    try:
        return collect(
            moodle=options.moodle,
            anyway=options.anyway,
            output=options.output,
            pdf=not options.no_pdf,
            ask=sys.stdin is not None and sys.stdin.isatty(),
        )
    except BrokenPipeError:  # as in `python -m a3.submit | head`: nobody reads on, so nothing more is said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_WHOLE


if __name__ == "__main__":
    sys.exit(main())

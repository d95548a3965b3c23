"""
What a student reads, question by question: the claims of its tests, and a message for each kind of mistake.

    python -m tests.content.catalogue > docs/what-students-read.md

The mistakes are those that are written by hand; each is made in our own solution and asked, and of messages that differ
in numbers alone one is kept.
"""

from __future__ import annotations

import re
from collections import defaultdict

from autograder.config import load_assignment
from tests.content import mistakes_captioning, mistakes_lstm, mistakes_rnn
from tests.content.local_student import ROOT, cases, failures, submission
from tests.content.mutants import Mutant, mutated

MISTAKES = (*mistakes_rnn.MISTAKES, *mistakes_lstm.MISTAKES, *mistakes_captioning.MISTAKES)
HEAD = """\
# What students read

For each question of Assignment 3: what its tests claim, and what is said of a wrong answer. The mistakes are some of
those that the project tries its own tests on; where two messages differ in numbers alone, one is shown. Behind glass a
message also has the student's own file, line and code where their code raised.

`python -m tests.content.catalogue > docs/what-students-read.md` makes this page.
"""


def claim(doc: str | None) -> str:
    """Return a test's docstring on one line."""
    return " ".join((doc or "").split())


def cell(text: str) -> str:
    """Return a text that Markdown shows as it is, in a table too."""
    return text.replace("|", "/").replace("<", "&lt;")


def kind(message: str) -> str:
    """Return a message without what differs from draw to draw."""
    return re.sub(r"\d+|off by[^(.]*|all |the worst is|the first is", "", message.partition("\n")[0])


def messages(question: str) -> dict[str, str]:
    """Return the mistakes that fail this question, each with its message; one of each kind."""
    own = [case for case in cases() if case.question == question]
    found: dict[str, str] = {}
    seen: set[str] = set()
    for mistake in MISTAKES:
        if not _is_about(mistake, question):
            continue
        said = next(iter(failures(submission(mutated(mistake)), 0, own).values()), None)
        if said is not None and kind(said) not in seen:
            seen.add(kind(said))
            found[mistake.name] = said.partition("\n")[0]
    return found


def _is_about(mistake: Mutant, question: str) -> bool:
    method = mistake.function.rpartition(".")[2]
    return question in (mistake.question, f"captioning_rnn_{method}", f"captioning_lstm_{method}")


def main() -> None:
    """Print the page."""
    claims: dict[str, dict[str, None]] = defaultdict(dict)
    for case in cases():
        claims[case.question].setdefault(claim(case.function.__doc__))
    print(HEAD)
    for question in load_assignment(ROOT, "assignment3").questions:
        print(f"## {question.number} {question.title} (`{question.id}`)\n")
        print("\n".join(f"- {cell(each)}" for each in claims[question.id]))
        print("\n| mistake | what is read |\n|---|---|")
        for name, said in messages(question.id).items():
            print(f"| {cell(name)} | {cell(said)} |")
        print()


if __name__ == "__main__":
    main()

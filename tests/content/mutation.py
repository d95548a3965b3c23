"""
Which mistakes the hidden tests see: every mutant that the operators make, and the questions that must notice it.

A mutant is *killed* when a test fails that serves a question of the very function that is changed; a test of another
function that happens to use it does not count. What a forward function leaves in its cache shows in nothing but the
answers of its backward partner, so a line that makes the cache may be noticed there as well. *Equivalent* mutants
compute the same thing; each is in a table, by name, with the reason.

    python -m tests.content.mutation [MODULE ...] [--seeds N]      prints the table, and every survivor
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from tests.content.local_student import SOLUTION, Case, LocalStudent, cases, submission
from tests.content.operators import OPERATORS, OperatorMutant, mutants

__all__ = ["EQUIVALENT", "all_mutants", "killer", "own_cases", "questions_of"]

CELLS = ("rnn", "lstm")

EQUIVALENT: dict[str, str] = {}
"""Why these mutants compute the same as the solution; none does, since the operators offer no such change."""


def questions_of(function: str, *, sets_cache: bool = False) -> set[str]:
    """Return the questions about a function, and its backward partner's where the cache is concerned."""
    owner, _, method = function.partition(".")
    if method:
        return {f"captioning_{cell}_{method}" for cell in CELLS}
    return {owner, owner.replace("forward", "backward")} if sets_cache else {owner}


@cache
def own_cases(questions: frozenset[str]) -> tuple[Case, ...]:
    """Return the hidden tests that serve these questions."""
    return tuple(case for case in cases() if case.question in questions)


def all_mutants(modules: Iterable[str] = tuple(SOLUTION)) -> Iterator[OperatorMutant]:
    """Yield every mutant of these modules."""
    for module in modules:
        yield from mutants(module, SOLUTION[module])


def killer(mutant: OperatorMutant, seed: int) -> tuple[str, str] | None:
    """Return the first test of an own question that fails, and what the student would read; None for a survivor."""
    own = own_cases(frozenset(questions_of(mutant.function, sets_cache=mutant.sets_cache)))
    return first_failure(submission({mutant.module: mutant.text}), seed, own)


def first_failure(student: LocalStudent, seed: int, some: Iterable[Case]) -> tuple[str, str] | None:
    """Return the first of some tests that fails, and what the student would read."""
    for case in some:
        message = case.failure(student, seed)
        if message is not None:
            return case.name, message
    return None


def table(found: Iterable[tuple[OperatorMutant, bool, bool]]) -> str:
    """Return the table, from mutants, whether each was killed, and whether that was by an exception."""
    made, killed, raised, equal = (Counter[tuple[str, str]]() for _ in range(4))
    for mutant, dead, by_exception in found:
        for row in ((mutant.module, mutant.operator), (mutant.module, "all")):
            made[row] += 1
            killed[row] += dead
            raised[row] += by_exception
            equal[row] += mutant.name in EQUIVALENT
    rows = [(module, operator) for module in SOLUTION for operator in (*OPERATORS, "all") if made[module, operator]]
    return "\n".join(
        [
            f"{'module':16}{'operator':16}{'made':>6}{'killed':>8}{'(raised)':>10}{'equivalent':>12}",
            *(f"{a:16}{b:16}{made[a, b]:6}{killed[a, b]:8}{raised[a, b]:10}{equal[a, b]:12}" for a, b in rows),
        ]
    )


def main() -> int:
    """Judge the mutants of the modules that are named, and print what became of them."""
    parser = argparse.ArgumentParser(description="Which mistakes made by rule do the hidden tests see?")
    parser.add_argument("modules", nargs="*", default=list(SOLUTION), help=f"of {', '.join(SOLUTION)}")
    parser.add_argument("--seeds", type=int, default=2)
    chosen = parser.parse_args()

    found, survivors = [], []
    for mutant in all_mutants(chosen.modules):
        deaths = [killer(mutant, seed) for seed in range(chosen.seeds)]
        found.append((mutant, all(deaths), any(death and " raised " in death[1] for death in deaths)))
        if not all(deaths) and mutant.name not in EQUIVALENT:
            seeds = [seed for seed, death in enumerate(deaths) if not death]
            survivors.append(f"survives seeds {seeds}: {mutant.name}")
    print(table(found))
    print(*survivors, sep="\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

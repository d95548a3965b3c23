"""The operators change what students write, one place at a time, and nothing that would compute the same."""

from __future__ import annotations

import ast
import re
from textwrap import dedent

from tests.content.local_student import SOLUTION
from tests.content.mutation import all_mutants, main
from tests.content.operators import OPERATORS, mutants

SMALL = '''
def given(x):
    return x + 1


def asked(x, h0, t):
    """Say x + 1."""
    kept, cache = [], []
    ### BEGIN SOLUTION
    out = np.tanh(x[:, t] @ h0.T)  # a @ b
    for t in reversed(range(x.shape[1])):
        cache.append(out)
    ### END SOLUTION
    return out - 1
'''


def made(text: str) -> dict[str, set[str]]:
    """Return the lines that each operator makes of a module."""
    found: dict[str, set[str]] = {}
    for mutant in mutants("some", text):
        found.setdefault(mutant.operator, set()).add(mutant.new)
    return found


def test_each_operator_makes_what_it_says() -> None:
    """A small function, every line of it."""
    found = made(SMALL)

    assert found["sign"] == {"out = (-np.tanh(x[:, t] @ h0.T))"}
    assert found["transpose"] == {"out = np.tanh(x[:, t] @ h0)"}
    assert found["dropped term"] == {"out = np.tanh(x[:, t])", "out = np.tanh(h0.T)"}
    assert {"out = np.tanh(x[:, 0] @ h0.T)", "out = np.tanh(x[:, (t - 1)] @ h0.T)"} <= found["index"]
    assert "out = np.tanh(x[t, :] @ h0.T)" in found["order"]
    assert found["backwards"] == {"for t in range(x.shape[1]):", "cache.insert(0, out)"}
    assert "for t in reversed(range(1, x.shape[1])):" in found["span"]
    assert found["dropped line"] == {"pass"}


def test_only_what_students_write_is_changed() -> None:
    """Outside of the regions every mutant reads as the solution does; inside, one region differs, and can be read."""
    for mutant in all_mutants():
        ours, theirs = parts(SOLUTION[mutant.module]), parts(mutant.text)
        assert ours[::2] == theirs[::2], mutant.name
        ((one, other),) = [pair for pair in zip(ours[1::2], theirs[1::2], strict=True) if pair[0] != pair[1]]
        assert ast.dump(ast.parse(dedent(one))) != ast.dump(ast.parse(dedent(other))), mutant.name


def parts(text: str) -> list[str]:
    """Return what is outside of the regions and what is inside, in turn."""
    return re.split(r" *### (?:BEGIN|END) SOLUTION\n", text)


def test_nothing_that_computes_the_same_is_made() -> None:
    """Equal values do not change places, zeros have no sign, and what only lends its shape is left alone."""
    body = "a, b = [], []\n    c = np.zeros_like(h0[:, 1])\n    d = np.zeros(4 * n)"
    found = made(f"def asked(h0, n):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION\n    return a")

    assert {"order", "sign", "index"}.isdisjoint(found)


def test_every_operator_is_of_use() -> None:
    """None of them finds nothing to change."""
    assert {mutant.operator for mutant in all_mutants()} == set(OPERATORS)


def test_the_command_prints_a_table(monkeypatch, capsys) -> None:
    """It judges the modules that are named, and says of each operator what became of its mutants."""
    monkeypatch.setattr("sys.argv", ["mutation", "classifiers.rnn", "--seeds", "1"])

    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["module", "operator", "made", "killed", "(raised)", "equivalent"]
    assert all(line.startswith("classifiers.rnn") for line in lines[1:] if line)

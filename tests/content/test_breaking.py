"""
Breaking one more function never raises a total.

Functions are broken past repair: no way of breaking undoes another, as two wrong signs would.
"""

from __future__ import annotations

from functools import cache

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.content.local_student import SOLUTION, cases, reached, share, submission
from tests.content.mutants import DEPENDS

BREAKER = """

def _broken(function, how):
    import numpy as np

    def each(result, change):
        if isinstance(result, (np.ndarray, np.generic)):
            return change(np.asarray(result))
        if isinstance(result, dict):
            return {name: each(value, change) for name, value in result.items()}
        return tuple(each(part, change) for part in result) if isinstance(result, tuple) else result

    def broken(*args, **kwargs):
        if how in ("ValueError", "NotImplementedError"):
            raise {"ValueError": ValueError, "NotImplementedError": NotImplementedError}[how]
        if how == "None":
            return None
        result = function(*args, **kwargs)
        return each(result, {
            "NaN": lambda a: np.full(a.shape, np.nan),
            "zeros": np.zeros_like,
            "large": lambda a: 2 * a + 1,
            "transposed": lambda a: a.T[None, None, None],
            "first row": lambda a: a[:1] if len(a) > 1 else a[..., None],
            "text": lambda a: a.astype(str),
        }[how])

    return broken
"""
WAYS = ("ValueError", "NotImplementedError", "None", "NaN", "zeros", "large", "transposed", "first row", "text")
FUNCTIONS = tuple(DEPENDS)


def broken(ways: dict[str, str]) -> dict[str, str]:
    """Return the modules of the solution with these functions broken in these ways."""
    texts = {name: text + BREAKER for name, text in SOLUTION.items()}
    for function, how in ways.items():
        module = "classifiers.rnn" if "." in function else "rnn_layers"
        texts[module] += f"\n{function} = _broken({function}, {how!r})\n"
    return texts


@cache
def failed(ways: frozenset[tuple[str, str]], seed: int) -> frozenset[str]:
    """Return the tests that fail with these functions broken; each is run where one of them matters."""
    some = set().union(*(reached()[function] for function, _how in ways))
    student = submission(broken(dict(ways)))
    return frozenset(case.name for case in cases() if case.name in some and case.failure(student, seed) is not None)


@given(st.permutations(FUNCTIONS), st.lists(st.sampled_from(WAYS), min_size=4, max_size=4), st.integers(0, 2))
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_breaking_one_more_function_never_raises_a_score(order: list[str], ways: list[str], seed: int) -> None:
    """As functions break one after another, each in its own way, no question's share and no total goes up."""
    before = share(())
    for count in range(1, len(ways) + 1):
        now = share(failed(frozenset(zip(order[:count], ways[:count], strict=False)), seed))
        assert all(now[question] <= before[question] for question in before)
        assert sum(now.values()) < sum(before.values()) or now == before
        before = now


def test_a_broken_function_has_no_points_left() -> None:
    """Each way of breaking a function leaves its own question with nothing, whatever is right elsewhere."""
    for number, function in enumerate(FUNCTIONS):
        for how in (WAYS[number % len(WAYS)], WAYS[(number + 4) % len(WAYS)]):
            earned = share(failed(frozenset({(function, how)}), 0))
            own = {function, *(f"captioning_{cell}_{function.partition('.')[2]}" for cell in ("rnn", "lstm"))}
            assert {earned[question] for question in own & set(earned)} == {0.0}, (function, how)
            assert all(earned[question] == 1 for question in set(earned) - DEPENDS[function])

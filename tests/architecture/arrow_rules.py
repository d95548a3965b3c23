"""
Which module may import which, as tables; each function returns what breaks its rule, in words.

    L5  cli
    L4  grading  nbgrader_bridge  platforms
    L3  session  exam
    L2  worker  cage
    L1  protocol  config  scoring  compare  draw  secret  notebooks  submission
    L0  errors  outcomes

An import may go down or stay in its layer, never up. A new part of ``autograder`` needs its place here first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Final

from code_tree import Arrow, Module, find_cycle

LAYERS: Final = (
    ("", "errors", "outcomes"),
    ("protocol", "config", "scoring", "compare", "draw", "secret", "notebooks", "submission"),
    ("worker", "cage"),
    ("session", "exam"),
    ("grading", "nbgrader_bridge", "platforms"),
    ("cli",),
)
LAYER_OF: Final = {unit: number for number, units in enumerate(LAYERS) for unit in units}

FORBIDDEN: Final = (
    # from, to, why
    ("autograder", "reference", "the framework knows no answers"),
    ("autograder", "grading_tests", "the framework knows no tests"),
    ("autograder", "tests", "what is installed does not need what is not"),
    ("reference", "autograder", "the oracle depends on nothing that it judges with"),
    ("reference", "grading_tests", "the oracle knows no questions"),
    ("autograder.cage", "autograder.protocol", "the cage knows processes, not messages"),
)

ONLY: Final = {
    # Of ours, and of others; the standard library is free. The cage shows a submission no more than this.
    "autograder.worker": ({"autograder", "autograder.errors", "autograder.protocol"}, {"numpy", "torch"}),
    "autograder.protocol": ({"autograder", "autograder.errors"}, {"msgpack", "numpy"}),
    "autograder.errors": (set[str](), set[str]()),
    "autograder.outcomes": (set[str](), set[str]()),
    "autograder.scoring": ({"autograder.outcomes"}, set[str]()),
}
HEAVY: Final = ("torch", "torchvision", "h5py", "matplotlib", "nbgrader", "docker", "ray")
"""Imported inside functions only: a command that does not need them must not wait for them."""


def is_within(name: str, package: str) -> bool:
    """Return whether the dotted ``name`` is ``package`` or below it."""
    return name == package or name.startswith(f"{package}.")


def unit_of(name: str) -> str:
    """Return the part of ``autograder`` that a module belongs to: ``cage`` for ``autograder.cage.view``."""
    return name.split(".")[1] if "." in name else ""


def without_a_layer(modules: Iterable[str]) -> list[str]:
    """Return the modules of ``autograder`` that no layer names."""
    return [
        f"{name} has no layer" for name in modules if is_within(name, "autograder") and unit_of(name) not in LAYER_OF
    ]


def pointing_up(found: Iterable[Arrow]) -> list[str]:
    """Return the arrows within ``autograder`` that go to a higher layer."""
    inside = [each for each in found if is_within(each.source, "autograder") and is_within(each.target, "autograder")]
    height = LAYER_OF | {"": 0}
    return [str(each) for each in inside if height[unit_of(each.target)] > height[unit_of(each.source)]]


def forbidden(found: Iterable[Arrow]) -> list[str]:
    """Return the arrows that a row of `FORBIDDEN` names."""
    return [
        f"{each}: {why}"
        for each in found
        for source, target, why in FORBIDDEN
        if is_within(each.source, source) and is_within(each.target, target)
    ]


def beyond_allowed(found: Iterable[Arrow]) -> list[str]:
    """Return the arrows of a package in `ONLY` that go to something else than it may use."""
    broken = []
    for each in found:
        for package, (ours, others) in ONLY.items():
            if not is_within(each.source, package) or is_within(each.target, package):
                continue
            top = each.target.split(".")[0]
            allowed = top in sys.stdlib_module_names or top in others
            # The root of our package is there in every process, but not what it could lead to.
            allowed |= any(is_within(each.target, name) and name != "autograder" for name in ours)
            allowed |= each.target == "autograder" and "autograder" in ours
            if not allowed:
                broken.append(str(each))
    return broken


def eager(found: Iterable[Arrow]) -> list[str]:
    """Return the imports of heavy libraries in ``autograder`` that stand outside of functions."""
    return [
        str(each)
        for each in found
        if is_within(each.source, "autograder") and each.target.split(".")[0] in HEAVY and not each.lazy
    ]


def cycle_of_modules(found: Iterable[Arrow], modules: Mapping[str, Module]) -> list[str]:
    """Return one cycle of modules, imports inside functions included."""
    return find_cycle((each.source, each.target) for each in found if each.target in modules)


def cycle_of_units(found: Iterable[Arrow]) -> list[str]:
    """Return one cycle among the parts of ``autograder``."""
    inside = [each for each in found if is_within(each.source, "autograder") and is_within(each.target, "autograder")]
    edges = ((unit_of(each.source), unit_of(each.target)) for each in inside)
    return find_cycle((source, target) for source, target in edges if source and target and source != target)

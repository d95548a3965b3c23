"""The arrows between the modules point where the architecture says; each rule is also shown a tree that breaks it."""

from __future__ import annotations

from pathlib import Path

import arrow_rules
import pytest
from code_tree import Arrow, Module, arrows, find_cycle, read_modules

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def modules() -> dict[str, Module]:
    """Every module of the framework, the reference and the hidden tests."""
    return read_modules(ROOT, "autograder", "reference", "grading_tests")


@pytest.fixture(scope="module")
def found(modules) -> list[Arrow]:
    """Every import of those."""
    return arrows(modules)


def fabricate(root: Path, **texts: str) -> tuple[dict[str, Module], list[Arrow]]:
    """Write modules (``a__b`` is ``a/b.py``) and return them with their arrows."""
    for name, text in texts.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in path.parents:
            if folder == root:
                break
            (folder / "__init__.py").touch()
        path.write_text(text)
    made = read_modules(root, *{name.split("__")[0] for name in texts})
    return made, arrows(made)


def test_every_part_of_the_framework_has_a_layer(modules):
    """A module that no row of the table names is refused, so that nobody forgets to decide."""
    assert arrow_rules.without_a_layer(modules) == []


def test_imports_point_down(found):
    """No module imports one of a higher layer, in a function or outside."""
    assert arrow_rules.pointing_up(found) == []


def test_forbidden_arrows_are_not_there(found):
    """The framework knows no answer and no test; the reference knows nothing of ours; the cage no message."""
    assert arrow_rules.forbidden(found) == []


def test_small_packages_use_only_what_they_may(found):
    """The worker sees errors and protocol, for the cage shows it no more; the protocol needs no torch."""
    assert arrow_rules.beyond_allowed(found) == []


def test_heavy_libraries_are_imported_where_they_are_used(found):
    """A command that needs no torch does not wait for it."""
    assert arrow_rules.eager(found) == []


def test_no_modules_import_each_other(found, modules):
    """There is no cycle of modules, imports inside functions included."""
    assert arrow_rules.cycle_of_modules(found, modules) == []


def test_no_parts_import_each_other(found):
    """There is no cycle among the parts of the framework, so that the siblings of a layer have an order too."""
    assert arrow_rules.cycle_of_units(found) == []


def test_the_documentation_names_every_part(modules):
    """docs/architecture.md has every part of the framework in its table of arrows."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    parts = {arrow_rules.unit_of(name) for name in modules if name.startswith("autograder.")}
    assert sorted(part for part in parts if f"`{part}`" not in text) == []


def test_hidden_tests_use_what_is_made_for_them(found):
    """A hidden test imports the exam and the reference, and nothing else of the framework."""
    targets = {each.target for each in found if each.source.startswith("grading_tests")}
    assert {name for name in targets if name.startswith("autograder")} <= {"autograder.exam"}


# Each rule can fail ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "import autograder.cli.app",
        "from autograder import cli",
        "from ..cli import app",
        "def f():\n    from autograder.cli.app import main",
        "import importlib\nimportlib.import_module('autograder.cli.app')",
        "class A:\n    if True:\n        import autograder.cli.app as x",
    ],
)
def test_an_arrow_that_points_up_is_seen(tmp_path, text):
    """Whatever way a higher layer is imported in, the rule names module and line."""
    _, made = fabricate(tmp_path, autograder__grading__single=text, autograder__cli__app="")
    (broken,) = arrow_rules.pointing_up(made)
    assert broken.startswith("autograder.grading.single, line ")


def test_an_arrow_down_or_sideways_is_no_fault(tmp_path):
    """Lower layers and siblings may be imported."""
    _, made = fabricate(
        tmp_path, autograder__cage__zygote="import autograder.worker.serve\nimport autograder.errors",
        autograder__worker__serve="", autograder__errors="",
    )  # fmt: skip
    assert arrow_rules.pointing_up(made) == []


def test_a_part_without_a_layer_is_seen(tmp_path):
    """A new package of the framework needs a row."""
    made, _ = fabricate(tmp_path, autograder__novelty__thing="")
    assert "autograder.novelty.thing has no layer" in arrow_rules.without_a_layer(made)


@pytest.mark.parametrize(("source", "target", "why"), arrow_rules.FORBIDDEN)
def test_each_forbidden_arrow_is_seen(tmp_path, source, target, why):
    """Each row of the table refuses its arrow, and says why."""
    name, other = (f"{package.replace('.', '__')}__some" for package in (source, target))
    _, made = fabricate(tmp_path, **{name: f"def f():\n    import {target}.some", other: ""})
    assert any(line.endswith(why) for line in arrow_rules.forbidden(made))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("autograder__worker__calls", "import autograder.scoring"),
        ("autograder__worker__calls", "import pandas"),
        ("autograder__worker__calls", "from autograder import secret"),
        ("autograder__protocol__frames", "def f():\n    import torch"),
        ("autograder__errors", "import numpy"),
        ("autograder__scoring", "import autograder.config"),
    ],
)
def test_what_a_small_package_may_not_use_is_seen(tmp_path, source, text):
    """Ours and others alike; the standard library is free."""
    _, made = fabricate(
        tmp_path, **{"autograder__scoring": "", "autograder__secret": "", "autograder__config": "", source: text}
    )
    assert len(arrow_rules.beyond_allowed(made)) == 1


def test_a_heavy_library_at_the_top_is_seen(tmp_path):
    """In a function it is no fault."""
    _, made = fabricate(
        tmp_path, autograder__session__a="import torch", autograder__session__b="def f():\n    import torch"
    )
    assert arrow_rules.eager(made) == ["autograder.session.a, line 1: imports torch"]


def test_a_cycle_is_seen(tmp_path):
    """Of modules, also through functions; and of parts, where no two modules import each other."""
    made, found = fabricate(
        tmp_path,
        autograder__exam="def f():\n    import autograder.session.b",
        autograder__session__a="import autograder.exam",
        autograder__session__b="",
    )
    assert arrow_rules.cycle_of_modules(found, made) == []
    assert set(arrow_rules.cycle_of_units(found)) == {"exam", "session"}
    made, found = fabricate(
        tmp_path, autograder__session__a="import autograder.session.b", autograder__session__b="from . import a"
    )
    assert len(arrow_rules.cycle_of_modules(found, made)) == 3


def test_a_long_cycle_is_found():
    """A cycle is returned with its first node at the end; shared descendants are none."""
    assert find_cycle([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]) == []
    cycle = find_cycle([("s", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("s", "c")])
    assert cycle[0] == cycle[-1]
    assert set(cycle) == {"a", "b", "c"}

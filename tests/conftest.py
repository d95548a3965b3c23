"""How the tests are shared out among processes: what makes cages stays in one, everything else goes file by file."""

from __future__ import annotations

from pathlib import Path

import pytest

_CAGES = ("cage", "attacks")
"""They look at what is left on the whole machine, and use one plain uid: two at a time would see each other."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its group for ``pytest -n 2 --dist loadgroup``."""
    here = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        item.add_marker(pytest.mark.xdist_group("cages" if folder in _CAGES else str(item.path)))

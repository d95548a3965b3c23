"""One process that has imported the libraries, and of each kind of cage one nursery and one slot for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.cage import Cage
from tests.support.cages import KINDS, CageHost, Kind, slot, why_not


@pytest.fixture(scope="session")
def host() -> Iterator[CageHost]:
    """What forks nurseries."""
    made = CageHost()
    yield made
    made.close()


@pytest.fixture(scope="session", params=KINDS, ids=lambda name: name.replace(" ", "-"))
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each way to come to a cage, or a skip that says why not."""
    found = KINDS[request.param]
    if reason := why_not(found):
        pytest.skip(f"{request.param}: {reason}")
    return found


@pytest.fixture(scope="session")
def cage(host: CageHost, kind: Kind) -> Iterator[Cage]:
    """A slot of that kind, shared by all tests."""
    with host.nursery(kind) as nursery, slot(nursery) as opened:
        yield opened

"""One population for all tests that only look at it."""

import secrets
from collections.abc import Callable, Iterator

import pytest

from coterie.accounts.models import Workspace
from coterie.audience.audience import Audience, audience_of
from coterie.audience.replica import Replica
from tests.audience.population import Population, settle


@pytest.fixture(scope="package")
def population(database: str) -> Population:
    """Three hundred people of all kinds, whom nobody changes."""
    return settle(Workspace.objects.create(name=f"Population {secrets.token_hex(4)}"))


@pytest.fixture
def opened() -> Iterator[Callable[[Workspace], Replica]]:
    """Factory of replicas as other processes would open them; closed at the end."""
    found: list[Replica] = []

    def make(workspace: Workspace) -> Replica:
        found.append(Replica(workspace))
        return found[-1]

    yield make
    for one in found:
        one.close()


@pytest.fixture
def audience(population: Population) -> Audience:
    return audience_of(population.workspace)

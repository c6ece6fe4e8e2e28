"""One population for all tests that only look at it."""

import secrets

import pytest

from coterie.accounts.models import Workspace
from tests.audience.population import Population, settle


@pytest.fixture(scope="package")
def population(database: str) -> Population:
    """Three hundred people of all kinds, whom nobody changes."""
    return settle(Workspace.objects.create(name=f"Population {secrets.token_hex(4)}"))

"""Fixtures of the tests of compiled mappings."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from crm_sync.salesforce.describe import ObjectFacts
from tests.integration.mapping.described import local_facts

# Many rows an example, few examples: a round trip to the database costs more than a row. The
# database fixture is one for all examples of a test on purpose: each example is rolled back.
settings.register_profile(
    "rows",
    max_examples=40,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
ROWS = settings.get_profile("rows")


@pytest.fixture(scope="session")
def facts() -> dict[str, ObjectFacts]:
    """What the local org describes."""
    return local_facts()

"""One org per test file, in memory; a file that changes more than records makes its own."""

from collections.abc import Iterator

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client


@pytest.fixture(scope="module")
def running_org() -> Iterator[LocalOrg]:
    with LocalOrg() as org:
        yield org


@pytest.fixture(scope="module")
def client(running_org: LocalOrg) -> Client:
    return Client(running_org)


@pytest.fixture
def own() -> Iterator[Client]:
    """An org of the test's own, over plain HTTP, for what changes more than records."""
    with LocalOrg(https=False) as org:
        yield Client(org)


@pytest.fixture
def admin(own: Client) -> Client:
    """The administrator of that org."""
    client = Client(own.org)
    client.session.headers["Authorization"] = f"Bearer {own.org.admin_token}"
    return client

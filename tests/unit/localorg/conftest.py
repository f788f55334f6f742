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

"""One org per test file; the clients' home directories are temporary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support import clients
from tests.support.clients import Clients

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def running_org() -> Iterator[LocalOrg]:
    with LocalOrg() as org:
        yield org


@pytest.fixture(scope="module")
def tools(
    running_org: LocalOrg, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Clients:
    """The installed clients, beside the org of the test file."""
    directory = clients.directory(pytestconfig)
    assert directory is not None, "a test that uses clients needs the marker `clients`"
    home: Path = tmp_path_factory.mktemp("home")
    return Clients(directory, home, running_org)

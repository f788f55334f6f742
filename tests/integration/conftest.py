"""Fixtures of the tests that use a real PostgreSQL; server and databases are the run's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from crm_sync.sync import state
from tests.support.postgres import Database

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg


@pytest.fixture
def sync_connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The test's database as the sync sees it."""
    with psycopg.connect(database.sync_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def reader_connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The test's database as Power BI sees it."""
    with psycopg.connect(database.reader_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def far_org(org: LocalOrg, monkeypatch: pytest.MonkeyPatch) -> LocalOrg:
    """The test's org, as if it were not on this machine: somebody's production."""
    monkeypatch.setattr(state, "NEAR", frozenset())
    org.edit(org.org_id, {"OrganizationType": "Enterprise Edition"})
    return org

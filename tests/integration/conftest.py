"""Fixtures of the tests that use a real PostgreSQL; server and databases are the run's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support.postgres import Database


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

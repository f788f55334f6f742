"""The Power BI project, and a database to hold it against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from crm_sync.sample import load
from tests.powerbi import project
from tests.support.postgres import Database, Server, temporary_database
from tools.powerbi import model as semantic
from tools.powerbi.model import Model


@pytest.fixture(scope="session")
def model() -> Model:
    """The semantic model, as its files say it."""
    return semantic.read(project.MODEL)


@pytest.fixture(scope="package")
def sample_database(server: Server, template: str) -> Iterator[Database]:
    """A database with the sample data."""
    with temporary_database(server, template) as database:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            load(owner, date.today())
        yield database


@pytest.fixture(scope="package")
def reader(sample_database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The sample data as Power BI sees it."""
    with psycopg.connect(sample_database.reader_url, autocommit=True) as connection:
        yield connection

"""A reader of a guide: a copy of this repository, and a database with its schema as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guides.following import Reader, repository
from tests.support.postgres import ROOT, Database


@pytest.fixture
def reader(tmp_path: Path, database: Database) -> Iterator[Reader]:
    """Somebody who cloned this repository and has a database to try on."""
    reader = Reader(
        repository(ROOT, tmp_path / "clone"),
        filled_in={
            "owner's database URL": database.owner_url,
            "database URL of crm_sync": database.sync_url,
        },
        owner_url=database.owner_url,
    )
    yield reader
    reader.leave()

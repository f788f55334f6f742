"""A reader of a guide: a copy of this repository, and a database with its schema as it is.

The reader went through the tutorial before, so `crm-sync.toml` names a sandbox. Nothing of a trial
may go there; nobody answers at its address.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guides.following import Reader, git, repository
from tests.support.postgres import ROOT, Database

SETTINGS = """target = "sandbox"

[targets.sandbox]
instance_url = "https://sandbox.invalid"
client_id = "the app's consumer key"
"""


@pytest.fixture
def reader(tmp_path: Path, database: Database) -> Iterator[Reader]:
    """Somebody who cloned this repository and has a database to try on."""
    folder = repository(ROOT, tmp_path / "clone")
    (folder / "crm-sync.toml").write_text(SETTINGS, encoding="utf-8")
    git(folder, "add", "--force", "crm-sync.toml")
    git(folder, "commit", "-q", "-m", "After the tutorial")
    reader = Reader(
        folder,
        filled_in={
            "owner's database URL": database.owner_url,
            "database URL of crm_sync": database.sync_url,
        },
        owner_url=database.owner_url,
    )
    yield reader
    reader.leave()

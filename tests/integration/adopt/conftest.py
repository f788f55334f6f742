"""A practice whose org holds records that people made, and a desk that leads to both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.adopt import carrying_out
from crm_sync.localorg.serve import LocalOrg
from tests.integration.sync.practice import Practice, shipped_mappings
from tests.support import command_line
from tests.support.command_line import Desk
from tests.support.postgres import Database


@pytest.fixture
def practice(
    database: Database, connection: psycopg.Connection[Any], org: LocalOrg, tmp_path: Path
) -> Practice:
    """An empty practice with the shipped mappings."""
    return Practice(database, connection, {"local": org}, shipped_mappings(tmp_path))


@pytest.fixture
def desk(
    practice: Practice,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """A folder whose settings lead to the practice's database and org."""
    desk = command_line.desk(tmp_path / "my crm", capsys, monkeypatch)
    desk.database_is(practice.database.sync_url)
    desk.leads_to(practice.org)
    return desk


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying_out, "PAUSE", 0.02)

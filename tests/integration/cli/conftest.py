"""A desk with a database and an org, and a few rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.integration.cli.setting_up import signs_in
from tests.support import command_line
from tests.support.command_line import Desk
from tests.support.postgres import Database

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg


@pytest.fixture
def bare_desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A folder without settings."""
    return command_line.desk(tmp_path / "my crm", capsys, monkeypatch)


@pytest.fixture
def desk(bare_desk: Desk, database: Database, org: LocalOrg) -> Desk:
    """A folder whose settings lead to the test's database and org."""
    bare_desk.secrets["CRM_SYNC_OWNER_DATABASE_URL"] = database.owner_url
    bare_desk.database_is(database.sync_url)
    bare_desk.leads_to(org)
    return bare_desk


@pytest.fixture
def bare_org() -> Iterator[LocalOrg]:
    """An org without our fields, and without the permission set that a new local org comes with."""
    from crm_sync.localorg.serve import LocalOrg

    objects = ("Account", "Lead", "Opportunity", "Task", "Event")
    with LocalOrg(data=None, fields={f"{name}.CRM_Id__c": None for name in objects}) as running:
        yield running


@pytest.fixture
def accounts(connection: psycopg.Connection[Any]) -> list[str]:
    """Two accounts that Salesforce takes as they are; their keys."""
    rows = connection.execute(
        "insert into accounts (company_name, phone) values ('Nordwind', '+49 30 23125 001'),"
        " ('Südhang & Söhne €', null) returning id::text"
    )
    return [row[0] for row in rows]


@pytest.fixture
def admin(bare_desk: Desk, bare_org: LocalOrg) -> Desk:
    """Settings with which the administrator signs in."""
    signs_in(bare_desk, bare_org, bare_org.admin_token)
    return bare_desk

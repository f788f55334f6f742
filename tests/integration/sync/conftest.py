"""Fixtures of the sync's tests: a practice with an empty database and an empty org."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from crm_sync.sync import push
from tests.integration.sync.practice import Practice, shipped_mappings
from tests.support.postgres import Database


@pytest.fixture
def practice(
    database: Database, connection: psycopg.Connection[Any], org: LocalOrg, tmp_path: Path
) -> Practice:
    """An empty practice with the shipped mappings."""
    return Practice(database, connection, {"local": org}, shipped_mappings(tmp_path))


@pytest.fixture
def filled(practice: Practice) -> Practice:
    """Two accounts with a project and a call each, and a lead; all synced."""
    for name in ("Alpha", "Beta"):
        account = practice.add("accounts", company_name=name)
        practice.add("projects", account_id=account, start_date="2026-01-05")
        practice.add("activities", account_id=account)
    practice.add("leads", last_name="Ng")
    practice.sync()
    return practice


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses before a repeat are a matter of patience, not of what is tested."""
    monkeypatch.setattr(push, "PAUSE", 0.02)


KEY_FIELD = {
    "label": "Row Key", "type": "string", "length": 64, "custom": True, "externalId": True,
    "idLookup": True, "unique": True, "caseSensitive": True,
}  # fmt: skip


@pytest.fixture
def org_with_row_key() -> Iterator[LocalOrg]:
    """An org that has a second field for keys, Row_Key__c."""
    objects = ("Account", "Lead", "Opportunity", "Task", "Event")
    fields = {f"{name}.Row_Key__c": {"name": "Row_Key__c", **KEY_FIELD} for name in objects}
    with LocalOrg(data=None, fields=fields) as running:
        yield running

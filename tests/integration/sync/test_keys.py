"""Keys that Salesforce would take for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sync.errors import MappingError
from tests.integration.sync.practice import Practice, write_mapping

MAPPING = """
object: Account
external_id: {field: CRM_Id__c}
source: {table: shops, key: code}
label: name
fields:
  Name: name
"""


@pytest.fixture
def shops(practice: Practice, tmp_path: Path) -> Practice:
    """A table whose keys are texts, of which two differ in case alone."""
    practice.connection.execute(
        "create table shops (code text primary key, name text);"
        "grant select on shops to crm_sync;"
        "insert into shops values ('a', 'Anchor'), ('b', 'Buoy')"
    )
    practice.mappings = write_mapping(tmp_path / "own", "shop", MAPPING)
    practice.sync()
    practice.connection.execute("insert into shops values ('A', 'Another')")
    return practice


def test_keys_that_differ_in_case_alone_are_two_records(shops: Practice) -> None:
    shops.sync()
    assert {r["CRM_Id__c"]: r["Name"] for r in shops.org.store.records("Account")} == {
        "a": "Anchor",
        "b": "Buoy",
        "A": "Another",
    }


def test_keys_that_differ_in_case_alone_are_refused_where_the_external_id_ignores_case(
    shops: Practice,
) -> None:
    shops.connection.execute(
        "update sync.describe"
        " set facts = jsonb_set(facts, '{fields,CRM_Id__c,caseSensitive}', 'false')"
    )
    shops.org.calls.clear()
    for attempt in (shops.plan, shops.sync):
        with pytest.raises(MappingError, match="keys A and a of shops differ in upper and lower"):
            attempt()
    assert shops.writes() == []
    shops.connection.execute("delete from shops where code = 'A'")
    shops.sync()

"""Refusals that only the whole plan or the org can foretell, and what is not foretold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.integration.sync.practice import Practice
from tests.support.postgres import Database
from tests.unit.localorg.client import Client

MAPPING = """
object: Account
source: {table: shops}
label: name
fields:
  Name: {column: name, write: on_create}
  Phone: phone
  Code__c: code
"""
CODE = {
    "name": "Code__c", "label": "Code", "type": "string", "length": 20, "unique": True,
    "permissionable": False,
}  # fmt: skip


@pytest.fixture
def shops(database: Database, connection: psycopg.Connection[Any], tmp_path: Path) -> Any:
    """Two shops with codes, synced to an org in which codes are unique."""
    mappings = tmp_path / "mappings"
    mappings.mkdir()
    (mappings / "shop.yaml").write_text(MAPPING, encoding="utf-8")
    connection.execute(
        "create table shops (id text primary key, name text, phone text, code text);"
        "grant select on shops to crm_sync;"
        "insert into shops values ('a', 'Anchor', '1', 'A1'), ('b', 'Buoy', '2', 'B1')"
    )
    with LocalOrg(fields={"Account.Code__c": CODE}) as org:
        practice = Practice(database, connection, {"local": org}, mappings)
        practice.sync()
        yield practice


def states(practice: Practice) -> dict[str, str]:
    return {row.key: row.state for row in practice.plan()}


def codes(practice: Practice) -> dict[str, list[str]]:
    return {row.key: [p.code for p in row.problems] for row in practice.plan()}


def test_a_value_that_a_record_of_ours_holds_is_refused_before_it_is_sent(shops: Practice) -> None:
    shops.connection.execute("insert into shops values ('c', 'Cape', null, 'a1')")
    shops.change("shops", "b", code="A1")
    assert states(shops) == {"c": "invalid", "b": "invalid"}
    report = shops.sync()
    assert report.summaries[0].invalid == 2
    problem = shops.problem("c")
    holder = shops.record("Account", "a")["Id"]
    assert problem["code"] == "DUPLICATE_VALUE"
    assert problem["column"] == "shops.code"
    assert problem["sentence"] == (
        f"Record {holder} in Salesforce holds the value of Code__c, which is unique."
    )


def test_a_value_that_people_gave_to_a_record_of_theirs_is_found(shops: Practice) -> None:
    Client(shops.org).upsert_one("Account", CRM_Id__c="theirs", Name="T", Code__c="T1")
    shops.connection.execute("insert into shops values ('c', 'Cape', null, 't1')")
    assert codes(shops) == {"c": ["DUPLICATE_VALUE"]}
    Client(shops.org).upsert_one("Account", CRM_Id__c="theirs", Code__c=None)
    assert states(shops) == {"c": "planned"}


def test_of_two_new_rows_with_one_value_the_first_is_sent(shops: Practice) -> None:
    shops.connection.execute(
        "insert into shops values ('c', 'Cape', null, 'N1'), ('d', 'Dock', null, 'n1')"
    )
    assert states(shops) == {"c": "planned", "d": "invalid"}
    shops.sync()
    assert shops.record("Account", "c")["Code__c"] == "N1"
    assert shops.records("Account", "d") == []


def test_a_value_that_changes_hands_is_sent_when_it_is_free(shops: Practice) -> None:
    shops.change("shops", "a", code=None)
    shops.connection.execute("insert into shops values ('c', 'Cape', null, 'A1')")
    assert states(shops) == {"a": "planned", "c": "invalid"}
    shops.sync()
    shops.sync()
    assert shops.record("Account", "c")["Code__c"] == "A1"
    assert shops.plan() == []


def test_between_two_updates_the_order_decides_and_the_row_is_sent(shops: Practice) -> None:
    shops.change("shops", "a", code="A2")
    shops.change("shops", "b", code="A1")
    assert codes(shops) == {"a": [], "b": ["VALUE_CHANGES_HANDS"]}
    assert states(shops) == {"a": "planned", "b": "planned"}


def test_nothing_is_asked_where_no_unique_value_is_new(shops: Practice) -> None:
    shops.org.calls.clear()
    assert shops.sync().calls == 0
    shops.change("shops", "a", phone="3")
    assert shops.sync().calls == 1
    shops.change("shops", "a", code="A3")
    assert shops.sync().calls == 2


def test_what_an_update_does_not_send_holds_it_back_no_more(shops: Practice) -> None:
    """A name that is gone, of a field that is written on create; a code that became too long."""
    shops.change("shops", "a", name=None, phone="3")
    assert states(shops) == {"a": "planned"}
    shops.sync()
    assert shops.record("Account", "a")["Phone"] == "3"
    shops.connection.execute(
        "update sync.describe set facts = jsonb_set(facts, '{fields,Code__c,length}', '1')"
    )
    shops.change("shops", "a", phone="4")
    assert states(shops) == {"a": "planned"}
    shops.change("shops", "a", phone="4", code="A4")
    assert codes(shops) == {"a": ["STRING_TOO_LONG"]}
    shops.connection.execute("insert into shops values ('c', null, null, null)")
    assert codes(shops)["c"] == ["REQUIRED_FIELD_MISSING"]

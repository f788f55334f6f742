"""Lookups: which parent a row names, and when a record that is not ours counts as found."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.compile import compile_mapping
from crm_sync.mapping.keys import reference_values
from tests.integration.mapping.conftest import ROWS
from tests.integration.mapping.described import field, thing
from tests.integration.mapping.planned import create_table, mapping

Connection = psycopg.Connection[Any]
REFERENCES = ("Owner", "Blank", "Default", "Owned", "RecordTypeId")
FACTS = thing([field("Text"), field("What", "reference"),
               *(field(name, "reference") for name in REFERENCES)])  # fmt: skip
BY_EMAIL = {"object": "User", "by": "Email", "column": "owner"}
MAPPING = mapping(
    {"Text": "a"},
    lookups={
        "What": [
            {"mapping": "one", "column": "a"},
            {"mapping": "two", "sql": "nullif(b, '-')"},
            {"mapping": "three", "column": "c"},
        ],
        "Owner": {**BY_EMAIL, "required": True},
        "Blank": {**BY_EMAIL, "otherwise": "blank"},
        "Default": {**BY_EMAIL, "otherwise": "default"},
        "RecordTypeId": {"object": "RecordType", "by": "DeveloperName", "sql": "kind"},
    },
)
OWNED = mapping(
    {"Text": "a"}, lookups={"Owned": {**BY_EMAIL, "otherwise": "default"}}
).with_default_user("005Z")
USERS = """
create temp table found_reference (
    object text, field text, value text, salesforce_id text, is_active boolean, matches integer);
insert into found_reference values
    ('User', 'Email', 'ann@example.com', '005A', true, 1),
    ('User', 'Email', 'two@example.com', '005B', true, 2),
    ('User', 'Email', 'left@example.com', '005C', false, 1),
    ('User', 'Username', 'name@example.com', '005D', true, 1),
    ('Contact', 'Email', 'contact@example.com', '003E', true, 1),
    ('RecordType', 'DeveloperName', 'thing__c.big_one', '012A', true, 1),
    ('RecordType', 'DeveloperName', 'lead.other', '012B', true, 1),
    ('RecordType', 'DeveloperName', 'thing__c.former', '012C', false, 0);
"""
FOUND = {"ann@example.com": "005A"}
kinds = st.sampled_from([None, "Big_One", "big_one", "Other", "Former"])
keys = st.sampled_from([None, "1", "2", "ü'\\"])
owners = st.sampled_from(
    [None, "", "ann@example.com", "ANN@Example.COM", "two@example.com", "left@example.com",
     "name@example.com", "contact@example.com", "nobody@example.com"]
)  # fmt: skip


@ROWS
@given(
    st.lists(st.tuples(keys, keys | st.just("-"), keys, owners, kinds), min_size=30, max_size=60)
)
def test_a_row_names_its_first_parent_and_records_that_are_found_once(
    connection: Connection, generated: list[tuple[str | None, ...]]
) -> None:
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        create_table(connection, "a text, b text, c text, owner text, kind text")
        connection.execute(USERS.encode())
        with cursor.copy("copy public.thing from stdin") as copy:
            for number, row in enumerate(generated):
                copy.write_row([number, *row])
        query = compile_mapping(MAPPING, read_catalog(connection), FACTS)
        found = sorted(connection.execute(query).fetchall(), key=lambda row: int(row[1]))
        query = compile_mapping(OWNED, read_catalog(connection), FACTS)
        owned = {row[1]: (row[3], row[5]) for row in connection.execute(query)}
    for (a, b, c, owner, kind), (_, key, _, payload, lookups, problems) in zip(
        generated, found, strict=True
    ):
        named = {"one": a, "two": None if b == "-" else b, "three": c}
        given_ = {name: key for name, key in named.items() if key is not None}
        first = next(iter(given_.items()), ("one", None))
        columns = {"one": "thing.a", "two": None, "three": "thing.c"}
        assert lookups == [
            {"field": "What", "required": False, "mapping": first[0], "key": first[1],
             "column": columns[first[0]]}
        ]  # fmt: skip
        user = FOUND.get((owner or "").lower())
        record_type = "012A" if kind in ("Big_One", "big_one") else None
        assert payload == {
            "Text": a, "Owner": user, "Blank": user, "RecordTypeId": record_type,
            **({"Default": user} if user else {}),
        }  # fmt: skip
        codes = {(p["field"], p["code"], p["severity"]) for p in problems}
        is_lacking = bool(owner) and user is None
        cases = {
            ("What", "AMBIGUOUS_LOOKUP", "error"): len(given_) > 1,
            ("Owner", "REFERENCE_NOT_FOUND", "error"): is_lacking,
            ("Owner", "REQUIRED_FIELD_MISSING", "error"): not owner,
            ("Blank", "REFERENCE_NOT_FOUND", "note"): is_lacking,
            ("Default", "REFERENCE_NOT_FOUND", "note"): is_lacking,
            ("RecordTypeId", "REFERENCE_NOT_FOUND", "error"): bool(kind) and record_type is None,
        }
        assert codes == {case for case, holds in cases.items() if holds}
        assert owned[key][0] == {"Text": a, "Owned": user or "005Z"}
        assert [p["code"] for p in owned[key][1]] == ["REFERENCE_NOT_FOUND"] * is_lacking


def test_only_owners_that_are_given_are_asked_for_and_each_once(connection: Connection) -> None:
    create_table(connection, "a text, b text, c text, owner text, kind text")
    connection.execute(
        "insert into thing (id, owner, kind)"
        " values (1, 'A@b.c', 'Big'), (2, 'a@B.c', null), (3, '', ''), (4, null, 'big')"
    )
    query = reference_values(MAPPING, "Owner", read_catalog(connection))
    assert connection.execute(query).fetchall() == [("a@b.c",)]
    query = reference_values(MAPPING, "RecordTypeId", read_catalog(connection))
    assert connection.execute(query).fetchall() == [("thing__c.big",)]

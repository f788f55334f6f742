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
FACTS = thing([field("Text"), field("What", "reference"), field("Owner", "reference")])
MAPPING = mapping(
    {"Text": "a"},
    lookups={
        "What": [
            {"mapping": "one", "column": "a"},
            {"mapping": "two", "sql": "nullif(b, '-')"},
            {"mapping": "three", "column": "c"},
        ],
        "Owner": {"object": "User", "by": "Email", "column": "owner", "required": True},
    },
)
USERS = """
create temp table found_reference (
    object text, field text, value text, salesforce_id text, is_active boolean, matches integer);
insert into found_reference values
    ('User', 'Email', 'ann@example.com', '005A', true, 1),
    ('User', 'Email', 'two@example.com', '005B', true, 2),
    ('User', 'Email', 'left@example.com', '005C', false, 1),
    ('User', 'Username', 'name@example.com', '005D', true, 1),
    ('Contact', 'Email', 'contact@example.com', '003E', true, 1);
"""
FOUND = {"ann@example.com": "005A"}
keys = st.sampled_from([None, "1", "2", "ü'\\"])
owners = st.sampled_from(
    [None, "", "ann@example.com", "ANN@Example.COM", "two@example.com", "left@example.com",
     "name@example.com", "contact@example.com", "nobody@example.com"]
)  # fmt: skip


@ROWS
@given(st.lists(st.tuples(keys, keys | st.just("-"), keys, owners), min_size=30, max_size=60))
def test_a_row_names_its_first_parent_and_an_owner_who_is_found_once(
    connection: Connection, generated: list[tuple[str | None, str | None, str | None, str | None]]
) -> None:
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        create_table(connection, "a text, b text, c text, owner text")
        connection.execute(USERS.encode())
        with cursor.copy("copy public.thing from stdin") as copy:
            for number, row in enumerate(generated):
                copy.write_row([number, *row])
        query = compile_mapping(MAPPING, read_catalog(connection), FACTS)
        found = sorted(connection.execute(query).fetchall(), key=lambda row: int(row[1]))
    for (a, b, c, owner), (_, _, _, payload, lookups, problems) in zip(
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
        assert payload == {"Text": a, "Owner": FOUND.get((owner or "").lower())}
        codes = {(p["field"], p["code"], p["severity"]) for p in problems}
        expected = {("What", "AMBIGUOUS_LOOKUP", "error")} if len(given_) > 1 else set()
        if not owner:
            expected.add(("Owner", "REQUIRED_FIELD_MISSING", "error"))
        elif owner.lower() not in FOUND:
            expected.add(("Owner", "REFERENCE_NOT_FOUND", "error"))
        assert codes == expected


def test_only_owners_that_are_given_are_asked_for_and_each_once(connection: Connection) -> None:
    create_table(connection, "a text, b text, c text, owner text")
    connection.execute(
        "insert into thing (id, owner) values (1, 'A@b.c'), (2, 'a@B.c'), (3, ''), (4, null)"
    )
    query = reference_values(MAPPING, "Owner", read_catalog(connection))
    assert connection.execute(query).fetchall() == [("a@b.c",)]

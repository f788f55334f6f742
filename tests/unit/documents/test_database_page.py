"""docs/database.md: what is said of a table, of who may, and how its parts are reached."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from crm_sync.documents.database import database_page
from crm_sync.er_diagram.catalog import (
    Column,
    Constraint,
    Enum,
    Function,
    Grant,
    Policy,
    Schema,
    Table,
)
from crm_sync.er_diagram.pictures import pictures

KEY = Column("id", "uuid", None, True, True, False, "gen_random_uuid()", "Key.")
TABLE = Table(
    "leads",
    "Who | asks.",
    (
        KEY,
        Column("stage", "stage", "stage", False, False, False, "", "How far_it is."),
        Column("twice", "integer", None, False, False, True, "n * 2", "Computed."),
        Column("number", "bigint", None, True, False, False, "the next number", "Counted."),
    ),
    (Constraint("check", "leads_ok", "CHECK (a OR b)"),),
    (Grant("clerk", ("select", "insert")), Grant("robot", ("select",))),
    (
        Policy("clerk", ("select",), "( SELECT is_staff() AS is_staff)", "true"),
        Policy("clerk", ("insert",), "true", "mine"),
    ),
    True,
)
SCHEMA = Schema(
    "public",
    (TABLE,),
    (),
    (Enum("stage", ("new", "won"), "How far."),),
    (Table("open_leads", "Those that are open.", (KEY,), grants=(Grant("reader", ("select",)),)),),
    (
        Function("close", "id uuid", "boolean", "Closes it.", False, ("clerk",)),
        Function("note", "", "trigger", "Notes it.", True, ()),
    ),
    "standard public schema",
)


def page(table: Table = TABLE) -> str:
    return database_page([replace(SCHEMA, tables=(table,))], ["er-diagram.svg"])


def row(text: str, name: str) -> str:
    [found] = [line for line in text.splitlines() if line.startswith(f"| `{name}`")]
    return found


def test_a_column_has_type_null_default_and_meaning() -> None:
    text = page()
    assert "| `id` | `uuid` | no | `gen_random_uuid()` | Key. |" in text
    assert "| `stage` | `stage` | yes | \N{EN DASH} | How far\\_it is. |" in text
    assert "| `twice` | `integer` | yes | computed: `n * 2` | Computed. |" in text
    assert "| `number` | `bigint` | no | the next number | Counted. |" in text
    assert "Who \\| asks." in text


def test_keys_and_rules_stand_as_one_writes_them() -> None:
    assert "- `CHECK (a OR b)` (`leads_ok`)" in page()


@pytest.mark.parametrize(
    ("policies", "secured", "rows"),
    [
        (TABLE.policies, True, "read: where `is_staff()`; insert: where `mine`"),
        ((Policy("everyone", ("select", "insert"), "true", "true"),), True, "every row"),
        ((), True, "none"),
        ((), False, "every row: there is no row level security"),
        (
            (
                Policy("clerk", ("select", "insert"), "a", "a"),
                Policy("clerk", ("select", "insert"), "b", "b"),
            ),
            True,
            "where `a` or where `b`",
        ),
    ],
)
def test_who_may_is_said_with_the_rows_that_policies_open(
    policies: tuple[Policy, ...], secured: bool, rows: str
) -> None:
    text = page(replace(TABLE, policies=policies, has_row_security=secured))
    assert row(text, "clerk") == f"| `clerk` | read, insert | {rows} |"


def test_a_table_that_nobody_was_granted_says_so() -> None:
    assert "Who may:\n\n- nobody but the owner" in page(replace(TABLE, grants=()))


def test_enums_views_and_functions_are_there() -> None:
    text = page()
    assert "| `stage` | `new`, `won` | How far. |" in text
    assert "*A view.* Those that are open." in text
    assert "Read by `reader`." in text
    assert "| `close(id uuid)` | `boolean` | `clerk` | Closes it. |" in text
    assert "| `note` | Notes it. |" in text
    assert "standard public schema" not in text


def test_the_contents_lead_to_the_headings_and_the_picture_to_its_file() -> None:
    text = page()
    assert "(architecture/er-diagram.svg)" in text
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert len(links) == 2
    assert set(links) <= headings


def test_every_table_has_as_many_cells_as_its_head() -> None:
    width = 0
    for line in page().splitlines():
        cells = line.replace(r"\|", "").count("|") if line.startswith("|") else 0
        width = cells if not cells or not width else width
        assert cells == width, line


def test_a_schema_without_tables_is_not_drawn() -> None:
    empty = Schema("sync", (), (), ())
    assert pictures([SCHEMA, empty]).keys() == {"er-diagram.svg"}
    assert pictures([SCHEMA, replace(SCHEMA, name="sync")]).keys() == {
        "er-diagram.svg",
        "er-diagram-sync.svg",
    }

"""docs/database.md holds all that the database has, each with its comment."""

from __future__ import annotations

from typing import Any

import psycopg

from crm_sync.documents.database import database_page
from crm_sync.er_diagram.catalog import Schema, read, schema_names
from crm_sync.mapping.markdown import code, prose


def schemas(connection: psycopg.Connection[Any]) -> list[Schema]:
    return [read(connection, name) for name in schema_names(connection)]


def test_our_schemas_are_read_public_first(connection: psycopg.Connection[Any]) -> None:
    assert schema_names(connection) == ["public", "analytics", "sync"]


def test_every_thing_stands_on_the_page_with_its_comment(
    connection: psycopg.Connection[Any],
) -> None:
    read_ones = schemas(connection)
    text = database_page(read_ones, [])
    for schema in read_ones:
        for relation in (*schema.tables, *schema.views):
            name = relation.name if schema.name == "public" else f"{schema.name}.{relation.name}"
            chapter = text.split(f"\n### `{name}`\n")[1].split("\n### ")[0]
            assert relation.comment
            assert prose(relation.comment) in chapter
            for column in relation.columns:
                [row] = [
                    line
                    for line in chapter.splitlines()
                    if line.startswith(f"| `{column.name}` | {code(column.type)} |")
                ]
                assert column.comment, (name, column.name)
                assert row.endswith(f"| {prose(column.comment)} |")
            for constraint in relation.constraints:
                assert code(constraint.definition) in chapter
        for enum in schema.enums:
            assert f"| `{enum.name}` | {', '.join(map(code, enum.values))} |" in text
        for function in schema.functions:
            assert function.comment, function.name
            assert prose(function.comment) in text


def test_who_may_read_and_write_is_what_the_catalog_says(
    connection: psycopg.Connection[Any],
) -> None:
    public, analytics, sync = schemas(connection)
    by_name = {table.name: table for table in (*public.tables, *analytics.views, *sync.tables)}
    text = database_page([public, analytics, sync], [])
    accounts = text.split("### `accounts`")[1].split("\n### ")[0]
    assert "| `crm_sync` | read | every row |" in accounts
    assert [grant.role for grant in by_name["kpi"].grants] == ["powerbi_reader"]
    changes = text.split("### `sync.change`")[1].split("\n### ")[0]
    assert "| `crm_sync` | read, update, delete | every row |" in changes
    assert all(table.has_row_security for table in (*public.tables, *sync.tables))

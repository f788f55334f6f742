"""The two pictures of the database: the tables of the CRM, and the state of the sync.

In: schemas as the catalog has them. Out: SVG by the name of its file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crm_sync.er_diagram.catalog import Schema
from crm_sync.er_diagram.layout import arrange
from crm_sync.er_diagram.svg import draw

__all__ = ["pictures"]


def pictures(schemas: Iterable[Schema]) -> dict[str, str]:
    """The pictures of schemas public and sync, as far as they have tables; of the sync's tables the
    keys only, since each refers to its org.
    """
    drawn: dict[str, str] = {}
    for schema in schemas:
        if schema.tables and schema.name == "public":
            title = "The CRM: tables of schema public"
            drawn["er-diagram.svg"] = draw(arrange(schema), title, _names(schema))
        elif schema.tables and schema.name == "sync":
            title = "The state of the sync: tables of schema sync"
            layout = arrange(replace(schema, enums=()), keys_only=True)
            drawn["er-diagram-sync.svg"] = draw(layout, title, _names(schema))
    return drawn


def _names(schema: Schema) -> str:
    return f"Tables: {', '.join(table.name for table in schema.tables)}."

"""``?columns=true``: what a query would answer, column by column, instead of its rows.

sf asks it after each query that it shows as a table, and reads columnName, displayName, aggregate
and joinColumns (C, plugin-data ``query.ts``); the other keys are those of the Tooling API's
QueryColumnMetadata, and how Salesforce fills them is U.
"""

from typing import Any

from crm_sync.localorg.schema import Field
from crm_sync.localorg.soql.statement import Column, Statement

_APEX_TYPES = {
    "id": "Id",
    "reference": "Id",
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "currency": "Double",
    "percent": "Double",
    "date": "Date",
    "datetime": "Datetime",
    "address": "Address",
}
_NUMBERS = ("int", "double", "currency", "percent")


def describe(statement: Statement) -> dict[str, Any]:
    """The whole answer."""
    selected = [column.path for column in statement.columns]
    return {
        "columnMetadata": _tree(statement.columns, 0),
        "entityName": statement.object_type.name,
        "groupBy": statement.is_grouped,
        "idSelected": ("Id",) in selected,
        "keyPrefix": statement.object_type.prefix,
    }


def _tree(columns: tuple[Column, ...], level: int) -> list[dict[str, Any]]:
    """Columns in the order of the query; those of a parent stand in its joinColumns."""
    shown: list[dict[str, Any]] = []
    parents: dict[str, list[Column]] = {}
    for column in columns:
        name = column.path[level]
        if column.statement is not None:
            inner = _tree(column.statement.columns, 0)
            shown.append(_one(name, name, "children", None, inner, is_aggregate=True))
        elif len(column.path) == level + 1:
            is_aggregate = column.is_aggregate
            shown.append(
                _one(name, column.display, column.kind, column.field, [], is_aggregate=is_aggregate)
            )
        elif name in parents:
            parents[name].append(column)
        else:
            parents[name] = [column]
            shown.append(_one(name, name, "parent", None, [], is_aggregate=False))
    for entry in shown:
        if entry["columnName"] in parents:
            entry["joinColumns"] = _tree(tuple(parents[entry["columnName"]]), level + 1)
    return shown


def _one(
    name: str,
    display: str,
    kind: str,
    field: Field | None,
    join: list[dict[str, Any]],
    *,
    is_aggregate: bool,
) -> dict[str, Any]:
    facts = field.describe if field is not None else {}
    return {
        "aggregate": is_aggregate,
        "apexType": None
        if kind in ("children", "parent", "typeof")
        else _APEX_TYPES.get(kind, "String"),
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": bool(facts.get("custom", False)),
        "displayName": display,
        "foreignKeyName": field.relationship if field is not None else None,
        "insertable": bool(facts.get("createable", False)),
        "joinColumns": join,
        "numberType": kind in _NUMBERS,
        "textType": field is not None and field.is_text,
        "updatable": bool(facts.get("updateable", False)),
    }

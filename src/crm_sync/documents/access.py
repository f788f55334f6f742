"""Makes docs/access.md: what each role may do with each table, view and function, from the catalog.

In: schemas as `er_diagram/catalog.py` reads them. Out: Markdown. A right counts where the role may
also name what is in the schema, and where row level security opens rows to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crm_sync.er_diagram.catalog import Function, Schema, Table
from crm_sync.mapping.markdown import anchor, code, table

__all__ = ["EVERYONE", "ROLES", "access_page", "rights"]

ROLES = ("anon", "authenticated", "service_role", "crm_sync", "powerbi_reader")
EVERYONE = "everyone"
BYPASSES = ("service_role",)
"""Supabase gives it BYPASSRLS, which no file of ours can: row level security does not ask it."""
_WORDS = {"select": "read", "insert": "insert", "update": "update", "delete": "delete"}
_CALLS = "execute"

INTRODUCTION = """\
# Who may do what

This page is made by `crm-sync docs` from the database that schema.sql and views.sql make: from its
grants and its row level security, not from what somebody meant. A test acts as each of these roles
on each thing that stands here, in an imitation of a Supabase project, and compares what it could do
with a declared matrix, `tests/integration/database/access_matrix.py`; what is new and stands in no
line of it fails. Change schema.sql, section 6, not this page.

| Role | Who that is | Rows |
|---|---|---|
| `anon` | whoever has the public API key and did not sign in | none |
| `authenticated` | whoever signed in through Supabase's API, and counts as a member of the \
practice: [is_staff()](database.md#functions-of-schema-public) | every row; none for others |
| `service_role` | a server that holds the secret API key | every row |
| `crm_sync` | the sync | every row |
| `powerbi_reader` | Power BI | every row of the views |

The owner (on Supabase `postgres`), who applied the files, may do everything and is asked nothing;
use it for that and for nothing else. `crm_sync` and `powerbi_reader` get their password by
`crm-sync db login` ([commands](cli.md)). Nobody but the owner may empty a table with TRUNCATE,
refer to it by a foreign key, or make anything. An empty cell, or a role without a column: nothing;
the request is refused.
"""


def access_page(schemas: Sequence[Schema]) -> str:
    """The page."""
    blocks = [INTRODUCTION.rstrip()]
    for schema in schemas:
        blocks += _schema(schema)
    return "\n\n".join(blocks) + "\n"


def rights(schema: Schema, role: str) -> dict[str, tuple[str, ...]]:
    """What a role may do in a schema, by the name of the table, view or function (with its types):
    select, insert, update, delete, execute. Everything of the schema has an entry.
    """
    may_enter = {role, EVERYONE} & set(schema.users)
    found = {
        one.name: _on_rows(one, role) if may_enter else ()
        for one in (*schema.tables, *schema.views)
    }
    for function in schema.functions:
        is_open = may_enter and {role, EVERYONE} & set(function.roles)
        found[_signature(function)] = (_CALLS,) if is_open else ()
    return found


def _signature(function: Function) -> str:
    return f"{function.name}({function.arguments})"


def _on_rows(one: Table, role: str) -> tuple[str, ...]:
    granted = {right for g in one.grants if g.role in (role, EVERYONE) for right in g.rights}
    opened = {right for p in one.policies if p.role in (role, EVERYONE) for right in p.rights}
    is_bound = one.has_row_security and role not in BYPASSES
    return tuple(
        right for right in _WORDS if right in granted and (not is_bound or right in opened)
    )


def _schema(schema: Schema) -> Iterable[str]:
    yield f"## Schema {schema.name}"
    allowed = {role: rights(schema, role) for role in ROLES}
    entering = [role for role in ROLES if {role, EVERYONE} & set(schema.users)]
    named = ", ".join(map(code, entering))
    yield f"May name what is in it: {named}." if named else "Nobody but the owner may enter it."
    for kind, names in (
        ("Table", [one.name for one in schema.tables]),
        ("View", [one.name for one in schema.views]),
        ("Function", [_signature(one) for one in schema.functions]),
    ):
        if names:
            yield table(
                (kind, *map(code, ROLES)),
                ((_linked(schema, kind, name), *_cells(allowed, name)) for name in names),
            )


def _cells(allowed: dict[str, dict[str, tuple[str, ...]]], name: str) -> Iterable[str]:
    for role in ROLES:
        may = allowed[role][name]
        yield "call" if may == (_CALLS,) else ", ".join(_WORDS[right] for right in may)


def _linked(schema: Schema, kind: str, name: str) -> str:
    if kind == "Function":
        return code(name)
    title = name if schema.name == "public" else f"{schema.name}.{name}"
    return f"[{title}](database.md#{anchor(title)})"

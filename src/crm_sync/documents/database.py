"""Makes docs/database.md: every schema, table, view, column, enum and function, from the catalog.

In: schemas as `er_diagram/catalog.py` reads them; what they mean is said by the comments of
schema.sql and views.sql. Out: Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from crm_sync.er_diagram.catalog import Column, Enum, Function, Policy, Schema, Table
from crm_sync.mapping.markdown import anchor, code, prose, table

__all__ = ["database_page"]

INTRODUCTION = """\
# The database

This page is made by `crm-sync docs` from the database that schema.sql and views.sql make; what each
thing means is the comment that stands beside it there. Change those files, not this page.

- *Null* says whether a column may be empty; *Default* is what stands in it where nothing is said.
- *Who may* leaves out the owner of the tables, who may do everything. A role that is not named may
  do nothing. *Rows* is what row level security lets the role see and write.
- Roles: `crm_sync` is the sync, `powerbi_reader` reads the views for reports; `authenticated`
  (people who signed in) and `service_role` (servers that hold its key) exist on Supabase only.
"""
STANDARD = "standard public schema"
"""PostgreSQL's own comment on schema public, which says nothing."""
RIGHTS = {"select": "read"}


def database_page(schemas: Sequence[Schema], pictures: Iterable[str]) -> str:
    """The page. `pictures`: names of files below `architecture/`, shown at the top."""
    blocks = [INTRODUCTION.rstrip(), *(_picture(name) for name in pictures), _contents(schemas)]
    for schema in schemas:
        blocks += _schema(schema)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _picture(name: str) -> str:
    what = "the sync's state" if "sync" in name else "the CRM"
    return f"![The tables of {what} and how they refer to each other](architecture/{name})"


def _contents(schemas: Iterable[Schema]) -> str:
    lines: list[str] = []
    for schema in schemas:
        for kind, found in (("tables", schema.tables), ("views", schema.views)):
            links = ", ".join(f"[{one.name}](#{anchor(_title(schema, one.name))})" for one in found)
            if links:
                lines.append(f"- Schema {schema.name}, {kind}: {links}")
    return "\n".join(lines)


def _title(schema: Schema, name: str) -> str:
    return name if schema.name == "public" else f"{schema.name}.{name}"


def _schema(schema: Schema) -> Iterable[str]:
    yield f"## Schema {schema.name}"
    yield prose(schema.comment) if schema.comment != STANDARD else ""
    if schema.enums:
        yield f"### Enums of schema {schema.name}"
        yield table(("Enum", "Values", "Meaning"), map(_enum, schema.enums))
    for one in schema.tables:
        yield f"### `{_title(schema, one.name)}`"
        yield from _table(one)
    for one in schema.views:
        yield f"### `{_title(schema, one.name)}`"
        yield from _view(one)
    if schema.functions:
        yield f"### Functions of schema {schema.name}"
    if called := [f for f in schema.functions if not f.is_trigger]:
        yield "To be called:"
        yield table(("Function", "Gives", "Who may call it", "Meaning"), map(_function, called))
    if triggers := [f for f in schema.functions if f.is_trigger]:
        yield "Called by triggers alone:"
        yield table(("Function", "Meaning"), ((code(f.name), prose(f.comment)) for f in triggers))


def _enum(enum: Enum) -> tuple[str, ...]:
    return code(enum.name), ", ".join(map(code, enum.values)), prose(enum.comment)


def _table(one: Table) -> Iterable[str]:
    yield prose(one.comment)
    yield table(
        ("Column", "Type", "Null", "Default", "Meaning"),
        (
            (
                code(column.name),
                code(column.type),
                "no" if column.is_required else "yes",
                _default(column),
                prose(column.comment),
            )
            for column in one.columns
        ),
    )
    if one.constraints:
        yield "Keys and rules:"
        yield "\n".join(f"- {code(c.definition)} (`{c.name}`)" for c in one.constraints)
    yield "Who may:"
    yield _access(one)


def _default(column: Column) -> str:
    if column.is_generated:
        return f"computed: {code(column.default)}"
    if column.default == "the next number":
        return column.default
    return code(column.default) or "\N{EN DASH}"


def _view(one: Table) -> Iterable[str]:
    yield f"*A view.* {prose(one.comment)}"
    yield table(
        ("Column", "Type", "Meaning"),
        ((code(c.name), code(c.type), prose(c.comment)) for c in one.columns),
    )
    readers = ", ".join(code(grant.role) for grant in one.grants if "select" in grant.rights)
    yield f"Read by {readers}." if readers else "Read by its owner only."


def _access(one: Table) -> str:
    if not one.grants:
        return "- nobody but the owner"
    return table(
        ("Role", "May", "Rows"),
        (
            (
                code(grant.role),
                ", ".join(RIGHTS.get(right, right) for right in grant.rights),
                _rows(one, grant.role, grant.rights),
            )
            for grant in one.grants
        ),
    )


def _rows(one: Table, role: str, rights: tuple[str, ...]) -> str:
    """Which rows row level security opens to a role, right by right where they differ."""
    if not one.has_row_security:
        return "every row: there is no row level security"
    said = {right: _opened(one.policies, role, right) for right in rights if right != "truncate"}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{RIGHTS.get(right, right)}: {rows}" for right, rows in said.items())


def _opened(policies: Iterable[Policy], role: str, right: str) -> str:
    """Of several policies each opens rows of its own."""
    ours = [p for p in policies if p.role in (role, "everyone") and right in p.rights]
    conditions = dict.fromkeys(p.writes if right == "insert" else p.reads for p in ours)
    if "true" in conditions:
        return "every row"
    return " or ".join(f"where {code(_bare(c))}" for c in conditions) or "none"


def _bare(condition: str) -> str:
    """Without the SELECT that lets PostgreSQL ask once for a statement, not for each row."""
    asked_once = re.fullmatch(r"\( SELECT (.+) AS \w+\)", condition)
    return asked_once[1] if asked_once else condition


def _function(function: Function) -> tuple[str, ...]:
    return (
        code(f"{function.name}({function.arguments})"),
        code(function.returns),
        ", ".join(code(role) for role in function.roles) or "the owner only",
        prose(function.comment),
    )

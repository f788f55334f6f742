"""What PostgreSQL knows of the source tables: columns, types, foreign keys, row level security.

In: a connection. Out: `TableFacts` by table name, which compiling and checking read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

__all__ = ["Catalog", "ForeignKey", "TableFacts", "read_catalog"]


@dataclass(frozen=True)
class ForeignKey:
    """`column` of this table names `target_column` of `target`."""

    column: str
    target: str
    target_column: str


@dataclass(frozen=True)
class TableFacts:
    """One table of schema public. `hides_rows`: row level security may keep rows from our role."""

    name: str
    columns: dict[str, str]
    foreign_keys: tuple[ForeignKey, ...] = ()
    hides_rows: bool = False
    readable: bool = True


Catalog = dict[str, TableFacts]

_T = TypeVar("_T")

_COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       has_table_privilege(c.oid, 'select')
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p')
order by c.relname collate "C", a.attnum
"""

_FOREIGN_KEYS = """
select s.relname, a.attname, t.relname, b.attname
from pg_catalog.pg_constraint c
join pg_catalog.pg_class s on s.oid = c.conrelid
join pg_catalog.pg_namespace n on n.oid = s.relnamespace and n.nspname = 'public'
join pg_catalog.pg_class t on t.oid = c.confrelid and t.relnamespace = n.oid
join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
join pg_catalog.pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
where c.contype = 'f' and array_length(c.conkey, 1) = 1
order by 1, 2
"""

# Row level security can hide rows from us unless it is inactive for our role, or a permissive
# policy that is simply `true` lets us read all and no restrictive policy narrows that. A hidden row
# would look deleted.
_HIDING = """
select c.relname
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind in ('r', 'p')
  and row_security_active(c.oid)
  and (
    not exists (
      select from pg_catalog.pg_policy p
      where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
        and pg_get_expr(p.polqual, p.polrelid) = 'true'
        and exists (
          select from unnest(p.polroles) as r(role)
          where case when r.role = 0 then true else pg_has_role(r.role, 'usage') end))
    or exists (
      select from pg_catalog.pg_policy p
      where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('r', '*')
        and exists (
          select from unnest(p.polroles) as r(role)
          where case when r.role = 0 then true else pg_has_role(r.role, 'usage') end)))
"""


def read_catalog(connection: psycopg.Connection[Any]) -> Catalog:
    """The tables of schema public, as our role may see them."""
    columns: dict[str, dict[str, str]] = {}
    readable: dict[str, bool] = {}
    for table, column, kind, may_read in connection.execute(_COLUMNS):
        columns.setdefault(table, {})[column] = kind
        readable[table] = may_read
    keys = _grouped(
        (t, ForeignKey(c, target, tc)) for t, c, target, tc in connection.execute(_FOREIGN_KEYS)
    )
    hiding = {row[0] for row in connection.execute(_HIDING)}
    return {
        name: TableFacts(
            name=name,
            columns=found,
            foreign_keys=tuple(keys.get(name, ())),
            hides_rows=name in hiding,
            readable=readable[name],
        )
        for name, found in columns.items()
    }


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    result: dict[str, list[_T]] = {}
    for key, value in pairs:
        result.setdefault(key, []).append(value)
    return result

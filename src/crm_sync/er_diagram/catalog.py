"""What the catalog says of a schema's tables.

In: a connection. Out: tables with their columns, foreign keys and enums, sorted by name, so that
the same schema always gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row

__all__ = ["Column", "Enum", "ForeignKey", "Schema", "Table", "read"]


@dataclass(frozen=True)
class Column:
    """One column. `type` as one writes it in DDL; `enum` names its enum, if it has one."""

    name: str
    type: str
    enum: str | None
    is_required: bool
    is_key: bool
    is_generated: bool


@dataclass(frozen=True)
class Table:
    """One table with its columns in their order."""

    name: str
    comment: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class ForeignKey:
    """A child's column that names a parent's row. `on_delete` in SQL's words."""

    child: str
    column: str
    parent: str
    parent_column: str
    on_delete: str
    is_required: bool
    is_unique: bool


@dataclass(frozen=True)
class Enum:
    """An enum and its values in their order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    """All that the picture shows."""

    name: str
    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...]
    enums: tuple[Enum, ...]


# Ordinary and partitioned tables; no views, no partitions, no tables of extensions.
TABLES: LiteralString = """
    select c.oid::bigint, c.relname::text, coalesce(obj_description(c.oid, 'pg_class'), '')
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relkind in ('r', 'p') and not c.relispartition
      and not exists (select from pg_catalog.pg_depend d
                      where d.classid = 'pg_class'::regclass and d.objid = c.oid
                        and d.deptype = 'e')
    order by c.relname collate "C"
"""

COLUMNS: LiteralString = """
    select a.attname::text as name,
           pg_catalog.format_type(a.atttypid, a.atttypmod) as "type",
           case when t.typtype = 'e' then t.typname::text end as enum,
           a.attnotnull as is_required,
           exists (select from pg_catalog.pg_constraint k
                   where k.conrelid = a.attrelid and k.contype = 'p'
                     and a.attnum = any (k.conkey)) as is_key,
           a.attgenerated <> '' as is_generated
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""

# Of a key over several columns the first stands for all.
FOREIGN_KEYS: LiteralString = """
    select child.relname::text as child, a.attname::text as "column",
           parent.relname::text as parent, b.attname::text as parent_column,
           case k.confdeltype when 'a' then 'no action' when 'r' then 'restrict'
                              when 'c' then 'cascade' when 'n' then 'set null'
                              else 'set default' end as on_delete,
           a.attnotnull as is_required,
           exists (select from pg_catalog.pg_index i
                   where i.indrelid = k.conrelid and i.indisunique and i.indpred is null
                     and i.indnkeyatts = cardinality(k.conkey)
                     and k.conkey @> (i.indkey::int2[])[0:i.indnkeyatts - 1]) as is_unique
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class child on child.oid = k.conrelid
    join pg_catalog.pg_class parent on parent.oid = k.confrelid
    join pg_catalog.pg_namespace n on n.oid = child.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    join pg_catalog.pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
    where n.nspname = %s and parent.relnamespace = n.oid
      and k.contype = 'f' and k.conparentid = 0
    order by child.relname collate "C", a.attnum, parent.relname collate "C"
"""

ENUMS: LiteralString = """
    select t.typname::text, array_agg(e.enumlabel::text order by e.enumsortorder)
    from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    join pg_catalog.pg_enum e on e.enumtypid = t.oid
    where n.nspname = %s
    group by t.typname order by t.typname collate "C"
"""

SHORT_TYPES = {
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "character varying": "varchar",
    "double precision": "float8",
}


def read(connection: psycopg.Connection[Any], schema: str) -> Schema:
    """Reads a schema. Needs no right but to connect: the catalog is open to everyone."""
    with connection.transaction():
        # Types of a schema on the search path would be written without it.
        connection.execute("select set_config('search_path', %s, true)", [f'"{schema}"'])
        tables = tuple(
            Table(str(name), str(comment), _columns(connection, oid))
            for oid, name, comment in connection.execute(TABLES, [schema]).fetchall()
        )
        with connection.cursor(row_factory=class_row(ForeignKey)) as cursor:
            foreign_keys = tuple(cursor.execute(FOREIGN_KEYS, [schema]).fetchall())
        enums = tuple(
            Enum(str(name), tuple(values))
            for name, values in connection.execute(ENUMS, [schema]).fetchall()
        )
    return Schema(schema, tables, foreign_keys, enums)


def _columns(connection: psycopg.Connection[Any], table_oid: object) -> tuple[Column, ...]:
    with connection.cursor(row_factory=class_row(Column)) as cursor:
        found = cursor.execute(COLUMNS, [table_oid]).fetchall()
    return tuple(
        Column(
            c.name,
            SHORT_TYPES.get(c.type, c.type),
            c.enum,
            c.is_required,
            c.is_key,
            c.is_generated,
        )
        for c in found
    )

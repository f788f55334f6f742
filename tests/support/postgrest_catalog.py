"""What the replay of PostgREST (postgrest.py) knows of a database, as PostgREST's schema cache.

Read in its src/library/PostgREST/SchemaCache.hs, 2026-08-21: columns with their types, the ways
from one table to another, and the functions under /rpc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

__all__ = ["Relation", "columns", "functions", "relations"]


@dataclass(frozen=True)
class Relation:
    """A way from one table to another: the columns that meet, and how many rows are there."""

    names: frozenset[str]
    columns: tuple[tuple[str, str], ...]
    to_one: bool


def columns(owner: psycopg.Connection[Any]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, name, kind in owner.execute(
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a"
        " join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace"
        " and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped"
    ):
        found.setdefault(table, {})[name] = kind
    return found


def relations(owner: psycopg.Connection[Any]) -> dict[tuple[str, str], list[Relation]]:
    """By pair of tables: each foreign key, both ways, and each table between two others that has
    both keys in its primary key.
    """
    found: dict[tuple[str, str], list[Relation]] = {}
    keys = owner.execute(
        "select f.conname, c.relname, r.relname, array_agg(a.attname::text order by k.n),"
        " array_agg(b.attname::text order by k.n),"
        " exists (select from pg_constraint p where p.conrelid = f.conrelid"
        "   and p.contype in ('p', 'u') and p.conkey <@ f.conkey),"
        " coalesce((select p.conkey @> f.conkey from pg_constraint p"
        "   where p.conrelid = f.conrelid and p.contype = 'p'), false)"
        " from pg_constraint f join pg_class c on c.oid = f.conrelid"
        " join pg_class r on r.oid = f.confrelid"
        " cross join lateral unnest(f.conkey, f.confkey) with ordinality as k (ours, theirs, n)"
        " join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.ours"
        " join pg_attribute b on b.attrelid = f.confrelid and b.attnum = k.theirs"
        " where f.contype = 'f' and f.connamespace = 'public'::regnamespace"
        " group by f.oid, f.conname, c.relname, r.relname, f.conkey, f.conrelid"
    ).fetchall()
    for name, table, other, ours, theirs, is_unique, _ in keys:
        names = frozenset({name, *(ours if len(ours) == 1 else ())})
        there, back = tuple(zip(ours, theirs, strict=True)), tuple(zip(theirs, ours, strict=True))
        found.setdefault((table, other), []).append(Relation(names, there, True))
        found.setdefault((other, table), []).append(Relation(names, back, is_unique))
    for one in keys:
        for other in keys:
            if one is not other and one[1] == other[1] and one[6] and other[6]:
                found.setdefault((one[2], other[2]), []).append(
                    Relation(frozenset({one[1]}), (), False)
                )
    return found


def functions(owner: psycopg.Connection[Any]) -> dict[str, tuple[dict[str, str], bool]]:
    """What is called under /rpc, with the types of its arguments and whether it only reads."""
    found: dict[str, tuple[dict[str, str], bool]] = {}
    for name, names, types, volatility in owner.execute(
        "select proname, coalesce(proargnames, '{}'), proargtypes::regtype[]::text[], provolatile"
        " from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f'"
        " and prorettype <> 'trigger'::regtype"
        " and cardinality(coalesce(proargnames, '{}')) = pronargs"
    ):
        found[name] = (dict(zip(names, types, strict=True)), volatility != "v")
    return found

"""Mappings as an org's records know them: what their records belong to, and their former names.

In: the mappings of a run and the plan's transaction. Out: rows of `sync.mapping`, and the temporary
table `renamed`, through which a plan reads state that stands under a former name. Only a sync
writes the new name down, so that a dry run takes no lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from crm_sync.errors import MappingError
from crm_sync.mapping import model
from crm_sync.sync.statements import statements

__all__ = ["check_mapping_identity", "keep_mappings", "note_renamed", "rename_mappings"]


def check_mapping_identity(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[model.Mapping]
) -> set[str]:
    """The mappings that were searched for in Salesforce before.

    Raises MappingError where object, key, prefix or external ID changed while records exist: they
    would be doubled under the new name.
    """
    known = statements("known_mappings")
    searched: set[str] = set()
    for m in mappings:
        names = [m.name, m.formerly] if m.formerly else [m.name]
        values = {"org": org_id, "mapping": m.name, "names": names}
        row = connection.execute(known["known"], values).fetchone()
        if row is None:
            continue
        if row[5]:
            searched.add(m.name)
        now = (m.object, m.external_id.field, m.external_id.prefix, m.source.table, m.source.key)
        if tuple(row[:5]) == now:
            continue
        if connection.execute(known["has_records"], values).fetchone() == (True,):
            said = ("object", "external ID", "prefix", "table", "key")
            what = next(n for n, a, b in zip(said, row, now, strict=False) if a != b)
            raise MappingError(
                f"The {what} of {m.name} changed, and records exist under the old one.",
                "Take the change back, or use a new mapping name and let the old records go first.",
                m.where("source" if what in ("table", "key") else "object"),
            )
    return searched


def note_renamed(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[model.Mapping]
) -> bool:
    """`formerly`: fills `renamed` with the mappings whose state stands under their former name.

    Says whether there is one.

    Raises MappingError where both names have state.
    """
    known = statements("known_mappings")
    is_renamed = False
    for m in mappings:
        if not m.formerly:
            continue
        values = {"org": org_id, "formerly": m.formerly, "mapping": m.name}
        found = connection.execute(known["known_names"], {**values, "names": [m.formerly, m.name]})
        names = {row[0] for row in found}
        if names == {m.formerly, m.name}:
            raise MappingError(
                f"{m.name} was known as {m.formerly}, and both have records already.",
                "Take `formerly` out, or give the mapping a name that was not used.",
                m.where("formerly"),
            )
        if names == {m.formerly}:
            connection.execute(known["note_renamed"], values)
            is_renamed = True
    return is_renamed


def rename_mappings(connection: psycopg.Connection[Any], org_id: str) -> None:
    """Records, plan and history follow the `renamed` mappings to their new names, once."""
    for block in ("rename_mapping", "rename_records", "rename_plan", "rename_history",
                  "end_renaming"):  # fmt: skip
        connection.execute(statements("known_mappings")[block], {"org": org_id})


def keep_mappings(
    connection: psycopg.Connection[Any],
    org_id: str,
    mappings: Iterable[model.Mapping],
    fingerprints: Mapping[str, str],
    source_states: Mapping[str, str],
) -> None:
    """What the records of these mappings belong to from now on, in a sync."""
    for m in mappings:
        connection.execute(
            statements("known_mappings")["keep"],
            {
                "org": org_id,
                "mapping": m.name,
                "object": m.object,
                "external_id": m.external_id.field,
                "prefix": m.external_id.prefix,
                "table": m.source.table,
                "key": m.source.key,
                "fingerprint": fingerprints[m.name],
                "source_state": source_states[m.name],
            },
        )

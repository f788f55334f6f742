"""Mappings as an org's records know them: what their records belong to, and their former names.

In: the mappings of a run and the plan's transaction. Out: rows of `sync.mapping`, and the temporary
table `renamed`, through which a plan reads state that stands under a former name. Only a sync
writes the new name down, so that a dry run takes no lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from crm_sync.mapping import model
from crm_sync.mapping.finding import Finding, raise_first, said_of
from crm_sync.sync.statements import statements

__all__ = [
    "check_mapping_identity",
    "keep_mappings",
    "life_findings",
    "note_renamed",
    "rename_mappings",
]


def check_mapping_identity(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[model.Mapping]
) -> set[str]:
    """The mappings that were searched for in Salesforce before.

    Raises MappingError where object, key, prefix or external ID changed while records exist: they
    would be doubled under the new name.
    """
    searched: set[str] = set()
    for m in mappings:
        row = connection.execute(
            statements("known_mappings")["known"], _values(org_id, m)
        ).fetchone()
        if row is None:
            continue
        if row[5]:
            searched.add(m.name)
        raise_first(_changes(connection, org_id, m, row[:5]))
    return searched


def life_findings(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[model.Mapping]
) -> Iterator[Finding]:
    """Why a sync would not go on with the records of these mappings: what they belong to changed,
    or two mappings have them.
    """
    for m in mappings:
        if _known_names(connection, org_id, m) == {m.formerly, m.name}:
            yield _two_names(m)
            continue
        row = connection.execute(
            statements("known_mappings")["known"], _values(org_id, m)
        ).fetchone()
        if row is not None:
            yield from _changes(connection, org_id, m, row[:5])


def _values(org_id: str, m: model.Mapping) -> dict[str, Any]:
    names = [m.name, m.formerly] if m.formerly else [m.name]
    return {"org": org_id, "mapping": m.name, "names": names}


def _changes(
    connection: psycopg.Connection[Any], org_id: str, m: model.Mapping, known: Sequence[Any]
) -> Iterator[Finding]:
    now = (m.object, m.external_id.field, m.external_id.prefix, m.source.table, m.source.key)
    if tuple(known) == now:
        return
    if connection.execute(
        statements("known_mappings")["has_records"], _values(org_id, m)
    ).fetchone() != (True,):
        return
    what, was = next((n, a) for n, a, b in zip(_IDENTITY, known, now, strict=True) if a != b)
    yield said_of(
        m, _IDENTITY[what], "other-records",
        f"The {what} of {m.name} changed, and records exist under the old one ({was!r}).",
        "Take the change back, or use a new mapping name and let the old records go first.",
    )  # fmt: skip


_IDENTITY = {
    "object": ("object",),
    "external ID": ("external_id", "field"),
    "prefix": ("external_id", "prefix"),
    "table": ("source", "table"),
    "key": ("source", "key"),
}
"""What the records of a mapping belong to, in the order of `known`, and where the file says it."""


def _known_names(
    connection: psycopg.Connection[Any], org_id: str, m: model.Mapping
) -> set[str | None]:
    """Which of a mapping's two names have state, where it has two."""
    if not m.formerly:
        return set()
    values = {"org": org_id, "names": [m.formerly, m.name]}
    return {
        row[0] for row in connection.execute(statements("known_mappings")["known_names"], values)
    }


def _two_names(m: model.Mapping) -> Finding:
    return said_of(
        m, ("formerly",), "two-heirs",
        f"{m.name} was known as {m.formerly}, and both have records already.",
        "Take `formerly` out, or give the mapping a name that was not used.",
    )  # fmt: skip


def note_renamed(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[model.Mapping]
) -> bool:
    """`formerly`: fills `renamed` with the mappings whose state stands under their former name.

    Says whether there is one.

    Raises MappingError where both names have state.
    """
    is_renamed = False
    for m in mappings:
        names = _known_names(connection, org_id, m)
        if names == {m.formerly, m.name}:
            raise _two_names(m).as_error()
        if names == {m.formerly}:
            values = {"formerly": m.formerly, "mapping": m.name}
            connection.execute(statements("known_mappings")["note_renamed"], values)
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

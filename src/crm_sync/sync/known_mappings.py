"""Mappings as an org's records know them: what their records belong to, and their former names.

In: the mappings of a run and the plan's transaction. Out: rows of `sync.mapping`, and the temporary
table `renamed`, through which a plan reads state that stands under a former name. Only a sync
writes the new name down, so that a dry run takes no lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from crm_sync.mapping import model
from crm_sync.mapping.finding import Finding, raise_first, said_of
from crm_sync.sync.statements import statements

__all__ = [
    "Known",
    "check_mapping_identity",
    "keep_mappings",
    "known",
    "life_findings",
    "note_renamed",
    "rename_mappings",
]


@dataclass(frozen=True)
class Known:
    """What the records of a mapping belong to: object, external ID field, prefix, table, key, as
    the last sync had them. `searched`: Salesforce was searched for them.
    """

    identity: tuple[str, ...]
    searched: bool

    @property
    def field(self) -> str:
        """The external ID field."""
        return self.identity[1]


def known(connection: psycopg.Connection[Any], org_id: str, m: model.Mapping) -> Known | None:
    """What an org's records of a mapping belong to; None where there was no sync of it yet."""
    row = connection.execute(statements("known_mappings")["known"], _values(org_id, m)).fetchone()
    return None if row is None else Known(tuple(row[:5]), row[5])


def check_mapping_identity(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[model.Mapping]
) -> set[str]:
    """The mappings that were searched for in Salesforce before.

    Raises MappingError where object, key, prefix or external ID changed while records exist, and
    no former one is declared: they would be doubled under the new name.
    """
    searched: set[str] = set()
    for m in mappings:
        before = known(connection, org_id, m)
        if before is None:
            continue
        if before.searched:
            searched.add(m.name)
        raise_first(_changes(connection, org_id, m, before))
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
        before = known(connection, org_id, m)
        if before is not None:
            yield from _changes(connection, org_id, m, before)


def _values(org_id: str, m: model.Mapping) -> dict[str, Any]:
    names = [m.name, m.formerly] if m.formerly else [m.name]
    return {"org": org_id, "mapping": m.name, "names": names}


def _changes(
    connection: psycopg.Connection[Any], org_id: str, m: model.Mapping, before: Known
) -> Iterator[Finding]:
    now = (m.object, m.external_id.field, m.external_id.prefix, m.source.table, m.source.key)
    if before.identity == now:
        return
    if connection.execute(
        statements("known_mappings")["has_records"], _values(org_id, m)
    ).fetchone() != (True,):
        return
    # A key column is declared by what holds the former keys, whatever that column was called.
    former = (None, m.external_id.formerly, None, m.source.formerly,
              before.identity[4] if m.source.former_key else None)  # fmt: skip
    for what, was, one, declared in zip(_IDENTITY, before.identity, now, former, strict=True):
        if was == one:
            continue
        if was != declared:
            yield said_of(
                m, _IDENTITY[what], "other-records",
                f"The {what} of {m.name} changed, and records exist under the old one ({was!r}).",
                _MENDS.get(what, "") + "Take the change back, or use a new mapping name and let "
                "the old records go first.",
            )  # fmt: skip
            return
        if what == "table" and _is_table(connection, was):
            yield said_of(
                m, ("source", "formerly"), "other-records",
                f"{m.source.table} is said to be {was} under a new name, and {was} is still there.",
                "Name the table that holds the rows of the records; a table that was renamed is "
                "gone under its former name.",
            )  # fmt: skip
            return


_MENDS = {
    "external ID": "Was it renamed, let `formerly` name the former field. ",
    "table": "Was it renamed, let `formerly` name the former table. ",
    "key": "Does a column hold the former keys, let `former_key` name it. ",
}


def _is_table(connection: psycopg.Connection[Any], name: str) -> bool:
    row = connection.execute(statements("known_mappings")["is_table"], {"table": name}).fetchone()
    return row == (True,)


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
    """Records, plan and history follow the `renamed` mappings to their new names, and the `rekeyed`
    rows to their new keys, once.
    """
    for block in ("rename_mapping", "rename_records", "rename_plan", "rename_history",
                  "end_renaming", "rekey_records", "rekey_plan", "rekey_history",
                  "end_rekeying"):  # fmt: skip
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

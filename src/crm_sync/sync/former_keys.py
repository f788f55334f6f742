"""Rows that their records know by another key or in another field than today.

In: mappings that declare `external_id.formerly` or `source.former_key`, and what an org's records
belong to. Out: which of them still have to follow, and the temporary table `rekeyed`, through which
a plan reads state that stands under former keys. `carry.py` sends what follows to Salesforce; only
a sync writes the new keys down here (`known_mappings.rename_mappings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from typing import Any

import psycopg
from psycopg import errors, sql

from crm_sync.errors import MappingError
from crm_sync.mapping.keys import (
    former_keys,
    former_keys_in_use,
    stands_under_former_keys,
)
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.known_mappings import Known, known
from crm_sync.sync.statements import statements

__all__ = ["as_before", "former_field", "may_follow", "new_keys", "note_rekeyed"]


def has_former_field(before: Known | None, mapping: Mapping) -> bool:
    """Whether records of a mapping may still carry their keys in the field that `formerly` names. A
    mapping whose records were never searched for may have some under either.
    """
    former = mapping.external_id.formerly
    if former is None:
        return False
    return before is None or not before.searched or before.field == former


def former_field(before: Known | None, mapping: Mapping, facts: ObjectFacts) -> str | None:
    """That field, where the org has it; None where the keys stand in the field of today."""
    former = mapping.external_id.formerly
    return former if has_former_field(before, mapping) and former in facts.fields else None


def has_former_keys(
    connection: psycopg.Connection[Any], org_id: str, before: Known | None, mapping: Mapping
) -> bool:
    """Whether records of a mapping may still have the keys that `former_key` holds."""
    if mapping.source.former_key is None:
        return False
    if before is None or not before.searched:
        return True
    try:
        with connection.transaction():
            row = connection.execute(stands_under_former_keys(mapping, org_id)).fetchone()
    except (errors.UndefinedTable, errors.UndefinedColumn):
        return False  # that is told where all that the mapping reads is checked
    return row == (True,)


def may_follow(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[Mapping]
) -> bool:
    """Whether an org's records of some mapping may have to follow."""
    for m in mappings:
        before = known(connection, org_id, m)
        if has_former_field(before, m) or has_former_keys(connection, org_id, before, m):
            return True
    return False


def as_before(
    connection: psycopg.Connection[Any],
    org_id: str,
    mappings: Sequence[Mapping],
    facts: Map[str, ObjectFacts],
) -> tuple[Mapping, ...]:
    """The mappings with the external ID field that their records still carry: to read them."""
    read: list[Mapping] = []
    for m in mappings:
        field = former_field(known(connection, org_id, m), m, facts[m.object])
        if field is not None:
            external_id = m.external_id.model_copy(update={"field": field, "formerly": None})
            m = m.model_copy(update={"external_id": external_id})
        read.append(m)
    return tuple(read)


def note_rekeyed(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[Mapping]
) -> bool:
    """`former_key`: fills `rekeyed` with the rows whose records stand under a former key, and
    `rekeyed_record` with what is known of these mappings. Says whether there are such rows.

    Raises MappingError where a former key does not tell one row.
    """
    is_rekeyed = False
    for m in mappings:
        before = known(connection, org_id, m)
        if not has_former_keys(connection, org_id, before, m):
            continue
        try:
            with connection.transaction():
                connection.execute(sql.SQL("insert into rekeyed\n{}").format(former_keys(m)))
        except (errors.UndefinedTable, errors.UndefinedColumn):
            continue
        _check_keys(connection, org_id, m)
        values = {"org": org_id, "mapping": m.name, "names": [m.name, m.formerly or m.name]}
        if before is not None and before.searched:
            connection.execute(statements("known_mappings")["leave_followed"], values)
        row = connection.execute(statements("known_mappings")["count_rekeyed"], values).fetchone()
        if row and row[0]:
            is_rekeyed = True
    if is_rekeyed:
        connection.execute("create index on rekeyed (mapping, former)")
        connection.execute("create index on rekeyed (mapping, key)")
        connection.execute("analyze rekeyed")
        connection.execute(statements("known_mappings")["note_rekeyed_records"], {"org": org_id})
        connection.execute("analyze rekeyed_record (mapping, key)")
    return is_rekeyed


def _check_keys(connection: psycopg.Connection[Any], org_id: str, m: Mapping) -> None:
    values = {"org": org_id, "mapping": m.name}
    column = m.source.former_key
    if (
        m.formerly
        and connection.execute(
            statements("known_mappings")["known_names"], {"org": org_id, "names": [m.formerly]}
        ).fetchone()
    ):
        raise _wrong(
            m, f"{m.name} has a new name and new keys at once.",
            "Take former_key out, sync, and then write it again.",
        )  # fmt: skip
    counts = [
        (connection.execute(statement, values).fetchone() or (0,))[0]
        for statement in (
            statements("known_mappings")["former_key_twice"],
            former_keys_in_use(m),
            statements("known_mappings")["known_by_both"],
        )
    ]
    for count, sentence, mend in zip(counts, _NOT_ONE_ROW, _MENDS, strict=True):
        if count:
            said = sentence.format(count=f"{count:,}", table=m.source.table, column=column)
            raise _wrong(m, said, mend)


_NOT_ONE_ROW = (
    "More than one row has the same {table}.{column} ({count} times).",
    "{table}.{column} holds what is the key of another row today ({count} times).",
    "Rows of {table} have a record under their {column} and another under their key ({count}).",
)
_MENDS = (
    "A former key tells one row: empty it where it is wrong.",
    "Keys of today must not be among the former ones: records could not be told apart on the way.",
    "A sync ran before former_key was written, and made new records. Take former_key out: the "
    "former ones leave as on_delete says.",
)


def _wrong(m: Mapping, sentence: str, mend: str) -> MappingError:
    return MappingError(sentence, mend, m.where("source", "former_key"))


def new_keys(connection: psycopg.Connection[Any], mapping: str) -> dict[str, str]:
    """The key of today by the former one, of the rows in `rekeyed`."""
    rows = connection.execute(
        "select former, key from rekeyed where mapping = %s", [mapping]
    ).fetchall()
    return dict(rows)

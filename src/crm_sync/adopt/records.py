# ruff: noqa: S608 - names of objects and fields are those of describe, values are literals
"""Reads the org's records without our external ID: by SOQL where they are few, else by Bulk query.

In: mappings with the fields that are wanted. Out: how many there are, and the records one after the
other. It asks and never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crm_sync.adopt.model import Record
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.bulk_query import bulk_query
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.first_load import without_key
from crm_sync.sync.lookup import chunks, soql_text

__all__ = ["BULK_ABOVE", "Wanted", "count", "read", "states"]

BULK_ABOVE = 10_000
"""Records of one object: as many are five pages of SOQL, and a Bulk query takes about as many calls
however many there are."""


class Wanted:
    """What is asked of one mapping's object: the fields, and the condition."""

    def __init__(self, mapping: Mapping, facts: ObjectFacts, fields: Iterable[str]) -> None:
        self.mapping = mapping
        self.fields = tuple(dict.fromkeys(fields))
        self.where = without_key(mapping, facts)

    @property
    def soql(self) -> str:
        names = ", ".join(("Id", *self.fields))
        return f"SELECT {names} FROM {self.mapping.object} WHERE {self.where}"

    def record(self, told: dict[str, Any]) -> Record:
        values = {name: told.get(name) for name in self.fields}
        # A Bulk query writes nothing for null.
        return Record(str(told["Id"]), {n: None if v == "" else v for n, v in values.items()})


def count(client: Client, wanted: Sequence[Wanted]) -> list[int]:
    """How many records each has; five to a call."""
    asked = [
        f"SELECT COUNT(Id) found FROM {one.mapping.object} WHERE {one.where}" for one in wanted
    ]
    return [int(records[0]["found"]) for records in client.query(asked)]


def read(client: Client, wanted: Sequence[Wanted], counts: Sequence[int]) -> list[Iterator[Record]]:
    """The records of each, in its order. The few are read at once, five objects to a call."""
    few = [one for one, number in zip(wanted, counts, strict=True) if 0 < number <= BULK_ABOVE]
    answers = dict(zip(map(id, few), client.query([one.soql for one in few]), strict=True))
    return [
        map(one.record, answers.get(id(one), ()) if number <= BULK_ABOVE else _many(client, one))
        for one, number in zip(wanted, counts, strict=True)
    ]


def _many(client: Client, one: Wanted) -> Iterator[dict[str, Any]]:
    yield from bulk_query(client, one.soql)


def states(client: Client, wanted: Wanted, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is there of these Ids, the recycle bin included: their external ID, IsDeleted."""
    key = wanted.mapping.external_id.field
    queries = [
        f"SELECT Id, {key}, IsDeleted FROM {wanted.mapping.object}"
        f" WHERE Id IN ({', '.join(map(soql_text, some))})"
        for some in chunks(ids)
    ]
    return {r["Id"]: r for found in client.query(queries, deleted=True) for r in found}

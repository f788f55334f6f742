"""Refusals that only the whole plan, or Salesforce, can foretell: clashes and relations.

In: a plan of which `decide` has decided one mapping (`plan.py`). Out: rows of `plan_row` made
invalid. Where nothing of the kind can happen, it runs no statement. `foretell.sql` has them; the
rules of single values are in `mapping/rules.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from crm_sync.mapping import refusals
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.saying import Say
from crm_sync.mapping.values import NUMBERS
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import FieldFacts
from crm_sync.sync.lookup import chunks, soql_text
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = ["find_holders", "foretell"]

FEW = 1_000
"""Values that are asked for by themselves; of more, the whole column is read where that is less."""


def foretell(scope: Scope, mapping: Mapping) -> None:
    """Makes the rows of a mapping invalid that break a rule of the plan or of the org."""
    _refuse_related(scope, mapping)
    for field in _unique_fields(scope, mapping):
        done = scope.names[: scope.names.index(mapping.name) + 1]
        scope.run(
            "refuse_taken",
            "foretell",
            object=mapping.object,
            field=field.name,
            column=_column(mapping, field.name),
            same=[name for name in _writing(scope, mapping.object, field.name) if name in done],
            case_sensitive=field.case_sensitive,
            code=refusals.TAKEN.code,
            note=refusals.TAKEN_STILL.code,
        )


def find_holders(scope: Scope, client: Client) -> None:
    """Asks Salesforce which records hold what this plan may write into unique fields: one query for
    200 values. Asks nothing where no mapped field is unique, or no such value is new.
    """
    for mapping in scope.mappings:
        for field in _unique_fields(scope, mapping):
            scope.run("create_holders", "foretell")
            found = scope.run(
                "unique_values", "foretell", mapping=mapping.name, field=field.name
            ).fetchall()
            if values := [row[0] for row in found]:
                _ask(scope, client, mapping, field, values)


def _ask(
    scope: Scope, client: Client, mapping: Mapping, field: FieldFacts, values: Sequence[str]
) -> None:
    name = field.name
    same = _writing(scope, mapping.object, name)
    ((known,),) = scope.run("count_records", "foretell", same=same).fetchall()
    query = f"SELECT Id, {name} FROM {mapping.object} WHERE {name}"  # noqa: S608 - describe's names
    if len(values) > max(FEW, known // 2):
        queries = [f"{query} != null"]
    else:
        texts = values if field.type in NUMBERS else [soql_text(v) for v in values]
        queries = [f"{query} IN ({', '.join(some)})" for some in chunks(texts)]
    holders = [
        {"object": mapping.object, "field": name, "value": _text(r[name]), "id": r["Id"]}
        for r in chain.from_iterable(client.query(queries))
    ]
    with scope.connection.cursor() as cursor:
        cursor.executemany(statements("foretell")["note_holder"], holders)
    scope.connection.execute("analyze found_holder")


def _text(value: object) -> str:
    """A value of a record as `payload ->> field` has it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _refuse_related(scope: Scope, mapping: Mapping) -> None:
    """Tasks and events whose WhoId may be a lead."""
    if not {"WhoId", "WhatId"} <= mapping.rules.keys():
        return
    who = mapping.lookups.get("WhoId")
    leads = [m.name for m in scope.known if m.object == "Lead"]
    if who and who.reference is None and not {b.mapping for b in who.branches} & set(leads):
        return
    scope.run(
        "lead_with_what", "foretell", mapping=mapping.name, leads=leads,
        column=_column(mapping, "WhatId"), code=refusals.LEAD_WITH_WHAT.code,
    )  # fmt: skip


def _unique_fields(scope: Scope, mapping: Mapping) -> Iterable[FieldFacts]:
    fields = scope.facts[mapping.object].fields
    return [fields[n] for n in mapping.fields if n in fields and fields[n].unique]


def _writing(scope: Scope, object_name: str, field: str) -> list[str]:
    """Mappings that write this field, in the order of sending."""
    return [m.name for m in scope.mappings if m.object == object_name and field in m.fields]


def _column(mapping: Mapping, name: str) -> str | None:
    return Say(mapping, name, mapping.rules[name]).column

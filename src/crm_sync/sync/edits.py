"""What people edited in Salesforce, noticed before it is overwritten: held, or named in the report.

In: a plan in `plan_row`, before deletions wait for children. Out: `edited` of its rows, and rows
held as their mapping says (`on_edited`). A few records are read by the call that writes them
(`along.py`); before the push all are read where a row may be held, and where there are many.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from crm_sync.errors import SettingsError
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.saying import Say
from crm_sync.report.model import Edits, PlanRow
from crm_sync.salesforce.client import COLLECTIONS, SUBREQUESTS, Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.against import count_edits, read_edits
from crm_sync.sync.mask import Mask
from crm_sync.sync.read import in_numbers, row_of
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = ["ALONG", "look_for_edits", "told_of_run"]

ALONG = SUBREQUESTS - COLLECTIONS
"""Records that the call which writes them can read first: one subrequest each, which are no
Collections."""

NAMED = 100
"""Records that a run's report names; the history has all."""


def look_for_edits(scope: Scope, client: Client) -> Edits | None:
    """Reads what Salesforce holds of the records that the plan changes or deletes, and holds rows
    as their mappings say. None where reading is left to the calls that write.

    Raises SettingsError where a person lets rows through that the plan does not have.
    """
    holding = {m.name: m for m in scope.mappings if m.held_fields}
    ((rows, may_be_held),) = scope.run("to_read", "edits", holding=list(holding)).fetchall()
    options = scope.options
    many = rows > (0 if options.api == "bulk" else ALONG)
    edits = None
    if options.against_org or may_be_held or many:
        before = client.calls
        read_edits(scope, client)
        for mapping in holding.values():
            _hold(scope, mapping)
        scope.run("hold_moves", "edits")
        edits = count_edits(scope, client.calls - before)
    if options.overwrite:
        _check_keys(scope)
    return edits


def _hold(scope: Scope, mapping: Mapping) -> None:
    rules = mapping.rules
    scope.run(
        "hold", "edits", mapping=mapping.name, held=mapping.held_fields,
        columns=Jsonb({name: Say(mapping, name, rules[name]).column for name in rules}),
        overwrite=list(scope.options.overwrite),
    )  # fmt: skip


def _check_keys(scope: Scope) -> None:
    overwrite = list(scope.options.overwrite)
    if any(not key.strip() for key in overwrite):
        raise SettingsError(
            "--overwrite: an empty key. Nothing was sent.",
            "Name the key of a row, or `all`; `crm-sync problems` shows the keys of rows that are "
            "held.",
        )
    unknown = [row[0] for row in scope.run("unknown_keys", "edits", overwrite=overwrite)]
    if unknown:
        raise SettingsError(
            f"--overwrite {unknown[0]}: no row that is to be sent has this key. Nothing was sent.",
            "`crm-sync problems` shows the keys of rows that are held.",
        )


Told = tuple[int, tuple[PlanRow, ...]]
"""How many rows, and the first of them."""


def told_of_run(
    block: Literal["overwritten", "closed"],
    connection: psycopg.Connection[Any],
    org_id: str,
    run_number: int,
    known: tuple[Mapping, ...],
    facts: Map[str, ObjectFacts],
    mask: Mask,
) -> Told:
    """Of a run: the records that lost what people had edited there (`overwritten`), or the leads
    that it found converted (`closed`).
    """
    by_name = {m.name: m for m in known}
    values = {"org": org_id, "run": run_number, "limit": NAMED}
    count, rows = 0, []
    with connection.cursor() as cursor:
        in_numbers(cursor)
        for count, *row in cursor.execute(statements("edits")[block], values):  # noqa: B007
            if row[0] in by_name:
                rows.append(mask.row(row_of(by_name, facts, row)))
    return count, tuple(rows)

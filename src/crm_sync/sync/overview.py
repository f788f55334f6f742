"""What schema sync knows, read for people: orgs and their runs, open rows, one row's history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from crm_sync.mapping.model import Mapping
from crm_sync.report.model import PlanRow
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.read import problem_rows
from crm_sync.sync.statements import statements

__all__ = ["history", "org_of", "orgs", "problems"]


def orgs(connection: psycopg.Connection[Any], target: str | None) -> list[dict[str, Any]]:
    """Each org (of one target, or all): name, last run, rows by state per mapping, sizes."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(statements("overview")["orgs"], {"target": target}).fetchall()
        for org in found:
            values = {"org": org["org_id"]}
            org["last_run"] = cursor.execute(statements("overview")["last_run"], values).fetchone()
            org["mappings"] = cursor.execute(statements("overview")["states"], values).fetchall()
    return found


def org_of(connection: psycopg.Connection[Any], target: str) -> str | None:
    """The Id of the org that a target is bound to, or None."""
    row = connection.execute(
        "select org_id from sync.target where target = %s", [target]
    ).fetchone()
    return row[0] if row else None


def problems(
    connection: psycopg.Connection[Any], org_id: str, known: Sequence[Mapping]
) -> Iterator[PlanRow]:
    """The rows of these mappings that are not in order."""
    facts = {
        name: ObjectFacts.model_validate(content)
        for name, content in connection.execute(
            "select object, facts from sync.describe where org_id = %s", [org_id]
        )
    }
    return problem_rows(connection, org_id, tuple(known), facts)


def history(connection: psycopg.Connection[Any], org_id: str, key: str) -> list[dict[str, Any]]:
    """Entries of one key in all mappings, newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            statements("overview")["history"], {"org": org_id, "key": key}
        ).fetchall()

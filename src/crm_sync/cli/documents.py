"""`docs`: the mapping document, written from the mappings, a describe and the sample data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg

from crm_sync.cli.app import OK, PROBLEMS
from crm_sync.demo.servers import demo_servers
from crm_sync.demo.story import demo_settings
from crm_sync.errors import OutputError
from crm_sync.files import sql_file
from crm_sync.mapping.document import commented_fields, document
from crm_sync.mapping.load import load_mappings, select
from crm_sync.report.model import PlanRow
from crm_sync.report.output import write
from crm_sync.sample import load
from crm_sync.settings import Settings, load_settings
from crm_sync.sync import run
from crm_sync.sync.database import connect
from crm_sync.sync.run import describe

__all__ = ["mapping_document"]

SAMPLE_DAY = date(2026, 7, 1)
"""The examples' day: the document changes with the mappings, not with the calendar."""


def mapping_document(out: Path, *, target: str | None, check: bool) -> int:
    """Writes the document, or with `check` says whether it is as it would be written.

    Types and lengths come from the target's org where one is named, else from the local org; the
    examples always come from the sample data, never from the user's rows.
    """
    settings = load_settings()
    mappings = select(load_mappings(settings.mappings), ())
    with demo_servers() as servers:
        with psycopg.connect(servers.owner_url, autocommit=True) as owner:
            for name in ("schema.sql", "views.sql"):
                owner.execute(sql_file(name).encode())
            load(owner, SAMPLE_DAY)
        local = demo_settings(servers, settings.mappings)
        with connect(local.database()) as connection:
            facts = describe(connection, settings if target else local, target, mappings)
        examples = _examples(local)
    suggested = {
        m.name: commented_fields((settings.mappings / f"{m.name}.yaml").read_text("utf-8"))
        for m in mappings
    }
    text = document(mappings, facts, examples, suggested)
    if not check:
        print(f"{write(out, text)} written.")
        return OK
    try:
        current = out.read_text(encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{out} cannot be read: {error.strerror}.") from None
    if current == text:
        print(f"{out} is current.")
        return OK
    print(f"{out} is stale. Write it anew: crm-sync docs")
    return PROBLEMS


def _examples(settings: Settings) -> dict[str, dict[str, object]]:
    """Per mapping the payload of the fullest sample row without a problem."""
    best: dict[str, PlanRow] = {}
    with run.dry_run(settings) as report:
        for row in report.rows():
            known = best.get(row.mapping)
            if not row.problems and (known is None or _rank(row) > _rank(known)):
                best[row.mapping] = row
    return {
        name: {change.field: change.after for change in row.changes} for name, row in best.items()
    }


def _rank(row: PlanRow) -> tuple[int, str]:
    return len(row.changes), row.key

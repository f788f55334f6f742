"""`docs`: the documents about mappings, from the mappings, a describe and the sample data."""

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
from crm_sync.mapping.load import load_mappings
from crm_sync.mapping.reference import reference
from crm_sync.report.model import PlanRow
from crm_sync.report.output import write
from crm_sync.sample import load
from crm_sync.settings import Settings, load_settings
from crm_sync.sync import run
from crm_sync.sync.database import connect
from crm_sync.sync.run import describe

__all__ = ["documents"]

SAMPLE_DAY = date(2026, 7, 1)
"""The examples' day: the document changes with the mappings, not with the calendar."""


def documents(out: Path, *, target: str | None, check: bool) -> int:
    """Writes the documents into a directory, or with `check` says whether each is as it would be
    written: what the mappings do, and the language in which they are written.

    Types and lengths come from the target's org where one is named, else from the local org; the
    examples always come from the sample data, never from the user's rows.
    """
    made = {
        out / "mapping-reference.md": reference(),
        out / "salesforce-mapping.md": _mapping_document(target),
    }
    if not check:
        for file, text in made.items():
            print(f"{write(file, text)} written.")
        return OK
    stale = [file for file, text in made.items() if _current(file) != text]
    for file in made:
        print(f"{file} is {'stale' if file in stale else 'current'}.")
    if stale:
        print("Write them anew: crm-sync docs")
    return PROBLEMS if stale else OK


def _current(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise OutputError(f"{file} cannot be read: {error.strerror}.") from None


def _mapping_document(target: str | None) -> str:
    settings = load_settings()
    mappings = load_mappings(settings.mappings)
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
    return document(mappings, facts, examples, suggested)


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

"""`db apply`, `db seed`, `target accept`: changes to the database that are not a sync."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import date

import psycopg

from crm_sync.cli.exits import OK, PROBLEMS
from crm_sync.errors import NotApplied
from crm_sync.files import sql_file
from crm_sync.report.headline import counted
from crm_sync.salesforce.client import Client
from crm_sync.schema.applying import Applied, apply_files
from crm_sync.schema.difference import Difference
from crm_sync.settings import load_settings
from crm_sync.sync import state
from crm_sync.sync.database import connect, connect_as_owner

__all__ = ["accept", "apply", "seed", "unseed"]


def apply(*, quiet: bool, dry_run: bool) -> int:
    """Applies schema.sql and views.sql, and shows what they did not bring, with the SQL for it."""
    missing: list[str] = []
    files = {name: sql_file(name) for name in ("schema.sql", "views.sql")}
    with connect_as_owner(load_settings(), schema=False) as connection:
        connection.add_notice_handler(lambda notice: _note_missing_role(notice, missing))
        try:
            applied = apply_files(connection, files, keep=not dry_run)
        except NotApplied as error:
            _show(error.remaining)
            raise
        where = f"{connection.info.dbname} as {connection.info.user}"
    if not quiet:
        _tell(applied, files, where, dry_run=dry_run)
    _show(applied.remaining)
    for said in missing:
        print(said, file=sys.stderr)
    if applied.not_compared:
        print(
            f"The database was not compared with the files: {applied.not_compared}.",
            file=sys.stderr,
        )
    brings = dry_run and (applied.brought or applied.upgraded)
    is_other = applied.remaining or brings or applied.not_compared
    return PROBLEMS if missing or is_other else OK


def _tell(applied: Applied, files: Iterable[str], where: str, *, dry_run: bool) -> None:
    """What was done, or would be, and what people added."""
    for name in files:
        print(f"{name} {'would be applied' if dry_run else 'applied'} to {where}.")
    if applied.upgraded:
        does = "would be upgraded" if dry_run else "upgraded"
        print("Schema sync {} from version {} to {}.".format(does, *applied.upgraded))
    if dry_run:
        for said in applied.brought:
            print(f"  It {said}.")
    if applied.own:
        print(f"Left alone, since the files did not make it: {_listed(applied.own)}.")
    if not applied.remaining and not applied.not_compared:
        does = "would then be" if dry_run and (applied.brought or applied.upgraded) else "is"
        print(f"The database {does} as the files say.")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


_MOST = 8
"""So many things of people's own are named."""


def _show(remaining: Sequence[Difference]) -> None:
    """The differences, as SQL that can be run as it stands."""
    if not remaining:
        return
    are = "is" if len(remaining) == 1 else "are"
    print(
        f"-- {counted(len(remaining), 'thing')} {are} not as in the files, and the files alone do "
        "not change that."
    )
    print("-- Run this as the owner, then `crm-sync db apply` again:")
    for one in remaining:
        print(f"\n-- {one.sentence}\n{one.sql}")


def _note_missing_role(notice: psycopg.errors.Diagnostic, missing: list[str]) -> None:
    """schema.sql says so where the owner may not create a role, and what an administrator runs."""
    said = notice.message_primary or ""
    if said.startswith("Role ") and said not in missing:
        missing.append(" ".join(part for part in (said, notice.message_hint) if part))


def seed(*, quiet: bool) -> int:
    """Loads the sample data; refuses a database that holds rows."""
    from crm_sync.sample import load

    with connect_as_owner(load_settings()) as connection:
        counts = load(connection, date.today())
    if not quiet:
        print("Loaded: " + ", ".join(f"{n:,} {table}" for table, n in counts.items()) + ".")
    return OK


def unseed(*, quiet: bool) -> int:
    """Removes the sample data, and nothing else."""
    from crm_sync.sample import remove

    with connect_as_owner(load_settings()) as connection:
        counts = remove(connection)
    if not quiet:
        said = ", ".join(f"{n:,} {table}" for table, n in counts.items() if n)
        print(f"Removed: {said}." if said else "There is no sample data here.")
    return OK


def accept(name: str, *, this_database: bool, quiet: bool) -> int:
    """Binds the target anew, after naming what it leads to."""
    settings = load_settings()
    name, where = settings.chosen(name)
    with connect(settings.database()) as connection:
        org = state.accept(connection, Client(name, where), database=this_database)
        database = connection.info.dbname
    if not quiet:
        print(org.sentence())
        print(
            f"The state of this org belongs to this database now ({database})."
            if this_database
            else f"The target {name} is bound to this org."
        )
        print("The next dry run looks there for records of ours before it counts rows as new.")
    return OK

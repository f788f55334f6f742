"""The question about the database: its URL, tried at once."""

from __future__ import annotations

import os

from crm_sync.credentials import secret
from crm_sync.errors import DatabaseError
from crm_sync.init.answers import Changes, Flags
from crm_sync.init.asking import Asker
from crm_sync.settings import Settings
from crm_sync.settings_sources import variable
from crm_sync.sync.database import connect

__all__ = ["ask_database"]

EXAMPLE = "postgresql://crm_sync:password@host:5432/postgres"


def ask_database(asker: Asker, flags: Flags, settings: Settings, changes: Changes) -> None:
    """Asks for the URL until a connection can be had, and says whether the schema is there.

    What is known may be kept. Raises DatabaseError where nobody can be asked again.
    """
    known = _known(settings, "database_url")

    def attempt(is_first: bool) -> tuple[str, str, bool]:
        given = flags.database_url if is_first else None
        url = asker.text(
            f"Database URL, {EXAMPLE} (not shown)", "--database-url", given, known, hidden=True
        )
        return url, _tried(asker, url), _has_schema(url)

    url, user, has_schema = asker.until_right(attempt)
    if url == os.environ.get(variable("database_url")):
        changes.of_environment.append(variable("database_url"))
    if url != known:
        changes.secrets["database_url",] = url
    if flags.owner_database_url or not has_schema:
        _ask_owner(asker, flags, settings, changes)
    if not has_schema:
        changes.next_command = "crm-sync db apply"
        changes.notes.append(
            "The schema is not there yet: `crm-sync db apply` applies it, as the database's owner; "
            "then `crm-sync db login crm_sync` gives the sync's own role a password."
        )
    elif user.split(".")[0] != "crm_sync":  # Supabase's pooler adds the project
        asker.say(
            f"  {user} may do more than a sync needs: the role crm_sync is enough. "
            "`crm-sync db login crm_sync` gives it a password, and `crm-sync init` takes its URL."
        )


def _ask_owner(asker: Asker, flags: Flags, settings: Settings, changes: Changes) -> None:
    """As whom the schema is applied; who gives nothing means the user of the database URL."""
    known = _known(settings, "owner_database_url")

    def attempt(is_first: bool) -> str:
        url = asker.text(
            "URL of its owner, who applies the schema (not shown; Enter: the same)",
            "--owner-database-url",
            flags.owner_database_url if is_first else None,
            known,
            hidden=True,
            needed=False,
        )
        if url:
            _tried(asker, url)
        return url

    url = asker.until_right(attempt)
    if url and url != known:
        changes.secrets["owner_database_url",] = url


def _known(settings: Settings, key: str) -> str | None:
    value = secret(
        (key,), getattr(settings, key), getattr(settings, f"{key}_file"), keyring=settings.keyring
    )
    return value.get_secret_value() if value else None


def _tried(asker: Asker, url: str) -> str:
    with connect(url, schema=False) as connection:
        info = connection.info
        asker.say(f"  Connected to {info.dbname} at {info.host or 'this machine'} as {info.user}.")
        return str(info.user)


def _has_schema(url: str) -> bool:
    """Raises DatabaseError where it is there, and not for this user."""
    try:
        with connect(url):
            return True
    except DatabaseError:
        with connect(url, schema=False) as connection:
            row = connection.execute("select to_regclass('sync.record')").fetchone()
        if row is None or row[0] is None:
            return False
        raise

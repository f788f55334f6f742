"""`db login`: gives one of the two roles its password, and says how to sign in with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from crm_sync.cli.exits import OK, PROBLEMS
from crm_sync.errors import DatabaseError, SettingsError
from crm_sync.init.asking import Asker
from crm_sync.schema import logins
from crm_sync.schema.logins import Address
from crm_sync.settings import load_settings
from crm_sync.sync.database import connect, connect_as_owner

__all__ = ["login"]


def login(role: str, *, quiet: bool) -> int:
    """Asks for the password unless a setting has it, sets it, tries it, and tells the address."""
    settings = load_settings()
    given = settings.password_for_login()
    if given is not None:
        logins.check_password(role, given)
    url = settings.owner_database()
    with connect_as_owner(settings, schema=False) as connection:
        logins.require_role(connection, role)
        password = given if given is not None else _asked(role)
        logins.enable_login(connection, role, password)
        info = connection.info
        address = logins.address(
            url, role, host=info.host or "", port=info.port, database=info.dbname
        )
    if not quiet:
        which = "that you typed" if given is None else "of CRM_SYNC_LOGIN_PASSWORD"
        print(f"{role} may sign in to {address.database}, with the password {which}.")
        for line in _told(address):
            print(line)
    return _tried(url, address, password)


def _asked(role: str) -> str:
    """A password from a person, typed twice. Raises SettingsError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise SettingsError(
            f"Nobody can be asked for the password of {role}.",
            "Set CRM_SYNC_LOGIN_PASSWORD, or CRM_SYNC_LOGIN_PASSWORD_FILE to a file that holds it.",
        )
    asker = Asker(may_ask=True)

    def attempt(_: bool) -> str:
        typed = asker.text(f"New password for {role} (not shown)", "", None, hidden=True)
        logins.check_password(role, typed)
        if asker.text("Once more", "", None, hidden=True) != typed:
            raise SettingsError("The two are not the same.", "Type it again.")
        return typed

    return asker.until_right(attempt)


def _told(one: Address) -> Iterator[str]:
    """The address as whoever signs in wants it."""
    yield ""
    if one.role == logins.READER:
        yield "Power BI, Get data, PostgreSQL database (its help: docs/powerbi.md):"
        by_socket = "HOST:PORT; this command came by a socket, which Power BI cannot"
        yield f"  Server    {by_socket if one.is_socket else f'{one.host}:{one.port}'}"
        yield f"  Database  {one.database}"
        yield f"  User      {one.user}, under Database, not under Windows"
    else:
        yield f"  Host      {one.host or 'localhost'}"
        yield f"  Port      {one.port}"
        yield f"  User      {one.user}"
        yield f"  Database  {one.database}"
        yield ""
        yield "In .env, with the password for PASSWORD (percent-encode @ / : ? # % and blanks;"
        yield "@ is %40); `crm-sync init` asks for the same and writes it:"
        yield f"  CRM_SYNC_DATABASE_URL='{one.url()}'"
    yield from _other_way(one)


def _other_way(one: Address) -> Iterator[str]:
    """Supabase can be reached in two ways, by different names of the user."""
    if one.is_pooler:
        yield ""
        yield (
            f"Directly, without the pooler (IPv6): db.{one.project}.supabase.co, port 5432, "
            f"user {one.role}."
        )
    elif one.project:
        yield ""
        yield (
            "Through Supabase's session pooler (IPv4, too): the host that Connect shows on its "
            f"dashboard, port 5432, user {one.role}.{one.project}."
        )


def _tried(url: str, address: Address, password: str) -> int:
    """Whether the password is taken, which pg_hba.conf and poolers decide, too."""
    try:
        with connect(logins.signing_in(url, address, password), schema=False):
            return OK
    except DatabaseError as error:
        print(
            f"The password is set, but {address.user} cannot sign in with it yet: {error.sentence}",
            file=sys.stderr,
        )
        return PROBLEMS

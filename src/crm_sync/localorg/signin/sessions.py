"""Sessions and refresh tokens: who may still come in, by the org's clock.

In: a user's Id. Out: a token, and later the user's Id again for as long as the session lives. A
session ends after two hours without a call (D, Session Settings, the default; recorded logins have
7200 as their ``sessionSecondsValid``), by logout or revocation, or when an administrator ends all.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crm_sync.localorg.records.store import Store

TOKEN_MARK = "AQEAQ"  # noqa: S105 - the first letters of every token, which clients check
_TABLES = (
    "create table if not exists local_access (token text primary key, user_id text, kind text, "
    "opened real, used real, refresh_token text)",
    "create table if not exists local_refresh (token text primary key, user_id text)",
)


@dataclass(frozen=True)
class Session:
    """One living session; times are seconds since 1970."""

    token: str
    user_id: str
    kind: str
    """How it began: ``client_credentials``, ``jwt``, ``password``, ``refresh`` or ``control``."""
    opened: float
    used: float


class Sessions:
    """The sessions of one org."""

    def __init__(self, store: Store, org_id: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._org_id = org_id
        self._clock = clock
        for table in _TABLES:
            store.execute(table)

    def open(self, user_id: str, kind: str = "control", refresh_token: str | None = None) -> str:
        """A new access token; it looks like those of Salesforce, which clients check."""
        token = f"{self._org_id[:15]}!{TOKEN_MARK}{_random(60)}"
        now = self._now()
        self._store.execute(
            "insert into local_access values (?, ?, ?, ?, ?, ?)",
            [token, user_id, kind, now, now, refresh_token],
        )
        return token

    def find(self, token: str, lifetime: int) -> Session | None:
        """The living session of a token, which this call keeps alive.

        ``lifetime`` is in seconds. A call sets the time of last use only in the second half of the
        lifetime (D, Session Settings), so most calls write nothing.
        """
        found = self._store.rows(
            "select token, user_id, kind, opened, used from local_access where token = ?", [token]
        )
        if not found:
            return None
        session = Session(*found[0])
        idle = self._now() - session.used
        if idle >= lifetime:
            self._store.execute("delete from local_access where token = ?", [token])
            return None
        if idle >= lifetime / 2:
            self._store.execute(
                "update local_access set used = ? where token = ?", [self._now(), token]
            )
        return session

    def open_refresh(self, user_id: str) -> str:
        """A refresh token, as an interactive sign-in would leave one behind."""
        token = f"5Aep861{_random(60)}"
        self._store.execute("insert into local_refresh values (?, ?)", [token, user_id])
        return token

    def refresh_user(self, token: str) -> str | None:
        found = self._store.rows("select user_id from local_refresh where token = ?", [token])
        return found[0][0] if found else None

    def end(self, token: str) -> bool:
        """Revoke an access token, or a refresh token with the sessions it gave (D, Revoke)."""
        run = self._store.execute
        ended = run("delete from local_access where token = ? or refresh_token = ?", [token, token])
        return bool(run("delete from local_refresh where token = ?", [token]) + ended)

    def end_all(self) -> int:
        """End every session; the number of them. Refresh tokens stay."""
        return self._store.execute("delete from local_access")

    def count(self, lifetime: int) -> int:
        """The number of living sessions; ``lifetime`` is in seconds."""
        since = self._now() - lifetime
        return int(
            self._store.rows("select count(*) from local_access where used > ?", [since])[0][0]
        )

    def _now(self) -> float:
        return self._clock().timestamp()


def _random(count: int) -> str:
    return secrets.token_urlsafe(count).replace("-", ".")

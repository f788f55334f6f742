"""What libpq, a server or Supabase's pooler says, and the one line that it becomes."""

from __future__ import annotations

import pytest

from crm_sync.errors import DatabaseError
from crm_sync.sync.address import parts_of, sslmode
from crm_sync.sync.unreachable import refused

POOLER = "aws-0-eu-central-1.pooler.supabase.com"
BEFORE = (
    f'connection failed: connection to server at "{POOLER}" (18.0.0.1), port 5432 failed: FATAL:  '
)


def line(text: str, host: str = POOLER, user: str = "crm_sync.abcdefghijklmnopqrst") -> str:
    return str(refused(text, parts_of(f"postgresql://{user}:secret@{host}:5432/postgres")))


@pytest.mark.parametrize(
    "said",
    ["(ENOTFOUND) tenant/user crm_sync.abcdefghijklmnopqrst not found", "Tenant or user not found"],
)
def test_a_project_that_the_pooler_does_not_know(said: str) -> None:
    assert line(BEFORE + said) == (
        f"Supabase's pooler at {POOLER}:5432 knows no project for the user "
        "crm_sync.abcdefghijklmnopqrst. The project may be paused (restore it on the dashboard); "
        "else copy host and user from its Connect: the user is crm_sync.<project ref>."
    )


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        ("(EAUTHQUERY) connection to database not available",
         "Supabase's pooler at {} does not reach"),
        ("(EDBHANDLEREXITED) connection to database closed. Check logs for more information",
         "Supabase's pooler at {} does not reach"),
        ("(ECIRCUITBREAKER) circuit breaker open for operation: auth_error, blocked until: 1",
         "Supabase's pooler at {} lets nobody in for some minutes"),
        ("(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to "
         "pool_size: 15", "The server has no connection left."),
        ("(ESSLREQUIRED) SSL connection is required for user: crm_sync",
         "The server refuses the user crm_sync.abcdefghijklmnopqrst without TLS."),
        ('password authentication failed for user "crm_sync"', "The password for crm_sync.abc"),
        ('(EWRONGPASSWORD) password authentication failed for user "x"', "The password for "),
    ],
)  # fmt: skip
def test_what_else_the_pooler_says(said: str, begins: str) -> None:
    assert line(BEFORE + said).startswith(begins.format(f"{POOLER}:5432"))


def test_a_direct_host_without_an_address_may_be_a_paused_project() -> None:
    host = "db.abcdefghijklmnopqrst.supabase.co"
    text = f"failed to resolve host {host!r}: [Errno -5] No address associated with hostname"
    assert line(text, host) == (
        f"There is no host {host}. The project may be paused (restore it on the dashboard), or "
        "this network lacks IPv6: take the session pooler's address then. Correct the host in "
        "CRM_SYNC_DATABASE_URL."
    )
    assert "paused" not in line(text.replace(host, "db.example.com"), "db.example.com")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u@db.example.com/crm", "require"),
        ("postgresql://u@db.example.com/crm?sslmode=prefer", "require"),
        ("postgresql://u@db.example.com/crm?sslmode=allow", "require"),
        ("postgresql://u@localhost,db.example.com/crm", "require"),
        ("postgresql://u@[2001:db8::1]/crm", "require"),
        ("postgresql://u@db.example.com/crm?hostaddr=192.0.2.1", "require"),
        ("postgresql://u@db.example.com/crm?sslrootcert=system", "verify-full"),
        ("postgresql://u@db.example.com/crm?sslmode=disable", None),
        ("postgresql://u@db.example.com/crm?sslmode=verify-ca", None),
        ("postgresql://u@/crm?service=practice", None),
        ("postgresql://u@localhost/crm", None),
        ("postgresql://u@127.0.0.1/crm", None),
        ("postgresql://u@[::1]/crm", None),
        ("postgresql://u@/crm?host=/run/postgresql", None),
        ("postgresql:///crm", None),
    ],
)
def test_what_is_said_about_tls_beyond_the_url(
    url: str, said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    assert sslmode(parts_of(url)) == said


def test_what_the_environment_says_about_host_and_tls_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    monkeypatch.setenv("PGSSLMODE", "prefer")
    assert sslmode(parts_of("postgresql:///crm")) == "require"
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert sslmode(parts_of("postgresql:///crm")) is None


def test_an_sslmode_that_is_none() -> None:
    with pytest.raises(DatabaseError, match=r"no such sslmode .* Write one of"):
        sslmode(parts_of("postgresql://u@db.example.com/crm?sslmode=requried"))

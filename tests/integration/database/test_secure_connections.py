"""TLS to the database: never left out unasked, and one clear line for each way it can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from crm_sync.errors import DatabaseError
from crm_sync.sync.database import connect
from tests.support.postgres import Database, Server
from tests.support.secure_postgres import ELSEWHERE, Reached, by_tcp, certified

pytestmark = pytest.mark.tls


@pytest.fixture
def reached(server: Server, database: Database) -> Iterator[Reached]:
    with by_tcp(server, database) as found:
        yield found


def is_encrypted(url: str) -> bool:
    with connect(url) as connection:
        row = connection.execute(
            "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return bool(row[0])


def refusal(url: str) -> str:
    with pytest.raises(DatabaseError) as caught, connect(url):
        pass
    return str(caught.value)


@pytest.mark.parametrize("mode", ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=require"])
def test_to_another_machine_nothing_goes_without_tls_unless_that_is_said(
    reached: Reached, mode: str
) -> None:
    where = f"{ELSEWHERE}:{reached.port}"
    assert refusal(reached.url(ELSEWHERE, mode)) == (
        f"PostgreSQL at {where} offers no TLS, and password and rows would be readable on the way. "
        "Turn ssl on there; on a network of your own, write sslmode=disable in "
        "CRM_SYNC_DATABASE_URL."
    )
    assert not is_encrypted(reached.url(ELSEWHERE, "?sslmode=disable"))
    assert not is_encrypted(reached.url("localhost"))


def test_a_certificate_is_checked_where_its_authority_is_named(
    server: Server, reached: Reached, tmp_path: Path
) -> None:
    other = tmp_path / "other.crt"
    trustme.CA().cert_pem.write_to_path(other)
    with certified(server, "localhost") as root:
        assert is_encrypted(reached.url(ELSEWHERE)), "unasked"
        assert is_encrypted(reached.url("localhost", f"?sslmode=verify-full&sslrootcert={root}"))
        # Named alone it is meant: libpq itself would check neither name nor signature.
        assert refusal(reached.url(ELSEWHERE, f"?sslrootcert={root}")) == (
            f"PostgreSQL at {ELSEWHERE}:{reached.port} shows a certificate for localhost, not for "
            f"{ELSEWHERE}. Somebody else may answer there. Correct the host in "
            "CRM_SYNC_DATABASE_URL to the certificate's."
        )
        said = refusal(reached.url("localhost", f"?sslmode=verify-full&sslrootcert={other}"))
        assert said.startswith(
            f"PostgreSQL at localhost:{reached.port} shows a certificate that the sslrootcert does "
            "not vouch for. Somebody else may answer there, or the file is not its authority's."
        )
        assert "\n" not in said


def test_a_root_certificate_that_cannot_be_used(
    server: Server, reached: Reached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing, empty = tmp_path / "prod-ca-2021.crt", tmp_path / "empty.crt"
    empty.touch()
    monkeypatch.setenv("HOME", str(tmp_path))  # where libpq looks for a file of its own
    with certified(server, "localhost"):
        for mode in ("", "&sslmode=require", "&sslmode=verify-full"):
            said = refusal(reached.url(ELSEWHERE, f"?sslrootcert={missing}{mode}"))
            assert said.startswith(
                f"The sslrootcert of the database is not there: {missing}. Write sslmode="
            )
        assert refusal(reached.url(ELSEWHERE, f"?sslrootcert={empty}")).startswith(
            f"The sslrootcert of the database holds no certificate: {empty}."
        )
        assert refusal(reached.url("localhost", "?sslmode=verify-full")).startswith(
            "No root certificate is named to check the server by. Write sslmode=verify-full"
        )


def test_a_server_that_asks_for_tls(server: Server, database: Database) -> None:
    with certified(server, "localhost"), by_tcp(server, database, "hostssl") as reached:
        assert is_encrypted(reached.url("localhost"))
        assert refusal(reached.url("localhost", "?sslmode=disable")) == (
            "The server refuses the user crm_sync without TLS. "
            "Take sslmode=disable out of CRM_SYNC_DATABASE_URL, or check pg_hba.conf."
        )

"""The address by which a role signs in, and what its password may be."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from crm_sync.errors import SettingsError
from crm_sync.schema.logins import READER, SYNC, Address, address, check_password, signing_in

REF = "abcdefghijklmnopqrst"
POOLER = "aws-0-eu-central-1.pooler.supabase.com"


def of(user: str, host: str, *, role: str = SYNC, port: int = 5432, more: str = "") -> Address:
    url = f"postgresql://{user}:secret@{host}:{port}/postgres{more}"
    return address(url, role, host=host, port=port, database="postgres")


def test_through_supabases_pooler_the_user_names_the_project() -> None:
    one = of(f"postgres.{REF}", POOLER, role=READER)
    assert (one.user, one.project, one.is_pooler) == (f"powerbi_reader.{REF}", REF, True)
    assert one.url() == (f"postgresql://powerbi_reader.{REF}:PASSWORD@{POOLER}:5432/postgres")


def test_directly_the_user_is_the_role_and_the_host_names_the_project() -> None:
    one = of("postgres", f"db.{REF}.supabase.co")
    assert (one.user, one.project, one.is_pooler) == (SYNC, REF, False)


@pytest.mark.parametrize("host", ["crm.example.com", "db.example.com", "127.0.0.1"])
def test_elsewhere_a_point_in_the_owners_name_means_nothing(host: str) -> None:
    one = of("anna.smith", host)
    assert (one.user, one.project, one.is_pooler) == (SYNC, "", False)


def test_what_the_url_says_of_tls_goes_with_it() -> None:
    one = of("o", "crm.example.com", more="?sslmode=verify-full&sslrootcert=/etc/my%20ca.crt")
    parts = conninfo_to_dict(one.url("p@ss/word: 1?#%"))
    assert parts["password"] == "p@ss/word: 1?#%"
    assert (parts["sslmode"], parts["sslrootcert"]) == ("verify-full", "/etc/my ca.crt")
    assert (parts["host"], parts["port"], parts["dbname"]) == (
        "crm.example.com",
        "5432",
        "postgres",
    )


def test_a_socket_and_an_ipv6_address_make_urls_that_libpq_reads() -> None:
    socket = address(
        "postgresql://o@/crm?host=/run/my%20pg", SYNC, host="/run/my pg", port=5433, database="crm"
    )
    parts = conninfo_to_dict(socket.url())
    assert (parts["host"], parts["port"], parts["dbname"]) == ("/run/my pg", "5433", "crm")
    six = address("postgresql://o@[::1]/crm", SYNC, host="::1", port=5432, database="crm")
    assert conninfo_to_dict(six.url())["host"] == "::1"


def test_it_is_tried_where_the_owner_came_in() -> None:
    url = f"postgresql://postgres.{REF}:secret@{POOLER}/postgres?connect_timeout=3"
    one = address(url, SYNC, host=POOLER, port=5432, database="postgres")
    password = "jdbc://a:b@c/d?e#f %20"
    assert conninfo_to_dict(signing_in(url, one, password)) == {
        "user": f"crm_sync.{REF}",
        "password": password,
        "host": POOLER,
        "dbname": "postgres",
        "connect_timeout": "3",
    }


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "too short"),
        ("elevenchars", "too short"),
        ("powerbi_reader1", "role's name"),
        ("twelve\tand more", "cannot be typed"),
        ("two lines\nof text", "cannot be typed"),
    ],
)
def test_a_weak_or_strange_password_is_refused_without_being_shown(
    password: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        check_password(READER, password)
    assert not password or password not in str(refused.value)


def test_a_long_password_may_have_any_sign() -> None:
    check_password(SYNC, "Grüße an alle! @/:?#%'\"\\")

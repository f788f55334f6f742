"""convert_lead: a won lead becomes an account, once."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.integration.database.rows import add, value, values
from tests.support.postgres import Database

Connection = psycopg.Connection[Any]


def convert(connection: Connection, *parameters: Any) -> Any:
    marks = ", ".join(["%s"] * len(parameters))
    return value(connection, f"select public.convert_lead({marks})", *parameters)


def test_a_won_lead_becomes_an_account_with_its_facts(connection: Connection) -> None:
    lead = add(
        connection,
        "leads",
        company_name="Lighthouse Books",
        first_name="Ada",
        last_name="Quay",
        email="ada@example.com",
        phone="+44 20 7946 0002",
        website="https://www.example.com",
        industry="Retail",
        owner_email="owner@example.com",
        lead_status="won",
    )
    account = convert(connection, lead)
    found = connection.execute(
        "select id, company_name, primary_contact, email, phone, website, industry, owner_email,"
        " account_status from public.accounts"
    ).fetchall()
    assert found == [
        (
            account,
            "Lighthouse Books",
            "Ada Quay",
            "ada@example.com",
            "+44 20 7946 0002",
            "https://www.example.com",
            "Retail",
            "owner@example.com",
            "active",
        )
    ]
    assert value(connection, "select converted_account_id from public.leads") == account


def test_a_lead_without_a_person_makes_an_account_without_a_contact(connection: Connection) -> None:
    convert(connection, add(connection, "leads", lead_status="won"))
    assert values(connection, "select primary_contact from public.accounts") == [None]


def test_converting_again_returns_the_same_account(connection: Connection) -> None:
    lead = add(connection, "leads", lead_status="won")
    account = convert(connection, lead)
    assert convert(connection, lead) == account
    assert convert(connection, lead, account) == account
    assert value(connection, "select count(*) from public.accounts") == 1


def test_a_lead_joins_the_account_that_is_named(connection: Connection) -> None:
    account = add(connection, "accounts", company_name="Another name", phone="+44 20 7946 0003")
    lead = add(connection, "leads", lead_status="won", phone="+44 20 7946 0004")
    assert convert(connection, lead, account) == account
    assert values(connection, "select phone from public.accounts") == ["+44 20 7946 0003"]


def test_a_lead_joins_the_one_account_of_its_name(connection: Connection) -> None:
    account = add(connection, "accounts", company_name=" LIGHTHOUSE books")
    assert convert(connection, add(connection, "leads", lead_status="won")) == account


def test_activities_stay_with_the_lead(connection: Connection) -> None:
    lead = add(connection, "leads", lead_status="won")
    add(connection, "activities", lead_id=lead)
    convert(connection, lead)
    assert values(connection, "select lead_id from public.activities") == [lead]


@pytest.mark.parametrize("status", ["new", "contacted", "qualified", "lost"])
def test_a_lead_that_is_not_won_is_refused(connection: Connection, status: str) -> None:
    lead = add(connection, "leads", lead_status=status)
    with pytest.raises(psycopg.Error, match=f"is {status}, not won") as refused:
        convert(connection, lead)
    assert refused.value.sqlstate == "PT409"
    assert refused.value.diag.message_hint is not None
    assert value(connection, "select count(*) from public.accounts") == 0


def test_an_unknown_lead_or_account_is_refused(connection: Connection) -> None:
    lead = add(connection, "leads", lead_status="won")
    for parameters, message in (
        ((uuid4(),), "There is no lead"),
        ((None,), "There is no lead"),
        ((lead, uuid4()), "There is no account"),
    ):
        with pytest.raises(psycopg.Error, match=message) as refused:
            convert(connection, *parameters)
        assert refused.value.sqlstate == "PT404"
        assert refused.value.diag.message_hint is not None


def test_a_converted_lead_does_not_change_its_account(connection: Connection) -> None:
    lead = add(connection, "leads", lead_status="won")
    convert(connection, lead)
    other = add(connection, "accounts", company_name="Other")
    with pytest.raises(psycopg.Error, match="already converted") as refused:
        convert(connection, lead, other)
    assert refused.value.sqlstate == "PT409"


def test_several_accounts_of_the_name_ask_which(connection: Connection) -> None:
    for _ in range(2):
        add(connection, "accounts", company_name="Lighthouse Books")
    with pytest.raises(psycopg.Error, match="There are 2 accounts") as refused:
        convert(connection, add(connection, "leads", lead_status="won"))
    assert refused.value.sqlstate == "PT409"


def test_two_callers_at_once_make_one_account(database: Database, connection: Connection) -> None:
    lead = add(connection, "leads", lead_status="won")
    found: list[Any] = []

    def second() -> None:
        with psycopg.connect(database.owner_url, autocommit=True) as other:
            found.append(convert(other, lead))

    caller = threading.Thread(target=second)
    with connection.transaction():
        found.append(convert(connection, lead))
        caller.start()
        caller.join(timeout=0.3)
        assert caller.is_alive(), "the second caller waits for the first"
    caller.join(timeout=10)
    assert len(found) == 2
    assert found[0] == found[1]
    assert value(connection, "select count(*) from public.accounts") == 1

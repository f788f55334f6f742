"""A database that is not as the files: what is told, and that the SQL told mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from crm_sync.errors import DatabaseError, NotApplied
from crm_sync.schema.applying import Applied, apply_files
from crm_sync.schema.difference import Difference
from crm_sync.schema.picture import read_picture
from tests.integration.database.rows import add, value, values
from tests.support.postgres import SCHEMA_FILES, Database

FILES = {file.name: file.read_text(encoding="utf-8") for file in SCHEMA_FILES}
Owner = psycopg.Connection[Any]


def files(*edits: tuple[str, str]) -> dict[str, str]:
    """schema.sql and views.sql as somebody edited them."""
    changed = dict(FILES)
    for old, new in edits:
        (name,) = [name for name, text in changed.items() if old in text]
        changed[name] = changed[name].replace(old, new, 1)
    return changed


def apply(owner: Owner, edited: dict[str, str], *, keep: bool = True) -> list[Difference]:
    try:
        return apply_files(owner, edited, keep=keep).remaining
    except NotApplied as error:
        return list(error.remaining)


def mend(owner: Owner, found: list[Difference]) -> None:
    """Runs the SQL as psql does, one statement after the other: an enum value can be used only
    when its own transaction has ended.
    """
    for one in found:
        for statement in one.sql.split(";\n"):
            owner.execute(statement.encode())


def sql_of(found: list[Difference]) -> str:
    return "\n".join(one.sql for one in found)


@pytest.fixture
def filled(connection: Owner) -> Owner:
    """The database with an account, a lead, a project and an activity."""
    account = add(connection, "accounts", email="anna@nordwind.example")
    add(connection, "leads")
    add(connection, "projects", account_id=account)
    add(connection, "activities", account_id=account)
    return connection


CASES: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "a new column": (
        (("    primary_contact     text,\n", "    primary_contact     text,\n    fax text,\n"),),
        "alter table public.accounts add column fax text;",
    ),
    "a new column that has a comment, at which the file stops": (
        (
            ("    primary_contact     text,\n", "    primary_contact     text,\n    fax text,\n"),
            (
                "comment on column public.accounts.phone is",
                "comment on column public.accounts.fax is 'Fax.';\n"
                "comment on column public.accounts.phone is",
            ),
        ),
        "alter table public.accounts add column fax text;",
    ),
    "a new column with a default": (
        (
            (
                "    primary_contact     text,\n",
                "    primary_contact     text,\n    rating integer not null default 3,\n",
            ),
        ),
        "add column rating integer default 3 not null;",
    ),
    "a new column that is computed": (
        (
            (
                "    primary_contact     text,\n",
                "    primary_contact     text,\n    size_class text generated always as "
                "(case when phone is null then 'small' else 'large' end) stored,\n",
            ),
        ),
        "add column size_class text generated always as (\nCASE",
    ),
    "a new value of an enum, in the middle": (
        (("'new', 'contacted', 'qualified', 'won', 'lost'", "'new', 'contacted', 'met', 'proposed',"
          " 'qualified', 'won', 'lost'"),),
        "alter type public.lead_status add value if not exists 'met' after 'contacted';\n"
        "alter type public.lead_status add value if not exists 'proposed' after 'met';",
    ),
    "a new value of an enum, at its beginning": (
        (("enum ('new', 'contacted'", "enum ('heard', 'new', 'contacted'"),),
        "add value if not exists 'heard' before 'new';",
    ),
    "a new check": (
        (
            (
                "    constraint accounts_company_name_not_blank",
                "    constraint accounts_phone_not_blank check (phone ~ '\\S'),\n"
                "    constraint accounts_company_name_not_blank",
            ),
        ),
        "alter table public.accounts add constraint accounts_phone_not_blank CHECK",
    ),
    "a changed check": (
        (("check (duration_minutes >= 0)", "check (duration_minutes > 0)"),),
        "drop constraint activities_duration_not_negative, add constraint "
        "activities_duration_not_negative CHECK ((duration_minutes > 0));",
    ),
    "a changed foreign key": (
        (
            (
                "references public.leads (id) on delete cascade,\n"
                "    constraint activities_account_id_fkey",
                "references public.leads (id) on delete restrict,\n"
                "    constraint activities_account_id_fkey",
            ),
        ),
        "REFERENCES public.leads(id) ON DELETE RESTRICT;",
    ),
    "a new index": (
        (
            (
                "create index if not exists leads_converted",
                "create index if not exists leads_email on public.leads (email);\n"
                "create index if not exists leads_converted",
            ),
        ),
        "",  # the second run brings it
    ),
    "a changed index": (
        (("on public.accounts (lower(btrim(company_name)))", "on public.accounts (company_name)"),),
        "drop index public.accounts_company_name;\nCREATE INDEX accounts_company_name ON",
    ),
    "a changed type": (
        (("    title                text,\n", "    title                varchar(80),\n"),),
        "alter table public.leads alter column title type character varying(80);",
    ),
    "a changed type with views and computed columns on it": (
        (
            ("    estimated_value      numeric(14,2),\n", "    estimated_value numeric(16,2),\n"),
            (
                "case when lead_id is not null then 'lead'",
                "case when lead_id is not null then 'Lead'",
            ),
        ),
        "drop view if exists analytics.",
    ),
    "a text that becomes an enum": (
        (
            ("    title                text,\n", "    title                public.sector,\n"),
            (
                "    if to_regtype('public.account_status') is null then",
                "    if to_regtype('public.sector') is null then\n"
                "        create type public.sector as enum ('energy', 'food');\n    end if;\n"
                "    if to_regtype('public.account_status') is null then",
            ),
        ),
        "type public.sector using title::text::public.sector;",
    ),
    "a changed default": (
        (("not null default 'proposed'", "not null default 'active'"),),
        "alter column project_status set default 'active'::public.project_status;",
    ),
    "a default that goes": (
        (("not null default 'proposed'", "not null"),),
        "alter column project_status drop default;",
    ),
    "a value that may be missing": (
        (("    subject          text not null,", "    subject          text,"),),
        "alter column subject drop not null;",
    ),
    "a value that must be there, and is": (
        (("    email               text,\n", "    email               text not null,\n"),),
        "alter table public.accounts alter column email set not null;",
    ),
    "a value that must be there, and has a default": (
        (("    phone               text,\n", "    phone text not null default '-',\n"),),
        "update public.accounts set phone = default where phone is null;",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_sql_that_is_told_brings_what_a_second_run_does_not(filled: Owner, case: str) -> None:
    edits, expected = CASES[case]
    edited = files(*edits)
    found = apply(filled, edited)
    assert bool(found) is bool(expected), found
    assert expected in sql_of(found)
    mend(filled, found)
    assert apply(filled, edited) == []
    assert value(filled, "select count(*) from analytics.account_overview") == 1
    assert value(filled, "select count(*) from public.activities") == 1


def test_a_database_as_the_files_make_it_has_no_difference(connection: Owner) -> None:
    done = apply_files(connection, FILES, keep=True)
    assert (done.remaining, done.own, done.not_compared) == ([], [], "")
    assert done.brought == []


def test_a_column_that_needs_a_value_says_what_to_fill_first(filled: Owner) -> None:
    edited = files(
        ("    phone               text,\n", "    phone text,\n    vat_id text not null,\n")
    )
    found = apply(filled, edited)
    told = sql_of(found)
    assert told.startswith("alter table public.accounts add column vat_id text;\n-- ")
    assert "-- update public.accounts set vat_id = … where vat_id is null;" in told
    filled_in = told.replace("-- update", "update").replace("…", "'none'")
    filled.execute(filled_in.encode())
    assert apply(filled, edited) == []
    assert values(filled, "select vat_id from public.accounts") == ["none"]


def test_rows_without_a_value_are_counted_where_one_is_asked_for(filled: Owner) -> None:
    edited = files(("    last_name            text,", "    last_name            text not null,"))
    filled.execute("update public.leads set last_name = null")
    (one,) = apply(filled, edited)
    assert "1 rows have none" in one.sentence or "1 row has none" in one.sentence
    assert "-- update public.leads set last_name = … where last_name is null;" in one.sql


def test_rows_that_break_a_new_check_are_counted(filled: Owner) -> None:
    filled.execute("update public.accounts set phone = '1'")
    edited = files(
        (
            "    constraint accounts_company_name_not_blank",
            "    constraint accounts_phone_is_long check (length(phone) > 3),\n"
            "    constraint accounts_company_name_not_blank",
        )
    )
    (one,) = apply(filled, edited)
    assert one.sql.startswith(
        "-- 1 row breaks this check; mend them first:\n"
        "--   select * from public.accounts where not (length(phone) > 3);\n"
    )


def test_what_a_person_added_is_left_alone_and_named(filled: Owner) -> None:
    for statement in (
        "alter table public.accounts add column favourite text",
        "alter table public.leads add constraint mine check (email is null or email <> 'a')",
        "create table public.invoice (id integer primary key, account_id uuid)",
        "create view public.mine as select company_name from public.accounts",
        "create policy mine on public.accounts for select to crm_sync using (true)",
        "create index my_dates on public.projects (start_date)",
        "alter type public.activity_type add value 'visit'",
        "create or replace function public.is_staff() returns boolean language sql stable"
        " set search_path = '' as 'select false'",
    ):
        filled.execute(statement.encode())
    done = apply_files(filled, FILES, keep=True)
    assert done.remaining == []
    assert sorted(done.own) == sorted(
        [
            "column public.accounts.favourite",
            "constraint public.leads.mine",
            "table public.invoice",
            "view public.mine",
            "policy public.accounts.mine",
            "index public.projects.my_dates",
            "value 'visit' of type public.activity_type",
            "body of function public.is_staff()",
        ]
    )


def test_what_the_files_made_once_and_make_no_more_is_told(filled: Owner) -> None:
    more = files(
        ("    primary_contact     text,\n", "    primary_contact     text,\n    fax text,\n"),
        ("comment on table public.accounts is",
         "alter table public.accounts add column if not exists fax text;\n"
         "create or replace view public.faxes as select fax from public.accounts;\n"
         "comment on table public.accounts is"),
    )  # fmt: skip
    assert apply(filled, more) == []
    filled.execute("alter table public.accounts add column mine text")
    found = apply(filled, FILES)
    assert [one.sql for one in found] == [
        "drop view public.faxes;",
        "alter table public.accounts drop column fax;",
    ]
    assert "Its values go with it" in found[1].sentence
    assert apply(filled, FILES) == found, "until it is done"
    mend(filled, found)
    assert apply(filled, FILES) == []


def test_a_check_under_a_new_name_is_one_to_add_and_one_to_drop(filled: Owner) -> None:
    assert apply(filled, FILES) == []
    edited = files(
        ("constraint activities_duration_not_negative", "constraint activities_duration_is_real")
    )
    found = apply(filled, edited)
    assert [str(one.thing) for one in found] == [
        "constraint public.activities.activities_duration_is_real",
        "constraint public.activities.activities_duration_not_negative",
    ]
    mend(filled, found)
    assert apply(filled, edited) == []


def test_a_trigger_that_was_switched_off_is_told_or_back(filled: Owner) -> None:
    filled.execute("alter table public.leads disable trigger lead_status_history")
    mend(filled, apply(filled, FILES))
    enabled = "select tgenabled from pg_trigger where tgname = 'lead_status_history'"
    assert value(filled, enabled) == "O"


def test_a_check_that_was_never_held_against_old_rows_is_told(filled: Owner) -> None:
    filled.execute(
        "alter table public.activities drop constraint activities_subject_not_blank,"
        " add constraint activities_subject_not_blank check (subject ~ '\\S') not valid"
    )
    (one,) = apply(filled, FILES)
    assert one.sql == (
        "alter table public.activities validate constraint activities_subject_not_blank;"
    )
    mend(filled, [one])
    assert apply(filled, FILES) == []


def test_a_changed_view_under_a_view_of_ones_own_is_explained(filled: Owner) -> None:
    filled.execute("create view public.mine as select time_zone from analytics.practice")
    edited = files(("    zone.time_zone,\n", "    zone.time_zone::varchar(80) as time_zone,\n"))
    with pytest.raises(NotApplied) as caught:
        apply_files(filled, edited, keep=True)
    assert "Views of your own stand on those of views.sql: public.mine." in caught.value.mend


def test_a_dry_run_says_what_would_come_and_leaves_nothing(filled: Owner) -> None:
    filled.execute("drop view analytics.kpi cascade")
    filled.execute("drop index public.leads_converted_account_id")
    edited = files(("check (duration_minutes >= 0)", "check (duration_minutes > 0)"))
    before = read_picture(filled)
    done: Applied = apply_files(filled, edited, keep=False)
    assert done.brought == [
        "makes the index public.leads.leads_converted_account_id",
        "makes the view analytics.kpi",
    ]
    assert [one.thing.name for one in done.remaining] == ["activities_duration_not_negative"]
    assert read_picture(filled) == before
    assert value(filled, "select to_regnamespace('public_set_aside_by_crm_sync')") is None


def test_a_user_who_owns_the_tables_alone_is_told_why_nothing_was_compared(
    database: Database, connection: Owner
) -> None:
    """Such as on a server where schema public belongs to somebody else."""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("alter schema public owner to postgres")
        admin.execute("grant create, usage on schema public to crm_owner")
    done = apply_files(connection, FILES, keep=True)
    assert "must be owner of schema public" in done.not_compared
    assert done.remaining == []


def test_nobody_waits_while_the_files_are_run_beside_the_live_schemas(
    database: Database, filled: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def meanwhile(read: Callable[[Owner], Any]) -> Callable[[Owner], Any]:
        def reading(connection: Owner) -> Any:
            with psycopg.connect(database.owner_url, autocommit=True) as other:
                other.execute("set lock_timeout = '2s'")
                add(other, "leads")
                written.append(1)
            return read(connection)

        return reading

    monkeypatch.setattr("crm_sync.schema.picture.read_picture", meanwhile(read_picture))
    from crm_sync.schema.picture import picture_of_files

    picture_of_files(filled, FILES)
    assert written == [1]
    assert value(filled, "select count(*) from public.leads") == 2


def test_a_file_that_is_broken_says_what_postgresql_says(connection: Owner) -> None:
    with pytest.raises(DatabaseError, match=r"views\.sql was not applied: PostgreSQL says: syntax"):
        apply_files(connection, {**FILES, "views.sql": "create viw x"}, keep=True)

"""What is sensitive appears in no output of any command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.output import assert_documented

NAME, OTHER_NAME, LONG_NAME = "Ölmützer-Grün", "Nachtigall-Weiß", "Nachtigall " * 8
MAIL, OTHER_MAIL = "sigrid@fjord.example", "grid@fjord.example"
PHONE = "+47 55 01 02 03"
SECRETS = (NAME, OTHER_NAME, MAIL, OTHER_MAIL, PHONE, "Ölm", "Nachti", "fjord", "55 01")


def everything_printed(desk: Desk, key: str) -> dict[str, str]:
    """Each output of each command that shows rows, by a name."""
    found: dict[str, str] = {}
    files = ("--html", "report.html", "--markdown", "report.md", "--csv", "rows")
    for name, command in {
        "dry-run": ["dry-run", "--full", "--rows", "99", *files],
        "against": ["dry-run", "--against-org", "--rows", "99"],
        "problems": ["problems"],
        "history": ["history", key],
    }.items():
        for format_ in ([], ["--json"]):
            ran = desk.run(*command, *format_)
            assert ran.code in (0, 1), ran.err
            found[f"{name} {format_}"] = ran.out + ran.err
            if format_:
                assert_documented(ran.out)
        for file in (desk.folder / "report.html", desk.folder / "report.md"):
            if file.exists():
                found[f"{name} {file.name}"] = file.read_text("utf-8")
        for file in (desk.folder / "rows").glob("*.csv"):
            found[f"{name} {file.name}"] = file.read_text("utf-8")
    return found


def leaks(printed: dict[str, str], *secrets: str) -> list[str]:
    return [f"{name}: {secret}" for name, text in printed.items() for secret in secrets
            if secret in text]  # fmt: skip


@pytest.fixture
def lead(connection: psycopg.Connection[Any]) -> str:
    """The key of a lead, all of whose personal values are sensitive in one way or another."""
    row = connection.execute(
        "insert into leads (company_name, last_name, email, phone, notes)"
        " values (%s, %s, %s, %s, %s) returning id::text",
        [f"Firma {NAME}", NAME, MAIL, PHONE, f"Wrote from {MAIL}; call {PHONE}."],
    ).fetchone()
    assert row is not None
    connection.execute(
        "insert into activities (lead_id, activity_type, subject) values (%s, 'call', 'Offer')",
        row,
    )
    return str(row[0])


@pytest.fixture
def masked(desk: Desk) -> Desk:
    desk.secrets["CRM_SYNC_MASK_EMAILS_AND_PHONES"] = "true"
    desk.settle()
    company = "Company: {column: company_name, sensitive: true}"
    desk.edit_mapping("lead", "Company: company_name", company)
    desk.edit_mapping("lead", "LastName: {", "LastName: {sensitive: true, ")
    return desk


def refuse(org: LocalOrg, message: str) -> None:
    """Salesforce refuses leads and repeats their values."""
    error = {"statusCode": "STRING_TOO_LONG", "message": message, "fields": ["Title"]}
    org.faults = [{"when": {"object": "Lead"}, "then": {"row_error": error}}]


def change(connection: psycopg.Connection[Any], key: str, name: str = OTHER_NAME) -> None:
    connection.execute(
        "update leads set last_name = %s, email = %s, notes = %s where id = %s",
        [name, OTHER_MAIL, f"Now {OTHER_MAIL}: new@fjord.example", key],
    )


def test_without_masks_the_same_outputs_show_the_values(
    desk: Desk, connection: psycopg.Connection[Any], lead: str
) -> None:
    """So that the tests below look where values are."""
    assert desk.run("sync").code == 0
    change(connection, lead)
    printed = everything_printed(desk, lead)
    for name in ("dry-run []", "dry-run report.html", "dry-run Lead.csv", "against []"):
        assert OTHER_NAME in printed[name], name
        assert MAIL in printed[name], name
    assert NAME in printed["history []"]
    assert MAIL in printed["history ['--json']"]


def test_no_output_shows_what_is_sensitive(
    masked: Desk, org: LocalOrg, connection: psycopg.Connection[Any], lead: str
) -> None:
    secrets = (*SECRETS, *(ascii(text)[1:-1] for text in SECRETS), "\\u00d6lm", "Nachtigall")
    printed = first_dry_run(masked)
    refuse(org, f"Title: data value too large: {NAME} {MAIL.upper()} (max length=128)")
    ran = masked.run("sync")
    assert ran.code == 1
    printed |= {"first sync": ran.out + ran.err} | everything_printed(masked, lead)
    assert leaks(printed, *secrets, MAIL.upper()) == [], "refused"
    org.faults = []
    ran = masked.run("sync", "--retry-refused", "--json")
    assert ran.code == 0
    assert_documented(ran.out)
    change(connection, lead, LONG_NAME)
    printed = {"sync": ran.out} | everything_printed(masked, lead)
    assert leaks(printed, *secrets) == [], "invalid, with values before"
    change(connection, lead)
    org.edit(org.store.records("Lead")[0]["Id"], {"LastName": "Nachtigaller"})
    printed = everything_printed(masked, lead)
    assert leaks(printed, *secrets) == [], "planned, and edited there"
    assert (
        "would overwrite: Last Name, changed in Salesforce to [text, 12 characters]"
        in (printed["against []"])
    )
    connection.execute("delete from leads where id = %s", [lead])
    assert leaks(everything_printed(masked, lead), *secrets) == [], "to be deleted"


def first_dry_run(desk: Desk) -> dict[str, str]:
    """A dry run before the first sync, with every file."""
    ran = desk.run("dry-run", "--rows", "99", "--html", "first.html", "--csv", "first")
    assert ran.code == 0, ran.err
    assert "[text, " in ran.out
    assert "[e-mail, 20 characters]" in ran.out
    files = [desk.folder / "first.html", *Path(desk.folder / "first").glob("*.csv")]
    return {"first": ran.out, **{f.name: f.read_text("utf-8") for f in files}}


def test_a_row_that_waits_does_not_tell_its_parent_s_label(
    masked: Desk, connection: psycopg.Connection[Any], lead: str
) -> None:
    change(connection, lead, LONG_NAME)  # too long, so it is invalid, and its call waits
    plan, run = masked.run("dry-run"), masked.run("sync")
    assert (plan.code, run.code) == (1, 1)
    problems = masked.run("problems").out
    printed = {"dry-run": plan.out, "sync": run.out, "problems": problems}
    assert "Waits for the lead [text, " in printed["dry-run"]
    assert leaks(printed, *SECRETS) == []


def test_history_masks_all_where_the_mappings_cannot_be_read(masked: Desk, lead: str) -> None:
    assert masked.run("sync").code == 0
    masked.edit_mapping("task", "object:", "objekt:")
    ran = masked.run("history", lead)
    assert ran.code == 0
    assert "Values are masked: which are sensitive cannot be told." in ran.out
    assert "[choice, " in ran.out, "also what no mapping calls sensitive"
    assert leaks({"history": ran.out}, *SECRETS) == []

"""The guides of docs/ that go along with an org's life, followed word by word.

Each begins with an empty database and an empty local org, where nobody did anything before, unless
the page itself says what was done before; then that is done first.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.integration.adopt.by_hand import by_hand
from tests.support.command_line import Desk
from tests.support.page import PageReader
from tests.support.postgres import ROOT, Database

SYNC_USER = "sync@example.com"


@pytest.fixture
def other_org() -> Iterator[LocalOrg]:
    with LocalOrg(data=None) as running:
        yield running


def settle(desk: Desk, targets: dict[str, LocalOrg], administrators: dict[str, LocalOrg]) -> None:
    """Settings with these targets; those of administrators sign in with a token of their own."""
    lines = []
    for name in [name for name in desk.secrets if "TARGETS__" in name]:
        del desk.secrets[name]
    for name, org in targets.items():
        lines += [
            f"[targets.{name}]",
            f"instance_url = '{org.instance_url}'",
            f"client_id = '{org.client_id}'",
            f"ca_bundle = '{org.ca_bundle}'",
        ]
        desk.secrets[f"CRM_SYNC_TARGETS__{name.upper()}__CLIENT_SECRET"] = org.client_secret
    for name, org in administrators.items():
        lines += [
            f"[targets.{name}]",
            f"instance_url = '{org.instance_url}'",
            "auth = 'access_token'",
            f"ca_bundle = '{org.ca_bundle}'",
        ]
        desk.secrets[f"CRM_SYNC_TARGETS__{name.upper()}__ACCESS_TOKEN"] = org.admin_token
    desk.settle()
    (desk.folder / "crm-sync.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def set_up(desk: Desk, target: str, org: LocalOrg) -> None:
    """What the administrator did with the guide before."""
    options = ("--target", target, "--assign-to", org.username, "--list-views", "--yes")
    assert desk.run("org", "setup", *options).code == 0


def reader(desk: Desk, database: Database, org: LocalOrg, **more: Any) -> PageReader:
    """Somebody with this desk; `org` is the one that the page calls Acme Consulting."""
    instead = {
        "Acme Consulting (00D…, …)": "Local org (00D…, local)",
        "Acme Consulting": "Local org",
        SYNC_USER: org.username,
        "postgresql://OWNER:PASSWORD@HOST:5432/DATABASE": database.owner_url,
        **more.pop("instead", {}),
    }
    return PageReader(desk.folder, database.owner_url, instead=instead, **more)


@pytest.mark.usefixtures("accounts")
def test_the_monthly_check_finds_a_sync_in_order(
    desk: Desk, database: Database, org: LocalOrg
) -> None:
    settle(desk, {"production": org}, {})
    assert desk.run("sync", "--target", "production").code == 0
    shutil.copytree(ROOT / "docs", desk.folder / "docs")
    monthly = reader(desk, database, org)
    before = org.store.records("Account")
    monthly.follow("how-to/monthly-check.md")
    assert monthly.commands == 7
    assert org.store.records("Account") == before
    assert (desk.folder / "monthly.html").is_file()


@pytest.mark.usefixtures("accounts")
def test_whoever_moves_for_good_has_all_in_salesforce_and_a_database_that_nobody_changes(
    desk: Desk, database: Database, bare_org: LocalOrg, connection: psycopg.Connection[Any]
) -> None:
    org = bare_org
    settle(desk, {"production": org}, {"production_admin": org})
    set_up(desk, "production_admin", org)
    assert desk.run("sync", "--target", "production").code == 0
    connection.execute("update accounts set phone = '+49 40 555 0101'")
    undo = f"org setup --target production_admin --undo --assign-to {SYNC_USER}"
    leaving = reader(desk, database, org, answers={undo: [("[y/N]", "y")]})
    leaving.follow("how-to/leave-for-salesforce.md")
    assert {record["Phone"] for record in org.store.records("Account")} == {"+49 40 555 0101"}
    with pytest.raises(psycopg.errors.RaiseException, match="records are in Salesforce now"):
        connection.execute("delete from accounts")
    archive = (desk.folder / "crm-archive.dump").read_bytes()
    assert archive.startswith(b"PGDMP")
    assert "permission" in desk.refused("sync", "--target", "production", "--full").lower()


@pytest.mark.usefixtures("accounts")
def test_what_the_page_for_administrators_says_by_command_is_so(
    desk: Desk, database: Database, bare_org: LocalOrg
) -> None:
    org = bare_org
    settle(desk, {"client": org}, {"client_admin": org})
    set_up(desk, "client_admin", org)

    def first_sync() -> None:
        assert desk.run("sync", "--target", "client").code == 0
        given = org.store.records("Account")[0]["Id"]
        page.instead["0015g00000XyZabAAF"] = given

    undo = f"org setup --target client_admin --undo --assign-to {SYNC_USER}"
    page = reader(desk, database, org, answers={undo: [("[y/N]", "y")]})
    page.follow("for-administrators.md", {"As whom": first_sync})
    assert "create recorded" in page.printed or page.commands == 4
    assert (desk.folder / "setup.html").is_file()


@pytest.mark.usefixtures("accounts")
def test_whoever_goes_from_a_sandbox_to_production_has_two_orgs_apart(
    desk: Desk, database: Database, org: LocalOrg, other_org: LocalOrg
) -> None:
    def target(url: str, here: LocalOrg) -> dict[str, str]:
        theirs = f'instance_url = "{url}"\nclient_id = "3MVG9…"\n'
        mine = f"instance_url = '{here.instance_url}'\nclient_id = '{here.client_id}'\n"
        return {theirs: f"{mine}ca_bundle = '{here.ca_bundle}'\n"}

    settle(desk, {}, {})
    page = reader(
        desk,
        database,
        org,
        instead={
            **target("https://acme--dev.sandbox.my.salesforce.com", org),
            **target("https://acme.my.salesforce.com", other_org),
            "(Acme)": "(Local org)",
        },
        settings={
            "CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET": org.client_secret,
            "CRM_SYNC_TARGETS__PRODUCTION__CLIENT_SECRET": other_org.client_secret,
        },
    )
    with LocalOrg(data=None) as refresh:

        def refreshed() -> None:
            """Another org answers for the sandbox from now on."""
            settle(desk, {"sandbox": refresh, "production": other_org}, {})
            page.printed = "crm-sync: " + desk.refused("sync", "--target", "sandbox") + "\n"

        page.follow(
            "how-to/sandbox-then-production.md", {"When the sandbox was refreshed": refreshed}
        )
        assert refresh.store.records("Account") == []
    for each in (org, other_org):
        assert len(each.store.records("Account")) == 2


def test_whoever_follows_the_page_on_adopting_doubles_none_of_forty_accounts(
    desk: Desk, database: Database, org: LocalOrg, connection: psycopg.Connection[Any]
) -> None:
    """40 accounts that people made: 30 of a row each, 10 that are twice what one row could be."""
    names = [f"Kontor {number}" for number in range(30)] + ["Twin A", "Twin B"]
    for number, name in enumerate(names):
        connection.execute(
            "insert into accounts (company_name, website, phone) values (%s, %s, %s)",
            [name, f"https://www.{number}.example/", f"+49 30 555 {number:04}"],
        )
    records = [
        {
            "Name": name.upper(),
            "Website": f"{number}.example",
            "Phone": f"0049-30-555{number:04}",
        }
        for number, name in enumerate(names)
    ]
    ids = by_hand(org, "Account", [*records, *records[30:] * 4])

    def decide() -> None:
        """Twin A is one of the records; Twin B shall be made."""
        file = desk.folder / "decisions.csv"
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
        decided = {"Twin A": ids[30], "Twin B": "create"}
        with file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(rows[0]))
            writer.writeheader()
            writer.writerows({**row, "salesforce_id": decided[row["row"]]} for row in rows)

    agree = [("[y/N]", "y")]
    several = "--select account --select task --by account:Name --by task:Subject,ActivityDate"
    is_left = [
        "--dry-run --html adopt.html",
        "--dry-run --select account --by Name,Phone",
        f"--dry-run {several}",
        "--dry-run --csv decisions.csv",
    ]
    exits = {"adopt": 1, **{f"adopt {options}": 1 for options in is_left}}
    page = reader(
        desk, database, org, exits=exits,
        answers={"adopt": agree, "adopt --decisions decisions.csv": agree},
    )  # fmt: skip
    page.follow("how-to/adopt.md", {"Give the decisions": decide})
    assert page.commands == 8
    accounts = org.store.records("Account")
    assert len(accounts) == 41, "one was made: Twin B"
    assert len([record for record in accounts if record["CRM_Id__c"]]) == 32
    twin = org.store.record(ids[30])
    assert twin is not None
    assert twin["CRM_Id__c"]

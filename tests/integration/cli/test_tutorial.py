"""docs/tutorial.md, followed from its first line to its last by somebody who types what it says.

Files are written, SQL and commands run as the page has them, in a folder with the clone's files and
nothing else. Only what a reader would put in of his own is put in here: the test's database and a
local org take the place of his.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import desk
from tests.support.page import PageReader
from tests.support.postgres import ROOT, Database

SYNC_USER = "sync@example.com"


@pytest.fixture
def reader(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    empty_database: Database,
    bare_org: LocalOrg,
) -> PageReader:
    place = desk(tmp_path / "a clone", capsys, monkeypatch)
    for name in ("schema.sql", "views.sql"):
        shutil.copy(ROOT / name, place.folder)
    address = "https://acme--dev.sandbox.my.salesforce.com"
    return PageReader(
        place.folder,
        empty_database.owner_url,
        instead={
            address: bare_org.instance_url,
            "3MVG9…": bare_org.client_id,
            SYNC_USER: bare_org.username,
            "Acme Consulting (00D…, sandbox)": "Local org (00D…, local)",
            "Acme Consulting": "Local org",
        },
        settings={"CRM_SYNC_OWNER_DATABASE_URL": empty_database.owner_url},
        answers={
            "db login crm_sync": [
                ("New password for crm_sync", "SYNC_PASSWORD"),
                ("Once more", "SYNC_PASSWORD"),
            ],
            "init": [
                ("Database URL", empty_database.sync_url),
                ("How to sign in", ""),
                ("Address of the org", address),
                ("Consumer key", bare_org.client_id),
                ("Consumer secret", bare_org.client_secret),
                # A Salesforce org's certificate is trusted everywhere; the local one has its own.
                ("File of certificates", str(bare_org.ca_bundle)),
                ("Name of this target", "sandbox"),
                ("Which mappings", ""),
                ("Write this", "y"),
            ],
            f"org setup --assign-to {SYNC_USER}": [("[y/N]", "y")],
        },
    )


def test_whoever_follows_the_tutorial_sees_what_it_says(
    reader: PageReader, bare_org: LocalOrg
) -> None:
    org = bare_org
    reader.follow(
        "tutorial.md",
        {
            "5. Tell the software": lambda: org.set_policies(run_as=org.admin_username),
            "7. Check": lambda: org.set_policies(run_as=org.username),
        },
    )
    assert reader.commands == 13
    assert (reader.folder / "report.html").stat().st_size > 10_000
    (lead,) = org.store.records("Lead")
    assert (lead["Email"], lead["Status"]) == ("ines@contoso.example", "Working - Contacted")
    (task,) = org.store.records("Task")
    (opportunity,) = org.store.records("Opportunity")
    (account,) = org.store.records("Account")
    assert (task["WhatId"], opportunity["AccountId"]) == (opportunity["Id"], account["Id"])

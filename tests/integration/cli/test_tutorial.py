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


@pytest.fixture
def reader(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    empty_database: Database,
    org: LocalOrg,
) -> PageReader:
    place = desk(tmp_path / "a clone", capsys, monkeypatch)
    for name in ("schema.sql", "views.sql"):
        shutil.copy(ROOT / name, place.folder)
    return PageReader(
        place.folder,
        empty_database.owner_url,
        instead={
            "https://acme--dev.sandbox.my.salesforce.com": org.instance_url,
            "3MVG9…": org.client_id,
            "Acme Consulting (00D…, sandbox)": "Local org (00D…, local)",
            "Acme Consulting": "Local org",
        },
        settings={
            "CRM_SYNC_OWNER_DATABASE_URL": empty_database.owner_url,
            "CRM_SYNC_DATABASE_URL": empty_database.sync_url,
            "CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET": org.client_secret,
        },
        # A Salesforce org's certificate is trusted everywhere; the local one has its own.
        toml=f"ca_bundle = '{org.ca_bundle}'\n",
    )


def test_whoever_follows_the_tutorial_sees_what_it_says(reader: PageReader, org: LocalOrg) -> None:
    reader.follow("tutorial.md")
    assert reader.commands >= 9, "the page lost its commands"
    assert (reader.folder / "report.html").stat().st_size > 10_000
    (lead,) = org.store.records("Lead")
    assert (lead["Email"], lead["Status"]) == ("ines@contoso.example", "Working - Contacted")
    (task,) = org.store.records("Task")
    (opportunity,) = org.store.records("Opportunity")
    (account,) = org.store.records("Account")
    assert (task["WhatId"], opportunity["AccountId"]) == (opportunity["Id"], account["Id"])

"""docs/tutorial.md, followed from its first line to its last by somebody who types what it says.

Files are written, SQL and commands run as the page has them, in a folder with the clone's files and
nothing else. Only what a reader would put in of his own is put in here: the test's database and a
local org take the place of his. What a command prints must be what the page says it prints.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk, desk
from tests.support.postgres import ROOT, Database

PAGE = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALLS = "pip install uv"
"""The one line that is not run: what it installs is what runs this test."""
UV = "uv run "


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, the line where it begins."""

    language: str
    text: str
    line: int


def blocks() -> list[Block]:
    page = PAGE.read_text("utf-8")
    return [
        Block(match[1], match[2], page.count("\n", 0, match.start()) + 1)
        for match in BLOCK.finditer(page)
    ]


@dataclass
class Reader:
    """Somebody in the folder of a fresh clone."""

    place: Desk
    database: Database
    org: LocalOrg
    printed: str = ""
    """By the commands since the last block of expected output."""

    def follow(self, block: Block) -> None:
        getattr(self, f"_{block.language}")(block)

    def _sh(self, block: Block) -> None:
        self.printed = ""
        for command in block.text.splitlines():
            if command == INSTALLS:
                continue
            assert command.startswith(UV), f"line {block.line}: {command}"
            program, *arguments = shlex.split(command.removeprefix(UV))
            assert program == "crm-sync"
            done = subprocess.run(
                [sys.executable, "-m", "crm_sync", *arguments],
                cwd=self.place.folder,
                capture_output=True,
                encoding="utf-8",
            )
            assert (done.returncode, done.stderr) == (0, ""), f"line {block.line}: {command}"
            self.printed += done.stdout

    def _text(self, block: Block) -> None:
        said = block.text.replace("Acme Consulting (00D…, sandbox)", "Local org (00D…, local)")
        said = said.replace("Acme Consulting", "Local org")
        pattern = ".*".join(re.escape(part) for part in said.split("…"))
        assert re.fullmatch(pattern, self.printed, re.DOTALL), (
            f"line {block.line}: the page says\n{said}\nand it printed\n{self.printed}"
        )

    def _sql(self, block: Block) -> None:
        with psycopg.connect(self.database.owner_url, autocommit=True) as editor:
            editor.execute(block.text.encode())

    def _ini(self, block: Block) -> None:
        his = {
            "CRM_SYNC_OWNER_DATABASE_URL": self.database.owner_url,
            "CRM_SYNC_DATABASE_URL": self.database.sync_url,
            "CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET": self.org.client_secret,
        }
        with (self.place.folder / ".env").open("a", encoding="utf-8") as file:
            for line in block.text.splitlines():
                name = line.partition("=")[0]
                file.write(f"{name}='{his[name]}'\n")

    def _toml(self, block: Block) -> None:
        text = block.text
        for theirs, here in (
            ('"https://acme--dev.sandbox.my.salesforce.com"', f"'{self.org.instance_url}'"),
            ('"3MVG9…"', f"'{self.org.client_id}'"),
        ):
            assert theirs in text
            text = text.replace(theirs, here)
        # A Salesforce org's certificate is trusted everywhere; the local one has its own.
        text += f"ca_bundle = '{self.org.ca_bundle}'\n"
        (self.place.folder / "crm-sync.toml").write_text(text, "utf-8")


@pytest.fixture
def reader(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    empty_database: Database,
    org: LocalOrg,
) -> Reader:
    place = desk(tmp_path / "a clone", capsys, monkeypatch)
    for name in ("schema.sql", "views.sql"):
        shutil.copy(ROOT / name, place.folder)
    return Reader(place, empty_database, org)


def test_whoever_follows_the_tutorial_sees_what_it_says(reader: Reader) -> None:
    steps = blocks()
    assert [step.language for step in steps].count("sh") >= 9, "the page lost its commands"
    for step in steps:
        reader.follow(step)
    assert (reader.place.folder / "report.html").stat().st_size > 10_000
    (lead,) = reader.org.store.records("Lead")
    assert (lead["Email"], lead["Status"]) == ("ines@contoso.example", "Working - Contacted")
    (task,) = reader.org.store.records("Task")
    (opportunity,) = reader.org.store.records("Opportunity")
    (account,) = reader.org.store.records("Account")
    assert (task["WhatId"], opportunity["AccountId"]) == (opportunity["Id"], account["Id"])

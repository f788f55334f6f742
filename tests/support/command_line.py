"""The command line as a person has it: a folder with settings, commands, what they print."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crm_sync.cli import ending
from tests.support.postgres import ROOT

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg


@dataclass(frozen=True)
class Ran:
    """What one command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """A folder, whose name has a blank, with `crm-sync.toml`, `.env` and mappings."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    secrets: dict[str, str] = field(default_factory=dict)
    target: dict[str, Any] = field(default_factory=dict)

    @property
    def mappings(self) -> Path:
        return self.folder / "mappings"

    def settle(self) -> None:
        """Writes the settings as they are now."""
        lines = ["[targets.local]", *(f"{k} = {_toml(v)}" for k, v in self.target.items())]
        (self.folder / "crm-sync.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        secrets = "".join(f"{k}='{v}'\n" for k, v in self.secrets.items())
        (self.folder / ".env").write_text(secrets, encoding="utf-8")

    def leads_to(self, org: LocalOrg) -> None:
        """The target `local` is this org."""
        self.target = {
            "instance_url": org.instance_url,
            "client_id": org.client_id,
            "ca_bundle": str(org.ca_bundle),
            "attempts": 1,
        }
        self.secrets["CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"] = org.client_secret
        self.settle()

    def database_is(self, url: str) -> None:
        """The database is the one at this URL, also for its owner."""
        self.secrets["CRM_SYNC_DATABASE_URL"] = url
        self.settle()

    def edit_mapping(self, name: str, old: str, new: str) -> None:
        """Changes the text of a mapping file."""
        file = self.mappings / f"{name}.yaml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def run(self, *arguments: str) -> Ran:
        """One command, in this process."""
        self.capsys.readouterr()
        code = ending.run(list(arguments))
        printed = self.capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    def findings(self, *arguments: str, code: int = 0) -> list[str]:
        """What a check prints, without the line that names the org and the one that counts."""
        ran = self.run("check", *arguments)
        assert (ran.code, ran.err) == (code, ""), ran
        lines = ran.out.splitlines()[:-1]
        return lines[1:] if lines and "), target " in lines[0] else lines

    def refused(self, *arguments: str) -> str:
        """The one line of a command that cannot run: no traceback, no secret."""
        ran = self.run(*arguments)
        assert ran.code == 2, ran
        line, end, rest = ran.err.partition("\n")
        assert (end, rest) == ("\n", ""), ran.err
        assert line.startswith("crm-sync: ")
        for name, value in self.secrets.items():
            if not name.endswith("MAPPINGS"):
                assert value not in ran.out + ran.err, f"{name} was shown"
        return line.removeprefix("crm-sync: ")

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """One command, as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "crm_sync", *arguments],
            **{
                "cwd": self.folder,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "encoding": "utf-8",
                **options,
            },
        )


def desk(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder with our mappings, in which commands run; nothing of the environment's settings."""
    folder.mkdir()
    shutil.copytree(ROOT / "mappings", folder / "mappings")
    for name in os.environ:
        if name.upper().startswith("CRM_SYNC_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    return Desk(folder, capsys)


def _toml(value: Any) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"

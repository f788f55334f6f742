"""`docs`: in the project itself, in a user's own, and where only the package is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crm_sync.cli import ending
from crm_sync.documents.everything import OF_THE_PROGRAM
from tests.support.postgres import ROOT

OWN = {
    "schema.sql": """
        create table public.clients (id uuid primary key, name text not null);
        comment on table public.clients is 'Our own clients.';
    """,
    "mappings/client.yaml": """
        object: Account
        about: A client of ours.
        source: {table: clients}
        label: name
        fields:
          Name: name
          Rank__c: {constant: 1}
    """,
}
"""A project that is no clone of ours: its tables, and a field that only its own org has."""
WRITTEN_OF_THE_PROJECT = {
    "salesforce-mapping.md",
    "database.md",
    "access.md",
    "architecture/er-diagram.svg",
    "architecture/er-diagram-sync.svg",
}


@pytest.fixture
def own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in OWN.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace("\n        ", "\n"))
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CRM_SYNC_")]:
        monkeypatch.delenv(name)
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_check_tells_of_each_document_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    out = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", out)
    edited = out / "salesforce-mapping.md"
    edited.write_text(edited.read_text("utf-8") + "One line of my own.\n", "utf-8")
    (out / "database.md").unlink()
    (out / "errors.md").write_bytes(b"\xff\xfe no UTF-8")
    cli = out / "cli.md"
    cli.write_bytes(cli.read_bytes().replace(b"\n", b"\r\n"))
    before = files(out)
    assert ending.run(["docs", "--out", str(out), "--check"]) == 1
    said = capsys.readouterr()
    stale = {"salesforce-mapping.md", "errors.md", "cli.md"}
    current = (OF_THE_PROGRAM.keys() | WRITTEN_OF_THE_PROJECT) - stale - {"database.md"}
    assert sorted(said.out.splitlines()) == sorted(
        [f"{out / name} is stale." for name in stale]
        + [f"{out / 'database.md'} is missing."]
        + [f"{out / name} is current." for name in current]
        + [f"Write them anew: crm-sync docs --out {out}"]
    )
    assert said.err == ""
    assert files(out) == before


def test_in_a_project_of_its_own_the_documents_are_made_of_its_schema_and_mappings(
    own_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending.run(["docs"]) == 0
    written = files(own_project / "docs")
    own = WRITTEN_OF_THE_PROJECT - {"architecture/er-diagram-sync.svg"}  # it has no schema sync
    assert written.keys() == OF_THE_PROGRAM.keys() | own
    database = written["database.md"].decode()
    assert "Our own clients." in database
    assert "accounts" not in database
    mapping = written["salesforce-mapping.md"].decode()
    assert "| `Name` | Account Name | Text(255) | `name` | required |" in mapping
    unknown = "\N{EN DASH} | not in the org that was described | always `1` |"
    assert f"| `Rank__c` | {unknown}" in mapping
    assert capsys.readouterr().err.splitlines() == [
        "crm-sync: Without examples: the sample data does not fit the tables of schema.sql.",
        "crm-sync: Nothing describes Account.Rank__c: its type is left open. Name a --target that "
        "has it, or save its describe: crm-sync describe --save",
    ]


def test_a_table_that_no_schema_makes_costs_its_example_alone(
    own_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_project / "schema.sql").unlink()
    (own_project / "mappings" / "lead.yaml").write_text(
        "object: Lead\nsource: {table: leads}\nlabel: company_name\n"
        "fields: {Company: company_name, LastName: {column: last_name, if_null: unknown}}\n"
    )
    assert ending.run(["docs"]) == 0
    first, *_ = capsys.readouterr().err.splitlines()
    assert first == (
        f"crm-sync: Without an example of client: {Path('mappings') / 'client.yaml'}:4:10: There "
        "is no table clients. A schema.sql in this folder would count."
    )
    page = (own_project / "docs" / "salesforce-mapping.md").read_text("utf-8")
    assert "| `Company` | Company | Text(255) | `company_name` | required | " in page
    assert "| `Name` | Account Name | Text(255) | `name` | required |\n" in page


def test_a_schema_that_does_not_run_by_itself_is_told_and_the_rest_is_written(
    own_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_project / "schema.sql").write_text("create table a (b nonsense);")
    assert ending.run(["docs"]) == 2
    assert files(own_project / "docs").keys() == OF_THE_PROGRAM.keys()
    folder = Path("docs")
    assert capsys.readouterr().err == (
        f"crm-sync: Not made: {folder / 'salesforce-mapping.md'}, {folder / 'database.md'}, "
        f"{folder / 'access.md'}, {folder / 'architecture/*.svg'}. The embedded PostgreSQL does "
        'not take schema.sql: type "nonsense" does not exist. It must run by itself in an empty '
        "database, as an owner who is no superuser.\n"
    )


def alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where what the extras bring is not installed."""
    program = (
        "import sys\n"
        "from crm_sync.cli import ending\n"
        "sys.modules.update(dict.fromkeys(ending.OF_EXTRAS))\n"
        "sys.exit(ending.run(sys.argv[1:]))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )


def test_with_the_package_alone_it_writes_what_needs_no_database_and_says_what_it_lacks(
    own_project: Path,
) -> None:
    done = alone("docs")
    assert done.returncode == 2
    assert files(own_project / "docs").keys() == OF_THE_PROGRAM.keys()
    [line] = done.stderr.splitlines()
    assert line.startswith(f"crm-sync: Not made: {Path('docs') / 'salesforce-mapping.md'}, ")
    assert "which is not installed. The extra demo brings it." in line
    checked = alone("docs", "--check")
    assert checked.returncode == 2
    assert "cli.md is current." in checked.stdout
    assert "crm-sync: Not compared: " in checked.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target", "sandbox"], "No target is named."),
        (["--out", "schema.sql"], "schema.sql cannot be written: a part of the path is a file"),
        (["--describes", "nowhere"], "There is no directory nowhere with saved describes."),
    ],
)
def test_what_cannot_be_is_one_line_before_any_server_starts(
    own_project: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending.run(["docs", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_document_that_cannot_be_read_is_one_line(
    own_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_project / "docs" / "cli.md").mkdir(parents=True)
    assert ending.run(["docs", "--check"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        f"crm-sync: {Path('docs') / 'cli.md'} cannot be read: is a directory. Name another --out."
    )

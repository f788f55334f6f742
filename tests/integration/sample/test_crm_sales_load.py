"""The example loader against the real schema, with an export made for the test."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.errors import DatabaseError
from examples.crm_sales.load import Loaded, load_export, main
from examples.crm_sales.read import Export, read_export
from tests.support.postgres import Database

FILES = {
    "accounts.csv": "account,sector,year_established,revenue,employees,office_location,"
    "subsidiary_of\nBrackenridge Mills,technolgy,1996,1,2,Norway,\nOssian,retail,1999,1,2,,\n",
    "products.csv": "product,series,sales_price\nRX Pro,RX,4821\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nDara Quill,Dustin Ito,West\n",
    "sales_pipeline.csv": "opportunity_id,sales_agent,product,account,deal_stage,engage_date,"
    "close_date,close_value\n"
    "A1,Dara Quill,RXPro,Ossian,Won,10/20/2016,3/1/2017,1054\n"
    "A2,Dara Quill,RX Pro,Ossian,Lost,1/2/2017,1/2/2017,0\n"
    "A3,Dara Quill,RX Pro,Ossian,Engaging,1/2/2017,,\n"
    "A4,Dara Quill,RX Pro,Brackenridge Mills,Prospecting,,,\n"
    "A5,Dara Quill,RX Pro,,Engaging,1/2/2017,,\n",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def export(directory: Path) -> Export:
    return read_export(directory)


def change_count(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from sync.change").fetchone()
    assert row is not None
    return row[0]


def history(connection: psycopg.Connection[Any], name: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select c.old_status, c.new_status, c.changed_at from project_status_changes c"
        " join projects p on p.id = c.project_id where p.project_name = %s order by c.changed_at",
        (name,),
    ).fetchall()


def test_a_second_load_writes_nothing(connection: psycopg.Connection[Any], export: Export) -> None:
    assert load_export(connection, export) == Loaded(2, 0, 4, 0)
    before = change_count(connection)
    assert load_export(connection, export) == Loaded(0, 0, 0, 0)
    assert change_count(connection) == before


def test_the_history_is_what_the_export_knows(
    connection: psycopg.Connection[Any], export: Export
) -> None:
    load_export(connection, export)
    begun, closed = datetime(2016, 10, 20, tzinfo=UTC), datetime(2017, 3, 1, tzinfo=UTC)
    assert history(connection, "RX Pro (A1)") == [
        (None, "proposed", begun),
        ("proposed", "completed", closed),
    ]
    assert [row[:2] for row in history(connection, "RX Pro (A2)")] == [
        (None, "proposed"),
        ("proposed", "cancelled"),
    ]
    assert [row[:2] for row in history(connection, "RX Pro (A4)")] == [(None, "proposed")]


def test_a_newer_export_changes_the_rows_that_differ(
    connection: psycopg.Connection[Any], directory: Path
) -> None:
    load_export(connection, read_export(directory))
    pipeline = directory / "sales_pipeline.csv"
    text = pipeline.read_text(encoding="utf-8")
    text = text.replace("Engaging,1/2/2017,,\nA4", "Won,1/2/2017,4/1/2017,4800\nA4")
    pipeline.write_text(text.replace("A5,Dara Quill,RX Pro,,", "A5,Dara Quill,RX Pro,Ossian,"))
    assert load_export(connection, read_export(directory)) == Loaded(0, 0, 1, 1)
    assert [row[:2] for row in history(connection, "RX Pro (A3)")] == [
        (None, "proposed"),
        ("proposed", "completed"),
    ]
    connection.execute("update projects set project_status = 'active' where end_date is null")
    assert history(connection, "RX Pro (A5)")[-1][:2] == ("proposed", "active")


def test_the_command_tells_what_it_did(
    database: Database,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CRM_SYNC_DATABASE_URL", database.owner_url)
    rejects = directory / "aside.csv"
    assert main([str(directory), "--rejects", str(rejects)]) == 1
    printed = capsys.readouterr().out
    for line in (
        "accounts: 2 loaded, 0 changed, 0 there already",
        "projects: 4 loaded, 0 changed, 0 there already",
        "2 proposed, 1 completed, 1 cancelled",
        "1 x product: RXPro → RX Pro",
        "1 x sector: technolgy → technology",
        "1 x sales_pipeline.csv: no account",
    ):
        assert line in printed
    with rejects.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["line_number"], row["reason"], row["opportunity_id"]) == ("6", "no account", "A5")


def test_bad_circumstances_give_one_line_and_exit_code_2(
    database: Database,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(directory)
    monkeypatch.delenv("CRM_SYNC_DATABASE_URL", raising=False)
    assert main([str(directory)]) == 2
    assert "CRM_SYNC_DATABASE_URL is not set." in capsys.readouterr().err
    monkeypatch.setenv("CRM_SYNC_DATABASE_URL", database.owner_url + "&dbname=no_such_database")
    assert main([str(directory)]) == 2
    assert "cannot be reached" in capsys.readouterr().err
    monkeypatch.setenv("CRM_SYNC_DATABASE_URL", database.sync_url)
    assert main([str(directory)]) == 2
    assert "belong to another role" in capsys.readouterr().err
    monkeypatch.setenv("CRM_SYNC_DATABASE_URL", database.owner_url)
    assert main([str(directory), "--rejects", str(directory / "nowhere" / "aside.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_database_without_schema_is_told_so(empty_database: Database, export: Export) -> None:
    with (
        psycopg.connect(empty_database.owner_url, autocommit=True) as owner,
        pytest.raises(DatabaseError, match=r"Apply schema\.sql first"),
    ):
        load_export(owner, export)

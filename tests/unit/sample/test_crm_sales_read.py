"""What the example loader decides about each line of another CRM's export."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crm_sync.errors import SetupError
from examples.crm_sales.read import ACCOUNT_COLUMNS, PROJECT_COLUMNS, Export, Row, read_export

ACCOUNTS = """\
account,sector,year_established,revenue,employees,office_location,subsidiary_of
Brackenridge Mills,technolgy,1996,100.04,282,United States,
Ossian-Ltd,medical,1999,25.41,49,Philipines,Brackenridge Mills
Ossian Partners,retail,1999,25.41,49,,
"""
PRODUCTS = "product,series,sales_price\nRX Pro,RX,4821\nRX-Plus,RX,550\n"
TEAMS = "sales_agent,manager,regional_office\nAnne-Marie Müller,Dustin Ito,West\n"
HEADER = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
)


def write(directory: Path, pipeline: str, accounts: str = ACCOUNTS) -> Path:
    (directory / "accounts.csv").write_text(accounts, encoding="utf-8")
    (directory / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    (directory / "sales_teams.csv").write_text(TEAMS, encoding="utf-8")
    (directory / "sales_pipeline.csv").write_text(HEADER + pipeline, encoding="utf-8")
    return directory


def read(directory: Path, *pipeline: str) -> Export:
    return read_export(write(directory, "\n".join(pipeline) + "\n"))


def named(columns: tuple[str, ...], row: Row) -> dict[str, object]:
    return dict(zip(columns, row, strict=True))


def test_a_won_opportunity_becomes_a_completed_project(tmp_path: Path) -> None:
    line = "AB12,Anne-Marie Müller,RX Pro,Brackenridge Mills,Won,10/2/2016,3/1/2017,1054"
    export = read(tmp_path, line)
    accounts = {row[1]: row[0] for row in export.accounts}
    project = named(PROJECT_COLUMNS, export.projects[0])
    assert project | {"id": None} == {
        "id": None,
        "account_id": accounts["Brackenridge Mills"],
        "project_name": "RX Pro (AB12)",
        "description": "Won: RX Pro, series RX, list price 4821. "
        "Sold by Anne-Marie Müller (West, manager Dustin Ito).",
        "project_status": "completed",
        "start_date": date(2016, 10, 2),
        "end_date": date(2017, 3, 1),
        "contract_value": Decimal(1054),
        "owner_email": "anne-marie.muller@example.com",
    }


@pytest.mark.parametrize(
    ("stage", "rest", "status"),
    [
        ("Prospecting", ",,", "proposed"),
        ("Engaging", "1/31/2017,,", "proposed"),
        ("Won", "1/31/2017,3/1/2017,12.50", "completed"),
        ("Lost", "1/31/2017,3/1/2017,0", "cancelled"),
    ],
)
def test_each_stage_has_its_status(tmp_path: Path, stage: str, rest: str, status: str) -> None:
    export = read(tmp_path, f"AB12,,RX Pro,Brackenridge Mills,{stage},{rest}")
    assert not export.rejects
    assert named(PROJECT_COLUMNS, export.projects[0])["project_status"] == status


def test_keys_are_the_same_in_every_load_and_differ_between_lines(tmp_path: Path) -> None:
    lines = [f"AB1{n},,RX Pro,Brackenridge Mills,Prospecting,,," for n in range(3)]
    first, second = read(tmp_path, *lines), read(tmp_path, *reversed(lines))
    assert {row[0] for row in first.projects} == {row[0] for row in second.projects}
    assert len({row[0] for row in first.projects}) == 3


def test_a_name_that_differs_in_blanks_or_hyphens_is_taken_and_listed(tmp_path: Path) -> None:
    export = read(
        tmp_path,
        "AB12,,RXPro,Brackenridge Mills,Prospecting,,,",
        "AB13,,RXPro,brackenridge mills,Prospecting,,,",
        "AB14,,rx plus,Ossian Ltd,Prospecting,,,",
    )
    names = [named(PROJECT_COLUMNS, row)["project_name"] for row in export.projects]
    assert names == ["RX Pro (AB12)", "RX Pro (AB13)", "RX-Plus (AB14)"]
    assert export.corrections["product", "RXPro", "RX Pro"] == 2
    assert export.corrections["account", "brackenridge mills", "Brackenridge Mills"] == 1
    assert export.corrections["account", "Ossian Ltd", "Ossian-Ltd"] == 1


def test_a_similar_name_is_named_but_never_taken(tmp_path: Path) -> None:
    export = read(tmp_path, "AB12,,RX Pro,Ossian Partner,Prospecting,,,")
    assert export.projects == []
    (reject,) = export.rejects
    assert (reject.reason, reject.number) == ("unknown account", 2)
    assert "Similar: Ossian Partners" in reject.detail


def test_a_name_that_could_be_two_is_set_aside(tmp_path: Path) -> None:
    twins = ACCOUNTS + "OssianLtd,retail,1999,25.41,49,,\n"
    export = read_export(write(tmp_path, "AB12,,RX Pro,Ossian Ltd,Prospecting,,,\n", twins))
    assert [reject.reason for reject in export.rejects] == ["unknown account"]


def test_misspelt_words_are_corrected_only_if_a_person_listed_them(tmp_path: Path) -> None:
    accounts = ACCOUNTS + "Nine & Co,finanse,2001,1,1,Untied States,\n"
    export = read_export(write(tmp_path, "", accounts))
    rows = [named(ACCOUNT_COLUMNS, row) for row in export.accounts]
    assert [(row["industry"], row["billing_country"]) for row in rows] == [
        ("Technology", "United States"),
        ("Medical", "Philippines"),
        ("Retail", None),
        ("Finanse", "Untied States"),
    ]
    assert export.corrections == {
        ("sector", "technolgy", "technology"): 1,
        ("office_location", "Philipines", "Philippines"): 1,
    }


def test_an_unknown_agent_leaves_the_owner_empty(tmp_path: Path) -> None:
    export = read(tmp_path, "AB12,Nobody Known,RX Pro,Brackenridge Mills,Prospecting,,,")
    assert named(PROJECT_COLUMNS, export.projects[0])["owner_email"] is None
    assert export.left_empty == {("sales_agent", "Nobody Known"): 1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("AB12,,RX Pro,,Engaging,1/31/2017,,", "no account"),
        (",,RX Pro,Brackenridge Mills,Engaging,,,", "no opportunity id"),
        ("AB12,,RY Pro,Brackenridge Mills,Engaging,,,", "unknown product"),
        ("AB12,,RX Pro,Brackenridge Mills,Dreaming,,,", "unknown stage"),
        ("AB12,,RX Pro,Brackenridge Mills,Engaging,31/1/2017,,", "no date"),
        ("AB12,,RX Pro,Brackenridge Mills,Engaging,2/29/2017,,", "no date"),
        ("AB12,,RX Pro,Brackenridge Mills,Won,1/1/2017,3/1/2017,", "closed without date or value"),
        ("AB12,,RX Pro,Brackenridge Mills,Lost,1/1/2017,,0", "closed without date or value"),
        ("AB12,,RX Pro,Brackenridge Mills,Won,3/2/2017,3/1/2017,5", "closed before engaged"),
        ('AB12,,RX Pro,Brackenridge Mills,Won,1/1/2017,3/1/2017,"1,054"', "no amount"),
        ("AB12,,RX Pro,Brackenridge Mills,Won,1/1/2017,3/1/2017,-5", "no amount"),
        ("AB12,,RX Pro,Brackenridge Mills,Won,1/1/2017,3/1/2017,NaN", "no amount"),
    ],
)
def test_a_line_that_cannot_be_loaded_says_why(tmp_path: Path, line: str, reason: str) -> None:
    export = read(tmp_path, line)
    assert export.projects == []
    assert [reject.reason for reject in export.rejects] == [reason]


def test_a_second_line_with_the_same_key_is_set_aside(tmp_path: Path) -> None:
    line = "AB12,,RX Pro,Brackenridge Mills,Prospecting,,,"
    export = read_export(write(tmp_path, f"{line}\n{line}\n", ACCOUNTS + ACCOUNTS.splitlines()[1]))
    assert (len(export.projects), len(export.accounts)) == (1, 3)
    assert [reject.reason for reject in export.rejects] == ["account twice", "opportunity twice"]


def test_a_line_with_an_unquoted_comma_stops_the_load(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"sales_pipeline.csv, line 2: 9 cells under 8 column"):
        read(tmp_path, "AB12,,RX Pro,Brackenridge, Mills,Prospecting,,,")


def test_a_missing_file_or_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"There is no file .*accounts\.csv"):
        read_export(tmp_path)
    write(tmp_path, "")
    (tmp_path / "products.csv").write_text("product,series\nRX Pro,RX\n", encoding="utf-8")
    with pytest.raises(SetupError, match=r"products\.csv has no column sales_price"):
        read_export(tmp_path)

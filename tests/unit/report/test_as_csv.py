"""CSV: one file per object, for spreadsheets, which must not run what a cell holds."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from crm_sync.errors import OutputError
from crm_sync.report.as_csv import COLUMNS, write_csv
from crm_sync.report.model import Edits, FieldChange, PlanReport
from tests.unit.report.plans import EDITED, INVALID, MASKED, RENAMED, SCRIPT, ordinary, plan


def written(folder: Path, report: PlanReport) -> dict[str, list[dict[str, str]]]:
    """The lines of each file, by object."""
    return {
        path.stem: list(csv.DictReader(path.read_text("utf-8-sig").splitlines(keepends=True)))
        for path in write_csv(folder / "rows", report)
    }


def test_every_row_stands_on_a_line_of_its_object_s_file(tmp_path: Path) -> None:
    files = written(tmp_path, ordinary())
    assert files.keys() == {"Account", "Lead"}
    [account] = files["Account"]
    assert [account[name] for name in ("action", "state", "key", "label")] == [
        "update", "planned", RENAMED.key, "Müller & Söhne Maschinenbau GmbH",
    ]  # fmt: skip
    assert account["link"] == "https://acme.my.salesforce.com/0015g00000AbCdEQAV"
    assert (account["Name (before)"], account["Name"]) == (
        "Müller Maschinenbau GmbH", "Müller & Söhne Maschinenbau GmbH",
    )  # fmt: skip
    assert (account["AnnualRevenue (before)"], account["AnnualRevenue"]) == ("48000", "62500.5")
    script, invalid = files["Lead"]
    assert script["LastName"] == "<script>alert('lead')</script>"
    assert script["AccountId"] == "account 77"
    assert script["Title"] == "", "a create leaves it out"
    assert invalid["reason"] == INVALID.problems[0].sentence
    assert (invalid["column"], invalid["mend"]) == ("email", "Correct leads.email.")
    assert script["Email"] == invalid["Title"] == "", "a field that the row does not touch"


def test_a_field_that_is_emptied_or_was_empty_is_a_dash(tmp_path: Path) -> None:
    row = replace(
        RENAMED,
        changes=(
            FieldChange("Phone", "phone", None, "1"),
            FieldChange("Fax", "phone", "2", None),
            FieldChange("Flag__c", "boolean", False, True),
            FieldChange("Due__c", "date", None, "2026-11-26"),
        ),
    )
    [line] = written(tmp_path, plan(row))["Account"]
    assert (line["Phone (before)"], line["Phone"]) == ("—", "1")
    assert (line["Fax (before)"], line["Fax"]) == ("2", "—")
    assert (line["Flag__c (before)"], line["Flag__c"]) == ("false", "true")
    assert line["Due__c"] == "2026-11-26"


def test_a_deletion_tells_what_goes(tmp_path: Path) -> None:
    row = replace(
        RENAMED, action="delete", pair="event", changes=(FieldChange("Name", "string", "A", None),)
    )
    [line] = written(tmp_path, plan(row))["Account"]
    assert (line["Name (before)"], line["Name"], line["moves"]) == ("A", "", "to event")


def test_edits_in_salesforce_have_a_column_of_their_own(tmp_path: Path) -> None:
    [line] = written(tmp_path, plan(EDITED, edits=Edits(1, 1, 1, 0, 1)))["Opportunity"]
    assert line["StageName (in Salesforce)"] == "Prospecting"
    assert (line["Website (before)"], line["Website"]) == ("a.example", "")
    assert line["Website (in Salesforce)"] == "theirs.example"
    assert line["in_salesforce"].startswith("would overwrite: Stage, changed in Salesforce")
    [line] = written(tmp_path, plan(EDITED))["Opportunity"]
    assert "StageName (in Salesforce)" not in line


@pytest.mark.parametrize("formula", ["=1+1", "+49 30", "-x", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_a_spreadsheet_runs_no_value(tmp_path: Path, formula: str) -> None:
    row = replace(
        SCRIPT,
        label=formula,
        key=formula,
        problems=(replace(INVALID.problems[0], sentence=formula, mend=formula),),
        changes=(FieldChange("Title", "string", None, formula),),
    )
    [line] = written(tmp_path, plan(row))["Lead"]
    for name in ("label", "key", "reason", "mend", "Title"):
        assert not line[name].startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d")), name


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("x;=cmd|'/C calc'!A0;", "x;'=cmd|'/C calc'!A0;"),
        ('x;"=cmd()', "x;\"'=cmd()"),
        ("x,\t@SUM(A1)", "x,\t'@SUM(A1)"),
        ("x\n+1\r\n-2", "x\n'+1\r\n'-2"),
        ("a = b; c - d, e@f.example", "a = b; c - d, e@f.example"),
    ],
)
def test_a_text_begins_no_formula_where_a_spreadsheet_parts_it_elsewhere(
    tmp_path: Path, text: str, whole: str
) -> None:
    """A comma file in an Excel whose list separator is a semicolon: it begins cells and lines
    within our quotes.
    """
    row = replace(SCRIPT, label=text, changes=(FieldChange("Title", "string", None, text),))
    [path] = write_csv(tmp_path, plan(row))
    with path.open(encoding="utf-8-sig", newline="") as file:
        [line] = csv.DictReader(file)
    assert (line["label"], line["Title"]) == (whole, whole)


def test_every_cell_is_quoted_and_parted_as_asked(tmp_path: Path) -> None:
    [path] = write_csv(tmp_path, plan(RENAMED), ";")
    lines = path.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith('"action";"state";"key";"label";')
    assert all(cell[0] == cell[-1] == '"' for line in lines for cell in line.split(";"))


def test_characters_that_cannot_be_seen_stay_what_they_are(tmp_path: Path) -> None:
    text = "one\u2028two \\u2028 \u202eevil\r\nthree"
    row = replace(SCRIPT, changes=(FieldChange("Title", "string", None, text),))
    [path] = write_csv(tmp_path, plan(row))
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [line["Title"] for line in csv.DictReader(file)] == [text]


def test_a_negative_number_stays_a_number(tmp_path: Path) -> None:
    row = replace(RENAMED, changes=(FieldChange("Amount", "currency", -5, -7.5),))
    [line] = written(tmp_path, plan(row))["Account"]
    assert (line["Amount (before)"], line["Amount"]) == ("-5", "-7.5")


def test_texts_of_several_lines_with_quotes_come_back_as_they_were(tmp_path: Path) -> None:
    text = 'One, "two"\nthree; ' + "x" * 5000
    row = replace(SCRIPT, changes=(FieldChange("Description", "textarea", None, text),))
    [line] = written(tmp_path, plan(row))["Lead"]
    assert line["Description"] == text


def test_a_masked_value_is_told_by_kind_and_length(tmp_path: Path) -> None:
    [line] = written(tmp_path, plan(replace(RENAMED, changes=(MASKED,))))["Account"]
    assert (line["Email (before)"], line["Email"]) == (
        "'[e-mail, 18 characters]"[1:], "[e-mail, 20 characters]",
    )  # fmt: skip


def test_an_object_without_rows_has_a_file_with_its_columns(tmp_path: Path) -> None:
    report = plan(fields={"Task": ("Subject",)})
    written(tmp_path, report)
    text = (tmp_path / "rows" / "Task.csv").read_text("utf-8-sig")
    assert text == ",".join(f'"{n}"' for n in (*COLUMNS, "Subject (before)", "Subject")) + "\n"


def test_rows_are_written_as_they_are_read(tmp_path: Path) -> None:
    """A plan of any size: no row is kept until the next is read."""
    alive: list[int] = []
    most = 0

    class Row(SCRIPT.__class__):  # type: ignore[name-defined,misc]
        def __del__(self) -> None:
            alive.pop()

    def rows() -> object:
        nonlocal most
        for number in range(500):
            alive.append(number)
            most = max(most, len(alive))
            yield Row(**{**SCRIPT.__dict__, "key": str(number)})

    files = written(tmp_path, plan(rows=rows, fields={"Lead": ("LastName",)}))
    assert len(files["Lead"]) == 500
    assert most <= 3


def test_where_nothing_can_be_written_a_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(OutputError, match="file cannot be written"):
        write_csv(tmp_path / "file", ordinary())
    with pytest.raises(OutputError, match="the directory does not exist"):
        write_csv(tmp_path / "no" / "such", ordinary())


def test_an_interrupted_report_leaves_the_former_files(tmp_path: Path) -> None:
    write_csv(tmp_path, ordinary())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def rows() -> object:
        yield RENAMED
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_csv(tmp_path, plan(RENAMED, rows=rows))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

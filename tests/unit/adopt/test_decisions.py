"""The file of decisions: what is read of it, and what is told of lines that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sync.adopt.decisions import read_decisions
from crm_sync.errors import DecisionsError, SetupError
from crm_sync.salesforce.connect import long_id

KNOWN = ("account", "lead")
GIVEN = "001000000000001AAA"
OTHER = "001000000000002AAA"
SHORT = "003Ab00000000zZ"


def read(tmp_path: Path, text: str | bytes) -> list[tuple[str, str, str | None]]:
    file = tmp_path / "d.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return [(d.mapping, d.key, d.salesforce_id) for d in read_decisions(file, KNOWN)]


def wrong(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(DecisionsError) as told:
        read(tmp_path, text)
    assert "nothing was done" in str(told.value)
    return [line.removeprefix(f"{tmp_path}/") for line in told.value.lines]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_it_is_read_as_a_spreadsheet_writes_it(tmp_path: Path, separator: str, end: str) -> None:
    lines = [
        ("Salesforce_Id", "mapping", "key", "row"),
        (GIVEN, "account", "k1", '"two\nlines; and, more"'),
        (SHORT, "account", "k2", ""),
        ("CREATE", "lead", "k3", ""),
        ("", "account", "undecided", ""),
        ("", "", "", ""),
    ]
    text = "\ufeff" + end.join(separator.join(cells) for cells in lines)
    assert read(tmp_path, text) == [
        ("account", "k1", GIVEN),
        ("account", "k2", long_id(SHORT)),
        ("lead", "k3", None),
    ]


def test_each_bad_line_has_one_line_with_its_place(tmp_path: Path) -> None:
    assert wrong(
        tmp_path,
        "mapping,key,salesforce_id,row\n"
        f"acount,k1,{GIVEN},\n"
        f"account,,{GIVEN},\n"
        'account,"k,2",Acme AG,\n'
        "account,k3\n"
        f"account,k4,{GIVEN[:15]}AAB,\n"
        f"account,k5,{GIVEN},\n"
        f"account,k5,{OTHER},\n"
        f"lead,k6,{GIVEN},\n",
    ) == [
        "d.csv:2:1: 'acount' is none of the mappings that are looked at. Did you mean 'account'? "
        "They are account and lead.",
        "d.csv:3:9: The key is empty. Write the row's key, as the template has it.",
        "d.csv:4:15: 'Acme AG' is no Salesforce Id. Write an Id of 15 or 18 characters, or the "
        "word create.",
        "d.csv:5:1: The line has 2 cells, and the heading names more. Fill mapping, key and "
        "salesforce_id.",
        "d.csv:6:12: 001000000000001AAB is no Salesforce Id: its last three characters do not fit "
        "the others. Copy it anew from the record.",
        f"d.csv:8:9: account k5 was decided before ({tmp_path}/d.csv:7:9). Keep one of the two "
        "lines.",
        f"d.csv:9:9: {GIVEN} was given to account k5 before ({tmp_path}/d.csv:7:12). A record "
        "belongs to one row: keep one of the two lines.",
    ]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    text = 'mapping,key,salesforce_id,row\naccount,k1,,"a\nb\u2028c"\n\naccount,k2,no,\n'
    assert [line.split(": ")[0] for line in wrong(tmp_path, text)] == ["d.csv:5:12"]


def test_of_many_bad_lines_the_first_are_told(tmp_path: Path) -> None:
    told = wrong(tmp_path, "mapping,key,salesforce_id\n" + "account,k,no\n" * 60)
    assert (len(told), told[-1]) == (51, "… and 10 more")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "d.csv is empty."),
        ("mapping,key\n", "d.csv:1:1: the column salesforce_id is missing"),
        ("mapping,key,key,salesforce_id\n", "the column key is missing or stands twice"),
        (
            b"mapping,key,salesforce_id\naccount,\xe4,create\n",
            "d.csv:2:9: a byte here is not UTF-8",
        ),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(SetupError) as told:
        read(tmp_path, text)
    assert says in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No such file"):
        read_decisions(tmp_path / "none.csv", KNOWN)


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    assert wrong(tmp_path, 'mapping,key,salesforce_id\naccount,"k1,create\n')[0].startswith(
        "d.csv:2:1: This is no CSV"
    )

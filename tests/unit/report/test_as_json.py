from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from jsonschema import Draft202012Validator

from crm_sync.report.as_json import as_json
from crm_sync.report.json_schema import output_schema
from crm_sync.report.model import Edits, FieldChange
from tests.support.output import SCHEMA, assert_documented
from tests.unit.report.plans import (
    EDITED,
    FORMER,
    MASKED,
    RENAMED,
    WAYS,
    finished,
    many,
    ordinary,
    plan,
)


def test_a_dry_run_has_the_documented_shape() -> None:
    text = "".join(as_json(ordinary()))
    assert_documented(text)
    report = json.loads(text)
    assert (report["version"], report["kind"]) == (1, "dry-run")
    assert report["made_at"] == "2026-11-24T21:05:00+00:00"
    assert report["org"]["id"] == "00D5g00000Kx7QzEAJ"
    first, second, third = report["rows"]
    assert first["link"] == "https://acme.my.salesforce.com/0015g00000AbCdEQAV"
    assert first["changes"][2] == {
        "field": "AnnualRevenue", "label": "", "type": "currency", "before": 48000,
        "after": 62500.5, "is_edited": False, "current": None,
    }  # fmt: skip
    assert second["changes"][3]["after"] == {"mapping": "account", "key": "77"}
    assert third["problems"][0]["column"] == "email"


def test_masks_edits_and_the_former_run_have_the_documented_shape() -> None:
    row = replace(EDITED, changes=(*EDITED.changes, MASKED), is_missing=True)
    text = "".join(as_json(plan(row, former=FORMER, edits=Edits(1, 1, 1, 0, 1), ways=WAYS)))
    assert_documented(text)
    [shown] = json.loads(text)["rows"]
    assert shown["changes"][-1]["after"] == {"masked": "e-mail", "length": 20}
    assert shown["changes"][0]["current"] == "Prospecting"
    assert [change["field"] for change in shown["left_alone"]] == ["Website"]
    assert_documented("".join(as_json(finished())))


def test_the_schema_is_a_schema_and_the_file_is_fresh() -> None:
    Draft202012Validator.check_schema(output_schema())
    assert json.loads(SCHEMA.read_text("utf-8")) == output_schema()


def test_a_number_keeps_all_its_digits() -> None:
    amount = Decimal("123456789012345678.91")
    row = RENAMED.__class__(
        **{**RENAMED.__dict__, "changes": (FieldChange("Amount", "currency", None, amount),)}
    )
    text = "".join(as_json(plan(row)))
    assert json.loads(text, parse_float=Decimal)["rows"][0]["changes"][0]["after"] == amount


def test_the_text_is_ascii_so_that_no_console_breaks_it() -> None:
    text = "".join(as_json(ordinary()))
    assert text.isascii()
    assert json.loads(text)["rows"][0]["label"] == "Müller & Söhne Maschinenbau GmbH"


def test_every_row_stands_on_a_line_of_its_own_and_none_is_left_out() -> None:
    pieces = list(as_json(many(3000)))
    assert len(pieces) == 3002
    assert len(json.loads("".join(pieces))["rows"]) == 3000


def test_a_plan_without_rows_is_json_too() -> None:
    assert json.loads("".join(as_json(plan())))["rows"] == []


def test_a_sync_has_its_own_shape() -> None:
    run = json.loads("".join(as_json(finished())))
    assert list(run) == [
        "version", "kind", "org", "run_number", "status", "calls", "seconds", "headline",
        "message", "summaries", "overwritten", "overwritten_rows", "closed",
        "closed_rows", "rows",
    ]  # fmt: skip
    assert run["kind"] == "sync"
    assert run["summaries"][1]["create"] == 12
    assert [row["state"] for row in run["rows"]] == ["invalid"]

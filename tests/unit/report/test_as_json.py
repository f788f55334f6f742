from __future__ import annotations

import json
from decimal import Decimal

from crm_sync.report.as_json import as_json
from crm_sync.report.model import FieldChange
from tests.unit.report.plans import RENAMED, finished, many, ordinary, plan


def test_a_dry_run_has_the_documented_shape() -> None:
    report = json.loads("".join(as_json(ordinary())))
    assert list(report) == [
        "version", "kind", "org", "made_at", "mode", "compared", "digest", "calls", "seconds",
        "ways", "headline", "notes",
        "summaries", "rows",
    ]  # fmt: skip
    assert (report["version"], report["kind"]) == (1, "dry-run")
    assert report["made_at"] == "2026-11-24T21:05:00+00:00"
    assert report["org"]["id"] == "00D5g00000Kx7QzEAJ"
    assert list(report["rows"][0]) == [
        "mapping", "object", "table", "key", "label", "action", "state", "salesforce_id", "pair",
        "changes", "problems",
    ]  # fmt: skip
    assert report["rows"][0]["changes"][2] == {
        "field": "AnnualRevenue", "type": "currency", "before": 48000, "after": 62500.5,
    }  # fmt: skip
    assert report["rows"][1]["changes"][3]["after"] == {"mapping": "account", "key": "77"}
    assert report["rows"][2]["problems"][0]["column"] == "email"


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
        "message", "summaries", "rows",
    ]  # fmt: skip
    assert run["kind"] == "sync"
    assert run["summaries"][1]["create"] == 12
    assert [row["state"] for row in run["rows"]] == ["invalid"]

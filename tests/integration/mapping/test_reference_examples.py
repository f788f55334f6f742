"""Every example of docs/mapping-reference.md is compiled, planned and sent, each row of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg
from crm_sync.mapping.load import load_mappings
from crm_sync.mapping.reference import examples
from crm_sync.report.model import PlanRow
from tests.integration.sync.practice import Practice, shipped_mappings
from tests.support.postgres import ROOT, Database

PAGE = (ROOT / "docs" / "mapping-reference.md").read_text("utf-8")
EXAMPLES = examples(PAGE)
RECORD_TYPES = {"Lead": ["Retainer"], "Opportunity": ["Retainer"]}


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    with LocalOrg(data=None, options=Options(record_types=RECORD_TYPES)) as running:
        yield running


@pytest.fixture
def practice(
    database: Database, connection: psycopg.Connection[Any], org: LocalOrg, tmp_path: Path
) -> Practice:
    """A row of each table, whose owner the org knows."""
    practice = Practice(database, connection, {"local": org}, shipped_mappings(tmp_path))
    user = next(u for u in org.store.records("User") if u["IsActive"] and u["Email"])
    owner = {"owner_email": user["Email"]}
    account = practice.add("accounts", **owner)
    practice.add("leads", last_name="Ng", lead_status="lost", lead_source="fair", **owner)
    practice.add(
        "projects", account_id=account, start_date="2026-01-05", project_status="active",
        contract_value=20_000, **owner,
    )  # fmt: skip
    for kind in ("call", "meeting"):
        practice.add(
            "activities", activity_type=kind, account_id=account, occurred_at="2026-11-01T23:30Z",
            **owner,
        )  # fmt: skip
    return practice


def write_example(practice: Practice, example: dict[str, str]) -> None:
    """An example's files in the place of the shipped ones; that of a former name goes."""
    for name, text in example.items():
        (practice.mappings / f"{name}.yaml").write_text(text, "utf-8")
        for former in re.findall(r"^formerly: (\w+)$", text, re.MULTILINE):
            (practice.mappings / f"{former}.yaml").unlink()


def test_the_page_has_examples_and_nothing_else_looks_like_one() -> None:
    assert len(EXAMPLES) > 10
    assert PAGE.count("```yaml") == len(EXAMPLES)
    assert all(example for example in EXAMPLES), "each names its files"


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda n: "-".join(EXAMPLES[n]))
def test_an_example_compiles_and_plans_a_create_for_each_row(
    practice: Practice, number: int
) -> None:
    example = EXAMPLES[number]
    write_example(practice, example)
    mappings = {m.name: m for m in load_mappings(practice.mappings)}
    rows: dict[str, list[PlanRow]] = {}
    for row in practice.plan():
        rows.setdefault(row.mapping, []).append(row)
    for name in example.keys() - {"defaults"}:
        if not mappings[name].enabled:
            assert name not in rows
            continue
        assert len(rows[name]) == 1, name
        assert [p for p in rows[name][0].problems if p.severity == "error"] == []
        assert (rows[name][0].action, rows[name][0].state) == ("create", "planned")
    assert practice.sync().status == "finished"
    assert practice.open_rows() == {}

"""The table of foretold refusals: whole, used, and the page that is made of it."""

from __future__ import annotations

import re
from pathlib import Path

from crm_sync.mapping import refusals
from crm_sync.mapping.load import load_mapping
from crm_sync.mapping.refusal_document import UNFORETOLD, refusals_page
from crm_sync.mapping.refusals import RULES, Proof, Rule
from crm_sync.sync.decide import Decision, Verdict
from crm_sync.sync.explain import problem
from tests.support.postgres import ROOT
from tests.unit.sync.test_explain import ROW

SOURCE = ROOT / "src" / "crm_sync"
SAID_ELSEWHERE = {
    "EMPTIED": "sync/plan.sql",
    "PARENT_NOT_READY": "sync/plan.sql",
    "MAY_NOT_WRITE": "mapping/check.py",
    # Not told apart from TAKEN and TOO_LONG, whose code they have; who says so is another.
    "TAKEN_TWICE": "mapping/refusals.py",
    "COUNTED_TWICE": "mapping/refusals.py",
}


def names() -> dict[str, Rule]:
    return {name: v for name, v in vars(refusals).items() if isinstance(v, Rule)}


def test_every_rule_is_found_by_somebody() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    for name, rule in names().items():
        if place := SAID_ELSEWHERE.get(name):
            assert rule.code in (SOURCE / place).read_text(encoding="utf-8"), name
        else:
            assert any(re.search(rf"\brefusals\.{name}\b", t) for t in texts.values()), name


def test_a_rule_says_who_says_so_and_what_salesforce_answers() -> None:
    assert len(RULES) == len(names())
    for rule in RULES:
        assert rule.says.endswith("."), rule
        assert rule.source, rule
        assert rule.severity in ("error", "note", "stop"), rule
        if rule.proof is not Proof.OURS:
            assert bool(rule.answers) == (rule.severity != "note"), rule


def test_the_page_names_every_rule_and_what_nobody_can_foretell() -> None:
    page = refusals_page()
    for rule in RULES:
        assert f"| `{rule.code}` | {rule.says} |" in page
    for unforetold in UNFORETOLD:
        assert f"| {unforetold.what} | {unforetold.why} |" in page
    assert page == Path(ROOT / "docs" / "predicted-refusals.md").read_text(encoding="utf-8")


def test_what_nobody_can_foretell_is_told_with_how_to_mend_it() -> None:
    mapping = load_mapping(ROOT / "mappings" / "opportunity.yaml")
    vague = problem(mapping, ROW, Decision(Verdict.REFUSED, code="X"))["mend"]
    codes = {code for unforetold in UNFORETOLD for code in unforetold.codes}
    codes -= {"ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD"}  # told as what became of it
    for code in codes:
        told = problem(mapping, ROW, Decision(Verdict.REFUSED, code=code))
        assert told["mend"] != vague, code

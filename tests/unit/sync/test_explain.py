"""A refusal in our terms."""

from __future__ import annotations

import pytest

from crm_sync.mapping.load import load_mapping
from crm_sync.mapping.model import Mapping
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import Decision, Fate, Verdict
from crm_sync.sync.explain import parent_ended, problem, record_ended
from tests.support.postgres import ROOT

ROW = Row("opportunity", "k", "update", salesforce_id="006000000000001AAA")


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping(ROOT / "mappings" / "opportunity.yaml")


@pytest.mark.parametrize(
    ("field", "column", "mend"),
    [
        ("Amount", "projects.contract_value", "projects.contract_value"),
        ("Name", "accounts.company_name, projects.project_name",
         "accounts.company_name or projects.project_name"),
        ("AccountId", "projects.account_id", "projects.account_id"),
        ("NextStep", None, "what gives NextStep"),
    ],
)  # fmt: skip
def test_a_field_is_traced_to_its_column(
    mapping: Mapping, field: str, column: str | None, mend: str
) -> None:
    told = problem(
        mapping,
        ROW,
        Decision(Verdict.REFUSED, code="STRING_TOO_LONG", message="…", fields=(field,)),
    )
    assert (told["field"], told["column"], told["severity"]) == (field, column, "error")
    assert mend in told["mend"]


@pytest.mark.parametrize(
    ("code", "passing"),
    [
        ("UNABLE_TO_LOCK_ROW", True),
        ("STORAGE_LIMIT_EXCEEDED", True),
        ("STRING_TOO_LONG", False),
    ],
)
def test_a_passing_refusal_is_marked_for_the_next_run(
    mapping: Mapping, code: str, passing: bool
) -> None:
    told = problem(mapping, ROW, Decision(Verdict.REFUSED, code=code))
    assert told.get("transient", False) is passing


@pytest.mark.parametrize(
    ("became", "code", "words"),
    [
        (Fate.GONE, "RECORD_DELETED", "was deleted in Salesforce"),
        (Fate.MERGED, "RECORD_MERGED", "was merged into 006000000000002AAA in Salesforce"),
        (Fate.CONVERTED, "LEAD_CONVERTED", "was converted in Salesforce"),
    ],
)
def test_what_became_of_a_record_is_one_sentence(
    mapping: Mapping, became: Fate, code: str, words: str
) -> None:
    record = {"MasterRecordId": "006000000000002AAA"} if became is Fate.MERGED else None
    told = record_ended(mapping, ROW, became, record)
    assert told["code"] == code
    assert words in told["sentence"]
    assert told["mend"]


def test_what_a_record_became_stands_in_the_sentence_and_beside_it(mapping: Mapping) -> None:
    merged = {"MasterRecordId": "001M"}
    told = record_ended(mapping, ROW, Fate.MERGED, merged, owner=("account", "7"))
    assert "was merged into 001M, the record of account 7, in Salesforce" in told["sentence"]
    assert told["master"] == "001M"
    told = record_ended(mapping, ROW, Fate.GONE, merged)
    assert "was merged into 001M, which was deleted, in Salesforce" in told["sentence"]
    lead = {"ConvertedAccountId": "001A", "ConvertedContactId": "003C", "IsConverted": True}
    told = record_ended(mapping, ROW, Fate.CONVERTED, lead)
    assert "was converted into Account 001A, Contact 003C in Salesforce" in told["sentence"]
    assert told["converted"] == {"Account": "001A", "Contact": "003C"}


def test_a_parent_is_named_by_its_label() -> None:
    told = parent_ended("account", "Harbour Pilots", "AccountId", Fate.GONE)
    assert (
        told["sentence"] == "Waits for the account Harbour Pilots, which was deleted in Salesforce."
    )
    assert told["transient"] is True

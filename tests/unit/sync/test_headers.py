"""Which headers a mapping's writes carry: exactly those of the REST API Developer Guide."""

from __future__ import annotations

import pytest

from crm_sync.mapping.model import Mapping
from crm_sync.sync.batches import Row, group_of
from crm_sync.sync.headers import header_findings, write_headers

RULE = "01Q5g000000AbCd"


def mapping(name: str = "Lead", **more: str) -> Mapping:
    return Mapping.model_validate(
        {
            "name": name.lower(),
            "object": name,
            "source": {"table": "leads"},
            "label": "id",
            "fields": {"Name": "id"},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("name", "said", "headers", "lacked"),
    [
        ("Lead", {}, {"Sforce-Auto-Assign": "FALSE"}, None),
        ("Lead", {"assignment_rule": "active"}, {"Sforce-Auto-Assign": "TRUE"}, "assignment rules"),
        ("Lead", {"assignment_rule": RULE}, {"Sforce-Auto-Assign": RULE}, None),
        ("Account", {"assignment_rule": RULE}, {"Sforce-Auto-Assign": RULE}, "assignment rules"),
        ("Task", {"assignment_rule": "active"}, {"Sforce-Auto-Assign": "FALSE"}, None),
        (
            "Task",
            {"duplicate_rule": "allow"},
            {"Sforce-Auto-Assign": "FALSE", "Sforce-Duplicate-Rule-Header": "allowSave=true"},
            "a way past duplicate rules",
        ),
        (
            "Lead",
            {"duplicate_rule": "allow", "assignment_rule": "active"},
            {"Sforce-Auto-Assign": "TRUE", "Sforce-Duplicate-Rule-Header": "allowSave=true"},
            "assignment rules and a way past duplicate rules",
        ),
    ],
)
def test_a_mapping_asks_for_a_rule_by_a_header_and_says_what_bulk_lacks(
    name: str, said: dict[str, str], headers: dict[str, str], lacked: str | None
) -> None:
    asked = mapping(name, **said)
    assert write_headers(asked) == headers
    assert asked.lacked_by_bulk == lacked


def test_updates_of_two_objects_share_a_request_where_they_want_the_same_headers() -> None:
    by_name = {
        "lead": mapping(),
        "account": mapping("Account"),
        "task": mapping("Task", duplicate_rule="allow"),
    }
    lead, account, task = (
        group_of(Row(name, "1", "update"), by_name) for name in ("lead", "account", "task")
    )
    assert lead == account != task


@pytest.mark.parametrize(("word", "version"), [("refuse", "50.0"), ("allow", "52.0")])
def test_what_the_api_version_reads_may_be_asked_for(word: str, version: str) -> None:
    assert not list(header_findings(mapping(duplicate_rule=word), version))


def test_a_header_that_the_api_version_does_not_read_is_told_before_anything_is_sent() -> None:
    [finding] = header_findings(mapping(duplicate_rule="allow"), "51.0")
    assert finding.severity == "error"
    assert "needs API version 52.0, and the target's api_version is 51.0" in finding.sentence

"""Mappings that are wrong: the line names the file, the line, the column and the nearest name."""

from __future__ import annotations

import re

import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk

CASES = {
    "unknown column": (
        "account", "  Phone: phone", "  Phone: phoen",
        r"mappings/account\.yaml:11:3: .*phoen.*'phone'",
    ),
    "unknown field": (
        "account", "  Website: website", "  Webiste: website",
        r"account\.yaml:10:3: Account has no field Webiste .*'Website'",
    ),
    "unknown key": (
        "account", "label: company_name", "lable: company_name",
        r"account\.yaml:6:1: .*lable.*'label'",
    ),
    "SQL error": (
        "opportunity", "coalesce(end_date, start_date + 90, created_at::date + 90)",
        "coalesce(end_date, start_date + 'x')", r"opportunity\.yaml:\d+:\d+: .*CloseDate",
    ),
    "subquery": (
        "opportunity", "coalesce(end_date, start_date + 90, created_at::date + 90)",
        "(select max(occurred_at)::date from activities)",
        r"opportunity\.yaml:\d+:\d+: .*CloseDate.*select",
    ),
    "two mappings of one record": (
        "event", 'prefix: "event:"', 'prefix: "event:"',  # see below: a second file
        r"event and event2 both write Event records",
    ),
    "lookup of another object": (
        "opportunity", "AccountId: {mapping: account", "AccountId: {mapping: lead",
        r"opportunity\.yaml:\d+:\d+: Opportunity\.AccountId holds .* Account, not to Lead",
    ),
    "cyclic lookups": (
        "account", "on_delete: delete",
        "lookups:\n  ParentId: {mapping: opportunity, column: id}\non_delete: delete",
        r"account\.yaml|opportunity\.yaml",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_mapping(desk: Desk, org: LocalOrg, case: str) -> None:
    name, old, new, said = CASES[case]
    desk.edit_mapping(name, old, new)
    if case == "two mappings of one record":
        (desk.mappings / "event2.yaml").write_text((desk.mappings / "event.yaml").read_text())
    line = desk.refused("sync")
    assert re.search(said, line), line
    if case == "cyclic lookups":
        assert "form a circle" in line
    assert org.store.count("Account") == 0


def test_a_directory_that_is_not_there(desk: Desk) -> None:
    desk.secrets["CRM_SYNC_MAPPINGS"] = "mapings"
    desk.settle()
    assert desk.refused("dry-run") == (
        "The mapping directory mapings does not exist. Name it with `mappings` in crm-sync.toml."
    )


def test_a_selection_that_names_no_mapping(desk: Desk) -> None:
    assert desk.refused("sync", "--select", "acount").startswith(
        "There is no enabled mapping 'acount'. Did you mean 'account'?"
    )

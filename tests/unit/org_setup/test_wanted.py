"""What the mappings need of an org, without an org."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_sync.mapping.load import load_mappings
from crm_sync.mapping.model import Mapping
from crm_sync.org_setup.naming import FieldNames
from crm_sync.org_setup.wanted import Wanted, wanted
from tests.support.postgres import ROOT

MAPPINGS = load_mappings(ROOT / "mappings")


def want(*mappings: Mapping, **options: Any) -> Wanted:
    return wanted(mappings or MAPPINGS, FieldNames(), **options)


def written(tmp_path: Path, name: str, text: str) -> Mapping:
    (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    [found] = load_mappings(tmp_path)
    return found


def contact(tmp_path: Path, more: str) -> Mapping:
    base = "object: Contact\nsource: {table: people}\nlabel: name\nfields: {LastName: name}\n"
    return written(tmp_path, "person", base + more)


def test_tasks_and_events_share_one_field_on_activity() -> None:
    keys = {key.full_name: key for key in want().fields}
    assert list(keys) == ["Account.CRM_Id__c", "Lead.CRM_Id__c", "Opportunity.CRM_Id__c",
                          "Activity.CRM_Id__c"]  # fmt: skip
    assert keys["Activity.CRM_Id__c"].objects == ("Task", "Event")


def test_a_field_of_activity_is_granted_under_both_names_though_one_is_mapped() -> None:
    task = next(m for m in MAPPINGS if m.name == "task")
    granted = {one.name for one in want(task).grants}
    assert {"Task.CRM_Id__c", "Event.CRM_Id__c"} <= granted
    assert not any(name.startswith("Event.") and "CRM" not in name for name in granted)


def test_a_key_is_text_unique_case_sensitive_and_an_external_id() -> None:
    body = want().fields[0].document.body
    assert {name: body[name] for name in ("type", "length", "externalId", "unique",
                                          "caseSensitive", "required")} == {
        "type": "Text", "length": 64, "externalId": True, "unique": True,
        "caseSensitive": True, "required": False,
    }  # fmt: skip


def test_the_name_of_the_key_is_the_mappings(tmp_path: Path) -> None:
    person = contact(tmp_path, "external_id: {field: Row_Key__c}\n")
    [key] = want(person).fields
    assert (key.full_name, key.label) == ("Contact.Row_Key__c", "Row Key")


def test_a_key_of_a_package_cannot_be_made(tmp_path: Path) -> None:
    found = want(contact(tmp_path, "external_id: {field: ns__Key__c}\n"))
    assert found.fields == ()
    assert "Contact.ns__Key__c is not made by this command" in found.problems[0]


def test_required_fields_are_not_granted_and_an_address_is_one_field() -> None:
    granted = {one.name for one in want().grants}
    assert "Account.BillingAddress" in granted
    left_out = {"Account.Name", "Account.BillingCity", "Lead.Company", "Lead.LastName",
                "Opportunity.StageName", "Task.Subject", "Event.Subject"}  # fmt: skip
    assert not granted & left_out


def test_what_is_granted_is_exactly_what_the_mappings_write() -> None:
    names = FieldNames()
    expected = {
        name
        for mapping in MAPPINGS
        for field in (*mapping.rules, mapping.external_id.field)
        if (name := names.granted_as(mapping.object, field))
    }
    assert {one.name for one in want().grants} == expected
    assert all(one.edit for one in want().grants)


@pytest.mark.parametrize(
    ("on_delete", "words"),
    [("ignore", "read, create, edit"), ("delete", "read, create, edit, delete")],
)
def test_deleting_is_granted_where_the_mapping_deletes(
    tmp_path: Path, on_delete: str, words: str
) -> None:
    [grant] = want(contact(tmp_path, f"on_delete: {on_delete}\n")).objects
    assert (grant.name, grant.words) == ("Contact", words)


def test_a_row_that_can_move_to_another_object_may_be_deleted(tmp_path: Path) -> None:
    base = 'source: {{table: people, where: "{where}"}}\nlabel: name\nfields: {{{name}: name}}\n'
    for name, object_, where, field in (
        ("person", "Contact", "known", "LastName"),
        ("prospect", "Lead", "not known", "Company"),
    ):
        text = f"object: {object_}\n" + base.format(where=where, name=field)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = want(*load_mappings(tmp_path))
    assert {one.name: one.delete for one in found.objects} == {"Contact": True, "Lead": True}


def test_an_object_that_a_lookup_searches_is_read_only(tmp_path: Path) -> None:
    person = contact(
        tmp_path,
        "lookups:\n"
        "  ReportsToId: {object: Campaign, by: Campaign_Code__c, column: code}\n"
        "  OwnerId: {object: User, by: Email, column: owner_email}\n",
    )
    found = want(person)
    assert {one.name: one.words for one in found.objects} == {
        "Contact": "read, create, edit", "Campaign": "read",
    }  # fmt: skip
    by_name = {one.name: one.words for one in found.grants}
    assert by_name["Campaign.Campaign_Code__c"] == "read"
    assert not any(name.startswith("User.") for name in by_name), "users take no permissions"


def test_activities_follow_user_permissions_and_only_where_they_are_mapped() -> None:
    assert [one.name for one in want().users] == [
        "ApiEnabled", "ActivitiesAccess", "EditTask", "EditEvent"]  # fmt: skip
    account = next(m for m in MAPPINGS if m.name == "account")
    assert [one.name for one in want(account).users] == ["ApiEnabled"]


def test_a_disabled_mapping_needs_nothing(tmp_path: Path) -> None:
    found = want(contact(tmp_path, "enabled: false\n"))
    assert (found.fields, found.objects, found.grants) == ((), (), ())


def test_a_field_that_the_org_lacks_is_left_out_and_told() -> None:
    found = want(absent=frozenset({"Account.Website", "Account.CRM_Id__c"}))
    assert "Account.Website" not in {one.name for one in found.grants}
    assert "Account.CRM_Id__c" in {one.name for one in found.grants}, "this command makes it"
    [problem] = found.problems
    assert problem.startswith("The org has no field Account.Website")


def test_a_describe_says_what_can_be_granted() -> None:
    described = {
        "Account": {
            "fields": [
                {"name": "Industry", "permissionable": False, "compoundFieldName": None},
                {"name": "Website", "permissionable": True, "compoundFieldName": None,
                 "calculated": True},
                {"name": "BillingCity", "permissionable": True,
                 "compoundFieldName": "BillingAddress"},
            ]
        }
    }  # fmt: skip
    names = FieldNames(described)
    assert names.granted_as("Account", "Industry") is None
    assert names.granted_as("Account", "billingcity") == "Account.BillingAddress"
    assert names.granted_as("Account", "Phone") == "Account.Phone", "hidden from us"
    account = next(m for m in MAPPINGS if m.name == "account")
    grants = {one.name: one.words for one in wanted([account], names).grants}
    assert grants["Account.Website"] == "read", "nobody writes a formula"


def test_list_views_are_made_where_they_are_asked_for() -> None:
    assert want().views == ()
    found = want(views=True)
    assert [v.full_name for v in found.views] == [
        f"{name}.CRM_Sync_Pushed" for name in ("Account", "Lead", "Opportunity", "Task")
    ]
    assert "Event gets no list view" in found.notes[0]
    body = found.views[0].document.body
    assert body["filters"] == [{"field": "CRM_Id__c", "operation": "notEqual"}]

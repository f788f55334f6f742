"""What a mapping wants of the org, and the org does not give, is named with file:line:column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_sync.errors import CrmSyncError, MappingError, OrgAccessError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.mapping.check import field_findings, unlisted_values
from crm_sync.mapping.finding import raise_first
from crm_sync.mapping.load import load_mapping, load_mappings
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest_value
from crm_sync.salesforce.describe import ObjectFacts
from tests.integration.mapping.described import describe
from tests.support.postgres import ROOT

Facts = dict[str, ObjectFacts]
WHOLE = """\
object: Account
source: {table: accounts}
label: company_name
fields:
  Name: company_name
  Industry: industry
lookups:
  ParentId: {mapping: account, column: id}
"""


def check_fields(mapping: Mapping, facts: Facts) -> None:
    """Raises the first error, as a sync does."""
    raise_first(field_findings(mapping, facts[mapping.object]))


def changed(facts: Facts, name: str, **changes: Any) -> Facts:
    """The facts of Account with one field made other than the org describes it."""
    account = facts["Account"]
    described = account.fields[name].model_copy(update=changes)
    fields = {**account.fields, name: described}
    return {"Account": account.model_copy(update={"fields": fields})}


def complaint(folder: Path, text: str, facts: Facts) -> CrmSyncError:
    """The first error, its path to the file taken off."""
    file = folder / "account.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CrmSyncError) as caught:
        check_fields(load_mapping(file), facts)
    assert str(caught.value).startswith(f"{file}:")
    caught.value.args = (str(caught.value).removeprefix(f"{file}:"),)
    return caught.value


def test_the_local_org_gives_all_that_the_shipped_mappings_want(facts: Facts) -> None:
    for mapping in load_mappings(ROOT / "mappings"):
        check_fields(mapping, facts)


def test_an_unknown_field_is_named_with_the_nearest(tmp_path: Path, facts: Facts) -> None:
    error = complaint(tmp_path, WHOLE.replace("Industry:", "Indusrty:"), facts)
    assert isinstance(error, MappingError)
    assert str(error) == (
        "6:3: Account has no field Indusrty in this org, or our user may not see it. "
        "Did you mean 'Industry'? Correct the name, or let a permission set grant the field."
    )


def test_an_unknown_lookup_is_named_with_the_nearest(tmp_path: Path, facts: Facts) -> None:
    error = complaint(tmp_path, WHOLE.replace("ParentId", "ParentID"), facts)
    assert "8:3: Account has no field ParentID" in str(error)
    assert "Did you mean 'ParentId'?" in str(error)


EXTERNAL_ID_CASES: tuple[tuple[dict[str, Any] | None, str], ...] = (
    (None, "Account has no field CRM_Id__c in this org, or our user may not see it. Create Acc"),
    ({"unique": False}, "CRM_Id__c is not unique; a repeated create could double a record. Tick"),
    ({"externalId": False, "idLookup": False}, "CRM_Id__c is not an External ID. Tick External ID"),
    ({"length": 30}, "CRM_Id__c takes 30 characters, too few for a key. Make it Text(64)."),
)  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), EXTERNAL_ID_CASES)
def test_an_external_id_that_is_none_is_refused(
    tmp_path: Path, change: dict[str, Any] | None, sentence: str
) -> None:
    with LocalOrg(data=None, https=False, fields={"Account.CRM_Id__c": change}) as org:
        described = describe(org, "Account")
    text = WHOLE + "external_id: {field: CRM_Id__c}\n"
    error = complaint(tmp_path, text, {"Account": described})
    assert isinstance(error, OrgAccessError), "an administrator mends it, not the file"
    assert str(error).startswith("9:1: ")
    assert sentence in str(error)


def test_the_length_of_the_external_id_counts_the_prefix(tmp_path: Path, facts: Facts) -> None:
    text = WHOLE + 'external_id: {field: CRM_Id__c, prefix: "account:"}\n'
    file = tmp_path / "account.yaml"
    file.write_text(text, encoding="utf-8")
    check_fields(load_mapping(file), changed(facts, "CRM_Id__c", length=44))
    error = complaint(tmp_path, text, changed(facts, "CRM_Id__c", length=43))
    assert "takes 43 characters" in str(error)


def test_the_external_id_of_tasks_and_events_is_made_on_activity(facts: Facts) -> None:
    task = next(m for m in load_mappings(ROOT / "mappings") if m.name == "task")
    fields = {n: f for n, f in facts["Task"].fields.items() if n != "CRM_Id__c"}
    with pytest.raises(OrgAccessError, match=r"Create Activity\.CRM_Id__c as Text\(64\)"):
        check_fields(task, {"Task": facts["Task"].model_copy(update={"fields": fields})})


def test_a_field_that_nobody_may_write_is_for_the_administrator(
    tmp_path: Path, facts: Facts
) -> None:
    closed = changed(facts, "Industry", createable=False, updateable=False)
    error = complaint(tmp_path, WHOLE, closed)
    assert isinstance(error, OrgAccessError)
    assert str(error).startswith("6:3: our user may not write Account.Industry, or it is read-only")


def test_a_field_that_only_a_create_may_write_wants_write_on_create(
    tmp_path: Path, facts: Facts
) -> None:
    first_only = changed(facts, "Industry", updateable=False)
    error = complaint(tmp_path, WHOLE, first_only)
    assert str(error) == (
        "6:3: Account.Industry can be written on create only. Say write: on_create."
    )
    advised = WHOLE.replace("industry", "{column: industry, write: on_create}")
    file = tmp_path / "account.yaml"
    file.write_text(advised, encoding="utf-8")
    check_fields(load_mapping(file), first_only)


def test_a_lookup_fills_a_reference_only(tmp_path: Path, facts: Facts) -> None:
    error = complaint(tmp_path, WHOLE.replace("ParentId", "Website"), facts)
    assert str(error) == (
        "8:3: Account.Website holds a url; a lookup fills a reference. Put Website under fields."
    )


def test_on_delete_sets_mapped_fields_only(tmp_path: Path, facts: Facts) -> None:
    error = complaint(tmp_path, WHOLE + "on_delete: {set: {Industri: Gone}}\n", facts)
    assert str(error) == (
        "9:19: on_delete sets Industri, which fields does not write. Did you mean 'Industry'? "
        "Only a mapped field can be set and set back."
    )


def test_on_delete_does_not_set_what_is_written_on_create_only(
    tmp_path: Path, facts: Facts
) -> None:
    text = WHOLE.replace("industry", "{column: industry, write: on_create}")
    error = complaint(tmp_path, text + "on_delete: {set: {Industry: Gone}}\n", facts)
    assert "9:19: on_delete sets Industry, which is written on create only." in str(error)


def test_on_delete_wants_the_right_to_delete(tmp_path: Path, facts: Facts) -> None:
    lasting = {"Account": facts["Account"].model_copy(update={"deletable": False})}
    error = complaint(tmp_path, WHOLE + "on_delete: delete\n", lasting)
    assert isinstance(error, OrgAccessError)
    assert "9:1: our user may not delete Account records." in str(error)


def test_the_shipped_value_maps_write_what_the_local_org_lists(facts: Facts) -> None:
    for mapping in load_mappings(ROOT / "mappings"):
        assert list(unlisted_values(mapping, facts[mapping.object])) == []


def test_a_value_that_the_org_does_not_list_is_named_with_the_nearest(
    tmp_path: Path, facts: Facts
) -> None:
    text = WHOLE.replace(
        "industry",
        "{column: industry, values: {a: Bankng, b: Banking, c: null}, if_null: Other, "
        "otherwise: Retial}",
    )
    file = tmp_path / "account.yaml"
    file.write_text(text + "on_delete: {set: {Industry: Gone}}\n", encoding="utf-8")
    found = list(unlisted_values(load_mapping(file), facts["Account"]))
    assert {finding.severity for finding in found} == {"warning"}
    said = [str(finding.as_error()) for finding in found]
    lists = "Account.Industry lists no value"
    assert said == [
        f"{file}:6:41: {lists} 'Bankng' in this org. Did you mean 'Banking'?",
        f"{file}:6:90: {lists} 'Retial' in this org. Did you mean 'Retail'?",
        f"{file}:9:19: {lists} 'Gone' in this org. Use one of the org's values "
        "(Agriculture, Apparel, Banking, Biotechnology, Chemicals, Communications, Construction, "
        "Consulting, …), or add it there.",
    ]


def test_a_value_that_only_begins_like_another_is_no_typing_error_of_it() -> None:
    assert "Did you mean" not in nearest_value("Closed - Lost", ["Closed - Converted", "Open"])
    assert nearest_value("Open - Not Contaced", ["Open - Not Contacted"]).endswith("Contacted'?")

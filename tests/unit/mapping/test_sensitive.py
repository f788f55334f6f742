"""What is masked: by the mapping, by the field's type, and wherever a sensitive column is read."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.sensitive import Sensitive, sensitive
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts


def mapping(name: str, fields: dict[str, Any], **more: Any) -> Mapping:
    return Mapping.model_validate(
        {
            "name": name, "object": name.capitalize(), "source": {"table": f"{name}s"},
            "label": "id", "fields": fields, **more,
        }
    )  # fmt: skip


def facts(name: str, **types: str) -> dict[str, ObjectFacts]:
    fields = {field: FieldFacts(name=field, type=type_) for field, type_ in types.items()}
    return {name: ObjectFacts(name=name, fields=fields)}


SECRET = {"Name": {"column": "company", "sensitive": True}}


def found(*mappings: Mapping, contacts: bool = False, **types: str) -> Sensitive:
    return sensitive(mappings, facts("Lead", **types), contacts=contacts)


def test_nothing_is_masked_where_nobody_asked() -> None:
    assert not found(mapping("lead", {"Email": "email"}), Email="email").is_used


def test_a_field_that_the_mapping_calls_sensitive_is_masked_and_no_other() -> None:
    result = found(mapping("lead", {**SECRET, "Title": "title"}))
    assert result.masks("lead", "Name", "string")
    assert not result.masks("lead", "Title", "string")
    assert not result.masks_label("lead")


def test_the_setting_masks_fields_of_type_email_and_phone() -> None:
    fields = {"Mail__c": "a", "Call__c": "b", "Title": "c"}
    result = found(
        mapping("lead", fields), contacts=True, Mail__c="email", Call__c="phone", Title="string"
    )
    assert result.fields["lead"] == {"Mail__c", "Call__c"}


def test_a_field_whose_type_nobody_knows_is_masked_with_the_setting() -> None:
    assert sensitive([mapping("lead", {"Email": "email"})], {}, contacts=True).masks(
        "lead", "Email", "string"
    )


@pytest.mark.parametrize(
    ("label", "is_masked"),
    [
        ("company", True),
        ("COMPANY", True),
        ('"company"', True),
        ("leads.company || ' x'", True),
        ("coalesce(title, company)", True),
        ("upper(company)", True),
        ("to_jsonb(leads)::text", True),
        ("leads.*::text", True),
        ("title", False),
        ("title || 'company'", False),
        ("title || E'it\\'s company'", False),
        ("company(title)", False),
        ("'company ' || last_name::text", False),
        ("amount * 2", False),
    ],
)
def test_a_label_is_masked_where_it_reads_a_sensitive_column(label: str, is_masked: bool) -> None:
    result = found(mapping("lead", SECRET, label=label))
    assert result.masks_label("lead") is is_masked


def test_words_of_sql_are_no_columns() -> None:
    rule = {"sql": "case when company is not null then company else '' end", "sensitive": True}
    result = found(mapping("lead", {"Name": rule}, label="case when title is null then id end"))
    assert not result.masks_label("lead")


def test_a_column_is_sensitive_for_every_mapping_that_reads_it_by_a_join() -> None:
    account = mapping("account", SECRET)
    child = mapping(
        "project",
        {"Name": {"sql": "client.company || title"}, "Description": "company"},
        source={"table": "projects", "join": {"client": "accounts"}},
        label="client.company",
    )
    other = mapping(
        "task", {"Subject": {"sql": "client.title"}},
        source={"table": "tasks", "join": {"client": "accounts"}},
    )  # fmt: skip
    result = sensitive([account, child, other], {}, contacts=False)
    assert result.fields["project"] == {"Name"}
    assert result.masks_label("project")
    assert not result.fields["task"]


def test_what_no_mapping_names_any_more_is_masked_where_masking_is_used() -> None:
    used = found(mapping("lead", SECRET, on_delete={"set": {"Status": "Closed"}}))
    assert used.masks("lead", "Removed__c", "string")
    assert used.masks("gone", "Name", "string")
    assert used.masks_label("gone")
    assert not used.masks("lead", "OwnerId", "reference")
    assert not used.masks("lead", "Status", "picklist")
    unused = found(mapping("lead", {"Name": "company"}))
    assert not unused.masks("gone", "Name", "string")


def test_a_sensitive_lookup_is_masked_and_so_is_every_field_that_reads_its_column() -> None:
    lookups = {"OwnerId": {"object": "User", "by": "Email", "column": "owner", "sensitive": True}}
    plain = {"LeadId": {"mapping": "lead", "column": "lead_id"}}
    result = found(
        mapping("lead", {"Owner__c": "owner", "Title": "title"}, lookups={**lookups, **plain})
    )
    assert result.fields["lead"] == {"OwnerId", "Owner__c"}


def test_the_key_cannot_be_sensitive() -> None:
    with pytest.raises(ValueError, match="by which every output calls the row"):
        mapping("lead", {"Name": {"column": "id", "sensitive": True}})
    by_key = {"ParentId": {"mapping": "account", "column": "id", "sensitive": True}}
    with pytest.raises(ValueError, match="by which every output calls the row"):
        mapping("lead", {"Name": "company"}, lookups=by_key)


def test_what_is_sensitive_is_no_matter_of_what_is_sent() -> None:
    """So that marking a field does not compare every row anew."""
    plain = {"Name": {"column": "company"}}
    assert mapping("lead", SECRET).model_dump_json() == mapping("lead", plain).model_dump_json()
    told, hidden = (
        mapping(
            "lead", plain,
            lookups={"AccountId": {"mapping": "account", "column": "a", "sensitive": is_sensitive}},
        ).model_dump_json()
        for is_sensitive in (False, True)
    )  # fmt: skip
    assert told == hidden

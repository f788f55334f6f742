"""docs/salesforce-mapping.md says in words what every key of a mapping file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_sync.files import mappings_directory
from crm_sync.mapping.document import document
from crm_sync.mapping.form import OURS
from crm_sync.mapping.load import load_mappings
from crm_sync.mapping.model import Defaults, Mapping
from crm_sync.mapping.parts import (
    Branch,
    Expression,
    ExternalId,
    FieldRule,
    Lookup,
    OnDelete,
    Reference,
    Source,
)

Said = dict[str, Any]

WHOLE: Said = {
    "name": "account",
    "object": "Account",
    "source": {"table": "accounts"},
    "label": "company_name",
    "fields": {"Name": "company_name"},
}
"""A mapping that says nothing but what it must."""


def whole(**more: Any) -> Said:
    return {**WHOLE, **more}


def field(**rule: Any) -> Said:
    return whole(fields={"Name": {"column": "company_name", **rule}})


def lookup(**more: Any) -> Said:
    return whole(lookups={"ParentId": {"mapping": "account", "column": "parent_id", **more}})


def owner(**more: Any) -> Said:
    said = {"object": "User", "by": "Email", "column": "owner_email"} | more
    return whole(lookups={"OwnerId": {k: v for k, v in said.items() if v is not None}})


def sql(text: str = "a || b", **more: Any) -> Said:
    return whole(fields={"Name": {"sql": text, **more}})


def label(**more: Any) -> Said:
    return whole(label={"sql": "company_name", **more})


VALUES = {"active": "Active"}
EACH_TIME = "so every row is compared each time"

KEYS: dict[tuple[type[Any], str], tuple[Said, Said, str]] = {
    (Mapping, "object"): (WHOLE, whole(object="Lead"), "## Lead"),
    (Mapping, "source"): (WHOLE, whole(source={"table": "clients"}), "table `clients`"),
    (Mapping, "label"): (WHOLE, whole(label="short_name"), "reports:** `short_name`"),
    (Mapping, "about"): (WHOLE, whole(about="A client."), "A client."),
    (Mapping, "formerly"): (WHOLE, whole(formerly="client"), "**Former name:** `client`"),
    (Mapping, "fields"): (WHOLE, whole(fields={"Site": "place"}), "| `Site` |"),
    (Mapping, "external_id"): (WHOLE, whole(external_id={"field": "Key__c"}), "`Key__c` holds"),
    (Mapping, "enabled"): (WHOLE, whole(enabled=False), "**Switched off:** nothing is sent"),
    (Mapping, "time_zone"): (
        WHOLE, whole(time_zone="Europe/Berlin"), "computed dates:** Europe/Berlin",
    ),
    (Mapping, "lookups"): (WHOLE, lookup(), "| `ParentId` |"),
    (Mapping, "on_delete"): (WHOLE, whole(on_delete="delete"), "its record is deleted, too"),
    (Mapping, "on_missing"): (WHOLE, whole(on_missing="recreate"), "it is created again"),
    (Mapping, "on_edited"): (
        WHOLE, whole(on_edited="hold"), "edited in Salesforce what changes:** the row is held",
    ),
    (Mapping, "converted"): (
        whole(object="Lead"), whole(object="Lead", converted={"account": "account_id"}),
        "**When people convert it in Salesforce:** the account that `account_id` names",
    ),
    (Mapping, "assignment_rule"): (
        WHOLE, whole(assignment_rule="active"), "**Assignment rule:** the org's active one runs",
    ),
    (Mapping, "duplicate_rule"): (WHOLE, whole(duplicate_rule="allow"), "**Possible duplicates:**"),
    (Mapping, "not_mapped"): (
        WHOLE, whole(not_mapped={"fax": "Nobody has one."}), "| `fax` | Nobody has one. |",
    ),
    (ExternalId, "field"): (WHOLE, whole(external_id={"field": "Key__c"}), "`Key__c` holds"),
    (ExternalId, "prefix"): (WHOLE, whole(external_id={"prefix": "a:"}), "holds `a:` and"),
    (ExternalId, "formerly"): (
        WHOLE, whole(external_id={"formerly": "Old__c"}), "**Former external ID field:** `Old__c`",
    ),
    (Source, "formerly"): (
        WHOLE, whole(source={"table": "accounts", "formerly": "clients"}),
        "**Former table:** `clients`",
    ),
    (Source, "former_key"): (
        WHOLE, whole(source={"table": "accounts", "former_key": "old_id"}),
        "**Former keys:** in column `old_id`",
    ),
    (Source, "table"): (WHOLE, whole(source={"table": "clients"}), "table `clients`"),
    (Source, "key"): (
        WHOLE, whole(source={"table": "accounts", "key": "number"}), "`accounts.number`",
    ),
    (Source, "join"): (
        WHOLE, whole(source={"table": "accounts", "join": {"boss": "people"}}),
        "joined with `people` as `boss`",
    ),
    (Source, "where"): (
        WHOLE, whole(source={"table": "accounts", "where": "is_client"}),
        "only rows where `is_client`. A row that leaves them counts as deleted",
    ),
    (Expression, "sql"): (label(), whole(label={"sql": "upper(a)"}), "`upper(a)`"),
    (Expression, "about"): (label(), label(about="Its brand."), "`company_name` (Its brand)."),
    (Expression, "time_dependent"): (label(), label(time_dependent=True), EACH_TIME),
    (FieldRule, "column"): (WHOLE, whole(fields={"Name": {"column": "brand"}}), "| `brand` |"),
    (FieldRule, "sql"): (WHOLE, sql(), "| <code>a &#124;&#124; b</code> |"),
    (FieldRule, "constant"): (WHOLE, whole(fields={"Name": {"constant": 7}}), "always `7`"),
    (FieldRule, "values"): (
        WHOLE, field(values=VALUES), "| `active` | Active |",
    ),
    (FieldRule, "otherwise"): (
        field(values=VALUES), field(values=VALUES, otherwise="keep"), "other values as they are",
    ),
    (FieldRule, "if_null"): (WHOLE, field(if_null="none"), "`none` where null, with a note"),
    (FieldRule, "too_long"): (WHOLE, field(too_long="truncate"), "cut, with a note"),
    (FieldRule, "write"): (WHOLE, field(write="on_create"), "written on create only"),
    (FieldRule, "on_edited"): (WHOLE, field(on_edited="hold"), "Salesforce, the row is held |"),
    (FieldRule, "required"): (WHOLE, field(required=True), "| required |"),
    (FieldRule, "time_dependent"): (sql(), sql(time_dependent=True), EACH_TIME),
    (FieldRule, "sensitive"): (WHOLE, field(sensitive=True), "reports hide its values |"),
    (FieldRule, "about"): (sql(), sql(about="Both names."), "| Both names |"),
    (Lookup, "branches"): (WHOLE, lookup(), "the row waits until its parent has a record"),
    (Lookup, "reference"): (WHOLE, owner(), "the User whose `Email` is"),
    (Lookup, "required"): (lookup(), lookup(required=True), "| required; the row waits"),
    (Lookup, "write"): (lookup(), lookup(write="on_create"), "written on create only"),
    (Lookup, "on_edited"): (
        lookup(), lookup(on_edited="overwrite"), "Salesforce, it is overwritten |",
    ),
    (Lookup, "sensitive"): (lookup(), lookup(sensitive=True), "reports hide its values |"),
    (Branch, "mapping"): (lookup(), lookup(mapping="partner"), "| partner | `parent_id` |"),
    (Branch, "column"): (lookup(), lookup(column="boss_id"), "| `boss_id` |"),
    (Branch, "sql"): (
        lookup(), whole(lookups={"ParentId": {"mapping": "account", "sql": "upper(a)"}}),
        "| `upper(a)` |",
    ),
    (Branch, "about"): (lookup(), lookup(about="The holding."), "The holding; the row waits"),
    (Branch, "time_dependent"): (
        whole(lookups={"ParentId": {"mapping": "account", "sql": "upper(a)"}}),
        whole(lookups={"ParentId": {"mapping": "account", "sql": "upper(a)",
                                    "time_dependent": True}}),
        EACH_TIME,
    ),
    (Reference, "object"): (owner(), owner(object="Group"), "the Group whose `Email` is"),
    (Reference, "by"): (owner(), owner(by="Username"), "the User whose `Username` is"),
    (Reference, "column"): (owner(), owner(column="leader"), "| `leader` |"),
    (Reference, "sql"): (owner(), owner(column=None, sql="upper(a)"), "| `upper(a)` |"),
    (Reference, "constant"): (owner(), owner(column=None, constant="x@y.z"), "| always `x@y.z` |"),
    (Reference, "otherwise"): (owner(), owner(otherwise="blank"), "empty where none is found"),
    (Reference, "about"): (owner(), owner(about="Who leads it."), "| Who leads it; a row whose"),
    (Reference, "time_dependent"): (
        owner(column=None, sql="upper(a)"),
        owner(column=None, sql="upper(a)", time_dependent=True), EACH_TIME,
    ),
    (OnDelete, "action"): (WHOLE, whole(on_delete="delete"), "its record is deleted, too"),
    (OnDelete, "values"): (
        WHOLE, whole(on_delete={"set": {"Name": "gone"}}),
        "its record stays and gets `Name` = `gone`",
    ),
}  # fmt: skip
"""By model and key: a mapping without it, one with it, and what the page then says."""

MODELS = (Mapping, ExternalId, Source, Expression, FieldRule, Lookup, Branch, Reference, OnDelete)


def page(said: Said) -> str:
    return document([Mapping.model_validate(said)], {}, {})


def test_every_key_of_the_model_is_tried() -> None:
    assert set(Defaults.model_fields) <= set(Mapping.model_fields)
    every = {(kind, key) for kind in MODELS for key in kind.model_fields if key not in OURS}
    assert KEYS.keys() == every


@pytest.mark.parametrize(("kind", "key"), KEYS, ids=[f"{k.__name__}.{n}" for k, n in KEYS])
def test_a_key_changes_the_document_and_is_said_in_words(kind: type[Any], key: str) -> None:
    without, with_it, said = KEYS[kind, key]
    assert said not in page(without)
    assert said in page(with_it)


def test_what_mappings_share_is_named_where_it_holds(tmp_path: Path) -> None:
    (tmp_path / "defaults.yaml").write_text(
        "time_zone: Europe/Berlin\non_delete: delete\n"
        "lookups: {OwnerId: {object: User, by: Email, column: owner_email}}\n"
    )
    (tmp_path / "account.yaml").write_text(
        "object: Account\nsource: {table: accounts}\nlabel: company_name\n"
        "fields: {Name: company_name}\non_delete: ignore\n"
    )
    text = document(load_mappings(tmp_path), {}, {})
    assert "**Said in `defaults.yaml`:** `time_zone`, `lookups.OwnerId`." in text
    assert "Said in" not in page(WHOLE)


def test_a_table_that_no_mapping_reads_is_named_as_left_out() -> None:
    tables = {"accounts": "Clients.", "invoices": "What was billed | and when."}
    text = document([Mapping.model_validate(WHOLE)], {}, {}, tables=tables)
    assert "## Tables that stay in the CRM" in text
    assert "| `invoices` | What was billed \\| and when. |" in text
    assert "Tables that stay in the CRM" not in page(WHOLE)


def test_the_shipped_mappings_say_in_words_what_their_sql_does() -> None:
    silent = [
        f"{mapping.name}: {'.'.join(path)}"
        for mapping in load_mappings(mappings_directory())
        for path, expression in mapping.expressions
        if path != ("label",) and expression.about is None
    ]
    assert silent == []


def test_the_diagram_shows_records_of_the_org_apart_from_ours() -> None:
    text = page(owner())
    assert '    of_org_User(["User"])\n' in text
    assert "    account -.->|OwnerId| of_org_User\n" in text
    assert "rounded: records of the org that are not ours" in text

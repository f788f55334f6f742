"""A mapping file becomes a model: what YAML means, and what short forms stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sync.mapping.load import load_mapping, load_mappings, select
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Branch, OnDelete, Reference

ROOT = Path(__file__).parents[3]
HEAD = "object: Account\nsource: {table: accounts}\nlabel: company_name\n"


def loaded(folder: Path, text: str) -> Mapping:
    file = folder / "account.yaml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file)


def fields(folder: Path, text: str) -> Mapping:
    """A mapping with these lines under `fields`."""
    return loaded(folder, HEAD + "fields:\n" + "".join(f"  {line}\n" for line in text.splitlines()))


def test_the_shipped_mappings_come_parents_first() -> None:
    names = [m.name for m in load_mappings(ROOT / "mappings")]
    assert sorted(names) == sorted(file.stem for file in (ROOT / "mappings").glob("*.yaml"))
    assert names.index("account") < names.index("opportunity") < names.index("event")
    assert names.index("lead") < names.index("task")


def test_a_bare_string_is_a_column(tmp_path: Path) -> None:
    rule = fields(tmp_path, "Name: company_name").fields["Name"]
    assert (rule.column, rule.sql, rule.constant) == ("company_name", None, None)


@pytest.mark.parametrize(
    "written",
    [
        "no", "NO", "yes", "on", "off", "y", "012", "0o14", "0x1F", "1_000", "1.50", "1e3", "+5",
        "true", "False", "2026-01-01", "2026-01-01T10:00:00Z", "12:30", ".nan", ".inf", "=", "<<",
        "3.10",
    ],
)  # fmt: skip
def test_keys_and_values_of_a_value_map_are_the_text_that_was_written(
    tmp_path: Path, written: str
) -> None:
    rule = fields(tmp_path, f"Rating: {{column: rating, values: {{{written}: {written}}}}}").fields
    assert rule["Rating"].values == {written: written}


def test_a_null_in_a_value_map_is_no_value_and_a_quoted_one_is_text(tmp_path: Path) -> None:
    text = 'Rating: {column: rating, values: {a: null, b: "null", c: ~, d: , e: "", "": x}}'
    expected = {"a": None, "b": "null", "c": None, "d": None, "e": "", "": "x"}
    assert fields(tmp_path, text).fields["Rating"].values == expected


@pytest.mark.parametrize(
    ("written", "otherwise", "value"),
    [
        ("error", "error", None), ("keep", "keep", None), ("blank", "blank", None),
        ("null", "blank", None), ("", "blank", None), ('"null"', "null", "null"),
        ("Other", "Other", "Other"), ("no", "no", "no"), ("012", "012", "012"), ("0", "0", "0"),
    ],
)  # fmt: skip
def test_otherwise_is_a_word_or_a_value_and_null_is_no_value(
    tmp_path: Path, written: str, otherwise: str, value: str | None
) -> None:
    text = f"Rating: {{column: rating, values: {{a: b}}, otherwise: {written}}}"
    rule = fields(tmp_path, text).fields["Rating"]
    assert (rule.otherwise, rule.other_value) == (otherwise, value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("on", "on"), ("off", "off"), ("yes", "yes"), ("true", True),
        ("FALSE", False), ("60", 60), ("-60", -60), ("0", 0), ("1.5", 1.5), ("1e3", 1000.0),
        ("012", "012"), ("01234", "01234"), ("+49", "+49"), ("1_000", "1_000"), ("0x1F", 31),
        ("0o17", 15), ("2026-01-01", "2026-01-01"), ("12:30", "12:30"), ("'5'", "5"),
        ("!!str 5", "5"), ("|\n    two\n    lines", "two\nlines\n"),
    ],
)  # fmt: skip
def test_a_constant_has_the_type_that_yaml_1_2_gives_it(
    tmp_path: Path, written: str, value: object
) -> None:
    constant = fields(tmp_path, f"Rating:\n  constant: {written}").fields["Rating"].constant
    assert (constant, type(constant)) == (value, type(value))


def test_a_lookup_in_short_form_has_one_branch(tmp_path: Path) -> None:
    text = HEAD + (
        "fields: {Name: company_name}\n"
        "lookups:\n  ParentId: {mapping: account, column: parent_id, required: true}\n"
    )
    lookup = loaded(tmp_path, text).lookups["ParentId"]
    assert lookup.branches == (Branch(mapping="account", column="parent_id"),)
    assert lookup.required
    assert lookup.write == "always"


def test_a_polymorphic_lookup_lists_its_branches_in_order(tmp_path: Path) -> None:
    text = HEAD + (
        "fields: {Name: company_name}\n"
        "lookups:\n  WhatId:\n"
        "    - {mapping: account, column: account_id}\n"
        "    - {mapping: project, sql: 'coalesce(project_id, other)'}\n"
    )
    mapping = loaded(tmp_path, text)
    assert [b.mapping for b in mapping.lookups["WhatId"].branches] == ["account", "project"]
    assert mapping.parents == {"account", "project"}


def test_a_polymorphic_lookup_in_long_form_may_be_required(tmp_path: Path) -> None:
    text = HEAD + (
        "fields: {Name: company_name}\n"
        "lookups:\n  WhatId:\n    required: true\n    branches:\n"
        "      - {mapping: account, column: account_id}\n"
    )
    assert loaded(tmp_path, text).lookups["WhatId"].required


def test_a_lookup_of_a_record_that_is_not_ours(tmp_path: Path) -> None:
    text = HEAD + (
        "fields: {Name: company_name}\n"
        "lookups:\n  OwnerId: {object: User, by: Email, column: owner_email, write: on_create}\n"
    )
    lookup = loaded(tmp_path, text).lookups["OwnerId"]
    assert lookup.reference == Reference(object="User", by="Email", column="owner_email")
    assert lookup.write == "on_create"
    assert lookup.branches == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ignore", OnDelete(action="ignore")),
        ("delete", OnDelete(action="delete")),
        ("{set: {Rating: Lost}}", OnDelete(action="set", values={"Rating": "Lost"})),
        ("{set: {A: 0, B: }}", OnDelete(action="set", values={"A": 0, "B": None})),
    ],
)  # fmt: skip
def test_on_delete_in_its_short_forms(tmp_path: Path, written: str, expected: OnDelete) -> None:
    text = HEAD + f"fields: {{Name: company_name}}\non_delete: {written}\n"
    assert loaded(tmp_path, text).on_delete == expected


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    mapping = fields(tmp_path, "Name: company_name")
    assert mapping.name == "account"
    assert (mapping.external_id.field, mapping.external_id.prefix) == ("CRM_Id__c", "")
    assert (mapping.source.key, mapping.source.join, mapping.source.where) == ("id", {}, None)
    assert (mapping.time_zone, mapping.enabled, mapping.on_missing) == ("UTC", True, "hold")
    assert mapping.on_delete == OnDelete(action="ignore")


def test_every_part_knows_its_line_and_column(tmp_path: Path) -> None:
    mapping = fields(tmp_path, "Name: company_name\nRating:\n  column: rating")
    file = tmp_path / "account.yaml"
    assert mapping.where() == f"{file}:1:1"
    assert mapping.where("fields", "Name") == f"{file}:5:3"
    assert mapping.where("fields", "Rating", "column") == f"{file}:7:5"
    assert mapping.where("fields", "Rating", "values") == f"{file}:6:3", "the nearest known part"


def test_only_enabled_mappings_are_selected_and_keep_their_order() -> None:
    known = load_mappings(ROOT / "mappings")
    without = tuple(m.model_copy(update={"enabled": m.name != "lead"}) for m in known)
    assert "lead" not in [m.name for m in select(without, ())]
    assert [m.name for m in select(known, ("task", "account"))] == ["account", "task"]

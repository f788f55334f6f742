"""defaults.yaml: what every mapping inherits unless it says otherwise, each error in its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sync.errors import MappingError
from crm_sync.mapping.load import load_mappings, read_mappings
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import OnDelete

SHARED = """\
# What all mappings share.
external_id: {field: Our_Key__c}
time_zone: Europe/Berlin
on_delete: delete
on_missing: recreate
assignment_rule: active
duplicate_rule: allow
fields:
  Source__c: {constant: CRM}
  Rating: rating
lookups:
  OwnerId: {object: User, by: Email, column: owner_email}
not_mapped:
  created_at: Salesforce keeps its own.
"""
PLAIN = "object: Account\nsource: {table: accounts}\nlabel: id\nfields:\n  Name: company_name\n"
OWN = (
    PLAIN
    + """\
  Rating: {constant: Hot}
  OwnerId: {constant: 005000000000001}
external_id: {prefix: "a:"}
time_zone: UTC
on_delete: {set: {Name: gone}}
on_missing: hold
assignment_rule: none
duplicate_rule: refuse
not_mapped: {updated_at: The same.}
"""
)


def loaded(folder: Path, defaults: str | None, mapping: str = PLAIN) -> Mapping:
    (folder / "account.yaml").write_text(mapping, encoding="utf-8")
    if defaults is not None:
        (folder / "defaults.yaml").write_text(defaults, encoding="utf-8")
    (found,) = load_mappings(folder)
    return found


def test_a_mapping_inherits_what_it_does_not_say(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, SHARED)
    assert (mapping.external_id.field, mapping.external_id.prefix) == ("Our_Key__c", "")
    assert (mapping.time_zone, mapping.on_missing) == ("Europe/Berlin", "recreate")
    assert mapping.on_delete == OnDelete(action="delete")
    assert (mapping.assignment_rule, mapping.duplicate_rule) == ("active", "allow")
    assert list(mapping.fields) == ["Source__c", "Rating", "Name"]
    assert list(mapping.lookups) == ["OwnerId"]
    assert list(mapping.not_mapped) == ["created_at"]


def test_a_mappings_own_word_wins(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, SHARED, OWN)
    assert (mapping.external_id.field, mapping.external_id.prefix) == ("Our_Key__c", "a:")
    assert (mapping.time_zone, mapping.on_missing) == ("UTC", "hold")
    assert mapping.on_delete == OnDelete(action="set", values={"Name": "gone"})
    assert (mapping.assignment_rule, mapping.duplicate_rule) == ("none", "refuse")
    assert mapping.fields["Rating"].constant == "Hot"
    assert mapping.fields["Source__c"].constant == "CRM"
    assert mapping.fields["OwnerId"].constant == "005000000000001"
    assert mapping.lookups == {}, "the same field, said in another way"
    assert list(mapping.not_mapped) == ["created_at", "updated_at"]


def test_defaults_are_no_mapping_and_one_mapping_does_not_change_them(tmp_path: Path) -> None:
    (tmp_path / "lead.yaml").write_text(PLAIN.replace("Account", "Lead"), encoding="utf-8")
    (tmp_path / "account.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "defaults.yaml").write_text(SHARED, encoding="utf-8")
    by_name = {m.name: m for m in load_mappings(tmp_path)}
    assert by_name.keys() == {"account", "lead"}
    assert "OwnerId" in by_name["lead"].lookups
    assert by_name["lead"].fields["Rating"].column == "rating"


def test_without_defaults_a_mapping_has_the_languages_own(tmp_path: Path) -> None:
    assert loaded(tmp_path, None).time_zone == "UTC"


def test_every_part_knows_the_file_that_it_comes_from(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, SHARED, OWN)
    own, shared = tmp_path / "account.yaml", tmp_path / "defaults.yaml"
    assert mapping.where() == f"{own}:1:1"
    assert mapping.where("time_zone") == f"{own}:9:1"
    assert mapping.where("fields", "Source__c", "constant") == f"{shared}:9:15"
    assert mapping.where("fields", "Rating", "constant") == f"{own}:6:12"
    assert mapping.where("external_id", "field") == f"{shared}:2:15"
    assert mapping.where("external_id", "prefix") == f"{own}:8:15"
    assert mapping.where("on_delete", "set", "Name") == f"{own}:10:19"
    assert mapping.where("not_mapped", "created_at") == f"{shared}:14:3"


@pytest.mark.parametrize(
    ("defaults", "place", "sentence"),
    [
        ("on_delet: delete\n", "1:1", "on_delet is not a key of the defaults. Did you mean 'on_de"),
        ("label: id\n", "1:1", "label cannot be shared; a mapping says it."),
        ("on_missing: recreat\n", "1:1", "on_missing: 'recreat' is not 'hold' or 'recreate'."),
        ("fields:\n  A: {colum: b}\n", "2:7", "colum is not a key of fields.A. Did you mean 'col"),
        ("- a\n", "1:1", "A mapping file is a set of keys."),
        ("lines: {}\n", "1:1", "lines is not a key of a mapping"),
    ],
)
def test_a_mistake_in_the_defaults_is_told_there_even_if_no_mapping_inherits_it(
    tmp_path: Path, defaults: str, place: str, sentence: str
) -> None:
    with pytest.raises(MappingError) as caught:
        loaded(tmp_path, defaults, PLAIN + "on_delete: delete\non_missing: hold\n")
    assert str(caught.value).startswith(f"{tmp_path / 'defaults.yaml'}:{place}: {sentence}")


def test_a_mistake_of_a_mapping_beside_the_defaults_is_told_in_the_mapping(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        loaded(tmp_path, SHARED, PLAIN + "on_delte: delete\n")
    assert str(caught.value).startswith(
        f"{tmp_path / 'account.yaml'}:6:1: on_delte is not a key of"
    )


def test_what_contradicts_a_mapping_is_told_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        loaded(tmp_path, "fields:\n  Key__c: id\n", PLAIN + "external_id: {field: Key__c}\n")
    assert str(caught.value) == (
        f"{tmp_path / 'defaults.yaml'}:2:3: Key__c is written by external_id, not by fields. "
        "Take it out of fields."
    )


def told(folder: Path, defaults: str, **mappings: str) -> list[str]:
    """Every finding, the folder taken off."""
    (folder / "defaults.yaml").write_text(defaults, encoding="utf-8")
    for name, text in mappings.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    loaded = read_mappings(folder)
    assert not loaded.mappings or not loaded.findings
    return [f"{f.where.removeprefix(str(folder) + '/')} {f.sentence}" for f in loaded.findings]


def test_every_mistake_of_the_defaults_is_told_once_beside_those_of_the_mappings(
    tmp_path: Path,
) -> None:
    lead = PLAIN.replace("Account", "Lead")
    defaults = "label: id\non_delet: delete\nfields:\n  A: {colum: b}\n"
    assert told(tmp_path, defaults, account=PLAIN, lead=lead + "on_mis: hold\n") == [
        "defaults.yaml:1:1 label cannot be shared; a mapping says it.",
        "defaults.yaml:4:7 colum is not a key of fields.A.",
        "defaults.yaml:2:1 on_delet is not a key of the defaults.",
        "lead.yaml:6:1 on_mis is not a key of a mapping.",
    ]


@pytest.mark.parametrize("defaults", ["fields: [\n", "- fields\n", "fields: 3\n"])
def test_what_the_defaults_may_hold_once_they_are_mended_is_not_missed(
    tmp_path: Path, defaults: str
) -> None:
    bare = PLAIN[: PLAIN.index("fields:")]
    [finding] = told(tmp_path, defaults, account=bare, lead=bare.replace("Account", "Lead"))
    assert finding.startswith("defaults.yaml:")


def test_defaults_that_contradict_themselves_are_told_once(tmp_path: Path) -> None:
    defaults = "external_id: {field: Key__c}\nfields:\n  Key__c: id\n"
    assert told(tmp_path, defaults, account=PLAIN, lead=PLAIN.replace("Account", "Lead")) == [
        "defaults.yaml:3:3 Key__c is written by external_id, not by fields."
    ]

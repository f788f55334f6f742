"""Each mistake in a mapping file is one sentence with file:line:column and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sync.errors import MappingError
from crm_sync.mapping.load import load_mapping, load_mappings, select

HEAD = "object: Account\nsource: {table: accounts}\nlabel: company_name\n"
WHOLE = HEAD + "fields: {Name: company_name}\n"
FIELDS = HEAD + "fields:\n  "
LOOKUPS = WHOLE + "lookups:\n  "

CASES = {
    "text that is no YAML": ("object: [Account\nlabel: x\n", "2:6", "This is not YAML"),
    "a tab": ("object:\n\tAccount\n", "2:1", "This is not YAML"),
    "a control character": ("object: \x01\n", "", "This is not YAML"),
    "two documents": (WHOLE + "---\na: b\n", "5:1", "This is not YAML"),
    "an empty file": ("", "1:1", "A mapping file is a set of keys."),
    "a list": ("- object: Account\n", "1:1", "A mapping file is a set of keys."),
    "an alias of its own parent": (WHOLE + "about: &a {b: *a}\n", "5:12", "nested too deeply"),
    "a key that is no text": (WHOLE + "? [a]\n: b\n", "5:3", "A key is plain text."),
    "a key twice": (WHOLE + "object: Lead\n", "5:1", "object stands twice. Keep one of them."),
    "a field twice": (
        FIELDS + "Name: company_name\n  Name: website\n", "6:3", "Name stands twice.",
    ),
    "a value twice": (
        FIELDS + "Rating: {column: r, values: {a: x, b: y, a: z}}\n", "5:44", "a stands twice.",
    ),
    "a misspelt key": (
        WHOLE + "on_delte: delete\n", "5:1",
        "on_delte is not a key of a mapping. Did you mean 'on_delete'?",
    ),
    "a key of ours": (WHOLE + "name: other\n", "5:1", "name is not a key of a mapping; "),
    "another key of ours": (WHOLE + "lines: {}\n", "5:1", "lines is not a key of a mapping; "),
    "a misspelt key of a field": (
        FIELDS + "Name:\n    column: company_name\n    to_long: truncate\n", "7:5",
        "to_long is not a key of fields.Name. Did you mean 'too_long'?",
    ),
    "a misspelt key of the source": (
        "object: Account\nlabel: x\nsource: {tabel: accounts}\nfields: {Name: x}\n", "3:10",
        "tabel is not a key of source. Did you mean 'table'?",
    ),
    "a misspelt key of the external ID": (
        WHOLE + "external_id: {field: CRM_Id__c, prefx: a}\n", "5:33",
        "prefx is not a key of external_id. Did you mean 'prefix'?",
    ),
    "a misspelt key of a lookup": (
        LOOKUPS + "ParentId: {mapping: account, colum: x}\n", "6:32",
        "colum is not a key of lookups.ParentId. Did you mean 'column'?",
    ),
    "a misspelt mapping of a lookup": (
        LOOKUPS + "ParentId: {maping: account, column: x}\n", "6:14",
        "maping is not a key of lookups.ParentId. Did you mean 'mapping'?",
    ),
    "a misspelt key of a branch": (
        LOOKUPS + "WhatId:\n    - {mapping: a, column: x}\n    - {mapping: b, sqll: y}\n", "8:20",
        "sqll is not a key of lookups.WhatId.1. Did you mean 'sql'?",
    ),
    "a misspelt key of a reference": (
        LOOKUPS + "OwnerId: {object: User, by: Email, colunm: x}\n", "6:38",
        "colunm is not a key of lookups.OwnerId. Did you mean 'column'?",
    ),
    "a missing key": (HEAD, "1:1", "a mapping lacks fields."),
    "a missing table": ("object: A\nlabel: x\nsource: {key: id}\nfields: {A: b}\n", "3:1",
                        "source lacks table."),
    "a branch without its mapping": (
        LOOKUPS + "WhatId:\n    - {column: x}\n", "7:7", "lookups.WhatId.0 lacks mapping.",
    ),
    "a lookup without by": (
        LOOKUPS + "OwnerId: {object: User, column: x}\n", "6:3", "lookups.OwnerId lacks by.",
    ),
    "a field with two origins": (
        FIELDS + "Name: {column: a, sql: b}\n", "5:3",
        "fields.Name: give exactly one of column, sql, constant (given: column and sql).",
    ),
    "a field without origin": (
        FIELDS + "Name: {required: true}\n", "5:3",
        "fields.Name: give exactly one of column, sql, constant (given: none).",
    ),
    "a field that is nothing": (
        FIELDS + "Name:\n", "5:3",
        "fields.Name: nothing is no set of keys. Name a column, or say column, sql or constant.",
    ),
    "a field that is a list": (FIELDS + "Name: [a, b]\n", "5:3", "fields.Name: "),
    "a constant that is a list": (
        FIELDS + "Name: {constant: [a]}\n", "5:10",
        "fields.Name.constant: give a text, a number, true or false.",
    ),
    "a lookup with two origins": (
        LOOKUPS + "ParentId: {mapping: account, column: a, sql: b}\n", "6:3",
        "lookups.ParentId: give exactly one of column, sql.",
    ),
    "a lookup of two kinds": (
        LOOKUPS + "ParentId: {}\n", "6:3",
        "lookups.ParentId: give mapping and column, a list of them, or object and by.",
    ),
    "otherwise without values": (
        FIELDS + "Name: {column: a, otherwise: keep}\n", "5:3", "fields.Name: otherwise needs val",
    ),
    "an empty value map": (
        FIELDS + "Name: {column: a, values: {}}\n", "5:21",
        "fields.Name.values: it lists nothing. Write at least one line, or take the key out.",
    ),
    "a value map in a value map": (
        FIELDS + "Name: {column: a, values: {b: {c: d}}}\n", "5:30", "fields.Name.values.b: ",
    ),
    "an unknown word": (
        FIELDS + "Name: {column: a, write: allways}\n", "5:21",
        "fields.Name.write: 'allways' is not 'always' or 'on_create'.",
    ),
    "SQL without a word in it": (FIELDS + 'Name: {sql: ""}\n', "5:10", "fields.Name.sql: "),
    "an empty where": (
        "object: A\nlabel: x\nsource: {table: t, where: ''}\nfields: {A: b}\n", "3:20",
        "source.where: ",
    ),
    "a column that needs quotes": (
        FIELDS + "Name: Company Name\n", "5:3",
        "fields.Name.column: 'Company Name' is not a PostgreSQL name (small letters, digits, _).",
    ),
    "a field that is no API name": (
        FIELDS + "Account Name: company_name\n", "5:3",
        "fields.Account Name: 'Account Name' is not a Salesforce API name (letters, digits, _).",
    ),
    "an object that is no API name": (
        WHOLE.replace("Account", "Sales Account"), "1:1", "object: 'Sales Account' is not a Sales",
    ),
    "a prefix with a blank": (
        WHOLE + 'external_id: {field: A, prefix: "a b"}\n', "5:25",
        "external_id.prefix: 'a b' is not a prefix",
    ),
    "a field that is a lookup, too": (
        LOOKUPS + "Name: {mapping: account, column: x}\n", "6:3", "Name stands in fields and in",
    ),
    "the external ID among the fields": (
        FIELDS + "CRM_Id__c: id\n", "5:3", "CRM_Id__c is written by external_id, not by fields.",
    ),
    "a column that is said to depend on time": (
        FIELDS + "Age: {column: age, time_dependent: true}\n", "5:3",
        "fields.Age: time_dependent is said of sql. A column or a constant has no need of it.",
    ),
    "a parent's column that is said to depend on time": (
        LOOKUPS + "ParentId: {mapping: account, column: a, time_dependent: true}\n", "6:3",
        "lookups.ParentId: time_dependent is said of sql.",
    ),
    "a misspelt key of where": (
        "object: A\nlabel: x\nsource: {table: t, where: {sql: a, time_dependant: true}}\n"
        "fields: {A: b}\n", "3:36",
        "time_dependant is not a key of source.where. Did you mean 'time_dependent'?",
    ),
    "a misspelt key of the label": (
        "object: A\nlabel: {sqll: x}\nsource: {table: t}\nfields: {A: b}\n", "2:9",
        "sqll is not a key of label. Did you mean 'sql'?",
    ),
    "a label that is a list": (
        "object: A\nlabel: [x]\nsource: {table: t}\nfields: {A: b}\n", "2:1",
        "label: give SQL, or sql with about or time_dependent.",
    ),
    "a where without sql": (
        "object: A\nlabel: x\nsource: {table: t, where: {time_dependent: true}}\n"
        "fields: {A: b}\n", "3:20", "source.where lacks sql.",
    ),
    "an assignment rule that is none": (
        WHOLE + "assignment_rule: on\n", "5:1",
        "assignment_rule: 'on' is not none, active, or the Id of an assignment rule (15 or 18 lett",
    ),
    "required, and otherwise something else": (
        LOOKUPS + "OwnerId: {object: User, by: Id, column: x, required: true, otherwise: blank}\n",
        "6:3", "lookups.OwnerId: required makes a row without this record invalid, and otherwise: "
        "blank lets it pass. Keep one of them.",
    ),
    "otherwise of a parent": (
        LOOKUPS + "ParentId: {mapping: account, column: x, otherwise: blank}\n", "6:43",
        "otherwise is not a key of lookups.ParentId. Take it out; it belongs to a lookup of anothe",
    ),
    "a word that a lookup does not know": (
        LOOKUPS + "OwnerId: {object: User, by: Email, column: x, otherwise: keep}\n", "6:49",
        "lookups.OwnerId.otherwise: 'keep' is not 'error', 'blank' or 'default'.",
    ),
    "a misspelt word for on_delete": (
        WHOLE + "on_delete: delte\n", "5:1", "on_delete.action: 'delte' is not 'ignore', 'delete'",
    ),
    "a misspelt key of on_delete": (
        WHOLE + "on_delete: {sett: {Name: x}}\n", "5:1",
        "on_delete: give ignore, delete, or set: {Field: value}.",
    ),
    "on_delete that sets nothing": (
        WHOLE + "on_delete: set\n", "5:1", "on_delete: give ignore, delete, or set: {Field",
    ),
    "on_delete of two kinds": (
        WHOLE + "on_delete: {action: delete, set: {Name: x}}\n", "5:1",
        "on_delete: give ignore, delete, or set: {Field: value}.",
    ),
    "a lookup of a mapping and of an object": (
        LOOKUPS + "OwnerId: {mapping: account, object: User, by: Email, column: x}\n", "6:3",
        "lookups.OwnerId: mapping names parents that we send, and object records that are not ours."
        " Keep one of them.",
    ),
    "an assignment rule that is no text": (
        WHOLE + "assignment_rule: true\n", "5:1", "assignment_rule: true is no text. Write a te",
    ),
    "a word for yes or no": (
        WHOLE + "enabled: maybe\n", "5:1", "enabled: 'maybe' is not true or false. Write true or f",
    ),
    "on_delete that sets a list": (
        WHOLE + "on_delete: {set: {Name: [x]}}\n", "5:19", "on_delete.set.Name: give a text, a num",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, case: str) -> None:
    text, place, sentence = CASES[case]
    file = tmp_path / "account.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load_mapping(file)
    said = str(caught.value)
    where = f"{file}:{place}" if place else str(file)
    assert caught.value.where == where, said
    assert said.startswith(f"{where}: {sentence}") or f" {sentence}" in said
    assert "\n" not in said
    assert caught.value.mend, "each says how to mend it"
    words = ("valid dictionary", "should be", "should have", "Input", "unable to")
    assert not any(word in said for word in words), "these are pydantic's"


def test_a_file_name_that_is_no_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sales-account.yaml"
    file.write_text(WHOLE, encoding="utf-8")
    with pytest.raises(MappingError, match="The file's name 'sales-account' is not a PostgreSQL"):
        load_mapping(file)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "account.yaml"
    file.write_bytes(b"about: M\xfcnchen\n")
    with pytest.raises(MappingError, match="The file cannot be read"):
        load_mapping(file)


def folder_with(folder: Path, **mappings: str) -> Path:
    for name, text in mappings.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def lookup_of(parent: str) -> str:
    return (
        WHOLE
        + f"external_id: {{field: A, prefix: {parent}}}\nlookups:\n"
        + (f"  ParentId: {{mapping: {parent}, column: x}}\n")
    )


@pytest.mark.parametrize("name", ["no", ""])
def test_a_missing_or_empty_directory_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(MappingError, match=r"does not exist|holds no mapping"):
        load_mappings(tmp_path / name)


def test_a_file_with_the_other_ending_is_not_ignored(tmp_path: Path) -> None:
    folder_with(tmp_path, account=WHOLE)
    (tmp_path / "lead.yml").write_text(WHOLE, encoding="utf-8")
    with pytest.raises(MappingError, match=r"would be ignored. Rename it to lead.yaml"):
        load_mappings(tmp_path)


def test_an_unknown_parent_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    folder_with(tmp_path, account=WHOLE, project=lookup_of("acount"))
    with pytest.raises(MappingError) as caught:
        load_mappings(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'project.yaml'}:7:3: ParentId names the mapping 'acount', "
        "which does not exist. Did you mean 'account'?"
    )


def test_a_circle_of_lookups_is_named_in_its_order(tmp_path: Path) -> None:
    folder_with(tmp_path, a=lookup_of("b"), b=lookup_of("c"), c=lookup_of("a"))
    with pytest.raises(MappingError, match=r"form a circle: \w → \w → \w → \w\. Take") as caught:
        load_mappings(tmp_path)
    circle = str(caught.value).split("circle: ")[1].split(". ")[0].split(" → ")
    assert "".join(circle) in ("abca", "bcab", "cabc"), "each names the next as its parent"
    assert caught.value.where == f"{tmp_path / circle[0]}.yaml:6:1"


def test_a_mapping_that_is_its_own_parent_is_a_circle(tmp_path: Path) -> None:
    folder_with(tmp_path, a=lookup_of("a"))
    with pytest.raises(MappingError, match="form a circle: a → a"):
        load_mappings(tmp_path)


def test_two_mappings_that_write_one_record_are_refused(tmp_path: Path) -> None:
    folder_with(tmp_path, account=WHOLE, client=WHOLE)
    with pytest.raises(MappingError) as caught:
        load_mappings(tmp_path)
    assert "account and client both write Account records" in str(caught.value)
    assert caught.value.where == f"{tmp_path / 'client.yaml'}:1:1"


def test_two_mappings_of_one_object_with_two_prefixes_are_welcome(tmp_path: Path) -> None:
    prefixed = WHOLE + 'external_id: {field: CRM_Id__c, prefix: "b:"}\n'
    folder_with(tmp_path, account=WHOLE, client=prefixed)
    assert [m.name for m in load_mappings(tmp_path)] == ["account", "client"]


@pytest.mark.parametrize(
    ("mappings", "sentence"),
    [
        ({"a": WHOLE, "b": lookup_of("a") + "formerly: a\n"}, "b was formerly a, and there is a m"),
        (
            {
                "b": WHOLE + "formerly: a\n",
                "c": WHOLE + "external_id: {field: A}\nformerly: a\n",
            },
            "c was formerly a, and there is another that says so, b",
        ),
    ],
)
def test_records_have_one_heir(tmp_path: Path, mappings: dict[str, str], sentence: str) -> None:
    with pytest.raises(MappingError, match=sentence):
        load_mappings(folder_with(tmp_path, **mappings))


def test_an_unknown_selection_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    known = load_mappings(folder_with(tmp_path, account=WHOLE))
    with pytest.raises(MappingError, match=r"'acount'\. Did you mean 'account'\?"):
        select(known, ("acount",))

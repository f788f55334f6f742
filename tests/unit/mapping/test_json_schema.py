"""docs/mapping.schema.json says of a mapping file what the loader says of its form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crm_sync.errors import MappingError
from crm_sync.mapping.json_schema import defaults_schema, mapping_schema
from crm_sync.mapping.load import load_mapping, load_mappings

ROOT = Path(__file__).parents[3]
MAPPINGS = sorted((ROOT / "mappings").glob("*.yaml"))
BROKEN = sorted((ROOT / "tests/integration/cli/broken").glob("*.yaml"))
WHOLE = "object: Account\nsource: {table: accounts}\nlabel: company_name\n"
FIELDS = WHOLE + "fields: {Name: company_name}\n"

GOOD = {
    "a bare column": FIELDS,
    "a rule": WHOLE + "fields: {Name: {sql: a || b, too_long: truncate, if_null: 0}}\n",
    "a value map": WHOLE + "fields: {A: {column: a, values: {no: 1, b: null}, otherwise: null}}\n",
    "a lookup": FIELDS + "lookups: {A: {mapping: account, column: a, required: true}}\n",
    "branches": FIELDS + "lookups: {A: [{mapping: a, column: a}, {mapping: b, sql: c}]}\n",
    "a long lookup": FIELDS + "lookups: {A: {branches: [{mapping: a, sql: c}], required: true}}\n",
    "a reference": FIELDS + "lookups: {A: {object: User, by: Email, constant: a@example.com}}\n",
    "SQL that depends on time": (
        "object: A\nsource: {table: a, where: {sql: a > now(), time_dependent: true}}\n"
        "label: {sql: age(a)::text, time_dependent: true}\n"
        "fields: {A: {sql: current_date, time_dependent: true}}\n"
        "lookups: {C: {mapping: c, sql: d, time_dependent: true},\n"
        "  D: {object: User, by: Email, sql: e, time_dependent: true},\n"
        "  E: [{mapping: a, sql: b, time_dependent: true}, {mapping: c, sql: d}]}\n"
    ),
    "a value for all others": (
        WHOLE + "fields: {A: {column: a, values: {b: c}, otherwise: 0}, B: {column: a,"
        " values: {b: c}, otherwise: Other, sensitive: true}}\n"
    ),
    "a lookup of a record that is not ours": (
        FIELDS + "lookups: {A: {object: User, by: Email, column: a, otherwise: default,"
        " sensitive: true, write: on_create}}\n"
    ),
    "rules of the org": FIELDS + "assignment_rule: 01Q5g000000AbCd\nduplicate_rule: allow\n",
    "a prefix alone": FIELDS + 'external_id: {prefix: "a:"}\n',
    "on_delete in a word": FIELDS + "on_delete: delete\n",
    "on_delete with values": FIELDS + "on_delete: {set: {Name: null, Amount: 0}}\n",
}
BAD = {
    "a misspelt key": FIELDS + "on_delte: delete\n",
    "a key of ours": FIELDS + "name: account\n",
    "a misspelt key of a field": WHOLE + "fields: {Name: {column: a, to_long: truncate}}\n",
    "a misspelt key of the source": FIELDS.replace("{table:", "{kee: id, table:"),
    "a misspelt key of a lookup": FIELDS + "lookups: {A: {mapping: a, colum: b}}\n",
    "a misspelt key of a branch": FIELDS + "lookups: {A: [{mapping: a, colum: b}]}\n",
    "a misspelt key of on_delete": FIELDS + "on_delete: {sett: {Name: a}}\n",
    "a misspelt word": FIELDS + "on_delete: delte\n",
    "no fields": WHOLE,
    "two origins": WHOLE + "fields: {Name: {column: a, sql: b}}\n",
    "no origin": WHOLE + "fields: {Name: {required: true}}\n",
    "a lookup with two origins": FIELDS + "lookups: {A: {mapping: a, column: a, sql: b}}\n",
    "a lookup of nothing": FIELDS + "lookups: {A: {required: true}}\n",
    "a field that is no API name": WHOLE + "fields: {Account Name: a}\n",
    "a column that needs quotes": WHOLE + "fields: {Name: Company Name}\n",
    "an empty value map": WHOLE + "fields: {Name: {column: a, values: {}}}\n",
    "a column that depends on time": WHOLE + "fields: {A: {column: a, time_dependent: true}}\n",
    "a constant that depends on time": (
        FIELDS + "lookups: {A: {object: User, by: Email, constant: a, time_dependent: true}}\n"
    ),
    "a label without sql": FIELDS.replace("label: company_name", "label: {time_dependent: true}"),
    "a label that is a list": FIELDS.replace("label: company_name", "label: [a]"),
    "a misspelt key of where": FIELDS.replace("{table: accounts}", "{table: a, where: {sqll: b}}"),
    "on_delete that sets nothing": FIELDS + "on_delete: {set: {}}\n",
    "an assignment rule that is none": FIELDS + "assignment_rule: on\n",
    "a misspelt word for duplicates": FIELDS + "duplicate_rule: alow\n",
    "a lookup that keeps": FIELDS
    + "lookups: {A: {object: U, by: E, column: a, otherwise: keep}}\n",
    "a parent that may be missing": (
        FIELDS + "lookups: {A: {mapping: a, column: b, otherwise: blank}}\n"
    ),
}
GOOD_DEFAULTS = {
    "every key": (
        "external_id: {field: Key__c}\nenabled: false\ntime_zone: Europe/Berlin\n"
        "fields: {A__c: {constant: x}}\nlookups: {OwnerId: {object: User, by: Email, sql: a}}\n"
        "on_delete: {set: {A__c: gone}}\non_missing: recreate\nassignment_rule: active\n"
        "duplicate_rule: allow\nnot_mapped: {created_at: Salesforce has its own.}\n"
    ),
}
BAD_DEFAULTS = {
    "a key of one mapping": "object: Account\n",
    "a misspelt key": "on_delet: delete\n",
    "a misspelt word": "on_missing: recreat\n",
    "a rule without origin": "fields: {A: {required: true}}\n",
}


def complaints(text: str, schema: dict[str, Any] | None = None) -> list[str]:
    content: Any = YAML(typ="safe", pure=True).load(text)
    validator = Draft7Validator(schema or mapping_schema())
    return [error.message for error in validator.iter_errors(content)]


@pytest.mark.parametrize(
    ("name", "schema"),
    [("mapping.schema.json", mapping_schema()), ("defaults.schema.json", defaults_schema())],
)
def test_the_schema_is_a_schema_and_the_file_is_fresh(name: str, schema: dict[str, Any]) -> None:
    Draft7Validator.check_schema(schema)
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert json.loads(written) == schema, "python -m tools.regenerate writes it anew"


@pytest.mark.parametrize("file", MAPPINGS, ids=lambda file: file.stem)
def test_every_shipped_mapping_is_valid_and_names_the_schema(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert complaints(text) == []
    assert text.startswith("# yaml-language-server: $schema=../docs/mapping.schema.json\n")


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_of_the_broken_mappings_those_wrong_in_form_are_refused(file: Path) -> None:
    if file.stem == "note":  # no YAML at all
        with pytest.raises(YAMLError):
            complaints(file.read_text(encoding="utf-8"))
        return
    said = complaints(file.read_text(encoding="utf-8"))
    assert bool(said) == (file.stem == "event"), "the others need the database, the org or a name"


@pytest.mark.parametrize("case", GOOD)
def test_what_the_loader_takes_the_schema_takes(tmp_path: Path, case: str) -> None:
    file = tmp_path / "account.yaml"
    file.write_text(GOOD[case], encoding="utf-8")
    load_mapping(file)
    assert complaints(GOOD[case]) == []


@pytest.mark.parametrize("case", BAD)
def test_what_the_loader_refuses_the_schema_refuses(tmp_path: Path, case: str) -> None:
    file = tmp_path / "account.yaml"
    file.write_text(BAD[case], encoding="utf-8")
    with pytest.raises(MappingError):
        load_mapping(file)
    assert complaints(BAD[case]) != []


def folder_with(folder: Path, defaults: str) -> Path:
    (folder / "account.yaml").write_text(FIELDS, encoding="utf-8")
    (folder / "defaults.yaml").write_text(defaults, encoding="utf-8")
    return folder


@pytest.mark.parametrize("case", GOOD_DEFAULTS)
def test_the_schema_of_the_defaults_takes_what_the_loader_takes(tmp_path: Path, case: str) -> None:
    load_mappings(folder_with(tmp_path, GOOD_DEFAULTS[case]))
    assert complaints(GOOD_DEFAULTS[case], defaults_schema()) == []


@pytest.mark.parametrize("case", BAD_DEFAULTS)
def test_the_schema_of_the_defaults_refuses_what_the_loader_refuses(
    tmp_path: Path, case: str
) -> None:
    with pytest.raises(MappingError):
        load_mappings(folder_with(tmp_path, BAD_DEFAULTS[case]))
    assert complaints(BAD_DEFAULTS[case], defaults_schema()) != []


@pytest.mark.parametrize("schema", [mapping_schema(), defaults_schema()], ids=["one", "shared"])
def test_every_key_of_a_mapping_is_explained_to_the_editor(schema: dict[str, Any]) -> None:
    for part in (schema, *schema["definitions"].values()):
        for key, value in part.get("properties", {}).items():
            assert value.keys() & {"description", "$ref", "allOf"}, key


@pytest.mark.parametrize("schema", [mapping_schema(), defaults_schema()], ids=["one", "shared"])
def test_editors_read_it_as_the_draft_that_they_know(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    assert '"$schema": "http://json-schema.org/draft-07/schema#"' in text
    for newer in ("$defs", "$dynamicRef", "prefixItems", "unevaluated", "dependentRequired"):
        assert newer not in text

    def check(node: Any) -> None:
        if isinstance(node, dict):
            assert "$ref" not in node or len(node) == 1, "what stands beside $ref is ignored"
            for value in node.values():
                check(value)
        elif isinstance(node, list):
            for value in node:
                check(value)

    check(schema)

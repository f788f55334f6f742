"""Makes docs/mapping.schema.json and docs/defaults.schema.json: a mapping file, and what mappings
share, as an editor checks and completes them.

In: the models of `model.py` and `parts.py`. Out: JSON Schema of the file, short forms included.
What needs more than one file, a database or an org is left to `load.py` and `check.py`.

It is of draft 07: yaml-language-server, which VS Code's and other editors' YAML support rests on,
promises "JSON Schema 7 and below" (its README).
"""

from __future__ import annotations

import json
from typing import Any, cast

from crm_sync.mapping.form import OURS
from crm_sync.mapping.model import Defaults, Mapping
from crm_sync.mapping.parts import OF_A_LOOKUP

__all__ = ["defaults_schema", "defaults_schema_text", "mapping_schema", "mapping_schema_text"]

Schema = dict[str, Any]
ORIGINS = ("column", "sql", "constant")


def mapping_schema() -> Schema:
    """The JSON Schema of a mapping file."""
    schema = Mapping.model_json_schema()
    for key in OURS:
        del schema["properties"][key]
    del schema["$defs"]["Narrowing"]
    schema["required"].remove("name")
    return _of_a_file(
        schema,
        "crm-sync mapping",
        "How the rows of one source become the records of one Salesforce object. The file's name "
        "without its ending is the mapping's name.",
    )


def defaults_schema() -> Schema:
    """The JSON Schema of `defaults.yaml`."""
    return _of_a_file(
        Defaults.model_json_schema(),
        "crm-sync defaults",
        "What the mappings in this folder share. A mapping's own word wins.",
    )


def mapping_schema_text() -> str:
    """The file for editors that holds the schema of a mapping."""
    return json.dumps(mapping_schema(), indent=2) + "\n"


def defaults_schema_text() -> str:
    """The file for editors that holds the schema of `defaults.yaml`."""
    return json.dumps(defaults_schema(), indent=2) + "\n"


def _of_a_file(schema: Schema, title: str, description: str) -> Schema:
    definitions = schema["$defs"]
    for definition in (schema, *definitions.values()):
        definition.pop("title", None)
        definition["properties"] = {
            key: _tidy(value) for key, value in definition["properties"].items()
        }
    rule, lookup = definitions["FieldRule"], definitions["Lookup"]
    rule["properties"]["values"]["additionalProperties"] = {
        "type": ["string", "number", "boolean", "null"]  # taken as the text that is written
    }
    rule["properties"]["otherwise"] |= {
        "type": ["string", "number", "boolean", "null"],  # the same
        "examples": ["error", "keep", "blank"],
    }
    for name in ("FieldRule", "Branch", "Reference"):
        _add_one_origin(definitions[name])
    if "Source" in definitions:
        for part, key in ((schema, "label"), (definitions["Source"], "where")):
            _add_bare_sql(part["properties"], key, definitions["Expression"]["properties"]["sql"])
    column = {k: v for k, v in rule["properties"]["column"].items() if k != "default"}
    _add_short_forms(schema["properties"]["fields"], [column])
    lookup["oneOf"] = [{"required": ["branches"]}, {"required": ["reference"]}]
    lookup["properties"]["branches"]["minItems"] = 1
    own = {key: lookup["properties"][key] for key in OF_A_LOOKUP}
    _add_short_forms(
        schema["properties"]["lookups"],
        [
            {"type": "array", "items": {"$ref": "#/$defs/Branch"}, "minItems": 1},
            *(_extended(definitions[name], own) for name in ("Branch", "Reference")),
        ],
    )
    _replace_on_delete(definitions)
    whole = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        **{key: value for key, value in schema.items() if key not in ("$defs", "title")},
        "description": description,
        "definitions": definitions,
    }
    return cast("Schema", _as_draft_07(whole))


def _as_draft_07(node: Any) -> Any:
    """Draft 07 keeps definitions under another name and ignores what stands beside a reference."""
    if isinstance(node, list):
        return [_as_draft_07(part) for part in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _as_draft_07(value) for key, value in node.items()}
    if isinstance(reference := changed.get("$ref"), str):
        reference = reference.replace("#/$defs/", "#/definitions/")
        others = {key: value for key, value in changed.items() if key != "$ref"}
        return {**others, "allOf": [{"$ref": reference}]} if others else {"$ref": reference}
    return changed


def _tidy(node: Any) -> Any:
    """Without titles that repeat the key, and without null: a key is given or left out."""
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    tidy = {key: _tidy(value) for key, value in node.items() if key != "title"}
    if isinstance(text := tidy.get("description"), str):
        tidy["description"] = " ".join(text.split())
    if tidy.get("default", ()) is None:
        del tidy["default"]
        given = [part for part in tidy.pop("anyOf", []) if part != {"type": "null"}]
        tidy = {**given[0], **tidy} if len(given) == 1 else {"anyOf": given, **tidy}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy


def _add_one_origin(definition: Schema) -> None:
    names = [name for name in ORIGINS if name in definition["properties"]]
    definition["oneOf"] = [{"required": [name]} for name in names]
    # Only SQL can depend on the time.
    definition["if"] = {
        "properties": {"time_dependent": {"const": True}}, "required": ["time_dependent"],
    }  # fmt: skip
    definition["then"] = {"required": ["sql"]}


def _add_bare_sql(properties: Schema, key: str, sql: Schema) -> None:
    """SQL stands as a text, too, where nothing else is to be said of it."""
    form = properties[key]
    bare = {name: value for name, value in sql.items() if name != "description"}
    properties[key] = {
        "description": form["description"],
        "anyOf": [bare, {"$ref": form["$ref"]}],
    }


def _add_short_forms(keys: Schema, forms: list[Schema]) -> None:
    """Beside the model's own form, what else the value of each key may be."""
    ((pattern, form),) = keys["patternProperties"].items()
    keys["patternProperties"][pattern] = {"anyOf": [*forms, form]}


def _extended(definition: Schema, properties: Schema) -> Schema:
    return {**definition, "properties": {**definition["properties"], **properties}}


def _replace_on_delete(definitions: Schema) -> None:
    """The file says it in one word, or with the values to set; the model keeps both apart."""
    model = definitions["OnDelete"]
    definitions["OnDelete"] = {
        "description": model["description"],
        "anyOf": [
            {"enum": ["ignore", "delete"]},
            {
                "type": "object",
                "properties": {
                    "set": {
                        **model["properties"]["values"],
                        "description": "Salesforce field: the value that it gets; null clears it.",
                        "minProperties": 1,
                    }
                },
                "required": ["set"],
                "additionalProperties": False,
            },
        ],
    }

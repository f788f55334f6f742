"""What --json prints, beside docs/output.schema.json."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.support.postgres import ROOT

SCHEMA = ROOT / "docs/output.schema.json"


def assert_documented(text: str) -> None:
    """The JSON is as the schema says, and has no key that it does not name."""
    errors = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in _validator(json.loads(text)["kind"]).iter_errors(json.loads(text))
    ]
    assert errors == []


@cache
def _validator(kind: str) -> Draft202012Validator:
    """Of one kind of output, so that an error is that of the key at fault and not of the whole."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    name = next(
        name
        for name, shape in schema["$defs"].items()
        if shape.get("properties", {}).get("kind", {}).get("const") == kind
    )
    del schema["oneOf"]
    return Draft202012Validator(_strict(schema) | {"$ref": f"#/$defs/{name}"})


def _strict(node: Any) -> Any:
    """Further keys are allowed to later versions, not to this one."""
    if isinstance(node, list):
        return [_strict(part) for part in node]
    if not isinstance(node, dict):
        return node
    closed = {"additionalProperties": False} if "properties" in node else {}
    return {**closed, **{key: _strict(value) for key, value in node.items()}}

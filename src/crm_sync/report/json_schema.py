"""Makes docs/output.schema.json: the JSON of `--json`, for programs that read it.

In: the shapes of `shapes.py`. Out: JSON Schema (2020-12).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from crm_sync.report.shapes import VERSION, Output

__all__ = ["output_schema", "output_schema_text"]


def output_schema() -> dict[str, Any]:
    """The JSON Schema of every command's output; which command's, `kind` says."""
    schema = TypeAdapter(Output).json_schema()
    definitions = {name.removeprefix("Json"): _tidy(d) for name, d in schema["$defs"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What crm-sync prints with --json, version {VERSION}",
        "description": "A later version only adds keys, or carries another number.",
        "oneOf": _tidy(schema["oneOf"]),
        "$defs": definitions,
    }


def output_schema_text() -> str:
    """The file for programs that holds the schema."""
    return json.dumps(output_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(node: Any) -> Any:
    """Without titles that repeat the key, and with names as people read them."""
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node.replace("#/$defs/Json", "#/$defs/") if isinstance(node, str) else node
    return {
        key: _tidy(value)
        for key, value in node.items()
        if key != "title" or not isinstance(value, str)
    }

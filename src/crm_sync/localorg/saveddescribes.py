"""Objects from saved describes: JSON files as ``sf sobject describe --json`` or REST give them.

In: a directory; each ``*.json`` is one describe, bare or under ``result``. Out: descriptions in the
form of ``objects/``, for :func:`crm_sync.localorg.schema.load_schema`. An object that the org
already has gains the fields that it lacks.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Facts = dict[str, Any]

NEEDED = ("name", "label", "labelPlural", "keyPrefix")
FIELD_NEEDED = ("name", "label", "type", "length", "createable", "updateable", "nillable")
Relations = dict[tuple[str, str, str], str | None]
"""(child object, its field, parent) → the name under which the parent knows the children."""
_NOT_PARENTS = ("User", "Group")
"""Whose records are never deleted or merged."""
_LEFT_OUT = ("actionOverrides", "childRelationships", "recordTypeInfos", "urls", "namedLayoutInfos")


def read(folder: Path) -> list[Facts]:
    """Every describe of a directory, in the order of its file names.

    Raises ValueError with one line: the file, the line where it is no JSON, or what it lacks.
    """
    if not folder.is_dir():
        raise ValueError(f"--describe {folder}: no such directory")
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ValueError(f"--describe {folder}: no *.json in it")
    saved = [_one(path) for path in paths]
    named = dict(relation for facts in saved for relation in _relations(facts))
    return [_description(facts, named) for facts in saved]


def _one(path: Path) -> Facts:
    try:
        read: Any = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise ValueError(f"{place}: {error.msg}; a saved describe is JSON") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read: {error}") from None
    facts: Any = read.get("result", read) if isinstance(read, dict) else None
    if not isinstance(facts, dict) or not isinstance(facts.get("fields"), list):
        raise ValueError(f"{path}: not a describe of one object: it has no list of fields")
    missing = [key for key in NEEDED if not facts.get(key)]
    if missing:
        raise ValueError(f"{path}: the describe lacks {', '.join(missing)}")
    for number, field in enumerate(facts["fields"], 1):
        lacking = [key for key in FIELD_NEEDED if not isinstance(field, dict) or key not in field]
        if lacking:
            raise ValueError(f"{path}: field {number} lacks {', '.join(lacking)}")
    return facts


def _relations(facts: Facts) -> Iterator[tuple[tuple[str, str, str], str | None]]:
    for relation in facts.get("childRelationships") or ():
        child, field = relation.get("childSObject"), relation.get("field")
        yield (child, field, facts["name"]), relation.get("relationshipName")


def _description(facts: Facts, named: Relations) -> Facts:
    scopes = facts.get("supportedScopes") or ()
    fields = [_field(facts["name"], field, named) for field in facts["fields"]]
    return {
        **{key: value for key, value in facts.items() if key not in _LEFT_OUT},
        "idLabel": "Record ID",
        "softDelete": any(field["name"] == "IsDeleted" for field in fields),
        "supportedScopes": [[scope["name"], scope["label"]] for scope in scopes],
        "fields": fields,
    }


def _field(object_name: str, described: Facts, named: Relations) -> Facts:
    """A described field, with the keys of ours that follow from it.

    A describe tells of a field that its parent's deletion takes the record along (cascadeDelete),
    not under which name the parent knows it: that stands in the parent's own describe.
    """
    parents = [p for p in described.get("referenceTo") or () if p not in _NOT_PARENTS]
    own: Facts = {
        "children": {p: named.get((object_name, described["name"], p)) for p in parents},
        "cascade": parents if described.get("cascadeDelete") else [],
    }
    if described["name"] == "OwnerId":
        own["default"] = "$user"
    elif described.get("defaultValue") is None:
        default = [v["value"] for v in described.get("picklistValues") or () if v["defaultValue"]]
        own["default"] = default[0] if default else None
    return {**described, **own}

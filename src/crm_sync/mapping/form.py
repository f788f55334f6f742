"""What is wrong with the form of a file, in words for its author.

In: a pydantic error, and where the parts of the file stand. Out: findings, each in one sentence,
with its place and the nearest name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crm_sync.mapping import parts
from crm_sync.mapping.finding import Finding
from crm_sync.mapping.model import Defaults, Mapping
from crm_sync.names import nearest

__all__ = ["DEFAULTS", "NAMES", "OURS", "explained"]

Path_ = tuple[str, ...]
"""The keys that lead to a part of the file."""
DEFAULTS = "defaults.yaml"
"""The file beside the mappings that says what they share."""
OURS = frozenset({"name", "lines", "narrowed"})
"""What a mapping has besides the keys of its file."""
NAMES = {
    "^[a-z_][a-z0-9_]*$": "a PostgreSQL name (small letters, digits, _)",
    "^[A-Za-z][A-Za-z0-9_]*$": "a Salesforce API name (letters, digits, _)",
    "^[a-z0-9:_-]*$": "a prefix (small letters, digits, : _ -)",
    "^(none|active|[A-Za-z0-9]{15}|[A-Za-z0-9]{18})$": "none, active, or the Id of an assignment"
    " rule (15 or 18 letters and digits)",
}
"""What the patterns of `model.py` and `parts.py` stand for."""
SCALARS = frozenset({"str", "int", "float", "bool"})


def explained(error: ValidationError, file: Path, lines: dict[Path_, str]) -> list[Finding]:
    """The complaints of pydantic, each in one sentence, with its place and the nearest name.

    A misspelt key is also a missing one; the misspelling alone is told, and first.
    """
    found = error.errors()
    extra = [one for one in found if one["type"] == "extra_forbidden"]
    parents = {one["loc"][:-1] for one in extra}
    others = [
        one
        for one in found
        if one["type"] != "extra_forbidden"
        and not (one["type"] == "missing" and one["loc"][:-1] in parents)
    ]
    told = [_complaint(one, file, lines) for one in (*extra, *others)]
    return list(dict.fromkeys(told))


def _complaint(one: ErrorDetails, file: Path, lines: dict[Path_, str]) -> Finding:
    kind, given = one["type"], one["input"]
    path = tuple(str(part) for part in one["loc"])
    if kind == "missing":
        path = (*_in_file(path[:-1], lines), path[-1])
    elif kind == "placed":
        path = one["ctx"]["path"]
    else:
        path = _in_file(path, lines)
    places = (lines.get(path[:length]) for length in range(len(path), -1, -1))
    where = next((place for place in places if place), str(file))
    name = path[-1] if path else file.stem
    is_shared = file.name == DEFAULTS
    inside = ".".join(path[:-1]) or ("the defaults" if is_shared else "a mapping")
    if kind == "extra_forbidden":
        known = _known_keys(path, Defaults if is_shared else Mapping)
        near = nearest(name, [key for key in known if key != name]).strip()
        mend = near or f"Take it out; known are {', '.join(known)}."
        if name in known:  # a lookup of one kind has a key of the other
            mend = "Take it out; it belongs to a lookup of another kind."
        said = f"{name} is not a key of {inside}."
        return Finding("unknown-key", "error", where, said, mend, path)
    if kind == "missing":
        said, mend = f"{inside} lacks {name}.", f"Add `{name}:` and what it is."
        return Finding("missing-key", "error", where, said, mend, path)
    if path == ("name",):
        said = f"The file's name {given!r} is not {NAMES[one['ctx']['pattern']]}."
        mend = "Rename the file; the mapping is called as its file is."
        return Finding("file-name", "error", where, said, mend)
    if kind == "placed":
        mend = str(one["ctx"]["mend"])
        return Finding("wrong-key", "error", where, f"{one['msg']}.", mend, path)
    if name in SCALARS and path not in lines:  # one kind of scalar after another was tried
        path = path[:-1]
        said, mend = "give a text, a number, true or false", "Write one value, without brackets."
    else:
        said, mend = _wrong_value(one)
    sentence = f"{'.'.join(path)}: {said}." if path else f"{said}."
    return Finding("wrong-value", "error", where, sentence, mend, path)


def _wrong_value(one: ErrorDetails) -> tuple[str, str]:
    """What is wrong with a value, and how to mend it."""
    kind, given, context = one["type"], one["input"], one.get("ctx", {})
    match kind:
        case "string_pattern_mismatch":
            return f"{given!r} is not {NAMES[context['pattern']]}", "Write such a name."
        case "literal_error":
            words = str(context["expected"])
            near = nearest(str(given), re.findall(r"'(\w+)'", words)).strip()
            return f"{given!r} is not {words}", near or "Write one of these words."
        case "value_error":
            said, _, mend = str(one["msg"]).removeprefix("Value error, ").partition("; ")
            return said, mend[:1].upper() + mend[1:] + "." if mend else _LIKE
        case "string_too_long":
            most = context["max_length"]
            return f"it has more than {most} characters", "Write a shorter name."
        case "string_too_short":
            return "it is empty", "Write what it is, or take the key out."
        case "too_short":
            return "it lists nothing", "Write at least one line, or take the key out."
        case "bool_type" | "bool_parsing":
            return f"{_shown(given)} is not true or false", "Write true or false."
        case "string_type":
            return (
                f"{_shown(given)} is no text",
                "Write a text; in quotes where it looks otherwise.",
            )
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{_shown(given)} is no set of keys", _keys_of(context)
        case _:
            return f"{_shown(given)} does not belong here", _LIKE


_LIKE = "See docs/mapping-reference.md, which has an example of each key."


def _keys_of(context: Map[str, Any]) -> str:
    """What may stand where a set of keys was expected."""
    if context.get("class_name") == parts.FieldRule.__name__:
        return "Name a column, or say column, sql or constant."
    return "Write keys, each with a colon and what it is."


def _shown(given: object) -> str:
    """What was given, as a file writes it."""
    match given:
        case None:
            return "nothing"
        case bool():
            return str(given).lower()
        case str() | int() | float():
            return repr(given)
        case list() | tuple():
            return "a list"
        case _:
            return "a set of keys"


def _in_file(path: Path_, lines: dict[Path_, str]) -> Path_:
    """Where the file holds what the model has at `path`: the short forms leave levels out."""
    path = path[:-1] if path[-1:] == ("[key]",) else path
    forms = [path]
    if path[:1] == ("lookups",) and path[2:3] in (("branches",), ("reference",)):
        forms += [path[:2] + path[3:], path[:2] + path[4:]]
    if path in (("label", "sql"), ("source", "where", "sql")):
        forms.append(path[:-1])
    if path[:2] == ("on_delete", "values"):
        forms.append(("on_delete", "set", *path[2:]))

    def distance(form: Path_) -> tuple[int, int]:
        known = max(n for n in range(len(form) + 1) if form[:n] in lines)
        return len(form) - known, -known

    return min(forms, key=distance)


def _known_keys(path: Path_, whole: type[parts.Strict]) -> list[str]:
    """The keys that are allowed where `path` ends, for the hint."""
    match path:
        case ("fields", _, _):
            kinds: list[type[parts.Strict]] = [parts.FieldRule]
        case ("lookups", _, _):
            kinds = [parts.Branch, parts.Reference, parts.Lookup]
        case ("lookups", _, "branches", *_) | ("lookups", _, _, _):
            kinds = [parts.Branch]
        case ("lookups", *_):
            kinds = [parts.Reference]
        case ("source", _):
            kinds = [parts.Source]
        case ("source", "where", _) | ("label", _):
            kinds = [parts.Expression]
        case ("external_id", _):
            kinds = [parts.ExternalId]
        case _:
            kinds = [whole]
    return [key for kind in kinds for key in kind.model_fields if key not in OURS]

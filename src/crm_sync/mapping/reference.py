"""Writes docs/mapping-reference.md: every key of a mapping file, with examples.

In: `reference.md` beside this file, and the models of `model.py` and `parts.py`, whose descriptions
fill its tables. Out: Markdown, the same for the same input. Called by `crm-sync docs`. In the text,
`<!-- keys: MODEL: key, … -->` stands for the table of these keys (all of the model's without a
list), `<!-- names: MODEL -->` for the list of a model's keys.
"""

from __future__ import annotations

import re
from importlib.resources import files
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from crm_sync.mapping.form import NAMES, OURS
from crm_sync.mapping.markdown import code, table
from crm_sync.mapping.model import Defaults, Mapping
from crm_sync.mapping.parts import (
    Branch,
    Expression,
    ExternalId,
    FieldRule,
    Lookup,
    Reference,
    Source,
)

__all__ = ["MODELS", "examples", "reference", "shown_keys"]

MODELS: dict[str, type[BaseModel]] = {
    kind.__name__: kind
    for kind in (
        Mapping,
        Defaults,
        ExternalId,
        Source,
        FieldRule,
        Lookup,
        Branch,
        Reference,
        Expression,
    )
}
"""The models that the page explains, by name."""
KEYS = re.compile(r"^<!-- keys: (\w+)(?:: (.+))? -->$", re.MULTILINE)
NAMED = re.compile(r"^<!-- names: (\w+) -->$", re.MULTILINE)
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^# mappings/(\w+)\.yaml\n", re.MULTILINE)


def reference() -> str:
    """The page."""
    text = KEYS.sub(lambda found: _table(*_asked(found)), _text())
    return NAMED.sub(lambda found: ", ".join(map(code, _keys(found[1]))) + ".", text)


def examples(page: str) -> list[dict[str, str]]:
    """The examples of the page: each a few mapping files, the text of each by its name."""
    found: list[dict[str, str]] = []
    for block in FENCE.findall(page):
        _, *parts = FILE.split(block)
        found.append(dict(zip(parts[::2], parts[1::2], strict=True)))
    return found


def shown_keys() -> list[tuple[str, str]]:
    """(model, key) of every row of the page's tables."""
    asked = map(_asked, KEYS.finditer(_text()))
    return [(name, key) for name, keys in asked for key in keys]


def _text() -> str:
    return files("crm_sync.mapping").joinpath("reference.md").read_text("utf-8")


def _asked(found: re.Match[str]) -> tuple[str, list[str]]:
    return found[1], found[2].split(", ") if found[2] else _keys(found[1])


def _keys(name: str) -> list[str]:
    return [key for key in MODELS[name].model_fields if key not in OURS]


def _table(name: str, keys: list[str]) -> str:
    fields = MODELS[name].model_fields
    rows = [(code(key), _meaning(fields[key]), *_form(fields[key])) for key in keys]
    return table(("Key", "What it says", "Takes", "Without it"), rows)


def _meaning(field: FieldInfo) -> str:
    """The description of a key; of one without, that of the keys below it."""
    text = field.description
    if text is None and isinstance(field.annotation, type):
        text = field.annotation.__doc__
    first, *_ = (text or "").strip().split("\n\n")
    return " ".join(first.split()).replace("|", "\\|")


def _form(field: FieldInfo) -> tuple[str, str]:
    """What a key takes, and what counts where it is left out."""
    takes = _takes(field.annotation, [*field.metadata])
    if field.is_required():
        return takes, "an error"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        return takes, ", ".join(code(f"{k}: {v}") for k, v in default.model_dump().items() if v)
    if default in (None, "", (), {}):
        return takes, ""
    return takes, code(str(default).lower() if isinstance(default, bool) else str(default))


def _takes(kind: Any, constraints: list[Any]) -> str:
    if get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        return _takes(kind, [*constraints, *more])
    if get_origin(kind) in (Union, UnionType):
        given = [part for part in get_args(kind) if part is not type(None)]
        if len(given) == 1:
            return _takes(given[0], constraints)
        return "a text, a number, true or false"
    if get_origin(kind) is Literal:
        return ", ".join(map(code, get_args(kind)))
    patterns = [c.pattern for c in constraints if isinstance(c, StringConstraints) and c.pattern]
    if patterns:
        return NAMES[str(patterns[0])]
    if kind is bool:
        return "`true`, `false`"
    if kind is str:
        return "a text"
    if kind in (Expression, Expression | None):
        return "SQL, or keys"
    return "a list of keys" if get_origin(kind) is tuple else "keys"

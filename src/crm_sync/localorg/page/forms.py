"""The form in which someone edits a record: fields → inputs, and back to what was changed.

As in Salesforce's own pages only changed fields are written. What the form showed travels with it,
so that a field which a sync changed in the meantime is not set back.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from crm_sync.localorg.page import show
from crm_sync.localorg.records import values
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.schema import Field, ObjectType

Kind = Literal["text", "area", "choice", "flag", "date", "datetime-local"]


@dataclass(frozen=True)
class Input:
    """One editable field."""

    field: Field
    kind: Kind
    text: str
    choices: list[tuple[str, str]]
    hint: str
    link: show.Link | None
    is_refused: bool


def editable(object_type: ObjectType) -> list[Field]:
    """The fields that an administrator may change on a page."""
    return [f for f in object_type.stored if f.describe["updateable"]]


def shown(object_type: ObjectType, record: Record) -> dict[str, str]:
    """The texts that the form starts with."""
    return {f.name: _text(f, record.get(f.name)) for f in editable(object_type)}


def as_text(texts: Mapping[str, str]) -> str:
    """What the form showed, to travel with it."""
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def inputs(
    object_type: ObjectType,
    texts: Mapping[str, str],
    known: show.Links,
    refused: frozenset[str] = frozenset(),
) -> list[Input]:
    """The inputs of the form with these texts in them."""
    made: list[Input] = []
    for field in editable(object_type):
        text = texts.get(field.name, "")
        link = known.get(text) if field.type == "reference" else None
        made.append(
            Input(
                field=field,
                kind=_kind(field, text),
                text=text,
                choices=_choices(field, text),
                hint=_hint(field),
                link=link,
                is_refused=field.name in refused,
            )
        )
    return made


def typed(object_type: ObjectType, form: Mapping[str, list[str]]) -> dict[str, str]:
    """The texts that came back."""
    return {
        f.name: ("true" if f.name in form else "false")
        if f.type == "boolean"
        else form.get(f.name, [""])[0]
        for f in editable(object_type)
    }


def changes(object_type: ObjectType, form: Mapping[str, list[str]]) -> dict[str, Any]:
    """The fields whose text differs from what was shown, as the JSON of a write has them.

    Raises ValueError for a form that did not come from the page.
    """
    before: Any = json.loads(form.get("shown", [""])[0])
    if not isinstance(before, dict):
        raise ValueError("what the form showed is missing")
    now = typed(object_type, form)
    return {
        f.name: _as_json(f, now[f.name])
        for f in editable(object_type)
        if f.name in before and _same(f, now[f.name]) != _same(f, str(before[f.name]))
    }


def _as_json(field: Field, text: str) -> Any:
    return text == "true" if field.type == "boolean" else text or None


def _same(field: Field, text: str) -> str:
    """A browser leaves out seconds that are zero, and sends its own line ends."""
    if field.type == "datetime":
        moment = values.parse_datetime(text)
        return text if moment is None else values.format_datetime(moment)
    return text.replace("\r\n", "\n").strip()


def _text(field: Field, stored: Any) -> str:
    if field.type == "boolean":
        return "true" if stored else "false"
    if stored is None:
        return ""
    if field.type == "datetime":
        return str(stored)[:19]
    if field.is_number or field.type == "int":
        return show.plain(stored)
    return str(stored)


def _kind(field: Field, text: str) -> Kind:
    if field.type == "boolean":
        return "flag"
    if field.type == "picklist" and field.describe["picklistValues"]:
        return "choice"
    if field.type == "date":
        return "date"
    if field.type == "datetime":
        return "datetime-local"
    return "area" if field.type == "textarea" or "\n" in text else "text"


def _choices(field: Field, text: str) -> list[tuple[str, str]]:
    listed = [(v["value"], v["label"]) for v in field.describe["picklistValues"] if v["active"]]
    if field.type == "picklist" and text and text not in dict(listed):
        listed.append((text, text))
    return [("", "--None--"), *listed]


def _hint(field: Field) -> str:
    if field.type == "reference":
        return f"Id of {' or '.join(field.reference_to)}"
    if field.type == "datetime":
        return "UTC"
    return ""

"""Shapes of a row, its fields and its problems in the JSON that `--json` prints.

Shared by the documents of `shapes`, which see. Imports nothing of the project.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Action", "Count", "JsonChange", "JsonOrg", "JsonProblem", "JsonRow", "Moment", "Shape"]

Count = Annotated[int, Field(ge=0)]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Action = Literal["create", "update", "delete"]
RowState = Literal[
    "planned", "sending", "blocked", "invalid", "refused", "unknown", "held", "recorded", "closed"
]


class Shape(BaseModel):
    """A JSON object."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class ParentToCome(Shape):
    """A parent that a sync creates first, and whose Id nobody knows yet."""

    mapping: str
    key: str


class MaskedValue(Shape):
    """What is told of a value that is masked (sensitive: true, mask_emails_and_phones)."""

    masked: str
    """Its kind: text, e-mail, phone, web address, choice, amount, number, date, Id, …"""

    length: Count | None
    """In characters; null where the length would tell the value."""


JsonValue = str | float | bool | ParentToCome | MaskedValue | None
"""A number has all its digits. A date is YYYY-MM-DD, a datetime ISO 8601 in UTC."""


class JsonOrg(Shape):
    """The Salesforce org."""

    id: str
    """The Organization Id, 18 characters."""

    name: str
    kind: Literal["production", "sandbox", "local"]
    instance_url: str
    target: str
    username: str | None
    edition: str | None
    """As Salesforce calls it, such as Developer Edition; null where nobody asked."""


class JsonProblem(Shape):
    """Why a row is not in order (error), or what was done to it (note)."""

    code: str
    sentence: str
    mend: str
    field: str | None
    column: str | None
    """table.column; those that it reads, with commas between, where a field is made by SQL."""

    severity: Literal["error", "note"]
    reason: str
    """The sentence without any value of the row, which may go where more people read; or empty."""


class JsonChange(Shape):
    """One field of a row: what was last sent, and what it will be."""

    field: str
    label: str
    """The field's name for people, or an empty text."""

    type: str
    """Salesforce's field type."""
    before: JsonValue
    after: JsonValue
    is_edited: bool
    """Whether someone edited it in Salesforce since the last push, where the record was read."""
    current: JsonValue
    """What Salesforce holds, where it was edited; else null."""


class JsonRow(Shape):
    """One row of a plan."""

    mapping: str
    object: str
    table: str
    key: str
    label: str
    action: Action
    state: RowState
    salesforce_id: str | None
    link: str | None
    """The record in Salesforce."""

    pair: str | None
    """The other mapping of a row that moves from one to the other."""
    changes: list[JsonChange]
    left_alone: list[JsonChange]
    """Fields that someone edited in Salesforce and that a sync does not send (--against-org)."""
    is_missing: bool
    """Whether the record was read and is not in Salesforce any more (--against-org)."""
    problems: list[JsonProblem]

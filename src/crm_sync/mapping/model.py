"""A mapping as its file says it, checked for form only.

In: the parsed YAML (`load.py`). Out: pydantic models that `compile.py`, `check.py` and
`document.py` read. Imports nothing of the project.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

__all__ = [
    "Branch",
    "ExternalId",
    "FieldRule",
    "Lookup",
    "Mapping",
    "OnDelete",
    "Reference",
    "Source",
]

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$", max_length=63)]
"""A PostgreSQL name as one writes it without quotes."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]
"""A Salesforce API name."""

Scalar = str | int | float | bool


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must never be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExternalId(Strict):
    """The field that carries our key. Its value is `prefix` followed by the key."""

    field: FieldName
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z0-9:_-]*$", max_length=20)] = ""


class Source(Strict):
    """Where rows come from: one table, many-to-one joins over its foreign keys, and a filter.

    `where` is SQL; a row that leaves it is treated as deleted.
    """

    table: Identifier
    key: Identifier = "id"
    join: dict[Identifier, Identifier] = Field(default_factory=dict)
    where: str | None = None


class FieldRule(Strict):
    """How one Salesforce field gets its value: exactly one of column, sql or constant.

    `values` maps the source's text to Salesforce's; `otherwise` says what happens to a text that
    is not listed: `error` (the row is invalid), `keep`, or `null`. `if_null` is sent, with a note
    in the dry run, where the source is null. `too_long: truncate` cuts, with a note, what would
    otherwise make the row invalid. `write: on_create` leaves the field to the people in
    Salesforce after the record was created.
    """

    column: Identifier | None = None
    sql: str | None = None
    constant: Scalar | None = None
    values: dict[str, str | None] | None = None
    otherwise: Literal["error", "keep", "null"] = "error"
    if_null: Scalar | None = None
    too_long: Literal["error", "truncate"] = "error"
    write: Literal["always", "on_create"] = "always"
    required: bool = False
    time_dependent: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> FieldRule:
        given = [n for n in ("column", "sql", "constant") if getattr(self, n) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of column, sql, constant (given: {said})")
        if self.otherwise != "error" and self.values is None:
            raise ValueError("otherwise needs values")
        return self

    @property
    def origin(self) -> str:
        """The column, or the SQL, as the file says it; a constant in quotes."""
        return self.column or self.sql or repr(self.constant)


class Branch(Strict):
    """One possible parent of a lookup: a mapping, and the column or SQL with the parent's key."""

    mapping: Identifier
    column: Identifier | None = None
    sql: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Branch:
        if (self.column is None) == (self.sql is None):
            raise ValueError("give exactly one of column, sql")
        return self


class Reference(Strict):
    """A Salesforce record that is not ours, found by one of its fields: a User by its e-mail."""

    object: FieldName
    by: FieldName
    column: Identifier | None = None
    sql: str | None = None
    constant: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Reference:
        if sum(v is not None for v in (self.column, self.sql, self.constant)) != 1:
            raise ValueError("give exactly one of column, sql, constant")
        return self


class Lookup(Strict):
    """A Salesforce reference field: parents that we push (branches), or a record that is not ours."""

    branches: tuple[Branch, ...] = ()
    reference: Reference | None = None
    required: bool = False
    write: Literal["always", "on_create"] = "always"

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"branches": value}
        if isinstance(value, dict) and "mapping" in value:
            own = {k: v for k, v in value.items() if k in ("required", "write")}
            return {"branches": [{k: v for k, v in value.items() if k not in own}], **own}
        if isinstance(value, dict) and "object" in value:
            own = {k: v for k, v in value.items() if k in ("required", "write")}
            return {"reference": {k: v for k, v in value.items() if k not in own}, **own}
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Lookup:
        if bool(self.branches) == (self.reference is not None):
            raise ValueError("give mapping and column, a list of them, or object and by")
        return self


class OnDelete(Strict):
    """What happens in Salesforce to the record of a row that is gone."""

    action: Literal["ignore", "delete", "set"]
    values: dict[FieldName, Scalar | None] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"action": value}
        if isinstance(value, dict) and set(value) == {"set"}:
            return {"action": "set", "values": value["set"]}
        return value


class Mapping(Strict):
    """How the rows of one source become the records of one Salesforce object.

    `name` is the file's name without its ending and the name by which records are known;
    `formerly` keeps them over a rename. `lines` gives a path in the file its line and column.
    """

    name: Identifier
    object: FieldName
    external_id: ExternalId = ExternalId(field="CRM_Id__c")
    source: Source
    label: str
    about: str = ""
    enabled: bool = True
    formerly: Identifier | None = None
    time_zone: str = "UTC"
    fields: dict[FieldName, FieldRule]
    lookups: dict[FieldName, Lookup] = Field(default_factory=dict)
    on_delete: OnDelete = OnDelete(action="ignore")
    on_missing: Literal["hold", "recreate"] = "hold"
    auto_assign: bool = False
    not_mapped: dict[str, str] = Field(default_factory=dict)
    lines: dict[tuple[str, ...], str] = Field(default_factory=dict, exclude=True)

    @field_validator("fields", mode="before")
    @classmethod
    def _bare_columns(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: {"column": v} if isinstance(v, str) else v for k, v in value.items()}
        return value

    @model_validator(mode="after")
    def _whole(self) -> Mapping:
        both = set(self.fields) & set(self.lookups)
        if both:
            raise ValueError(f"{', '.join(sorted(both))} stands in fields and in lookups")
        if self.external_id.field in self.fields:
            raise ValueError(f"{self.external_id.field} is written by external_id, not by fields")
        for name, rule in self.fields.items():
            if rule.sql and not rule.time_dependent and _TIME.search(rule.sql):
                raise ValueError(f"{name}: sql that reads the clock must say time_dependent: true")
        return self

    def where(self, *path: str) -> str:
        """`file:line:column` of the nearest known part of the file, for messages."""
        for end in range(len(path), -1, -1):
            if found := self.lines.get(path[:end]):
                return found
        return self.name

    @property
    def parents(self) -> frozenset[str]:
        """Names of the mappings whose records this one's lookups name."""
        return frozenset(b.mapping for look in self.lookups.values() for b in look.branches)


_TIME = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b",
    re.IGNORECASE,
)

"""A mapping as its file says it, checked for form only.

In: the parsed YAML (`load.py`). Out: pydantic models that `compile.py`, `check.py` and
`document.py` read. What stands below a key here is what an editor shows of it (`json_schema.py`).
Imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

__all__ = [
    "Branch",
    "Expression",
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

Sql = Annotated[str, StringConstraints(min_length=1)]
"""An expression; an empty one would be taken for none."""


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must never be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ExternalId(Strict):
    """The field that carries our key. Its value is `prefix` followed by the key."""

    field: FieldName
    """A unique External ID field of the object: Text(64)."""
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z0-9:_-]*$", max_length=20)] = ""
    """Tells mappings apart whose records share the field, such as task: and event:."""


class Expression(Strict):
    """SQL over the row and its joins. A text alone is the SQL."""

    sql: Sql
    """One SQL expression over the row and its joins."""
    time_dependent: bool = False
    """The SQL depends on more than the row, such as the clock, so every row is always compared."""

    @model_validator(mode="before")
    @classmethod
    def _bare_sql(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"sql": value}
        if not isinstance(value, dict):
            raise ValueError("give SQL, or sql with time_dependent")
        return value


class Source(Strict):
    """Where rows come from: one table, many-to-one joins over its foreign keys, and a filter."""

    table: Identifier
    """A table of schema public."""
    key: Identifier = "id"
    """The column by which a row is known for ever."""
    join: dict[Identifier, Identifier] = Field(default_factory=dict)
    """Name: table. A left join by the one foreign key to that table; SQL may read name.column."""
    where: Expression | None = None
    """SQL. A row that leaves it is treated as deleted."""


class FieldRule(Strict):
    """How one Salesforce field gets its value: exactly one of column, sql or constant."""

    column: Identifier | None = None
    """A column of the source table."""
    sql: Sql | None = None
    """One SQL expression over the row and its joins."""
    constant: Scalar | None = None
    """The same value for every record."""
    values: dict[str, str | None] | None = Field(default=None, min_length=1)
    """The source's text: Salesforce's value."""
    otherwise: Literal["error", "keep", "null"] = "error"
    """What happens to a text that values does not list: error makes the row invalid."""
    if_null: Scalar | None = None
    """Sent, with a note in the dry run, where there is no value."""
    too_long: Literal["error", "truncate"] = "error"
    """error makes the row invalid; truncate cuts the text, with a note."""
    write: Literal["always", "on_create"] = "always"
    """on_create leaves the field to the people in Salesforce once the record exists."""
    required: bool = False
    """A row without a value is invalid, even if Salesforce would take it."""
    time_dependent: bool = False
    """The SQL depends on more than the row, such as the clock, so every row is always compared."""
    sensitive: bool = Field(default=False, exclude=True)
    """Reports show its values by kind and length alone, wherever its columns are read."""

    @field_validator("otherwise", mode="before")
    @classmethod
    def _null_is_a_word(cls, value: Any) -> Any:
        return "null" if value is None else value  # `otherwise: null`, without quotes

    @model_validator(mode="after")
    def _one_origin(self) -> FieldRule:
        given = [n for n in ("column", "sql", "constant") if getattr(self, n) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of column, sql, constant (given: {said})")
        if self.otherwise != "error" and self.values is None:
            raise ValueError("otherwise needs values")
        _check_declared(self)
        return self

    @property
    def origin(self) -> str:
        """The column, or the SQL, as the file says it; a constant in quotes."""
        return self.column or self.sql or repr(self.constant)


class Branch(Strict):
    """One possible parent of a lookup: a mapping, and the column or SQL with the parent's key."""

    mapping: Identifier
    """The mapping whose record is the parent."""
    column: Identifier | None = None
    """The column with the parent's key."""
    sql: Sql | None = None
    """SQL that gives the parent's key."""
    time_dependent: bool = False
    """The SQL depends on more than the row, such as the clock, so every row is always compared."""

    @model_validator(mode="after")
    def _one_origin(self) -> Branch:
        if (self.column is None) == (self.sql is None):
            raise ValueError("give exactly one of column, sql")
        _check_declared(self)
        return self


class Reference(Strict):
    """A Salesforce record that is not ours, found by one of its fields: a User by its e-mail."""

    object: FieldName
    """The object of the record, such as User."""
    by: FieldName
    """The field by which it is found, such as Email."""
    column: Identifier | None = None
    """The column with that field's value."""
    sql: Sql | None = None
    """SQL that gives that field's value."""
    constant: str | None = None
    """That field's value, the same for every record."""
    time_dependent: bool = False
    """The SQL depends on more than the row, such as the clock, so every row is always compared."""

    @model_validator(mode="after")
    def _one_origin(self) -> Reference:
        if sum(v is not None for v in (self.column, self.sql, self.constant)) != 1:
            raise ValueError("give exactly one of column, sql, constant")
        _check_declared(self)
        return self


class Lookup(Strict):
    """A Salesforce reference field: parents that we push, or a record that is not ours."""

    branches: tuple[Branch, ...] = ()
    """Possible parents; the first whose key is not null counts."""
    reference: Reference | None = None
    """A record that is not ours."""
    required: bool = False
    """A row without this parent is invalid."""
    write: Literal["always", "on_create"] = "always"
    """on_create leaves the field to the people in Salesforce once the record exists."""

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

    @property
    def origins(self) -> tuple[Branch | Reference, ...]:
        """Where the values come from that name the record."""
        return (self.reference,) if self.reference else self.branches


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
        if isinstance(value, dict) and "action" not in value:
            raise ValueError("give ignore, delete, or set: {Field: value}")
        return value

    @model_validator(mode="after")
    def _values_to_set(self) -> OnDelete:
        if (self.action == "set") != bool(self.values):
            raise ValueError("give ignore, delete, or set: {Field: value}")
        return self


class Mapping(Strict):
    """How the rows of one source become the records of one Salesforce object.

    `name` is the file's name without its ending and the name by which records are known;
    `formerly` keeps them over a rename. `lines` gives a path in the file its line and column.
    """

    name: Identifier
    object: FieldName
    """The Salesforce object, by its API name."""
    external_id: ExternalId = ExternalId(field="CRM_Id__c")
    source: Source
    label: Expression
    """The column, or SQL, by which reports call a row."""
    about: str = ""
    """What a record is, for the mapping's page."""
    enabled: bool = True
    """false plans nothing and keeps the records as they are."""
    formerly: Identifier | None = None
    """The name that this mapping had before; its records follow."""
    time_zone: str = "UTC"
    """The zone in which its SQL makes dates of moments, such as Europe/Berlin."""
    fields: dict[FieldName, FieldRule]
    """Salesforce field: a column, or a rule."""
    lookups: dict[FieldName, Lookup] = Field(default_factory=dict)
    """Salesforce reference field: the record that it names."""
    on_delete: OnDelete = OnDelete(action="ignore")
    on_missing: Literal["hold", "recreate"] = "hold"
    """When people deleted the record in Salesforce: hold the row, or create the record again."""
    auto_assign: bool = False
    """Let Salesforce's assignment rules run; they may change the owner."""
    not_mapped: dict[str, str] = Field(default_factory=dict)
    """Column: why it is not sent, for the mapping's page."""
    lines: dict[tuple[str, ...], str] = Field(default_factory=dict, exclude=True)

    @field_validator("fields", mode="before")
    @classmethod
    def _bare_columns(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: {"column": v} if isinstance(v, str) else v for k, v in value.items()}
        return value

    @model_validator(mode="after")
    def _whole(self) -> Mapping:
        for name in self.lookups:
            if name in self.fields:
                raise _placed(f"{name} stands in fields and in lookups", "lookups", name)
        if self.external_id.field in self.rules:
            name = self.external_id.field
            kind = "fields" if name in self.fields else "lookups"
            raise _placed(f"{name} is written by external_id, not by {kind}", kind, name)
        for name, rule in self.fields.items():
            if rule.sensitive and rule.column == self.source.key:
                sentence = f"{rule.column} is the key, by which every output calls the row"
                raise _placed(f"{sentence}; it cannot be sensitive", "fields", name)
        return self

    def where(self, *path: str) -> str:
        """`file:line:column` of the nearest known part of the file, for messages."""
        for end in range(len(path), -1, -1):
            if found := self.lines.get(path[:end]):
                return found
        return self.name

    @property
    def expressions(self) -> Iterator[tuple[tuple[str, ...], Expression]]:
        """All SQL of the mapping, each with its path in the file."""
        yield ("label",), self.label
        if self.source.where:
            yield ("source", "where"), self.source.where
        for name, rule in self.fields.items():
            if rule.sql:
                yield ("fields", name), _expression(rule.sql, rule)
        for name, lookup in self.lookups.items():
            for number, origin in enumerate(lookup.origins):
                if origin.sql:
                    branch = (str(number),) if len(lookup.origins) > 1 else ()
                    yield ("lookups", name, *branch), _expression(origin.sql, origin)

    @property
    def rules(self) -> dict[str, FieldRule | Lookup]:
        """Every field of the record that the mapping writes, besides the external ID."""
        return {**self.fields, **self.lookups}

    @property
    def lacked_by_bulk(self) -> str | None:
        """What it needs that Bulk API 2.0 lacks, so that it always goes by Composite; or None.

        Assignment rules run by a header of REST calls; a job knows only one rule, by its Id (Bulk
        API 2.0 and Bulk API Developer Guide, Create a Job).
        """
        return "assignment rules" if self.auto_assign else None

    @property
    def parents(self) -> frozenset[str]:
        """Names of the mappings whose records this one's lookups name."""
        return frozenset(b.mapping for look in self.lookups.values() for b in look.branches)


def _expression(text: str, said: FieldRule | Branch | Reference) -> Expression:
    return Expression(sql=text, time_dependent=said.time_dependent)


def _check_declared(said: FieldRule | Branch | Reference) -> None:
    if said.time_dependent and said.sql is None:
        raise ValueError("time_dependent is said of sql; a column or a constant has no need of it")


def _placed(sentence: str, *path: str) -> PydanticCustomError:
    """An error of the whole mapping that has its place at one key."""
    return PydanticCustomError("placed", "{sentence}", {"sentence": sentence, "path": path})

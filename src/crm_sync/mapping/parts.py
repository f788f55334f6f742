"""The parts of a mapping as its file says them, checked for form only: fields, lookups, sources.

What stands below a key here is what an editor shows of it (`json_schema.py`). Imports nothing of
the project.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

__all__ = [
    "OF_A_LOOKUP",
    "Branch",
    "DefaultedReference",
    "Expression",
    "ExternalId",
    "FieldName",
    "FieldRule",
    "Identifier",
    "Lookup",
    "Narrowing",
    "OnDelete",
    "Reference",
    "Scalar",
    "Source",
    "Strict",
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

    field: FieldName = "CRM_Id__c"
    """A unique External ID field of the object: Text(64)."""
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z0-9:_-]*$", max_length=20)] = ""
    """Tells mappings apart whose records share the field, such as task: and event:."""
    formerly: FieldName | None = Field(default=None, exclude=True)
    """The field that carried the key before; the next sync of each org carries the keys over."""

    @model_validator(mode="after")
    def _another_field(self) -> ExternalId:
        if self.formerly == self.field:
            raise ValueError("formerly names the field that carried the key before, not the same")
        return self

    @property
    def longest(self) -> int:
        """Characters of the longest value: the prefix and a key, which is a UUID at most."""
        return len(self.prefix) + 36


class Expression(Strict):
    """SQL over the row and its joins. A text alone is the SQL."""

    sql: Sql
    """One SQL expression over the row and its joins."""
    about: str | None = Field(default=None, exclude=True)
    """What it says in plain words, for the document that people read."""
    time_dependent: bool = False
    """The SQL depends on more than the row, such as the clock, so every row is always compared."""

    @model_validator(mode="before")
    @classmethod
    def _bare_sql(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"sql": value}
        if not isinstance(value, dict):
            raise ValueError("give SQL, or sql with about or time_dependent")
        return value


class Narrowing(Expression):
    """A condition that a target adds (crm-sync.toml), which no mapping file can say."""

    target: str
    """The target that adds it."""


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
    formerly: Identifier | None = Field(default=None, exclude=True)
    """The name that the table had before it was renamed; its records stay."""
    former_key: Identifier | None = Field(default=None, exclude=True)
    """The column with the key that each row had before; the next sync of each org gives its record
    the key of today.
    """

    @model_validator(mode="after")
    def _others(self) -> Source:
        if self.formerly == self.table:
            raise ValueError("formerly names the table as it was called before, not the same")
        if self.former_key == self.key:
            raise ValueError("former_key names another column than key: the one with former keys")
        return self


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
    otherwise: Annotated[str, StringConstraints(min_length=1)] = "error"
    """What becomes of a text that values does not list: error makes the row invalid, keep sends it
    as it is, blank sends nothing; any other word is the value that is sent instead.
    """
    if_null: Scalar | None = None
    """Sent, with a note in the dry run, where there is no value."""
    too_long: Literal["error", "truncate"] = "error"
    """error makes the row invalid; truncate cuts the text, with a note."""
    write: Literal["always", "on_create"] = "always"
    """on_create leaves the field to the people in Salesforce once the record exists."""
    on_edited: Literal["overwrite", "hold"] | None = Field(default=None, exclude=True)
    """When people edited the field in Salesforce: as the mapping's on_edited, for this field."""
    required: bool = False
    """A row without a value is invalid, even if Salesforce would take it."""
    time_dependent: bool = False
    """The SQL depends on more than the row, such as the clock, so every row is always compared."""
    sensitive: bool = Field(default=False, exclude=True)
    """Reports show a value's kind and length instead of the value, wherever its columns are read.
    """
    about: str | None = Field(default=None, exclude=True)
    """How the value comes about in plain words, for the document that people read."""

    @field_validator("otherwise", mode="before")
    @classmethod
    def _null_is_blank(cls, value: Any) -> Any:
        return "blank" if value is None else value  # null says no value, as it does in `values`

    @model_validator(mode="after")
    def _one_origin(self) -> FieldRule:
        given = [n for n in ("column", "sql", "constant") if getattr(self, n) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of column, sql, constant (given: {said})")
        if self.otherwise != "error" and self.values is None:
            raise ValueError("otherwise needs values; add the map, or take otherwise out")
        _check_declared(self)
        return self

    @property
    def origin(self) -> str:
        """The column, or the SQL, as the file says it; a constant in quotes."""
        return self.column or self.sql or repr(self.constant)

    @property
    def other_value(self) -> str | None:
        """What is sent in place of a text that `values` does not list, where it is one value."""
        return None if self.otherwise in ("error", "keep", "blank") else self.otherwise


class Branch(Strict):
    """One possible parent of a lookup: a mapping, and the column or SQL with the parent's key."""

    mapping: Identifier
    """The mapping whose record is the parent."""
    column: Identifier | None = None
    """The column with the parent's key."""
    sql: Sql | None = None
    """SQL that gives the parent's key."""
    about: str | None = Field(default=None, exclude=True)
    """When this is the parent, in plain words, for the document that people read."""
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
    about: str | None = Field(default=None, exclude=True)
    """Which record it is in plain words, for the document that people read."""
    constant: str | None = None
    """That field's value, the same for every record."""
    otherwise: Literal["error", "blank", "default"] = "error"
    """Where no record or more than one is found: error makes the row invalid; blank leaves the
    field empty, with a note; default leaves it to the target's default_owner (users), else to
    Salesforce.
    """
    time_dependent: bool = False
    """The SQL depends on more than the row, such as the clock, so every row is always compared."""

    @model_validator(mode="after")
    def _one_origin(self) -> Reference:
        if sum(v is not None for v in (self.column, self.sql, self.constant)) != 1:
            raise ValueError("give exactly one of column, sql, constant")
        _check_declared(self)
        return self


class DefaultedReference(Reference):
    """A reference as a plan has it, once the target's settings are known.

    `default` is the Id that stands in the field where no record is found.
    """

    default: str


OF_A_LOOKUP = ("required", "write", "on_edited", "sensitive")
"""What a lookup in its short form says of itself, not of what it names."""


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
    on_edited: Literal["overwrite", "hold"] | None = Field(default=None, exclude=True)
    """When people edited the field in Salesforce: as the mapping's on_edited, for this field."""
    sensitive: bool = Field(default=False, exclude=True)
    """Reports show that there is a value, not which."""

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"branches": value}
        if isinstance(value, dict) and "mapping" in value and "object" in value:
            raise ValueError(
                "mapping names parents that we send, and object records that are not ours; keep "
                "one of them"
            )
        if isinstance(value, dict) and ("mapping" in value or "object" in value):
            own = {k: v for k, v in value.items() if k in OF_A_LOOKUP}
            rest = {k: v for k, v in value.items() if k not in own}
            return {"branches": [rest], **own} if "mapping" in value else {"reference": rest, **own}
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Lookup:
        if bool(self.branches) == (self.reference is not None):
            raise ValueError("give mapping and column, a list of them, or object and by")
        if self.required and self.reference and self.reference.otherwise != "error":
            raise ValueError(
                f"required makes a row without this record invalid, and otherwise: "
                f"{self.reference.otherwise} lets it pass; keep one of them"
            )
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
        if isinstance(value, dict) and ("action" not in value or "set" in value):
            raise ValueError("give ignore, delete, or set: {Field: value}")
        return value

    @model_validator(mode="after")
    def _values_to_set(self) -> OnDelete:
        if (self.action == "set") != bool(self.values):
            raise ValueError("give ignore, delete, or set: {Field: value}")
        return self


def _check_declared(said: FieldRule | Branch | Reference) -> None:
    if said.time_dependent and said.sql is None:
        raise ValueError("time_dependent is said of sql; a column or a constant has no need of it")

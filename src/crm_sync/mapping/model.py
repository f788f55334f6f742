"""A mapping as its file says it, checked for form only.

In: the parsed YAML (`load.py`). Out: pydantic models that `compile.py`, `check.py` and
`document.py` read. What stands below a key here is what an editor shows of it (`json_schema.py`).
Imports nothing of the project but the parts that a mapping is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from crm_sync.mapping.parts import (
    Branch,
    DefaultedReference,
    Expression,
    ExternalId,
    FieldName,
    FieldRule,
    Identifier,
    Lookup,
    Narrowing,
    OnDelete,
    Reference,
    Source,
    Strict,
)

__all__ = ["Defaults", "Mapping", "converted_id"]

AssignmentRule = Annotated[
    str, StringConstraints(pattern=r"^(none|active|[A-Za-z0-9]{15}|[A-Za-z0-9]{18})$")
]
"""A word, or the Id of an assignment rule."""


class Defaults(Strict):
    """What mappings share. `defaults.yaml` beside them says it once for all of them.

    A mapping's own word wins. `external_id`, `fields`, `lookups` and `not_mapped` are joined key by
    key; of the others a mapping's own takes the place of the shared one.
    """

    external_id: ExternalId = ExternalId()
    enabled: bool = True
    """false plans nothing and keeps the records as they are."""
    time_zone: str = "UTC"
    """The zone in which moments become dates, such as Europe/Berlin."""
    fields: dict[FieldName, FieldRule] = Field(default_factory=dict)
    """Salesforce field: a column, or a rule."""
    lookups: dict[FieldName, Lookup] = Field(default_factory=dict)
    """Salesforce reference field: the record that it names."""
    on_delete: OnDelete = OnDelete(action="ignore")
    on_missing: Literal["hold", "recreate"] = "hold"
    """When people deleted the record in Salesforce: hold the row, or create the record again."""
    on_edited: Literal["overwrite", "hold"] = Field(default="overwrite", exclude=True)
    """When people edited in Salesforce what is about to change: overwrite it, and name it in the
    run's report, or hold the row until a person decides. A field's own word wins.
    """
    assignment_rule: AssignmentRule = "none"
    """The assignment rule that Salesforce runs for what is sent, which may change the owner: none;
    active, the one that is active in the org; or the Id of one.
    """
    duplicate_rule: Literal["refuse", "allow"] = "refuse"
    """At what a duplicate rule warns of: refuse the row, or allow it to be saved. What a rule
    blocks is refused either way.
    """
    not_mapped: dict[str, str] = Field(default_factory=dict)
    """Column: why it is not sent, for the mapping's page."""

    @field_validator("fields", mode="before")
    @classmethod
    def _bare_columns(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: {"column": v} if isinstance(v, str) else v for k, v in value.items()}
        return value


class Mapping(Defaults):
    """How the rows of one source become the records of one Salesforce object.

    `name` is the file's name without its ending and the name by which records are known;
    `formerly` keeps them over a rename. `lines` gives a path in the file its line and column.
    `narrowed`: what the target of the run adds to `where` (`of_target.py`).
    """

    name: Identifier
    object: FieldName
    """The Salesforce object, by its API name."""
    source: Source
    label: Expression
    """The column, or SQL, by which reports call a row."""
    about: str = ""
    """What a record is, for the mapping's page."""
    formerly: Identifier | None = None
    """The name that this mapping had before; its records follow."""
    fields: dict[FieldName, FieldRule]
    """Salesforce field: a column, or a rule."""
    converted: dict[Identifier, Identifier] = Field(default_factory=dict, exclude=True)
    """Of leads. Mapping: the column with the key of its row that the lead became. What people made
    of the lead in Salesforce becomes that row's record.
    """
    lines: dict[tuple[str, ...], str] = Field(default_factory=dict, exclude=True)
    narrowed: Narrowing | None = Field(default=None, exclude=True)

    @model_validator(mode="after")
    def _whole(self) -> Mapping:
        for name in self.lookups:
            if name in self.fields:
                raise _placed(
                    f"{name} stands in fields and in lookups", "Keep one of them.", "lookups", name
                )
        if self.external_id.field in self.rules:
            name = self.external_id.field
            kind = "fields" if name in self.fields else "lookups"
            raise _placed(
                f"{name} is written by external_id, not by {kind}",
                f"Take it out of {kind}.",
                kind,
                name,
            )
        if self.converted and self.object != "Lead":
            raise _placed(
                f"Salesforce converts leads, and no {self.object}",
                "Take converted out.",
                "converted",
            )
        for name, rule in self.fields.items():
            if rule.sensitive and rule.column == self.source.key:
                raise self._open_key("fields", name)
        for name, lookup in self.lookups.items():
            if lookup.sensitive and any(o.column == self.source.key for o in lookup.origins):
                raise self._open_key("lookups", name)
        return self

    def _open_key(self, *path: str) -> PydanticCustomError:
        sentence = f"{self.source.key} is the key, by which every output calls the row"
        return _placed(
            f"{sentence}; it cannot be sensitive",
            "Take sensitive out, or choose another key.",
            *path,
        )

    def where(self, *path: str) -> str:
        """`file:line:column` of the nearest known part of the file, for messages."""
        for end in range(len(path), -1, -1):
            if found := self.lines.get(path[:end]):
                return found
        return self.name

    @property
    def columns(self) -> frozenset[str]:
        """The columns whose values are sent as they stand, or name a record."""
        origins = [o for lookup in self.lookups.values() for o in lookup.origins]
        return frozenset(o.column for o in (*self.fields.values(), *origins) if o.column)

    @property
    def expressions(self) -> Iterator[tuple[tuple[str, ...], Expression]]:
        """All SQL of the mapping, each with its path in the file."""
        yield ("label",), self.label
        yield from self.conditions
        for name, rule in self.fields.items():
            if rule.sql:
                yield ("fields", name), _expression(rule.sql, rule)
        for name, lookup in self.lookups.items():
            for number, origin in enumerate(lookup.origins):
                if origin.sql:
                    branch = (str(number),) if len(lookup.origins) > 1 else ()
                    yield ("lookups", name, *branch), _expression(origin.sql, origin)

    @property
    def conditions(self) -> Iterator[tuple[tuple[str, ...], Expression]]:
        """What a row must fulfil to count, each with the path that leads there."""
        if self.source.where:
            yield ("source", "where"), self.source.where
        if self.narrowed:
            yield ("targets", self.narrowed.target, "where", self.name), self.narrowed

    @property
    def rules(self) -> dict[str, FieldRule | Lookup]:
        """Every field of the record that the mapping writes, besides the external ID."""
        return {**self.fields, **self.lookups}

    @property
    def held_fields(self) -> list[str]:
        """Fields whose edit in Salesforce holds the row (`on_edited`)."""
        whole = [name for name in self.on_delete.values if name not in self.rules]
        said = {name: rule.on_edited or self.on_edited for name, rule in self.rules.items()}
        said |= dict.fromkeys(whole, self.on_edited)
        return [name for name, word in said.items() if word == "hold"]

    @property
    def references(self) -> dict[str, Reference]:
        """The records that are not ours, by the lookup that names them."""
        return {name: look.reference for name, look in self.lookups.items() if look.reference}

    def with_default_user(self, user_id: str) -> Mapping:
        """The mapping with a user for the lookups that say `otherwise: default`."""
        defaulted = {
            name: self.lookups[name].model_copy(
                update={"reference": DefaultedReference(**reference.model_dump(), default=user_id)}
            )
            for name, reference in self.references.items()
            if reference.object == "User" and reference.otherwise == "default"
        }
        return self.model_copy(update={"lookups": {**self.lookups, **defaulted}})

    @property
    def rule_that_runs(self) -> str:
        """`assignment_rule`, for an object that has such rules: Account, Case or Lead (REST API
        Developer Guide, Assignment Rule Header); for others none.
        """
        return self.assignment_rule if self.object in ("Account", "Case", "Lead") else "none"

    @property
    def lacked_by_bulk(self) -> str | None:
        """What it needs that Bulk API 2.0 lacks, so that it always goes by Composite; or None.

        Both are headers of REST calls. A job knows an assignment rule by its Id alone, for a Case
        or a Lead (Bulk API 2.0 and Bulk API Developer Guide, Create a Job); for duplicate rules
        nothing was found.
        """
        lacking: list[str] = []
        if self.rule_that_runs == "active" or (
            self.rule_that_runs != "none" and self.object == "Account"
        ):
            lacking.append("assignment rules")
        if self.duplicate_rule == "allow":
            lacking.append("a way past duplicate rules")
        return " and ".join(lacking) or None

    @property
    def parents(self) -> frozenset[str]:
        """Names of the mappings whose records this one's lookups name."""
        return frozenset(b.mapping for look in self.lookups.values() for b in look.branches)


def converted_id(name: str) -> str:
    """The field of a converted lead that names what it became, of the object `name` (Object
    Reference, Lead: ConvertedAccountId, ConvertedContactId, ConvertedOpportunityId).
    """
    return f"Converted{name}Id"


def _expression(text: str, said: FieldRule | Branch | Reference) -> Expression:
    return Expression(sql=text, about=said.about, time_dependent=said.time_dependent)


def _placed(sentence: str, mend: str, *path: str) -> PydanticCustomError:
    """An error of the whole mapping that has its place at one key."""
    told = {"sentence": sentence, "mend": mend, "path": path}
    return PydanticCustomError("placed", "{sentence}", told)

"""Field facts: what an org says of an object, reduced to what planning and checking need.

In: a describe answer. Out: `ObjectFacts`, which is also how `sync.describe` keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["FieldFacts", "ObjectFacts", "RecordTypeFacts"]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class FieldFacts(_Facts):
    """One field. `length` in characters, `precision` and `scale` in decimal digits."""

    name: str
    label: str = ""
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    createable: bool = False
    updateable: bool = False
    calculated: bool = False
    nillable: bool = True
    filterable: bool = True
    defaulted: bool = Field(default=False, alias="defaultedOnCreate")
    restricted: bool = Field(default=False, alias="restrictedPicklist")
    unique: bool = False
    case_sensitive: bool = Field(default=False, alias="caseSensitive")
    external_id: bool = Field(default=False, alias="externalId")
    reference_to: tuple[str, ...] = Field(default=(), alias="referenceTo")
    relationship: str | None = Field(default=None, alias="relationshipName")
    values: tuple[str, ...] = ()


class RecordTypeFacts(_Facts):
    """One record type, as describe offers it to our user (recordTypeInfos)."""

    id: str = Field(alias="recordTypeId")
    name: str = Field(default="", alias="developerName")
    active: bool = True
    available: bool = True
    master: bool = False

    @property
    def is_offered(self) -> bool:
        """Whether a record of our user may have it; the master stands for none."""
        return self.active and self.available and not self.master


class ObjectFacts(_Facts):
    """One object. `cascades` lists (child object, field) whose records go when this one goes."""

    name: str
    label: str = ""
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    fields: dict[str, FieldFacts]
    cascades: tuple[tuple[str, str], ...] = ()
    record_types: tuple[RecordTypeFacts, ...] = ()

    @classmethod
    def from_describe(cls, answer: Mapping[str, Any]) -> ObjectFacts:
        """Reads a describe answer (REST, `sobjects/X/describe`)."""
        fields = {
            f["name"]: FieldFacts.model_validate(
                {
                    **f,
                    "label": f.get("label") or f["name"],
                    "values": tuple(
                        v["value"] for v in f.get("picklistValues") or () if v.get("active", True)
                    ),
                    "referenceTo": tuple(f.get("referenceTo") or ()),
                }
            )
            for f in answer["fields"]
        }
        cascades = tuple(
            (c["childSObject"], c["field"])
            for c in answer.get("childRelationships") or ()
            if c.get("cascadeDelete") and c.get("childSObject") and c.get("field")
        )
        return cls(
            name=answer["name"],
            label=answer.get("label") or answer["name"],
            createable=answer.get("createable", True),
            updateable=answer.get("updateable", True),
            deletable=answer.get("deletable", True),
            fields=fields,
            cascades=cascades,
            record_types=tuple(
                RecordTypeFacts.model_validate(r) for r in answer.get("recordTypeInfos") or ()
            ),
        )

    def to_json(self) -> str:
        """How `sync.describe.facts` keeps it."""
        return self.model_dump_json(by_alias=True)

"""One record: every field, and the records that point to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sync.localorg.errors import not_found
from crm_sync.localorg.page import lists, show
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.store import Record, quote
from crm_sync.localorg.schema import Field, ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

SAMPLE = 5
"""Related records shown of each lookup; the rest is a list away."""
_EVERYWHERE = ("CreatedById", "LastModifiedById")
"""Lookups that would list the whole org beneath a user."""


@dataclass(frozen=True)
class FieldShown:
    """One field of a record."""

    field: Field
    value: show.Shown

    @property
    def kind(self) -> str:
        """Its type with what bounds it: ``string(80)``, ``reference(Account)``."""
        facts = self.field.describe
        if self.field.type == "reference":
            return f"reference({', '.join(self.field.reference_to)})"
        if self.field.is_number and facts["precision"]:
            return f"{self.field.type}({facts['precision']}, {facts['scale']})"
        if self.field.is_text:
            return f"{self.field.type}({facts['length']})"
        return self.field.type


@dataclass(frozen=True)
class Related:
    """The living records that point here by one lookup."""

    object_type: ObjectType
    field: Field
    total: int
    columns: list[Field]
    rows: list[lists.Row]


def find(org: "Org", record_id: str) -> tuple[ObjectType, Record]:
    """A record, deleted or not; 404 when there is none."""
    id18 = identifiers.normalize(record_id)
    object_type = org.schema.of_id(id18) if id18 else None
    record = org.store.record(id18) if id18 else None
    if object_type is None or record is None:
        raise not_found()
    return object_type, record


def fields(org: "Org", object_type: ObjectType, record: Record) -> list[FieldShown]:
    """Every field, in the order of the describe."""
    known = show.links(org, ((f, record.get(f.name)) for f in object_type.stored))
    return [FieldShown(f, show.value(object_type, f, record, known)) for f in object_type.fields]


def related(org: "Org", object_type: ObjectType, record: Record) -> list[Related]:
    """What points to the record, lookup by lookup; those without any have a total of 0."""
    found: list[Related] = []
    for child in org.schema.objects:
        for field in child.stored:
            if object_type.name in field.reference_to and field.name not in _EVERYWHERE:
                found.append(_pointing(org, child, field, record["Id"]))
    return found


def _pointing(org: "Org", child: ObjectType, field: Field, record_id: str) -> Related:
    living = ' and "IsDeleted" = 0' if child.soft_delete else ""
    where = f"from {quote(child.name)} where {quote(field.name)} = ?{living}"
    total = int(org.store.rows(f"select count(*) {where}", [record_id])[0][0])
    columns = [f for f in lists.columns_of(child) if f.name != field.name][:5]
    rows: list[Record] = []
    if total:
        names = [f.name for f in child.stored]
        head = f"select {', '.join(map(quote, names))} {where} order by rowid desc limit {SAMPLE}"
        rows = [dict(zip(names, row, strict=True)) for row in org.store.rows(head, [record_id])]
    return Related(child, field, total, columns, lists.shown_rows(org, child, rows, columns))

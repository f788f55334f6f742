"""Values and names as the page writes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.records.store import Record
from crm_sync.localorg.rest import read
from crm_sync.localorg.schema import Field, ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

ADDRESS_LINES = ("street", "postalCode", "city", "state", "country")


_FIRST = ("Account", "Contact", "Lead", "Opportunity", "Campaign", "Task", "Event")
"""Objects that people work with, in the order of Salesforce's tabs."""


@dataclass(frozen=True)
class Link:
    """A lookup: the record it points to, by Id and name."""

    id: str
    name: str
    is_known: bool
    is_deleted: bool = False


@dataclass(frozen=True)
class Shown:
    """One value of a record; ``text`` is None where there is none."""

    text: str | None
    link: Link | None = None
    is_number: bool = False


Links = dict[str, Link]


def first_objects(org: "Org") -> list[ObjectType]:
    """The objects that people work with, as far as the org has them."""
    return [found for name in _FIRST if (found := org.schema.find(name)) is not None]


def all_objects(org: "Org") -> list[ObjectType]:
    """Every object: those that people work with, custom ones, the rest."""
    first = first_objects(org)
    others = [o for o in org.schema.objects if o not in first]
    return first + sorted(others, key=lambda o: (not o.name.endswith("__c"), o.label))


def name_field(object_type: ObjectType) -> Field:
    """The field by which people call a record; the Id where there is none."""
    named = (f for f in object_type.fields if f.describe["nameField"] and f.is_stored)
    return next(named, object_type["Id"])


def name_of(object_type: ObjectType, record: Record) -> str:
    return str(record.get(name_field(object_type).name) or record["Id"])


def links(org: "Org", pairs: Iterable[tuple[Field, Any]]) -> Links:
    """The records that lookups point to, read together; by Id."""
    wanted: dict[str, set[str]] = {}
    for field, value in pairs:
        target = org.schema.of_id(value) if field.type == "reference" and value else None
        if target is not None:
            wanted.setdefault(target.name, set()).add(value)
    found: Links = {}
    for name, ids in wanted.items():
        target = org.schema[name]
        for record_id, record in org.store.by_ids(target, ids).items():
            is_deleted = bool(record.get("IsDeleted"))
            found[record_id] = Link(record_id, name_of(target, record), True, is_deleted)
    return found


def value(object_type: ObjectType, field: Field, record: Record, known: Links) -> Shown:
    """One field of a record as people read it."""
    raw = read.show_value(object_type, field, record)
    if raw is None:
        return Shown(None)
    if field.type == "reference":
        return Shown(raw, known.get(raw, Link(raw, raw, False)))
    if field.type == "boolean":
        return Shown("Yes" if raw else "No")
    if field.type == "address":
        parts = [str(raw[key]) for key in ADDRESS_LINES if raw.get(key)]
        return Shown(", ".join(parts) or None)
    if field.type == "datetime":
        return Shown(moment(raw))
    if field.is_number or field.type == "int":
        return Shown(_number(field, raw), is_number=True)
    return Shown(str(raw))


def moment(stored: str) -> str:
    """``2026-11-26 08:30:00 UTC`` of a stored datetime."""
    return f"{stored[:10]} {stored[11:19]} UTC"


def plain(number: float) -> str:
    """A number as one types it: no exponent, no thousands, no empty decimals."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(field: Field, raw: float) -> str:
    if field.type == "currency":
        return f"{raw:,.2f}"
    text = format(Decimal(plain(raw)), ",")
    return f"{text} %" if field.type == "percent" else text

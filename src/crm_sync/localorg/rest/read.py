"""Records as answers show them."""

from collections.abc import Iterable
from typing import Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.schema import Field, ObjectType

_ADDRESS_PARTS = (
    ("city", "City"),
    ("country", "Country"),
    ("geocodeAccuracy", "GeocodeAccuracy"),
    ("latitude", "Latitude"),
    ("longitude", "Longitude"),
    ("postalCode", "PostalCode"),
    ("state", "State"),
    ("street", "Street"),
)


def show(object_type: ObjectType, record: Record, fields: Iterable[Field], base: str) -> Record:
    """``attributes`` and the asked fields; ``base`` is ``/services/data/vXX.X``."""
    shown: Record = {"attributes": attributes(object_type, record["Id"], base)}
    for field in fields:
        shown[field.name] = show_value(object_type, field, record)
    return shown


def attributes(object_type: ObjectType, record_id: str, base: str) -> Record:
    return {
        "type": object_type.name,
        "url": f"{base}/sobjects/{object_type.name}/{record_id}",
    }


def show_value(object_type: ObjectType, field: Field, record: Record) -> Any:
    """A stored value in its JSON form; an address is made of its parts (R, query-leads-page)."""
    if field.type == "boolean":
        return bool(record.get(field.name))
    if field.type == "address":
        prefix = field.name.removesuffix("Address")
        parts = {
            key: record.get(prefix + name)
            for key, name in _ADDRESS_PARTS
            if object_type.find(prefix + name)
        }
        return parts if any(value is not None for value in parts.values()) else None
    return record.get(field.name)


def pick_fields(object_type: ObjectType, names: Iterable[str]) -> list[Field]:
    """The named fields, and the Id; an unknown name refuses the request (R, invalid-field)."""
    picked: list[Field] = []
    for name in names:
        field = object_type.find(name.strip())
        if field is None:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"No such column '{name.strip()}' on sobject of type {object_type.name}",
            )
        picked.append(field)
    if object_type["Id"] not in picked:
        picked.append(object_type["Id"])
    return picked

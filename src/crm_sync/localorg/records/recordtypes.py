"""Record types: which an object has, whose Id a record may carry, which one it gets (D).

They are switched on when the org is made or opened: ``{"Opportunity": ["New Business", …]}`` adds
``RecordTypeId`` to the object, as a real org has it only then. The first of them is everybody's
default. What picklist values a record type allows is not imitated.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Record, Store
from crm_sync.localorg.schema import ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.records.save import WriteContext

RecordTypes = Mapping[str, Sequence[str]]
PREFIX = "012"
FIELD = "RecordTypeId"


def field_changes(record_types: RecordTypes) -> dict[str, Mapping[str, Any] | None]:
    """The field that each object gains, as the recorded describe of Account has it (R)."""
    facts = {
        "name": FIELD,
        "label": "Record Type ID",
        "type": "reference",
        "referenceTo": ["RecordType"],
        "relationshipName": "RecordType",
        "defaultedOnCreate": True,
        "permissionable": False,
    }
    return {f"{name}.{FIELD}": facts for name, given in record_types.items() if given}


def fill(store: Store, record_types: RecordTypes, pod: str, audit: Record) -> None:
    """Write the record types that are not there yet; ``audit`` are the system fields."""
    object_type = store.schema["RecordType"]
    here = {(r["SobjectType"], r["Name"]) for r in store.records("RecordType")}
    for object_name, names in record_types.items():
        named = store.schema[object_name].name
        new = [name for name in names if (named, name) not in here]
        numbers = store.take_numbers(PREFIX, len(new)) if new else ()
        records: list[Record] = [
            {
                **audit,
                "Id": identifiers.build(PREFIX, pod, number),
                "Name": name,
                "DeveloperName": _developer_name(named, name),
                "SobjectType": named,
                "IsActive": 1,
                "IsPersonType": int(_is_person(named, name)),
            }
            for number, name in zip(numbers, new, strict=True)
        ]
        store.insert(object_type, records)


def _is_person(object_name: str, name: str) -> bool:
    """The record type that comes with person accounts (``features``)."""
    return (object_name, name) == ("Account", "Person Account")


def _developer_name(object_name: str, name: str) -> str:
    if _is_person(object_name, name):
        return "PersonAccount"  # D, Person Account Record Types
    return re.sub(r"\W+", "_", name).strip("_")


def of_object(store: Store, object_type: ObjectType) -> list[Record]:
    """Its active record types, the default one first."""
    if object_type.find(FIELD) is None:
        return []
    listed = store.records("RecordType")
    return [r for r in listed if r["SobjectType"] == object_type.name and r["IsActive"]]


def settle(context: "WriteContext", object_type: ObjectType, rows: list[Row]) -> None:
    """Give new rows the default; refuse a record type of another object (3, many logs)."""
    allowed = [r["Id"] for r in of_object(context.store, object_type)]
    for row in rows:
        given = row.new.get(FIELD)
        if given is None and row.created and allowed:
            row.new[FIELD] = allowed[0]
        elif given is not None and FIELD in row.values and given not in allowed:
            row.error = RowError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"Record Type ID: this ID value isn't valid for the user: {given}",
                [FIELD],
            )

# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""What people do in Salesforce behind a sync's back: edit, delete, restore, merge.

Converting a lead has a module of its own (``conversion``).

Each takes the org and returns what a page would show; a refusal is an ApiError.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError, RowError, not_found
from crm_sync.localorg.records import identifiers, recyclebin, remove, save, values
from crm_sync.localorg.records.store import Record, quote
from crm_sync.localorg.schema import Field, ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


def edit(org: "Org", record_id: str, fields: Mapping[str, Any]) -> Record:
    """Change a record as an administrator.

    Fields that no person can write, such as IsArchived or LastActivityDate, are set as given: they
    stand for what Salesforce's own processes do.
    """
    object_type, record = existing(org, record_id)
    row = org.parser(object_type).parse(fields)
    if row.error is not None:
        raise row.error.as_request()
    processed = {n: v for n, v in row.values.items() if not object_type[n].describe["updateable"]}
    row.values = {n: v for n, v in row.values.items() if n not in processed}
    with org.store.transaction():
        if row.values or row.lookups:
            row.id = record["Id"]
            save.update(org.people_context(), [row])
            if row.error is not None:
                raise row.error.as_request()
            record = row.new
        if processed:
            record = {**record, **processed, "SystemModstamp": stamp(org)}
            org.store.update(object_type, [record])
    return record


def delete(org: "Org", record_id: str) -> None:
    try:
        with org.store.transaction():
            remove.delete(org.people_context(), record_id)
    except RowError as error:
        raise error.as_request() from None


def undelete(org: "Org", record_id: str) -> Record:
    """Take a record out of the recycle bin, with everything that its deletion took along (D)."""
    with org.store.transaction():
        return recyclebin.undelete(org.store, record_id, stamp(org))


def purge(org: "Org") -> int:
    """Empty the recycle bin; the number of records that are gone for good."""
    with org.store.transaction():
        return recyclebin.purge(org.store)


def merge(org: "Org", winner_id: str, loser_id: str) -> Record:
    """Merge two accounts, contacts or leads: the loser goes to the bin and names the winner (D).

    What pointed to the loser points to the winner, read-only fields that follow it too.
    """
    object_type, winner = existing(org, winner_id)
    loser_type, loser = existing(org, loser_id)
    if loser_type is not object_type or not object_type.facts.get("mergeable"):
        raise ApiError(400, "INVALID_OPERATION", "These records cannot be merged.")
    if winner["Id"] == loser["Id"]:
        raise ApiError(400, "INVALID_OPERATION", "A record cannot be merged with itself.")
    moment = stamp(org)
    with org.store.transaction():
        for child, field in _pointing_to(org, object_type):
            org.store.execute(
                f'update {quote(child.name)} set {quote(field.name)} = ?, "SystemModstamp" = ? '
                f"where {quote(field.name)} = ?",
                [winner["Id"], moment, loser["Id"]],
            )
        loser |= {
            "IsDeleted": 1,
            "MasterRecordId": winner["Id"],
            "LastModifiedDate": moment,
            "SystemModstamp": moment,
        }
        org.store.update(object_type, [loser])
    return winner


def _pointing_to(org: "Org", object_type: ObjectType) -> list[tuple[ObjectType, Field]]:
    """Every field that may name a record of this object, but for the names of merged ones."""
    return [
        (child, field)
        for child in org.schema.objects
        for field in child.fields
        if object_type.name in field.reference_to and field.name != "MasterRecordId"
    ]


def shown(object_type: ObjectType, record: Record) -> Record:
    """A record with its flags as JSON has them, for pages and control answers."""
    return {
        f.name: bool(record.get(f.name)) if f.type == "boolean" else record.get(f.name)
        for f in object_type.stored
    }


def existing(org: "Org", record_id: str) -> tuple[ObjectType, Record]:
    """The living record; a refusal otherwise."""
    id18 = identifiers.normalize(record_id)
    object_type = org.schema.of_id(id18) if id18 else None
    record = org.store.record(id18) if id18 else None
    if object_type is None or record is None:
        raise not_found()
    if record.get("IsDeleted"):
        raise RowError("ENTITY_IS_DELETED", "entity is deleted").as_request()
    return object_type, record


def stamp(org: "Org") -> str:
    """Now, as it is stored."""
    return values.format_datetime(org.clock())

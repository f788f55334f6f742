# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""What people do in Salesforce behind a sync's back: edit, delete, convert a lead, merge.

Each takes the org and returns what a page would show; a refusal is an ApiError.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError, RowError, not_found
from crm_sync.localorg.records import identifiers, remove, save, values
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Record, quote
from crm_sync.localorg.schema import ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


def edit(org: "Org", record_id: str, fields: Mapping[str, Any]) -> Record:
    """Change a record as an administrator.

    Fields that no person can write, such as IsArchived or LastActivityDate, are set as given: they
    stand for what Salesforce's own processes do.
    """
    object_type, record = _existing(org, record_id)
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
            record = {**record, **processed, "SystemModstamp": _stamp(org)}
            org.store.update(object_type, [record])
    return record


def delete(org: "Org", record_id: str) -> None:
    try:
        with org.store.transaction():
            remove.delete(org.people_context(), record_id)
    except RowError as error:
        raise error.as_request() from None


def convert_lead(org: "Org", lead_id: str, account_id: str | None = None) -> Record:
    """Convert a lead into an account (a new one unless named); the lead as it then is.

    Salesforce also makes a contact and, if wanted, an opportunity; this org has no Contact, so
    ConvertedContactId stays empty and the lead's activities stay with the lead.
    """
    object_type, lead = _existing(org, lead_id)
    if object_type.name != "Lead" or lead["IsConverted"]:
        raise ApiError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    with org.store.transaction():
        if account_id is None:
            account = Row(org.schema["Account"], {"Name": lead["Company"]})
            save.create(org.people_context(), [account])
            if account.error is not None:
                raise account.error.as_request()
            converted_id = account.id
        else:
            converted_id = _existing(org, account_id)[1]["Id"]
        lead |= {
            "IsConverted": 1,
            "ConvertedDate": org.clock().date().isoformat(),
            "ConvertedAccountId": converted_id,
            "Status": object_type.facts["convertedStatus"],
            "LastModifiedDate": _stamp(org),
            "SystemModstamp": _stamp(org),
        }
        org.store.update(object_type, [lead])
    return lead


def merge(org: "Org", winner_id: str, loser_id: str) -> Record:
    """Merge two accounts or two leads: the loser goes to the bin and names the winner (D).

    What pointed to the loser points to the winner.
    """
    object_type, winner = _existing(org, winner_id)
    loser_type, loser = _existing(org, loser_id)
    if loser_type is not object_type or not object_type.facts.get("mergeable"):
        raise ApiError(400, "INVALID_OPERATION", "These records cannot be merged.")
    if winner["Id"] == loser["Id"]:
        raise ApiError(400, "INVALID_OPERATION", "A record cannot be merged with itself.")
    stamp = _stamp(org)
    with org.store.transaction():
        for child, field in remove.children_of(org.people_context(), object_type):
            org.store.execute(
                f'update {quote(child.name)} set {quote(field.name)} = ?, "SystemModstamp" = ? '
                f"where {quote(field.name)} = ?",
                [winner["Id"], stamp, loser["Id"]],
            )
        loser |= {
            "IsDeleted": 1,
            "MasterRecordId": winner["Id"],
            "LastModifiedDate": stamp,
            "SystemModstamp": stamp,
        }
        org.store.update(object_type, [loser])
    return winner


def shown(object_type: ObjectType, record: Record) -> Record:
    """A record with its flags as JSON has them, for pages and control answers."""
    return {
        f.name: bool(record.get(f.name)) if f.type == "boolean" else record.get(f.name)
        for f in object_type.stored
    }


def _existing(org: "Org", record_id: str) -> tuple[ObjectType, Record]:
    id18 = identifiers.normalize(record_id)
    object_type = org.schema.of_id(id18) if id18 else None
    record = org.store.record(id18) if id18 else None
    if object_type is None or record is None:
        raise not_found()
    if record.get("IsDeleted"):
        raise RowError("ENTITY_IS_DELETED", "entity is deleted").as_request()
    return object_type, record


def _stamp(org: "Org") -> str:
    return values.format_datetime(org.clock())

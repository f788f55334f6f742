# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""The recycle bin: which deletion took which records along, restoring them, emptying it.

Undelete restores a record and the children that its deletion took along, and the links to it that
the deletion cleared, unless they lead elsewhere by now (D, undelete() and help "Restore Deleted
Records"). REST has no call for it; a person restores.
"""

from collections.abc import Mapping

from crm_sync.localorg.errors import RowError, not_found
from crm_sync.localorg.records.store import Record, Store, quote
from crm_sync.localorg.schema import Field, ObjectType


def note_deleted(store: Store, roots: Mapping[str, str]) -> None:
    """These records went into the bin, each with the one whose deletion took it along."""
    values = ", ".join(["(?, ?)"] * len(roots))
    pairs = [text for pair in roots.items() for text in pair]
    store.execute(f"insert or replace into local_bin values {values}", pairs)


def note_cleared(store: Store, child: ObjectType, field: Field, parents: list[str]) -> None:
    """The deletion of these parents, noted before, is about to empty this field of their
    living children."""
    marks = ", ".join("?" * len(parents))
    link = f"child.{quote(field.name)}"
    living = ' and child."IsDeleted" = 0' if child.soft_delete else ""
    store.execute(
        f'insert into local_cleared select bin.root_id, child."Id", ?, {link} '
        f"from {quote(child.name)} child join local_bin bin on bin.record_id = {link} "
        f"where {link} in ({marks}){living}",
        [field.name, *parents],
    )


def undelete(store: Store, record_id: str, stamp: str) -> Record:
    """Restore a record with what went along; the record as it then is.

    Raises an ApiError: 404 for one that is not in the bin, DUPLICATE_VALUE where a living record
    has taken a unique value of one that would come back (U).
    """
    record = store.record(record_id)
    if record is None or not record.get("IsDeleted"):
        raise not_found()
    root_id = record["Id"]
    along = [row[0] for row in store.rows(_ALONG, [root_id])] or [root_id]
    for here in along:
        _restore(store, here, stamp)
    for child_id, field_name, parent_id in store.rows(_CLEARED, [root_id]):
        child = store.schema.of_id(child_id)
        if child is not None:
            store.execute(
                f'update {quote(child.name)} set {quote(field_name)} = ?, "SystemModstamp" = ? '
                f'where "Id" = ? and {quote(field_name)} is null',
                [parent_id, stamp, child_id],
            )
    store.execute("delete from local_bin where root_id = ?", [root_id])
    store.execute("delete from local_cleared where root_id = ?", [root_id])
    return {**record, **_alive(record, stamp)}


_ALONG = "select record_id from local_bin where root_id = ?"
_CLEARED = "select child_id, field, parent_id from local_cleared where root_id = ?"


def _restore(store: Store, record_id: str, stamp: str) -> None:
    object_type = store.schema.of_id(record_id)
    record = store.record(record_id)
    if object_type is None or record is None:
        return
    for field in (f for f in object_type.fields if f.describe["unique"]):
        value = record.get(field.name)
        owners = [] if value is None else store.keys(object_type, field, [value])
        if owners:
            raise RowError(
                "DUPLICATE_VALUE",
                f"duplicate value found: {field.name} duplicates value on record with id: "
                f"{owners[0][1][:15]}",
            ).as_request()
    store.update(object_type, [{**record, **_alive(record, stamp)}])


def _alive(record: Record, stamp: str) -> Record:
    """What changes of a record that comes back. One that lost a merge names its winner no more
    (D, MasterRecordId: null where a record "hasn't been deleted")."""
    merged = {"MasterRecordId": None} if "MasterRecordId" in record else {}
    return {"IsDeleted": 0, "SystemModstamp": stamp, **merged}


def purge(store: Store) -> int:
    """Remove every deleted record for good; how many there were."""
    gone = 0
    for object_type in store.schema.objects:
        if object_type.soft_delete:
            gone += store.execute(f'delete from {quote(object_type.name)} where "IsDeleted" = 1')
    store.execute("delete from local_bin")
    store.execute("delete from local_cleared")
    return gone

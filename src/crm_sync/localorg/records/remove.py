# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""Deleting: into the recycle bin, with everything that goes along (R, cascadeDelete)."""

from collections.abc import Iterable

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records import allowed, identifiers, recyclebin, values
from crm_sync.localorg.records.save import WriteContext
from crm_sync.localorg.records.store import quote
from crm_sync.localorg.schema import Field, ObjectType


def delete(context: WriteContext, record_id: str) -> None:
    """Delete one record by Id.

    Raises RowError: MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY for an Id that never was,
    ENTITY_IS_DELETED for one that is gone already, also with its parent (R).
    """
    id18 = identifiers.normalize(record_id)
    object_type = context.store.schema.of_id(id18) if id18 else None
    if id18 is None:
        raise RowError("MALFORMED_ID", f"malformed id {record_id}")
    record = context.store.record(id18)
    if object_type is None or record is None:
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if not context.permissions.may_read(object_type.name):
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if not object_type.facts.get("deletable", True):
        raise RowError(
            "INVALID_TYPE_FOR_OPERATION", f"entity type {object_type.name} does not support delete"
        )
    if record.get("IsDeleted"):
        raise RowError("ENTITY_IS_DELETED", "entity is deleted")
    if not context.permissions.may_delete(object_type.name):
        raise allowed.insufficient_access()
    if context.faults.concern_rows:
        keys = [record[f.name] for f in object_type.fields if f.describe["externalId"]]
        error = context.faults.row_error(object_type.name, id18, [k for k in keys if k])
        if error is not None:
            raise error
    _delete_tree(context, object_type, [id18], id18)


def _delete_tree(
    context: WriteContext, object_type: ObjectType, ids: list[str], root_id: str
) -> None:
    """Delete records and what goes along; the bin notes that ``root_id`` took them there."""
    stamp = values.format_datetime(context.now)
    table = quote(object_type.name)
    if not object_type.soft_delete:
        for child, field in children_of(context, object_type):
            if object_type.name in field.cascade:
                context.store.delete(child, _living(context, child, field, ids))
        context.store.delete(object_type, ids)
        return
    context.store.execute(
        f'update {table} set "IsDeleted" = 1, "SystemModstamp" = ?, "LastModifiedDate" = ? '
        f'where "Id" in ({_marks(ids)})',
        [stamp, stamp, *ids],
    )
    recyclebin.note_deleted(context.store, root_id, ids)
    for child, field in children_of(context, object_type):
        holding = _living(context, child, field, ids)
        if not holding:
            continue
        if object_type.name in field.cascade:
            for start in range(0, len(holding), 500):
                _delete_tree(context, child, holding[start : start + 500], root_id)
        else:
            recyclebin.note_cleared(context.store, root_id, child, field, ids)
            living = ' and "IsDeleted" = 0' if child.soft_delete else ""
            context.store.execute(
                f'update {quote(child.name)} set {quote(field.name)} = null, "SystemModstamp" = ? '
                f"where {quote(field.name)} in ({_marks(ids)}){living}",
                [stamp, *ids],
            )


def children_of(
    context: WriteContext, object_type: ObjectType
) -> Iterable[tuple[ObjectType, Field]]:
    """Objects and fields that point to records of this object as to a parent."""
    for child in context.store.schema.objects:
        for field in child.fields:
            if object_type.name in field.children:
                yield child, field


def _living(context: WriteContext, child: ObjectType, field: Field, ids: list[str]) -> list[str]:
    return [record_id for _, record_id in context.store.keys(child, field, ids)]


def _marks(values_: list[str]) -> str:
    return ", ".join("?" * len(values_))

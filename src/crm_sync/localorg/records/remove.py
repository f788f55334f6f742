# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""Deleting: into the recycle bin, with everything that goes along (R, cascadeDelete)."""

from collections.abc import Iterable, Mapping

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records import allowed, identifiers, recyclebin, values
from crm_sync.localorg.records.save import WriteContext
from crm_sync.localorg.records.store import Record, quote
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
    if object_type is None:
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    for error in delete_many(context, object_type, [id18]).values():
        raise error


def delete_many(
    context: WriteContext, object_type: ObjectType, ids: Iterable[str]
) -> dict[str, RowError]:
    """Delete records of one object by 18-character Ids, at most a few hundred.

    The refusals by Id, as :func:`delete` raises them; the others are deleted.
    """
    wanted = list(dict.fromkeys(ids))
    found = context.store.by_ids(object_type, wanted)
    refused: dict[str, RowError] = {}
    for id18 in wanted:
        error = _refusal(context, object_type, found.get(id18))
        if error is not None:
            refused[id18] = error
    deleted = {id18: id18 for id18 in wanted if id18 not in refused}
    if deleted:
        _delete_tree(context, object_type, deleted)
    return refused


def _refusal(
    context: WriteContext, object_type: ObjectType, record: Record | None
) -> RowError | None:
    if record is None or not context.permissions.may_read(object_type.name):
        return RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if not object_type.facts.get("deletable", True):
        return RowError(
            "INVALID_TYPE_FOR_OPERATION", f"entity type {object_type.name} does not support delete"
        )
    if record.get("IsDeleted"):
        return RowError("ENTITY_IS_DELETED", "entity is deleted")
    if not context.permissions.may_delete(object_type.name):
        return allowed.insufficient_access()
    if not context.faults.concern_rows:
        return None
    keys = [record[f.name] for f in object_type.fields if f.describe["externalId"]]
    return context.faults.row_error(object_type.name, record["Id"], [k for k in keys if k])


def _delete_tree(context: WriteContext, object_type: ObjectType, roots: Mapping[str, str]) -> None:
    """Delete records and what goes along.

    ``roots``: Id of each record → Id of the one whose deletion takes it along, for the bin.
    """
    stamp = values.format_datetime(context.now)
    table = quote(object_type.name)
    ids = list(roots)
    if not object_type.soft_delete:
        for child, field in children_of(context, object_type):
            if object_type.name in field.cascade:
                context.store.delete(child, list(_living(context, child, field, ids)))
        context.store.delete(object_type, ids)
        return
    context.store.execute(
        f'update {table} set "IsDeleted" = 1, "SystemModstamp" = ?, "LastModifiedDate" = ? '
        f'where "Id" in ({_marks(ids)})',
        [stamp, stamp, *ids],
    )
    recyclebin.note_deleted(context.store, roots)
    for child, field in children_of(context, object_type):
        holding = _living(context, child, field, ids)
        if not holding:
            continue
        if object_type.name in field.cascade:
            along = [(child_id, roots[parent]) for child_id, parent in holding.items()]
            for start in range(0, len(along), 500):
                _delete_tree(context, child, dict(along[start : start + 500]))
        else:
            recyclebin.note_cleared(context.store, child, field, ids)
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


def _living(
    context: WriteContext, child: ObjectType, field: Field, ids: list[str]
) -> dict[str, str]:
    """Ids of the living children → Id of the parent that this field names."""
    return {child_id: parent for parent, child_id in context.store.keys(child, field, ids)}


def _marks(values_: list[str]) -> str:
    return ", ".join("?" * len(values_))

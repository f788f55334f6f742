"""Links from a row to other records: by external ID, and by Id."""

from collections import defaultdict
from typing import Any

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records import values
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.schema import Field, ObjectType

HIERARCHIES = ("ParentId", "ReportsToId")
"""Links that make a tree of the records of one object."""


def resolve(store: Store, rows: list[Row]) -> None:
    """Replace every parent named by an external ID with its Id."""
    wanted: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for row in rows:
        for lookup in row.lookups:
            wanted[lookup.target.name, lookup.key.name].add(lookup.value)
    found: dict[tuple[str, str, Any], list[str]] = defaultdict(list)
    for (target_name, key_name), names in wanted.items():
        target = store.schema[target_name]
        key = target[key_name]
        texts = [name for name in names if isinstance(name, str)]
        for value, record_id in store.keys(target, key, texts):
            found[target_name, key_name, folded(key, value)].append(record_id)
    for row in rows:
        for lookup in row.lookups:
            place = (lookup.target.name, lookup.key.name, folded(lookup.key, lookup.value))
            ids = found.get(place, [])
            if len(ids) != 1:
                row.error = _unresolved(lookup.key, lookup.target, lookup.value, ids)
                break
            row.values[lookup.field.name] = ids[0]


def _unresolved(key: Field, target: ObjectType, value: Any, ids: list[str]) -> RowError:
    if ids:
        return RowError(
            "DUPLICATE_EXTERNAL_ID",
            f"{key.name}: more than one record found for external id field: [{', '.join(ids)}]",
            [key.name],
        )
    return RowError(
        "INVALID_FIELD",
        f"Foreign key external ID: {value} not found for field {key.name} in entity {target.name}",
    )


def check(store: Store, object_type: ObjectType, rows: list[Row]) -> None:
    """Every Id given must be of the right object, exist, and not be deleted."""
    wanted: dict[str, set[str]] = defaultdict(set)
    given: list[tuple[Row, Field, str]] = []
    for row in rows:
        for field in object_type.references:
            value = row.values.get(field.name)
            if value is None:
                continue
            target = store.schema.of_id(value)
            if target is None or target.name not in field.reference_to:
                row.error = _wrong_target(store, field, value)
                break
            wanted[target.name].add(value)
            given.append((row, field, value))
    flags: dict[str, bool] = {}
    for target_name, ids in wanted.items():
        flags |= store.deleted_flags(store.schema[target_name], ids)
    for row, field, value in given:
        if row.is_alive and flags.get(value) is not False:
            row.error = _bad_reference(row, field, value, flags.get(value))
    for field in object_type.references:
        if field.name in HIERARCHIES and object_type.name in field.reference_to:
            _check_circles(store, field, [row for row in rows if row.is_alive])


def _check_circles(store: Store, field: Field, rows: list[Row]) -> None:
    """No record stands above itself (code D, sentence U)."""
    parents: dict[str, str] = {}
    for row in rows:
        parent = row.values.get(field.name)
        if row.id is None or parent is None:
            continue
        above: str | None = parent
        seen: set[str] = set()
        while above is not None and above != row.id and above not in seen:
            seen.add(above)
            record = store.record(above) if above not in parents else None
            above = parents[above] if record is None else record.get(field.name)
        if above == row.id:
            message = f"{field.label}: a record cannot be above itself: {parent}"
            row.error = RowError("CIRCULAR_DEPENDENCY", message, [field.name])
        else:
            parents[row.id] = parent


def _wrong_target(store: Store, field: Field, value: str) -> RowError:
    """Salesforce knows objects that this org does not offer; a record of theirs is not here."""
    if store.schema.of_id(value) is None and len(field.reference_to) > 1:
        return RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return values.wrong_id(field, value)


def _bad_reference(row: Row, field: Field, value: str, is_deleted: bool | None) -> RowError | None:
    if is_deleted is None:
        return RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if not value.startswith("005"):
        return RowError("ENTITY_IS_DELETED", "entity is deleted")
    if field.name != "OwnerId":
        return None
    return RowError(
        "INACTIVE_OWNER_OR_USER",
        f"operation performed with inactive user [{value}] as owner of "
        f"{row.object_type.name.lower()}",
    )


def folded(field: Field, value: Any) -> Any:
    """The form in which two values of a key are the same."""
    return value.lower() if isinstance(value, str) and not field.compares_case else value

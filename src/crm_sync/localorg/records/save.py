"""Create, update and upsert: the one way in which records are written.

In: rows of one object, at most a few hundred. They pass the stages below together, each stage with
one query per object it looks at, so that 200 rows cost little more than one. A row that is refused
keeps its error and passes no further stage. Out: the rows, written or refused.

    keys → lookups → references → defaults, required → the object's rules → unique → written
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_sync.localorg.errors import RowError, required_missing
from crm_sync.localorg.faults import Faults
from crm_sync.localorg.records import identifiers, rules, values
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.schema import Field, ObjectType

ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header"
)

ANOTHER_ROW = "<unknown>"
"""How Salesforce names the owner of a value that an earlier row of the same request took (3)."""


@dataclass(frozen=True)
class WriteContext:
    """Who writes, when, and under which headers."""

    store: Store
    faults: Faults
    user_id: str
    now: datetime
    auto_assign: bool
    api_version: float
    assignment_owner: str
    pod: str


def create(context: WriteContext, rows: list[Row], *, all_or_none: bool = False) -> None:
    for row in rows:
        if row.is_alive and row.id is not None:
            row.error = RowError(
                "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"]
            )
        row.created = True
    _save(context, rows, all_or_none)


def update(context: WriteContext, rows: list[Row], *, all_or_none: bool = False) -> None:
    """Write the given fields of records named by Id; the rest of each record stays."""
    for row in rows:
        if row.is_alive and row.id is None:
            row.error = RowError("MISSING_ARGUMENT", "Id not specified in an update call")
    _refuse_repeated_ids(rows)
    _load_old(context, rows)
    _save(context, rows, all_or_none)


def upsert(
    context: WriteContext,
    rows: list[Row],
    key: Field,
    *,
    update_only: bool = False,
    all_or_none: bool = False,
) -> None:
    """Update the living record with that external ID, or create one.

    A deleted record does not count: a new one is made (R, restforce-db). The same key twice in one
    request refuses every row that has it (3).
    """
    if key.type == "id":
        for row in rows:
            row.created = row.id is None
    else:
        _find_by_key(context, rows, key, update_only)
    _refuse_repeated_ids(rows)
    _load_old(context, rows)
    _save(context, rows, all_or_none)


def _find_by_key(context: WriteContext, rows: list[Row], key: Field, update_only: bool) -> None:
    by_key: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.is_alive:
            continue
        value = row.values.get(key.name)
        if value is None:
            row.error = RowError("MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
        elif row.id is not None:
            row.error = RowError(
                "INVALID_FIELD", "The Id field should not be specified in the sobject data."
            )
        else:
            by_key[_folded(key, value)].append(row)
    if not by_key:
        return
    found: dict[Any, list[str]] = defaultdict(list)
    object_type = rows[0].object_type
    spelled = [same[0].values[key.name] for same in by_key.values()]
    for value, record_id in context.store.keys(object_type, key, spelled):
        found[_folded(key, value)].append(record_id)
    for value, same in by_key.items():
        ids = found.get(value, [])
        for row in same:
            _settle_key(row, key, ids, len(same) > 1, update_only)


def _settle_key(row: Row, key: Field, ids: list[str], repeated: bool, update_only: bool) -> None:
    if repeated:
        row.error = RowError(
            "DUPLICATE_VALUE",
            f"Duplicate external id specified: {row.values[key.name]}",
            [key.name],
        )
    elif len(ids) > 1:
        row.error = RowError(
            "DUPLICATE_EXTERNAL_ID",
            f"{key.name}: more than one record found for external id field: [{', '.join(ids)}]",
            [key.name],
        )
    elif ids:
        row.id = ids[0]
    elif update_only:
        row.error = RowError("NOT_FOUND", "The requested resource does not exist")
    else:
        row.created = True


def _refuse_repeated_ids(rows: list[Row]) -> None:
    """The same record twice in one call (code 3, text U)."""
    seen: dict[str, Row] = {}
    for row in rows:
        if not row.is_alive or row.id is None:
            continue
        if row.id in seen:
            for same in (row, seen[row.id]):
                same.error = RowError("DUPLICATE_VALUE", f"Duplicate id specified: {row.id}")
        seen[row.id] = row


def _load_old(context: WriteContext, rows: list[Row]) -> None:
    wanted = [row for row in rows if row.is_alive and row.id is not None]
    if not wanted:
        return
    found = context.store.by_ids(wanted[0].object_type, [row.id for row in wanted if row.id])
    for row in wanted:
        row.old = found.get(row.id or "")
        if row.old is None:
            row.error = RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        elif row.old.get("IsDeleted"):
            row.error = RowError("ENTITY_IS_DELETED", "entity is deleted")


def _save(context: WriteContext, rows: list[Row], all_or_none: bool) -> None:
    if not rows:
        return
    object_type = rows[0].object_type
    _apply_faults(context, rows)
    _refuse_read_only(rows)
    _resolve_lookups(context, _alive(rows))
    _check_references(context, _alive(rows))
    _fill(context, object_type, _alive(rows))
    _apply_rules(context, _alive(rows))
    _check_unique(context, object_type, _alive(rows))
    if all_or_none and any(not row.is_alive for row in rows):
        for row in _alive(rows):
            row.error = RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK)
        return
    _write(context, object_type, _alive(rows))


def _alive(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.error is None]


def _apply_faults(context: WriteContext, rows: list[Row]) -> None:
    if context.faults.concern_rows:
        for row in _alive(rows):
            keys = [row.values[f.name] for f in row.object_type.fields if _is_given_key(row, f)]
            row.error = context.faults.row_error(row.object_type.name, row.id, keys)


def _is_given_key(row: Row, field: Field) -> bool:
    return bool(field.describe["externalId"]) and row.values.get(field.name) is not None


def _refuse_read_only(rows: list[Row]) -> None:
    """R, errors/invalid-field-for-insert-update-400.json."""
    fields = rows[0].object_type.fields
    locked = {
        permission: {f.name for f in fields if not f.describe[permission]}
        for permission in ("createable", "updateable")
    }
    for row in _alive(rows):
        names = locked["createable" if row.created else "updateable"]
        given = [*row.values, *(lookup.field.name for lookup in row.lookups)]
        refused = [name for name in given if name in names]
        if refused:
            row.error = RowError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(refused)}. Please check the security "
                "settings of this field and verify that it is read/write for your profile or "
                "permission set.",
                refused,
            )


def _resolve_lookups(context: WriteContext, rows: list[Row]) -> None:
    wanted: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for row in rows:
        for lookup in row.lookups:
            wanted[lookup.target.name, lookup.key.name].add(lookup.value)
    found: dict[tuple[str, str, Any], list[str]] = defaultdict(list)
    for (target_name, key_name), names in wanted.items():
        target = context.store.schema[target_name]
        key = target[key_name]
        texts = [name for name in names if isinstance(name, str)]
        for value, record_id in context.store.keys(target, key, texts):
            found[target_name, key_name, _folded(key, value)].append(record_id)
    for row in rows:
        for lookup in row.lookups:
            place = (lookup.target.name, lookup.key.name, _folded(lookup.key, lookup.value))
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


def _check_references(context: WriteContext, rows: list[Row]) -> None:
    """Every Id given must be of the right object, exist, and not be deleted."""
    wanted: dict[str, set[str]] = defaultdict(set)
    given: list[tuple[Row, Field, str]] = []
    fields = rows[0].object_type.fields if rows else ()
    references = {f.name: f for f in fields if f.type == "reference"}
    for row in rows:
        for name, value in row.values.items():
            field = references.get(name)
            if field is None or value is None:
                continue
            target = context.store.schema.of_id(value)
            if target is None or target.name not in field.reference_to:
                row.error = _wrong_target(context, field, value)
                break
            wanted[target.name].add(value)
            given.append((row, field, value))
    flags: dict[str, bool] = {}
    for target_name, ids in wanted.items():
        flags |= context.store.deleted_flags(context.store.schema[target_name], ids)
    for row, field, value in given:
        if row.is_alive and flags.get(value) is not False:
            row.error = _bad_reference(row, field, value, flags.get(value))


def _wrong_target(context: WriteContext, field: Field, value: str) -> RowError:
    """Salesforce knows objects that this org does not offer; a record of theirs is not here."""
    if context.store.schema.of_id(value) is None and len(field.reference_to) > 1:
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


def _fill(context: WriteContext, object_type: ObjectType, rows: list[Row]) -> None:
    """Defaults on create, the old record beneath an update, and what may not be empty."""
    stamp = values.format_datetime(context.now)
    defaults = {f.name: f.default for f in object_type.stored if f.default is not None}
    for name, value in defaults.items():
        if value == "$user":
            defaults[name] = context.user_id
        elif isinstance(value, bool):
            defaults[name] = int(value)
    never_empty = [f for f in object_type.stored if not f.describe["nillable"]]
    required = [f.name for f in never_empty if f.describe["createable"] and f.type != "boolean"]
    for row in rows:
        row.new = {**(defaults if row.old is None else row.old), **row.values}
        if row.old is None:
            for name, value in defaults.items():
                # A null for a field that may not be empty leaves its default (U).
                if row.new.get(name) is None and not object_type[name].describe["nillable"]:
                    row.new[name] = value
            row.new |= {"CreatedDate": stamp, "CreatedById": context.user_id}
        row.new |= {
            "LastModifiedDate": stamp,
            "LastModifiedById": context.user_id,
            "SystemModstamp": stamp,
        }
        missing = [name for name in required if row.new.get(name) is None]
        if missing:
            row.error = required_missing(missing)


def _apply_rules(context: WriteContext, rows: list[Row]) -> None:
    if not rows:
        return
    object_rules = rules.of(rows[0].object_type)
    for row in rows:
        change = rules.Change(
            object_type=row.object_type,
            new=row.new,
            old=row.old,
            given=frozenset(row.values),
            now=context.now,
            api_version=context.api_version,
            assignment_owner=context.assignment_owner if context.auto_assign else None,
        )
        try:
            object_rules.apply(change)
        except RowError as error:
            row.error = error
    object_rules.complete(context.store, [row.new for row in _alive(rows)])


def _check_unique(context: WriteContext, object_type: ObjectType, rows: list[Row]) -> None:
    """A unique value may stand in one living record only; deleted ones do not count (U)."""
    for field in (f for f in object_type.fields if f.describe["unique"]):
        asking = [row for row in _alive(rows) if row.values.get(field.name) is not None]
        owners: dict[Any, str] = {
            _folded(field, value): record_id
            for value, record_id in context.store.keys(
                object_type, field, [row.values[field.name] for row in asking]
            )
        }
        for row in asking:
            value = _folded(field, row.values[field.name])
            owner = owners.get(value)
            if owner is not None and owner != row.id:
                row.error = _duplicate(field, owner)
            else:
                owners[value] = row.id or ANOTHER_ROW


def _duplicate(field: Field, owner: str) -> RowError:
    return RowError(
        "DUPLICATE_VALUE",
        f"duplicate value found: {field.name} duplicates value on record with id: {owner[:15]}",
    )


def _write(context: WriteContext, object_type: ObjectType, rows: list[Row]) -> None:
    new = [row for row in rows if row.old is None]
    for row, number in zip(
        new, context.store.take_numbers(object_type.prefix, len(new)) if new else (), strict=True
    ):
        row.id = identifiers.build(object_type.prefix, context.pod, number)
        row.new["Id"] = row.id
        if object_type.soft_delete:
            row.new["IsDeleted"] = 0
    context.store.insert(object_type, [row.new for row in new])
    changed = [row for row in rows if row.old is not None]
    context.store.update(
        object_type, [row.new for row in changed], [row.old for row in changed if row.old]
    )


def _folded(field: Field, value: Any) -> Any:
    """The form in which two values of a key are the same."""
    return value.lower() if isinstance(value, str) and not field.compares_case else value

"""Create, update and upsert: the one way in which records are written.

In: rows of one object, at most a few hundred. They pass the stages below together, each stage with
one query per object it looks at, so that 200 rows cost little more than one. A row that is refused
keeps its error and passes no further stage. Out: the rows, written or refused.

    keys → lookups → references → defaults, required → the object's rules → unique
         → the org's own rules (``automation``) → written
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crm_sync.localorg import features
from crm_sync.localorg.errors import RowError, required_missing
from crm_sync.localorg.faults import Faults
from crm_sync.localorg.records import allowed, identifiers, recordtypes, references, rules, values
from crm_sync.localorg.records.automation import Automation, DuplicateOptions
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.schema import Field, ObjectType
from crm_sync.localorg.signin.permissions import Permissions
from crm_sync.localorg.storage import Storage

ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header"
)

ANOTHER_ROW = "<unknown>"
"""How Salesforce names the owner of a value that an earlier row of the same request took (3)."""


VIEWED = ("LastViewedDate", "LastReferencedDate")
PHOTO = "PhotoUrl"


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
    automation: Automation
    duplicate_options: DuplicateOptions
    permissions: Permissions
    storage: Storage
    multiday_events: bool
    is_viewing: bool
    """Does who writes a record see it, too (``LastViewedDate``)?"""


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
            by_key[references.folded(key, value)].append(row)
    if not by_key:
        return
    found: dict[Any, list[str]] = defaultdict(list)
    object_type = rows[0].object_type
    spelled = [same[0].values[key.name] for same in by_key.values()]
    for value, record_id in context.store.keys(object_type, key, spelled):
        found[references.folded(key, value)].append(record_id)
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
    allowed.refuse_objects(context.permissions, object_type, rows)
    allowed.refuse_fields(context.permissions, rows)
    references.resolve(context.store, _alive(rows))
    references.check(context.store, object_type, _alive(rows))
    features.settle(context.store, object_type, _alive(rows))
    _fill(context, object_type, _alive(rows))
    if object_type.find(recordtypes.FIELD) is not None:
        recordtypes.settle(context, object_type, _alive(rows))
    _apply_rules(context, _alive(rows))
    _check_unique(context, object_type, _alive(rows))
    rules.of(object_type).refuse(context.store, _alive(rows))
    context.storage.refuse(object_type.name, _alive(rows))
    if context.automation.rules:
        context.automation.before_save(context, object_type, _alive(rows))
        _run_flows(context, object_type, _alive(rows))
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


def _fill(context: WriteContext, object_type: ObjectType, rows: list[Row]) -> None:
    """Defaults on create, the old record beneath an update, and what may not be empty."""
    stamp = values.format_datetime(context.now)
    defaults = {f.name: f.default for f in object_type.stored if f.default is not None}
    for name, value in defaults.items():
        if value == "$user":
            defaults[name] = context.user_id
        elif isinstance(value, bool):
            defaults[name] = int(value)
    # A null for a field that may not be empty leaves its default (U).
    kept = [n for n in defaults if not object_type[n].describe["nillable"]]
    audit = {
        "LastModifiedDate": stamp,
        "LastModifiedById": context.user_id,
        "SystemModstamp": stamp,
    }
    if context.is_viewing:
        audit |= {name: stamp for name in VIEWED if object_type.find(name)}
    for row in rows:
        row.new = {**(defaults if row.old is None else row.old), **row.values}
        if row.old is None:
            for name in kept:
                if row.new.get(name) is None:
                    row.new[name] = defaults[name]
            row.new |= {"CreatedDate": stamp, "CreatedById": context.user_id}
        row.new |= audit
        missing = [name for name in object_type.required if row.new.get(name) is None]
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
            multiday_events=context.multiday_events,
            assignment_owner=context.assignment_owner if context.auto_assign else None,
            store=context.store,
        )
        try:
            object_rules.apply(change)
        except RowError as error:
            row.error = error
    object_rules.complete(context.store, [row.new for row in _alive(rows)])


def _check_unique(context: WriteContext, object_type: ObjectType, rows: list[Row]) -> None:
    """A unique value may stand in one living record only; deleted ones do not count (U)."""
    for field in object_type.unique:
        asking = [row for row in _alive(rows) if row.values.get(field.name) is not None]
        owners: dict[Any, str] = {
            references.folded(field, value): record_id
            for value, record_id in context.store.keys(
                object_type, field, [row.values[field.name] for row in asking]
            )
        }
        for row in asking:
            value = references.folded(field, row.values[field.name])
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


def _run_flows(context: WriteContext, object_type: ObjectType, rows: list[Row]) -> None:
    """What flows write is checked as what clients write; its refusal is that of the row (3, logs of
    integrations; the name of the flow is this org's own)."""
    written = context.automation.after_save(object_type, rows)
    if not written:
        return
    references.check(context.store, object_type, _alive(written))
    # A flow's own save assigns no owner.
    given = [row for row in _alive(written) if row.values]
    _apply_rules(replace(context, auto_assign=False), given)
    for row, flow in zip(rows, written, strict=True):
        flow.values = {**row.values, **flow.values}
    _check_unique(context, object_type, _alive(written))
    for row, flow in zip(rows, written, strict=True):
        row.new = flow.new
        if flow.error is not None and row.is_alive:
            row.error = RowError("CANNOT_EXECUTE_FLOW_TRIGGER", _flow_failed(flow.error))


def _flow_failed(error: RowError) -> str:
    return (
        "We can't save this record because the “Automation” process failed. Give your Salesforce "
        "admin these details. This error occurred when the flow tried to update records: "
        f"{error.code}: {error.message}. You can look up ExceptionCode values in the SOAP API "
        "Developer Guide."
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
        if object_type.find(PHOTO):
            row.new[PHOTO] = f"/services/images/photo/{row.id}"  # R, grouparoo
    _number(context, object_type, new)
    context.store.insert(object_type, [row.new for row in new])
    changed = [row for row in rows if row.old is not None]
    context.store.update(
        object_type, [row.new for row in changed], [row.old for row in changed if row.old]
    )
    rules.of(object_type).after(context.store, [row.new for row in rows])


def _number(context: WriteContext, object_type: ObjectType, rows: list[Row]) -> None:
    """Auto-numbers. A describe does not tell their form: here five digits (U)."""
    for field in object_type.auto_numbers if rows else ():
        sequence = f"{object_type.name}.{field.name}"
        for row, number in zip(rows, context.store.take_numbers(sequence, len(rows)), strict=True):
            row.new[field.name] = f"{number:05d}"

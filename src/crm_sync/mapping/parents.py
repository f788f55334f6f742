"""Rows with their parents, as SQL: each lookup becomes an Id, or the reason why the row must wait.

In: a mapping. Out: a composed SELECT over the temporary tables of a plan (`sync/plan.sql`):
`source_row`, where a lookup is still the parent's key, `parent_record`, and `plan_row`, in which
the parents' mappings are decided by then. One join for each lookup: to take the lookups apart and
gather them again cost as much as all the rest of a plan.
"""

from __future__ import annotations

from psycopg import sql

from crm_sync.mapping.model import Mapping

__all__ = ["resolved_rows"]

_JOIN = sql.SQL(
    """left join parent_record as {record}
    on {record}.mapping = s.lookups -> {number} ->> 'mapping'
    and {record}.key = s.lookups -> {number} ->> 'key'
left join plan_row as {planned}
    on {planned}.mapping = s.lookups -> {number} ->> 'mapping'
    and {planned}.key = s.lookups -> {number} ->> 'key'
cross join lateral (
    select s.lookups -> {number} as entry, s.lookups -> {number} ->> 'key' as key,
        -- A record that named a lead before it was converted keeps naming it: Salesforce moved it.
        coalesce({record}.salesforce_id is not null and (
            {record}.state = 'live' and {planned}.action is distinct from 'delete'
            or {record}.state = 'converted'
                and own.payload ->> {field} = {record}.salesforce_id
            or {record}.state = 'merged' and {record}.problem ? 'master'), false) as has_id,
        -- What named a record that was merged names its master: Salesforce has done so already.
        case {record}.state when 'merged' then {record}.problem ->> 'master'
            else {record}.salesforce_id end as id,
        coalesce({planned}.action = 'create' and {planned}.state = 'planned', false) as comes_first
    offset 0
) as {found}
cross join lateral (
    select
        case when {found}.key is not null
             then ({found}.entry ->> 'mapping') || ':' || {found}.key end as name,
        case when {found}.key is null then 'null'::jsonb
             when {found}.has_id then to_jsonb({found}.id)
             when {found}.comes_first then jsonb_build_object(
                 'mapping', {found}.entry -> 'mapping', 'key', {found}.key)
             else 'null'::jsonb end as value,
        case when {found}.key is null and ({found}.entry ->> 'required')::boolean
             then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'field', {field},
                'column', {found}.entry -> 'column', 'severity', 'error',
                'sentence', {no_parent},
                'mend', format('Fill %s.',
                               coalesce({found}.entry ->> 'column', 'what its SQL reads')))
             end as missing,
        case when {found}.key is not null and not {found}.has_id and not {found}.comes_first
             then jsonb_build_object(
                'code', 'PARENT_NOT_READY', 'field', {field},
                'parent', jsonb_build_object('mapping', {found}.entry -> 'mapping',
                                             'key', {found}.key),
                'column', {found}.entry -> 'column', 'severity', 'error',
                'sentence', format('Waits for the %s %s, which %s.', {found}.entry ->> 'mapping',
                    regexp_replace(coalesce({planned}.label, {record}.label, {found}.key),
                                   '^(.{{59}}).{{2,}}$', '\\1…'),
                    case when {planned}.action = 'delete' then 'is being deleted in Salesforce'
                         when {planned}.state = 'invalid' then 'is invalid'
                         when {planned}.state = 'refused' then 'was refused by Salesforce'
                         when {planned}.state = 'blocked' then 'waits itself'
                         when {planned}.state = 'held' and {planned}.action = 'create'
                             then 'is held'
                         when {record}.state = 'converted' then 'was converted in Salesforce'
                         when {record}.state = 'gone'
                             then 'is held: its record is deleted in Salesforce'
                         when {record}.state = 'merged'
                             then 'is held: its record is merged in Salesforce'
                         else 'is not part of what is synced' end),
                'mend', format(
                    -- Neither in the plan nor known: nobody means to send it.
                    case when {planned}.key is null and {record}.key is null
                         then 'If the %1$s is to be sent, let --select or its where take it in; '
                              'else leave this row out by a where of its own mapping.'
                         else 'Mend the %1$s first; this row then goes by itself.' end,
                    {found}.entry ->> 'mapping'))
             end as blocked
    offset 0
) as {told}
"""
)
_FIRST = sql.SQL("case when {found}.comes_first and not {found}.has_id then {told}.name end")


def resolved_rows(mapping: Mapping) -> sql.Composed:
    """SELECT of a mapping's rows in `source_row`: the payload names each parent by its Id, or by
    {"mapping", "key"} where the plan creates it; `waits_for` lists those, `blocked` the problems of
    parents that do not come, or is null. `parent` is the first that a row names.
    """
    # The lookups of parents that we push stand in source_row.lookups in this order.
    fields = [name for name, lookup in mapping.lookups.items() if lookup.branches]
    joins, firsts, pairs = [], [], []
    for number, field in enumerate(fields):
        names = {
            "record": sql.Identifier(f"record {field}"),
            "planned": sql.Identifier(f"planned {field}"),
            "found": sql.Identifier(f"found {field}"),
            "told": sql.Identifier(f"told {field}"),
        }
        joins.append(
            _JOIN.format(
                number=sql.Literal(number),
                field=sql.Literal(field),
                no_parent=sql.Literal(f"{field} has no parent, and it is required."),
                **names,
            )
        )
        firsts.append(_FIRST.format(**names))
        pairs.append(sql.SQL("{}, {}.value").format(sql.Literal(field), names["told"]))
    return sql.SQL(
        "select s.mapping, s.key, s.label, {payload} as payload, {waits_for} as waits_for,\n"
        "    {parent} as parent, {blocked} as blocked,\n"
        "    s.problems || coalesce({missing}, '[]') as problems\n"
        "from source_row as s\n"
        "left join known_record as own on own.mapping = {name} and own.key = s.key\n"
        # offset 0: else PostgreSQL merges the payload anew wherever the plan reads it.
        "{joins}where s.mapping = {name}\noffset 0\n"
    ).format(
        payload=_payload(mapping, pairs),
        waits_for=sql.SQL("array_remove(array[{}]::text[], null)").format(
            sql.SQL(", ").join(firsts)
        ),
        parent=sql.SQL("coalesce({})").format(_told(fields, "name"))
        if fields
        else sql.SQL("null::text"),
        blocked=_list(fields, "blocked"),
        missing=_list(fields, "missing"),
        name=sql.Literal(mapping.name),
        joins=sql.Composed(joins),
    )


def _payload(mapping: Mapping, lookups: list[sql.Composed]) -> sql.Composable:
    """What a record should hold: our key, too, where it is known to carry another or none."""
    payload: sql.Composable = sql.SQL("s.payload")
    if lookups:
        payload = sql.SQL("s.payload || jsonb_build_object({})").format(sql.SQL(", ").join(lookups))
    return sql.SQL(
        "{} || case when own.payload ? {external} and own.payload ->> {external}\n"
        "        is distinct from {prefix} || s.key\n"
        "    then jsonb_build_object({external}, {prefix} || s.key) else '{{}}' end"
    ).format(
        payload,
        external=sql.Literal(mapping.external_id.field),
        prefix=sql.Literal(mapping.external_id.prefix),
    )


def _list(fields: list[str], column: str) -> sql.Composable:
    """The problems of all lookups as one JSON list, or null."""
    if not fields:
        return sql.SQL("null::jsonb")
    return sql.SQL(
        "case when num_nonnulls({0}) > 0 then to_jsonb(array_remove(array[{0}], null)) end"
    ).format(_told(fields, column))


def _told(fields: list[str], column: str) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{}.{}").format(sql.Identifier(f"told {field}"), sql.Identifier(column))
        for field in fields
    )

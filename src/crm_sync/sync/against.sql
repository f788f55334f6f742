-- A plan beside what Salesforce holds now: `dry-run --against-org`. Temporary tables only.

-- name: create_current
-- What Salesforce holds of the records that a sync would change or delete; `payload` is null where
-- the record is not there any more. `left_alone`: fields that are not as they were last sent and that
-- it does not send.
create temp table current_record (
    salesforce_id text collate "C" primary key,
    payload       jsonb,
    left_alone    text[] not null default '{}',
    is_converted  boolean not null default false
) on commit drop;

-- name: expect_lost
-- What an earlier look found, of the records that this plan has: their rows are not asked for again.
insert into current_record (salesforce_id)
select distinct l.salesforce_id from lost_record l
join plan_row p on p.mapping = l.mapping and p.key = l.key
where coalesce(p.salesforce_id, l.salesforce_id) = l.salesforce_id;

-- name: rows_to_read
-- The records to ask for, in the order of mappings.
select mapping, salesforce_id from plan_row
where state = 'planned' and salesforce_id is not null and action in ('update', 'delete')
order by array_position(%(order)s::text[], mapping), position;

-- name: copy_current
-- What was read.
copy current_record (salesforce_id, payload, is_converted) from stdin;

-- name: compare
-- Which fields of a mapping's records someone edited (not of a converted lead, which takes no update):
-- into `edited` those that a sync would overwrite, or take along with the record. What already stands there as it will be sent is no loss, and what was
-- sent without an answer may stand there. Salesforce's line ends differ by who wrote the text. A field
-- that was never sent holds what Salesforce or people put there; it counts where a sync would
-- overwrite it. So does all that a record holds which a row has followed and that we never wrote to,
-- but for what is ours in it (`adopt` of followed.sql).
with field as (
    select p.key, p.salesforce_id, p.action = 'delete' as goes, f.key = any(p.changed) as is_sent,
        coalesce(r.payload ? f.key or r.in_flight ? f.key, false) as was_sent,
        f.key as name, f.value as current,
        array[coalesce(case when t.are_theirs then null else r.payload -> f.key end, 'null'),
              r.in_flight -> f.key,
              case when f.key = any(p.changed) then p.payload -> f.key end] as ours
    from plan_row p
    join current_record c on c.salesforce_id = p.salesforce_id
    left join known_record r on r.mapping = p.mapping and r.key = p.key
    cross join lateral jsonb_each(c.payload) f
    cross join lateral (
        select r.problem ->> 'code' = 'RECORD_FOLLOWED' and not r.problem -> 'ours' ? f.key
            and (p.action = 'delete' or f.key = any(p.changed)) as are_theirs
    ) t
    where p.mapping = %(mapping)s and p.state = 'planned' and not c.is_converted
), edited as (
    select f.key, f.salesforce_id,
        jsonb_object_agg(f.name, f.current) filter (where f.goes or f.is_sent) as lost,
        array_agg(f.name) filter (where not f.goes and not f.is_sent) as kept
    from field f
    where case when f.is_sent then true when f.goes then f.was_sent
               else f.was_sent and f.name <> all(%(on_create)s) end
      and not exists (
        select from unnest(f.ours) as o(value)
        where o.value = f.current
           or replace(o.value::text, '\r\n', '\n') = replace(f.current::text, '\r\n', '\n'))
    group by f.key, f.salesforce_id
), kept as (
    update current_record c set left_alone = e.kept
    from edited e where c.salesforce_id = e.salesforce_id and e.kept is not null
)
update plan_row p set edited = e.lost
from edited e where p.mapping = %(mapping)s and p.key = e.key and e.lost is not null;

-- name: lost_rows
-- Records that a sync would change, and that are not there any more, or converted.
select p.mapping, p.key, p.salesforce_id from plan_row p
join current_record c on c.salesforce_id = p.salesforce_id
where p.state = 'planned' and p.action = 'update'
  and (c.payload is null or c.is_converted);

-- name: parents_to_read
-- Records of ours that a sync would name for the first time, and that were not read.
select distinct r.mapping, r.key, r.salesforce_id from plan_row p
cross join lateral jsonb_each(p.payload) as e
join sync.record r on r.org_id = p.org_id and r.salesforce_id = e.value #>> '{}'
where p.state = 'planned' and p.action in ('create', 'update') and e.key = any(p.changed)
  and e.key = any(%(lookups)s) and jsonb_typeof(e.value) = 'string' and r.state = 'live'
  and r.mapping = any(%(order)s)
  and not exists (select from current_record c where c.salesforce_id = r.salesforce_id);

-- name: note_lost
-- One of them, with what became of it.
insert into lost_record (mapping, key, salesforce_id, state, problem)
values (%(mapping)s, %(key)s, %(id)s, %(state)s, %(problem)s) on conflict do nothing;

-- name: edits
-- Records that were read, by what people did to them.
select count(*), count(*) filter (where p.edited is not null and p.state <> 'held'),
    count(*) filter (where c.left_alone <> '{}'), count(*) filter (where c.payload is null),
    count(*) filter (where p.edited is not null and p.state = 'held')
from current_record c
left join plan_row p on p.salesforce_id = c.salesforce_id;

-- name: rows
-- The plan in the order of sending, as `rows` of plan.sql, with what Salesforce holds.
select p.mapping, p.key, coalesce(p.label, p.key), p.action, p.state, p.salesforce_id, p.payload,
       p.before, p.changed, p.problems, p.pair,
       p.edited, c.payload, c.left_alone,
       c.salesforce_id is not null and c.payload is null or l.key is not null
from plan_row p
left join current_record c using (salesforce_id)
left join lost_record l on l.mapping = p.mapping and l.key = p.key
    and coalesce(p.salesforce_id, l.salesforce_id) = l.salesforce_id
order by p.position;

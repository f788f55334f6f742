-- A plan beside what Salesforce holds now: `dry-run --against-org`. Temporary tables only.

-- name: create_current
-- What Salesforce holds of the records that a sync would change or delete; `payload` is null where
-- the record is not there any more. `edited`: fields that are not as they were last sent and that a
-- sync would overwrite, or take along with the record. `left_alone`: edited fields that it does not
-- send.
create temp table current_record (
    salesforce_id text collate "C" primary key,
    payload       jsonb,
    edited        text[] not null default '{}',
    left_alone    text[] not null default '{}'
) on commit drop;

-- name: expect_lost
-- What an earlier look found, of the records that this plan has: their rows are not asked for again.
insert into current_record (salesforce_id)
select distinct l.salesforce_id from lost_record l
join plan_row p on p.mapping = l.mapping and p.key = l.key;

-- name: rows_to_read
-- The records to ask for, in the order of mappings.
select mapping, salesforce_id from plan_row
where state = 'planned' and salesforce_id is not null and action in ('update', 'delete')
order by array_position(%(order)s::text[], mapping), position;

-- name: copy_current
-- What was read.
copy current_record (salesforce_id, payload) from stdin;

-- name: compare
-- Which fields of a mapping's records someone edited. What already stands there as it will be sent is
-- no loss. Salesforce's line ends differ by who wrote the text. A field that was never sent holds
-- what Salesforce or people put there; it counts where a sync would overwrite it.
with known as (
    select p.salesforce_id, p.action, p.changed, p.payload,
           coalesce(r.payload, '{}') || coalesce(r.in_flight, '{}') as last_sent
    from plan_row p
    left join known_record r
        on r.org_id = p.org_id and r.mapping = p.mapping and r.key = p.key
    where p.mapping = %(mapping)s and p.state = 'planned'
), field as (
    select k.salesforce_id, f.key as name, k.last_sent ? f.key as was_sent,
           k.action = 'delete' as goes, f.key = any(k.changed) as is_sent,
           f.value as current, replace(f.value::text, '\r\n', '\n') as current_text,
           coalesce(k.last_sent -> f.key, 'null') as before, k.payload -> f.key as after
    from known k
    join current_record c on c.salesforce_id = k.salesforce_id
    cross join lateral jsonb_each(c.payload) f
), edited as (
    select f.salesforce_id,
        array_agg(f.name) filter (where f.goes or f.is_sent) as lost,
        array_agg(f.name) filter (where not f.goes and not f.is_sent) as kept
    from field f
    where f.current <> f.before and f.current_text <> replace(f.before::text, '\r\n', '\n')
      and case
          when f.goes then f.was_sent
          when f.is_sent then f.current <> f.after
              and f.current_text <> replace(f.after::text, '\r\n', '\n')
          else f.was_sent and f.name <> all(%(on_create)s) end
    group by f.salesforce_id
)
update current_record c
set edited = coalesce(e.lost, '{}'), left_alone = coalesce(e.kept, '{}')
from edited e
where e.salesforce_id = c.salesforce_id;

-- name: lost_rows
-- Records that a sync would change, and that are not there any more.
select p.mapping, p.key, p.salesforce_id from plan_row p
join current_record c on c.salesforce_id = p.salesforce_id
where p.state = 'planned' and p.action = 'update' and c.payload is null;

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
select count(*), count(*) filter (where edited <> '{}'), count(*) filter (where left_alone <> '{}'),
    count(*) filter (where payload is null)
from current_record;

-- name: rows
-- The plan in the order of sending, as `rows` of plan.sql, with what Salesforce holds.
select p.mapping, p.key, coalesce(p.label, p.key), p.action, p.state, p.salesforce_id, p.payload,
       p.before, p.changed, p.problems, p.pair,
       c.payload, c.edited, c.left_alone,
       c.salesforce_id is not null and c.payload is null or l.key is not null
from plan_row p
left join current_record c using (salesforce_id)
left join lost_record l on l.mapping = p.mapping and l.key = p.key
order by p.position;

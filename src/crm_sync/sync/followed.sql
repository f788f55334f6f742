-- Records that people merged or converted in Salesforce, followed to what they became. Runs inside
-- the plan's transaction; writes temporary tables only. `keep_followed` is a sync's.

-- name: create_tables
-- Rows whose record is another from this plan on, or cannot be the one that they should have.
create temp table adopted_record (mapping text, key text collate "C", problem jsonb) on commit drop;
create temp table contested_row (
    mapping text, key text collate "C", problem jsonb, primary key (mapping, key)
) on commit drop;

-- name: merged
-- Records known as merged, by what is kept or what a dry run found, with the master that is known, and
-- those whose master was found deleted, which people may have restored; not those that are back.
select mapping, key, salesforce_id, master, state from (
    select r.mapping, r.key, r.salesforce_id, r.state,
        coalesce(r.problem ->> 'master', r.problem ->> 'merged_into') as master
    from named_record r
    where r.org_id = %(org)s and r.mapping = any(%(order)s)
      and r.state <> 'live'  -- in the words of the index record_open
      and (r.state = 'merged' or r.state = 'gone' and r.problem ? 'merged_into')
    union
    select l.mapping, l.key, l.salesforce_id, l.state, l.problem ->> 'master'
    from lost_record l where l.state = 'merged'
) m
where not exists (select from found_record f where f.mapping = m.mapping and f.key = m.key)
order by array_position(%(order)s::text[], mapping), key;

-- name: left
-- Records of a mapping whose row is gone, or left it: live ones, which a sync may delete or mark, and
-- those of leads that are known to be converted, with what people made of them.
select r.key, r.salesforce_id, r.state, r.problem -> 'converted' from due_row d
join named_record r on r.org_id = %(org)s and r.mapping = d.mapping and r.key = d.key
where d.mapping = %(mapping)s and r.state in ('live', 'converted') and r.salesforce_id is not null
  and not exists (select from source_row s where s.mapping = d.mapping and s.key = d.key)
order by r.key;

-- name: owners
-- The rows that have these records, and whether they are gone from their source in this plan.
select r.salesforce_id, r.mapping, r.key,
    d.key is not null and s.key is null and r.mapping = any(%(order)s) as leaves
from (
    select salesforce_id, mapping, key, state from named_record where org_id = %(org)s
    union
    select salesforce_id, mapping, key, state from found_record
) r
left join due_row d on d.mapping = r.mapping and d.key = r.key
left join source_row s on s.mapping = r.mapping and s.key = r.key
where r.salesforce_id = any(%(ids)s) and r.state in ('live', 'converted');

-- name: adopt
-- A record becomes that of a row, with the values read. `problem` stays with it until we have written
-- to it: `ours` names the fields that hold what we had pushed into the record by which it came (of a
-- lead, whatever its field was called there: a conversion copies values). All else is people's.
with pushed as (
    select e.key, e.value, r.mapping = %(mapping)s as is_same
    from named_record r
    cross join lateral (
        select f.key, f.value from jsonb_each(r.payload) f
        where r.problem ->> 'code' is distinct from 'RECORD_FOLLOWED' or r.problem -> 'ours' ? f.key
        union all
        select f.key, f.value from jsonb_each(r.in_flight) f
    ) e
    where r.org_id = %(org)s and r.mapping = %(by_mapping)s and r.key = %(by_key)s
), ours as (
    select coalesce(jsonb_agg(distinct f.key), '[]') as names
    from jsonb_each(%(payload)s::jsonb) f
    join pushed p on (p.key = f.key or not p.is_same)
        and replace(p.value::text, '\r\n', '\n') = replace(f.value::text, '\r\n', '\n')
), found as (
    insert into found_record (org_id, mapping, key, salesforce_id, payload, label, run_number,
                              problem)
    select %(org)s, %(mapping)s, %(key)s, %(id)s, %(payload)s::jsonb,
        (select label from source_row where mapping = %(mapping)s and key = %(key)s), %(run)s,
        %(problem)s::jsonb || jsonb_build_object('ours', o.names)
    from ours o
)
insert into adopted_record values (%(mapping)s, %(key)s, %(problem)s);

-- name: end_record
-- What became of a record, where a plan finds it out.
insert into lost_record (mapping, key, salesforce_id, state, problem)
values (%(mapping)s, %(key)s, %(id)s, %(state)s, %(problem)s)
on conflict (mapping, key) do update set state = excluded.state, problem = excluded.problem;

-- name: contest
-- A row that cannot have the record that it should have.
insert into contested_row values (%(mapping)s, %(key)s, %(problem)s) on conflict do nothing;

-- name: hold_contested
-- It is not created beside that record.
update plan_row p set state = 'held', problems = jsonb_build_array(c.problem)
from contested_row c
where p.mapping = %(mapping)s and c.mapping = p.mapping and c.key = p.key
  and p.action = 'create';

-- name: keep_followed
-- What a plan found out becomes what we know, and the history tells it, once.
with ended as (
    update sync.record r
    set state = l.state, problem = l.problem, in_flight = null, in_flight_action = null,
        in_flight_at = null, run_number = %(run)s
    from lost_record l
    where r.org_id = %(org)s and r.mapping = l.mapping and r.key = l.key
      and r.salesforce_id = l.salesforce_id
      and (r.state, r.problem) is distinct from (l.state, l.problem)
    returning r.mapping, r.key, r.salesforce_id, r.state, r.problem
), moved as (
    insert into sync.moved (org_id, salesforce_id)
    select %(org)s, e.salesforce_id from ended e
    on conflict do nothing
)
-- A row that is held anew, `tell_open` of keep.sql tells with its fields.
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, problem)
select %(org)s, %(run)s, e.mapping, e.key, e.salesforce_id, 'update',
    case when e.state = 'converted' then 'closed'
         when e.problem ->> 'code' = 'RECORD_FOLLOWED' then 'followed'
         else e.state end,
    case when p.action = 'create'
        then e.problem || '{"severity": "note", "mend": "Nothing: it is made again."}'
        else e.problem end
from ended e
left join plan_row p on p.mapping = e.mapping and p.key = e.key
where p.state is distinct from 'held'
union all
select %(org)s, %(run)s, a.mapping, a.key, f.salesforce_id, 'update', 'followed', a.problem
from adopted_record a
join found_record f on f.mapping = a.mapping and f.key = a.key;

-- What adopting reads of a plan, and what it writes down. The blocks that read run inside the plan's
-- transaction; those that write run in transactions that hold the run (hold_run of push.sql).

-- name: rows
-- Rows of a mapping without a record, whatever else is wrong with them: what a sync would create. A
-- row whose creation is on its way, or that moves here from a sibling, has a record or may get one.
select p.key, coalesce(p.label, p.key), p.payload, s.lookups
from plan_row p
join source_row s on s.mapping = p.mapping and s.key = p.key
left join known_record k on k.mapping = p.mapping and k.key = p.key
where p.mapping = %(mapping)s and p.action = 'create' and p.pair is null
  and (k.key is null or k.salesforce_id is null and k.in_flight = '{}')
order by 2, p.key;

-- name: recorded
-- Which of these rows have a record: its Id.
select r.key, r.salesforce_id from named_record r
where r.org_id = %(org)s and r.mapping = %(mapping)s and r.key = any(%(keys)s)
  and r.salesforce_id is not null;

-- name: resumed
-- Rows whose key an interrupted run had sent, and that Salesforce is found to hold.
select f.key, f.salesforce_id from found_record f
join sync.record r on r.org_id = %(org)s and r.mapping = f.mapping and r.key = f.key
where f.mapping = %(mapping)s and r.in_flight_action = 'adopt' and r.salesforce_id is null
order by f.key;

-- name: has_renamed
-- Whether state stands under a former name of a mapping, which only a sync writes down.
select formerly, mapping from renamed limit 1;

-- name: know_mapping
-- What the records of a mapping belong to. Its first plan searches Salesforce and compares every row.
insert into sync.mapping (org_id, mapping, object, external_id, prefix, source_table, source_key,
                          fingerprint)
values (%(org)s, %(mapping)s, %(object)s, %(external_id)s, %(prefix)s, %(table)s, %(key)s, '')
on conflict (org_id, mapping) do nothing;

-- name: forget_marks
-- Keys that an interrupted run meant to write and that Salesforce does not hold.
delete from sync.record
where org_id = %(org)s and mapping = any(%(mappings)s) and in_flight_action = 'adopt'
  and salesforce_id is null;

-- name: mark
-- Before a call leaves: the keys on their way. Whoever dies now leaves behind which rows must be
-- looked up by their key; what the records hold is none of ours yet.
insert into sync.record as r (org_id, mapping, key, label, in_flight, in_flight_action, in_flight_at,
                              run_number)
select %(org)s, %(mapping)s, b.key, b.label, '{}', 'adopt', clock_timestamp(), %(run)s
from unnest(%(keys)s::text[], %(labels)s::text[]) as b(key, label)
on conflict (org_id, mapping, key) do update
set in_flight_at = excluded.in_flight_at, run_number = excluded.run_number
where r.salesforce_id is null and r.in_flight_action = 'adopt'
returning r.key;

-- name: record_adopted
-- Salesforce holds these keys. In flight stays `adopt`: the next plan reads what the records hold
-- (lookup.sql) before it decides what to send.
with done as (
    insert into sync.record as r (org_id, mapping, key, salesforce_id, label, in_flight,
                                  in_flight_action, in_flight_at, run_number)
    select %(org)s, %(mapping)s, b.key, b.given, b.label, '{}', 'adopt', clock_timestamp(), %(run)s
    from unnest(%(keys)s::text[], %(labels)s::text[], %(ids)s::text[]) as b(key, label, given)
    on conflict (org_id, mapping, key) do update
    set salesforce_id = excluded.salesforce_id, in_flight_at = excluded.in_flight_at,
        run_number = excluded.run_number
    where r.salesforce_id is null
    returning r.key, r.salesforce_id
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after)
select %(org)s, %(run)s, %(mapping)s, d.key, d.salesforce_id, 'adopt', 'recorded',
    jsonb_build_object(%(external_id)s::text, null),
    jsonb_build_object(%(external_id)s::text, %(prefix)s::text || d.key)
from done d;

-- name: record_left
-- Salesforce said no, or nothing: a key that was refused is not on its way any more.
with outcome as (
    select * from unnest(%(keys)s::text[], %(ids)s::text[], %(outcomes)s::text[],
                         %(problems)s::jsonb[]) as b(key, given, outcome, problem)
), forgotten as (
    delete from sync.record r using outcome b
    where r.org_id = %(org)s and r.mapping = %(mapping)s and r.key = b.key
      and r.salesforce_id is null and r.in_flight_action = 'adopt' and b.outcome = 'refused'
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, problem)
select %(org)s, %(run)s, %(mapping)s, b.key, b.given, 'adopt', b.outcome, b.problem from outcome b;

-- name: creating
-- Which of these mappings create unasked already: their first load was let through, or was before
-- first loads were noted.
select m.mapping from sync.mapping m
where m.org_id = %(org)s and m.mapping = any(%(mappings)s)
  and (m.may_create_at is not null or exists (
      select from sync.record r
      where r.org_id = m.org_id and r.mapping = m.mapping and r.sent_at is not null));

-- name: finish
-- How it ended.
update sync.run
set status = %(status)s, finished_at = clock_timestamp(), counts = %(counts)s,
    calls = %(calls)s, message = %(message)s
where org_id = %(org)s and run_number = %(run)s;

-- A plan, and what was found on the way, become state: what a dry run leaves out.

-- name: forget_absent
-- A deletion whose answer nobody heard had been done.
with gone as (
    delete from sync.record r using absent_record a
    where r.org_id = %(org)s and r.mapping = a.mapping and r.key = a.key
    returning r.*
), ended as (
    insert into ended_row select g.mapping, g.key from gone g
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome)
select g.org_id, %(run)s, g.mapping, g.key, g.salesforce_id, 'delete', 'recorded' from gone g;

-- name: store_found
-- What was found in Salesforce becomes what we know.
insert into sync.record select * from found_record
on conflict (org_id, mapping, key) do update
set salesforce_id = excluded.salesforce_id, payload = excluded.payload, state = 'live',
    label = excluded.label, problem = excluded.problem, cleared = false,
    in_flight = excluded.in_flight,
    in_flight_action = excluded.in_flight_action, in_flight_at = excluded.in_flight_at;

-- name: forget_ended
-- Ended records whose row is gone too; a create in flight that Salesforce does not know after a
-- quarter of an hour, and whose row is gone, never arrived.
with ended as (
    delete from sync.record r using left_record o
    where o.org_id = %(org)s and o.mapping = any(%(order)s)
      -- What names a converted lead has to be planned with it (`links.sql`).
      and (o.state in ('gone', 'merged') or o.state = 'converted' and %(is_whole)s
           or o.salesforce_id is null and o.in_flight_at < now() - interval '15 minutes')
      and r.org_id = o.org_id and r.mapping = o.mapping and r.key = o.key
    returning r.mapping, r.key
)
insert into ended_row select mapping, key from ended;

-- name: forget_plan
-- The new plan takes the old one's place, for the mappings that were planned.
with former as (
    delete from sync.plan where org_id = %(org)s and mapping = any(%(order)s)
    returning mapping, key
)
insert into ended_row
select f.mapping, f.key from former f
where not exists (select from plan_row p where p.mapping = f.mapping and p.key = f.key);

-- name: store_plan
-- What is to be done from now on, in the order of sending: creates parents first, then updates, then
-- deletions children first; rows of one parent stay together, so that Salesforce locks each once.
insert into sync.plan (org_id, mapping, key, position, action, state, label, salesforce_id, payload,
                       before, changed, waits_for, parent, problems, pair, attempts, fingerprint,
                       run_number, refused_at, leaves, bytes, by_composite, edited)
select p.org_id, p.mapping, p.key,
    row_number() over (order by p.position, p.parent collate "C" nulls first, p.key), p.action,
    p.state, p.label, p.salesforce_id, p.payload, p.before, p.changed, p.waits_for, p.parent,
    p.problems, p.pair, p.attempts, p.fingerprint, p.run_number, p.refused_at, p.leaves, p.bytes,
    p.by_composite, p.edited
from plan_row p;

-- name: tell_open
-- Rows that this plan does not send, since they are invalid or a person must decide: the history tells
-- each once, not at every run in which the same holds.
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after, problem, edited)
select p.org_id, %(run)s, p.mapping, p.key, p.salesforce_id, p.action, p.state,
    case when p.action <> 'delete' then p.before end,
    (select jsonb_object_agg(f, p.payload -> f) from unnest(p.changed) f), t.problem, p.edited
from plan_row p
cross join lateral (
    select e.problem from jsonb_array_elements(p.problems) with ordinality as e(problem, number)
    order by e.problem ->> 'severity' = 'error' desc, e.number limit 1
) t
left join lateral (
    select h.outcome, h.problem, h.edited from sync.history h
    where h.org_id = p.org_id and h.mapping = p.mapping and h.key = p.key
    order by h.id desc limit 1
) l on true
where p.state in ('invalid', 'held')
  and (l.outcome, l.problem, l.edited) is distinct from (p.state, t.problem, p.edited);

-- name: ended_records
-- Whether a mapping has records without a row, of which nothing is left to be done.
select exists (
    select from left_record r
    where r.org_id = %(org)s and r.mapping = %(mapping)s and r.state = 'live' and not r.cleared
      and r.salesforce_id is not null
      and not exists (select from plan_row p where p.mapping = r.mapping and p.key = r.key));

-- name: clear_values
-- Such a record stays in Salesforce, and we keep its Id; where the row is gone from the table (and
-- did not merely leave the mapping's `where`), its values go. `kept`: what on_delete wrote, and the
-- Ids of parents, whose deletion would take the record along.
with gone as (
    select o.mapping, o.key from left_record o
    where o.org_id = %(org)s and o.mapping = %(mapping)s and o.state = 'live' and not o.cleared
      and o.salesforce_id is not null
      and not exists (select from plan_row p where p.mapping = o.mapping and p.key = o.key)
      and not exists (select from present_row t where t.mapping = o.mapping and t.key = o.key)
), ended as (
    insert into ended_row select mapping, key from gone
)
update sync.record r
set cleared = true, label = null, in_flight = null, in_flight_action = null, in_flight_at = null,
    payload = coalesce((select jsonb_object_agg(e.key, e.value) from jsonb_each(r.payload) e
                        where e.key = any(%(kept)s)), '{}')
from gone g
where r.org_id = %(org)s and r.mapping = g.mapping and r.key = g.key;

-- name: deleted_rows
-- Rows whose record a run deleted.
create temp table ended_row on commit drop as
select h.mapping, h.key from sync.history h
where h.org_id = %(org)s and h.run_number = %(run)s and h.action = 'delete'
  and h.outcome = 'recorded'
  and h.at >= (select started_at from sync.run where org_id = %(org)s and run_number = %(run)s);

-- name: blank_history
-- A row that is gone leaves no values behind: neither a plan nor a record with values is left of it.
-- Runs when a plan is kept and when a run that deleted anything ends.
update sync.history h
set before = null, after = null, edited = case when h.edited is not null then '{}'::jsonb end,
    problem = h.problem - array['sentence', 'mend', 'field', 'column']
from (select distinct mapping, key from ended_row) e
where h.org_id = %(org)s and h.mapping = e.mapping and h.key = e.key
  and (h.before is not null or h.after is not null or h.edited <> '{}' or h.problem ? 'sentence')
  and not exists (select from sync.plan p where p.org_id = h.org_id and p.mapping = h.mapping
                  and p.key = h.key)
  and not exists (select from sync.record r where r.org_id = h.org_id and r.mapping = h.mapping
                  and r.key = h.key and not r.cleared);

-- name: store_position
-- What this plan saw. The next reading of sync.change starts from here. A mapping that was not part
-- of it (not enabled now) has missed what it saw, and is compared whole when it is back.
with missed as (
    update sync.mapping set source_state = null
    where org_id = %(org)s and mapping <> all(%(selected)s) and source_state is not null
), seen as (
    delete from sync.moved where org_id = %(org)s
)
update sync.org set position = pg_current_snapshot() where org_id = %(org)s;

-- name: note_mode
-- Whether the run compared every row.
update sync.run set mode = %(mode)s where org_id = %(org)s and run_number = %(run)s;

-- A plan, and what was found on the way, become state: what a dry run leaves out.

-- name: forget_absent
-- A deletion whose answer nobody heard had been done.
with gone as (
    delete from sync.record r using absent_record a
    where r.org_id = %(org)s and r.mapping = a.mapping and r.key = a.key
    returning r.*
), blanked as (
    update sync.history h set fields = null
    from gone g
    where h.org_id = g.org_id and h.mapping = g.mapping and h.key = g.key and h.fields is not null
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome)
select g.org_id, %(run)s, g.mapping, g.key, g.salesforce_id, 'delete', 'recorded' from gone g;

-- name: store_found
-- What was found in Salesforce becomes what we know.
insert into sync.record select * from found_record
on conflict (org_id, mapping, key) do update
set salesforce_id = excluded.salesforce_id, payload = excluded.payload, state = 'live',
    label = excluded.label, problem = null, in_flight = excluded.in_flight,
    in_flight_action = excluded.in_flight_action, in_flight_at = excluded.in_flight_at;

-- name: forget_ended
-- Ended records whose row is gone too; a create in flight that Salesforce does not know after a
-- quarter of an hour, and whose row is gone, never arrived.
with gone as (
    delete from sync.record r
    where r.org_id = %(org)s and r.mapping = any(%(order)s)
      and (r.state <> 'live'
           or r.salesforce_id is null and r.in_flight_at < now() - interval '15 minutes')
      and not exists (select from source_row s where s.mapping = r.mapping and s.key = r.key)
    returning r.*
)
update sync.history h set fields = null
from gone g
where h.org_id = g.org_id and h.mapping = g.mapping and h.key = g.key and h.fields is not null;

-- name: forget_plan
-- The new plan takes the old one's place, for the mappings that were planned.
delete from sync.plan where org_id = %(org)s and mapping = any(%(order)s);

-- name: store_plan
insert into sync.plan select * from plan_row;

-- name: blank_history
-- A row that is gone, and of which no record is left, leaves no values behind: a refused create, say.
update sync.history h
set fields = null, problem = h.problem - array['sentence', 'mend', 'field', 'column']
where h.org_id = %(org)s and h.mapping = any(%(order)s)
  and (h.fields is not null or h.problem ? 'sentence')
  and not exists (select from source_row s where s.key = h.key)
  and not exists (select from sync.record r where r.org_id = h.org_id and r.mapping = h.mapping
                  and r.key = h.key);

-- name: store_position
-- What this plan saw. The reading of sync.change starts from here.
update sync.org set position = pg_current_snapshot() where org_id = %(org)s;

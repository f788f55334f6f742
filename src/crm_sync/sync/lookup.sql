-- What was asked of Salesforce, brought together with what we know. Runs inside the plan's
-- transaction; writes temporary tables only.

-- name: open_ends
-- Records that Salesforce must be asked about: creates without an Id; deletions that nobody heard
-- the end of; records that were found deleted or merged, which people may have restored.
select r.key, r.salesforce_id
from sync.record r
where r.org_id = %(org)s and r.mapping = %(mapping)s
  and (r.salesforce_id is null or r.in_flight_action = 'delete' or r.state in ('gone', 'merged'))
order by r.key;

-- name: settle_by_id
-- Of the records asked for by Id: what is back is known as it was read, a deletion that did not
-- arrive is forgotten, and one that did is done.
with asked as (
    select r.* from sync.record r
    where r.org_id = %(org)s and r.mapping = %(mapping)s and r.salesforce_id = any(%(asked)s)
), alive as (
    select * from unnest(%(alive)s::text[], %(payloads)s::jsonb[]) as a(id, payload)
), absent as (
    insert into absent_record
    select a.mapping, a.key from asked a
    where a.in_flight_action = 'delete' and a.salesforce_id not in (select id from alive)
)
insert into found_record (org_id, mapping, key, salesforce_id, label, state, payload, in_flight,
                          in_flight_action, in_flight_at, run_number, sent_at)
select a.org_id, a.mapping, a.key, a.salesforce_id, a.label, 'live', l.payload,
    nullif(a.in_flight, '{}'), case when a.in_flight <> '{}' then 'update' end,
    case when a.in_flight <> '{}' then a.in_flight_at end, a.run_number, a.sent_at
from asked a join alive l on l.id = a.salesforce_id;

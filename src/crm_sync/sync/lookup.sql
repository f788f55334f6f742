-- What was asked of Salesforce, brought together with what we know. Runs inside the plan's
-- transaction; writes temporary tables only.

-- name: open_ends
-- Records that Salesforce must be asked about: creates without an Id; deletions that nobody heard
-- the end of; records that were found deleted or merged, which people may have restored; adopted
-- ones, whose values nobody has read yet. What the search by key has found is known.
-- A create may carry the key that its row had before.
select k.key, r.salesforce_id
from named_record r
cross join lateral (
    select r.key
    union all
    select k.former from rekeyed k
    where r.salesforce_id is null and k.mapping = r.mapping and k.key = r.key
) k
where r.org_id = %(org)s and r.mapping = %(mapping)s
  and (r.salesforce_id is null or r.state in ('gone', 'merged')
       or r.in_flight is not null and r.in_flight_action in ('delete', 'adopt'))
  and not exists (select from found_record f where f.mapping = r.mapping and f.key = r.key)
order by k.key;

-- name: settle_by_id
-- Of the records asked for by Id: what is back is known as it was read, a deletion that did not
-- arrive is forgotten, and one that did is done.
with asked as (
    select r.* from named_record r
    where r.org_id = %(org)s and r.mapping = %(mapping)s and r.salesforce_id = any(%(asked)s)
), alive as (
    select * from unnest(%(alive)s::text[], %(payloads)s::jsonb[]) as a(id, payload)
), absent as (
    insert into absent_record
    select a.mapping, a.key from asked a
    where a.in_flight_action = 'delete' and a.salesforce_id not in (select id from alive)
)
insert into found_record (org_id, mapping, key, salesforce_id, label, state, payload, in_flight,
                          in_flight_action, in_flight_at, run_number, sent_at, problem)
select a.org_id, a.mapping, a.key, a.salesforce_id, a.label, 'live', l.payload,
    nullif(a.in_flight, '{}'), case when a.in_flight <> '{}' then 'update' end,
    case when a.in_flight <> '{}' then a.in_flight_at end, a.run_number, a.sent_at,
    case when a.state = 'live' then a.problem end
from asked a join alive l on l.id = a.salesforce_id
on conflict do nothing;

-- name: keep_found
-- A record that carries our key, of a row that is in the source, or in flight, and has no recorded
-- Id, or was adopted and not read yet, becomes a found record with the values read. It may carry
-- the key that its row had before.
insert into found_record (org_id, mapping, key, salesforce_id, payload, label, in_flight,
                          in_flight_action, in_flight_at, run_number)
select %(org)s, %(mapping)s, one.key, %(id)s, %(payload)s::jsonb, coalesce(s.label, r.label),
    nullif(r.in_flight, '{}'), case when r.in_flight <> '{}' then r.in_flight_action end,
    case when r.in_flight <> '{}' then r.in_flight_at end, %(run)s
from (
    select coalesce((select k.key from rekeyed k
                     where k.mapping = %(mapping)s and k.former = %(key)s), %(key)s) as key
) one
left join named_record r on r.org_id = %(org)s and r.mapping = %(mapping)s and r.key = one.key
left join source_row s on s.mapping = %(mapping)s and s.key = one.key
where (r.salesforce_id is null or r.in_flight_action = 'adopt')
  and (r.key is not null or s.key is not null)
on conflict do nothing;

-- name: recall_references
-- What was found within a day. What was not is asked again by each row that is looked at: people may
-- just have added it.
insert into found_reference
select object, field, value, salesforce_id, is_active, matches
from sync.reference
where org_id = %(org)s and fetched_at > now() - interval '1 day' and is_active and matches = 1;

-- name: stale_references
-- What was asked longer ago.
select value from sync.reference
where org_id = %(org)s and object = %(object)s and field = %(field)s
  and fetched_at <= now() - interval '1 day';

-- name: changed_references
-- Whether Salesforce now answers otherwise than is remembered.
select exists (
    select from found_reference f
    join sync.reference k on k.org_id = %(org)s and k.object = f.object and k.field = f.field
        and k.value = f.value
    where f.object = %(object)s and f.field = %(field)s
      and (k.salesforce_id, k.is_active, k.matches = 1)
          is distinct from (f.salesforce_id, f.is_active, f.matches = 1));

-- name: known_references
-- The values that need not be asked for.
select value from found_reference where object = %(object)s and field = %(field)s;

-- name: note_reference
-- What Salesforce has for one value.
insert into found_reference
values (%(object)s, %(field)s, %(value)s, %(id)s, %(is_active)s, %(matches)s)
on conflict do nothing;

-- name: owner
-- The active user with this user name.
select salesforce_id from found_reference
where object = 'User' and field = 'Username' and value = lower(%(username)s)
  and is_active and matches = 1;

-- name: keep_references
-- What was asked is remembered. Where it is not what was remembered, no mapping counts as compared
-- besides those whose every row this plan has compared.
with changed as (
    select from sync.reference k
    join found_reference f using (object, field, value)
    where k.org_id = %(org)s
      and (k.salesforce_id, k.is_active, k.matches = 1)
          is distinct from (f.salesforce_id, f.is_active, f.matches = 1)
), doubted as (
    update sync.mapping set source_state = null
    where org_id = %(org)s and mapping <> all(%(compared)s) and exists (select from changed)
)
insert into sync.reference as known
    (org_id, object, field, value, salesforce_id, is_active, matches)
select %(org)s, object, field, value, salesforce_id, is_active, matches from found_reference
on conflict (org_id, object, field, value) do update
set salesforce_id = excluded.salesforce_id, is_active = excluded.is_active,
    matches = excluded.matches, fetched_at = now()
where known.fetched_at < now() - interval '1 day'
   or (known.salesforce_id, known.is_active, known.matches)
      is distinct from (excluded.salesforce_id, excluded.is_active, excluded.matches);

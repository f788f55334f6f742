-- Mappings as the records of an org know them.

-- name: known
-- What the records of a mapping belong to, under its name of today or else its former one.
select object, external_id, prefix, source_table, source_key, looked_up_at is not null
from sync.mapping where org_id = %(org)s and mapping = any(%(names)s)
order by mapping = %(mapping)s desc limit 1;

-- name: has_records
-- Whether there is a record under one of these names.
select exists (select from sync.record where org_id = %(org)s and mapping = any(%(names)s));

-- name: is_table
-- Whether a table of that name is there. (A view under a former name does no harm.)
select exists (select from pg_catalog.pg_class c
               where c.oid = to_regclass(quote_ident('public') || '.' || quote_ident(%(table)s))
                 and c.relkind in ('r', 'p'));

-- name: leave_followed
-- Rows whose record does not stand under the former key: it has followed, or there is none.
delete from rekeyed k
where k.mapping = %(mapping)s
  and not exists (select from sync.record r
                  where r.org_id = %(org)s and r.mapping = any(%(names)s) and r.key = k.former);

-- name: count_rekeyed
select count(*) from rekeyed where mapping = %(mapping)s;

-- name: former_key_twice
-- How many former keys more than one row has.
select count(*) from (
    select from rekeyed where mapping = %(mapping)s group by former having count(*) > 1
) f;

-- name: known_by_both
-- How many rows have a record under their former key and another under their key of today.
select count(*) from rekeyed k
join sync.record o on o.org_id = %(org)s and o.mapping = k.mapping and o.key = k.former
join sync.record n on n.org_id = %(org)s and n.mapping = k.mapping and n.key = k.key
where k.mapping = %(mapping)s;

-- name: note_rekeyed_records
-- For this plan: what is known, under the keys of today.
insert into rekeyed_record
select n.*
from sync.record r
left join rekeyed k on k.mapping = r.mapping and k.former = r.key
cross join lateral jsonb_populate_record(
    r, jsonb_build_object('key', coalesce(k.key, r.key))) as n
where r.org_id = %(org)s and r.mapping in (select mapping from rekeyed);

-- name: rekey_records
update sync.record r set key = k.key
from rekeyed k where r.org_id = %(org)s and r.mapping = k.mapping and r.key = k.former;

-- name: rekey_plan
update sync.plan p set key = k.key
from rekeyed k where p.org_id = %(org)s and p.mapping = k.mapping and p.key = k.former;

-- name: rekey_history
update sync.history h set key = k.key
from rekeyed k where h.org_id = %(org)s and h.mapping = k.mapping and h.key = k.former;

-- name: end_rekeying
-- From here on the state stands under the new keys.
with gone as (delete from rekeyed_record)
delete from rekeyed;

-- name: known_names
-- Which of these names have state.
select mapping from sync.mapping where org_id = %(org)s and mapping = any(%(names)s);

-- name: note_renamed
-- For this plan: a mapping's state still stands under its former name.
insert into renamed values (%(formerly)s, %(mapping)s);

-- name: rename_mapping
-- A mapping's state goes over to its new name.
update sync.mapping m set mapping = n.mapping
from renamed n where m.org_id = %(org)s and m.mapping = n.formerly;

-- name: rename_records
update sync.record r set mapping = n.mapping
from renamed n where r.org_id = %(org)s and r.mapping = n.formerly;

-- name: rename_plan
update sync.plan p set mapping = n.mapping
from renamed n where p.org_id = %(org)s and p.mapping = n.formerly;

-- name: rename_history
update sync.history h set mapping = n.mapping
from renamed n where h.org_id = %(org)s and h.mapping = n.formerly;

-- name: end_renaming
-- From here on the state stands under the new names.
delete from renamed;

-- name: keep
-- What the records of a mapping belong to from now on.
insert into sync.mapping (org_id, mapping, object, external_id, prefix, source_table, source_key,
                          fingerprint, source_state, looked_up_at)
values (%(org)s, %(mapping)s, %(object)s, %(external_id)s, %(prefix)s, %(table)s, %(key)s,
        %(fingerprint)s, %(source_state)s, now())
on conflict (org_id, mapping) do update
set object = excluded.object, external_id = excluded.external_id, prefix = excluded.prefix,
    source_table = excluded.source_table, source_key = excluded.source_key,
    fingerprint = excluded.fingerprint, source_state = excluded.source_state, planned_at = now(),
    looked_up_at = coalesce(sync.mapping.looked_up_at, now());

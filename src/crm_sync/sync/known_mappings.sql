-- Mappings as the records of an org know them.

-- name: known
-- What the records of a mapping belong to, under its name of today or else its former one.
select object, external_id, prefix, source_table, source_key, looked_up_at is not null
from sync.mapping where org_id = %(org)s and mapping = any(%(names)s)
order by mapping = %(mapping)s desc limit 1;

-- name: has_records
-- Whether there is a record under one of these names.
select exists (select from sync.record where org_id = %(org)s and mapping = any(%(names)s));

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

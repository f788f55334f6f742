-- Keys of records that follow to another field, or to another key.

-- name: recorded_keys
-- What we know of a mapping's records: Id, and the key by which Salesforce knew them.
select r.salesforce_id, coalesce(k.former, r.key)
from named_record r
left join rekeyed k on k.mapping = r.mapping and k.key = r.key
where r.org_id = %(org)s and r.mapping = %(mapping)s and r.state in ('live', 'converted');

-- name: has_unfinished_job
-- Whether Salesforce may still work on rows of a mapping.
select exists (select from sync.job
               where org_id = %(org)s and mapping = %(mapping)s and state <> 'collected');

-- name: note
-- What was sent, in the history of each row.
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after)
select r.org_id, %(run)s, r.mapping, r.key, r.salesforce_id, 'update', 'recorded',
    jsonb_build_object(%(field)s::text, d.was), jsonb_build_object(%(field)s::text, d.becomes)
from unnest(%(ids)s::text[], %(now)s::text[], %(then)s::text[]) as d(id, was, becomes)
join sync.record r on r.org_id = %(org)s and r.salesforce_id = d.id and r.mapping = any(%(names)s);

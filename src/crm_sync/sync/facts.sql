-- Field facts of objects, remembered for a day.

-- name: recall
-- The facts that are younger than a day.
select object, facts from sync.describe
where org_id = %(org)s and object = any(%(objects)s) and fetched_at > now() - interval '1 day';

-- name: keep
-- What the org said just now.
insert into sync.describe (org_id, object, facts) values (%(org)s, %(object)s, %(facts)s)
on conflict (org_id, object) do update set facts = excluded.facts, fetched_at = now();

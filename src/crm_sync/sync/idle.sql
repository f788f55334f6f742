-- Records that no enabled mapping has; `idle.py` runs it.

-- name: idle
-- Each mapping that has records and is not enabled: how many, what they are known by, and which
-- mappings have been planned. Its file may be gone; what it was is kept in sync.mapping.
select m.mapping, r.number, m.object, m.external_id, m.prefix, m.source_table,
       array(select k.mapping from sync.mapping k where k.org_id = %(org)s)
from sync.mapping m
cross join lateral (
    select count(*) as number from sync.record r
    where r.org_id = m.org_id and r.mapping = m.mapping
) r
where m.org_id = %(org)s and m.mapping <> all(%(known)s) and r.number > 0
order by m.mapping;

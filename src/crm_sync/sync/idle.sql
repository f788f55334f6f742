-- Records that no enabled mapping has; `idle.py` runs it.

-- name: idle
-- Each mapping that has records and is not enabled: how many, what they are known by, and which
-- mappings have been planned. Its file may be gone; what it was is kept in sync.mapping.
select r.mapping, count(*), m.object, m.external_id, m.prefix, m.source_table,
       array(select k.mapping from sync.mapping k where k.org_id = %(org)s)
from named_record r
left join sync.mapping m using (org_id, mapping)
where r.org_id = %(org)s and r.mapping <> all(%(known)s)
group by r.mapping, m.object, m.external_id, m.prefix, m.source_table
order by r.mapping

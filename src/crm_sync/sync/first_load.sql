-- The first load of a mapping into an org that may hold the same records already, without our key.

-- name: first_loads
-- Mappings of this plan of which no record was ever sent, and that nobody let create yet.
select m.mapping from unnest(%(order)s::text[]) as m(mapping)
where not exists (
        select from sync.mapping s left join renamed n on n.formerly = s.mapping
        where s.org_id = %(org)s and coalesce(n.mapping, s.mapping) = m.mapping
          and s.may_create_at is not null)
  and not exists (
        select from named_record r
        where r.org_id = %(org)s and r.mapping = m.mapping and r.sent_at is not null);

-- name: allow
-- From now on rows of these mappings are created unasked.
update sync.mapping set may_create_at = now()
where org_id = %(org)s and mapping = any(%(mappings)s) and may_create_at is null;

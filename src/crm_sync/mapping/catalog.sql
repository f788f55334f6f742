-- What PostgreSQL knows of schema public; `catalog.py` reads it.

-- name: columns
-- Every column of a table, or of what could be taken for one, and whether our role may read it.
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       has_table_privilege(c.oid, 'select'),
       case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
                      when 'f' then 'foreign table' else 'table' end
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname collate "C", a.attnum

-- name: foreign_keys
-- Foreign keys of one column between tables of schema public. (One to a partitioned table has an
-- entry for each partition, too, under the partition's name.)
select s.relname, a.attname, t.relname, b.attname
from pg_catalog.pg_constraint c
join pg_catalog.pg_class s on s.oid = c.conrelid
join pg_catalog.pg_namespace n on n.oid = s.relnamespace and n.nspname = 'public'
join pg_catalog.pg_class t on t.oid = c.confrelid and t.relnamespace = n.oid
join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
join pg_catalog.pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
where c.contype = 'f' and array_length(c.conkey, 1) = 1
order by 1, 2

-- name: hiding
-- Row level security can hide rows from us unless it is inactive for our role, or a permissive
-- policy that is simply `true` lets us read all and no restrictive policy narrows that. A hidden row
-- would look deleted.
select c.relname
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind in ('r', 'p')
  and row_security_active(c.oid)
  and (
    not exists (
      select from pg_catalog.pg_policy p
      where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
        and pg_get_expr(p.polqual, p.polrelid) = 'true'
        and exists (
          select from unnest(p.polroles) as r(role)
          where case when r.role = 0 then true else pg_has_role(r.role, 'usage') end))
    or exists (
      select from pg_catalog.pg_policy p
      where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('r', '*')
        and exists (
          select from unnest(p.polroles) as r(role)
          where case when r.role = 0 then true else pg_has_role(r.role, 'usage') end)))

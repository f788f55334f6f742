-- The statements of remove.py, run by the owner of the tables in one transaction.

-- name: lock_tables
-- Nobody hangs a row on one of the sample between the look and the end.
lock table public.accounts, public.leads, public.projects, public.activities in share row exclusive mode;

-- name: references
-- The columns of other tables, and of these, that name a row of a table by its id.
select n.nspname, c.relname, a.attname, r.relname
from pg_catalog.pg_constraint f
join pg_catalog.pg_class c on c.oid = f.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class r on r.oid = f.confrelid
join pg_catalog.pg_namespace s on s.oid = r.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
where f.contype = 'f' and cardinality(f.conkey) = 1
  and s.nspname = 'public' and r.relname = any(%(tables)s)
order by 1, 2, 3;

-- What of the database concerns more than one mapping; `database.py` reads it.

-- name: reader
-- The role of Power BI, or no row: whether it may sign in, and whether it is bound by anything.
select rolcanlogin, rolsuper, rolbypassrls from pg_catalog.pg_roles where rolname = 'powerbi_reader'

-- name: has_views
-- Whether views.sql was applied.
select exists (select from pg_catalog.pg_namespace where nspname = 'analytics')

-- name: unreadable_views
-- Views of schema analytics that the role of Power BI cannot read, none where it may not enter.
select c.relname from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'analytics'
where c.relkind in ('v', 'm')
  and not (has_schema_privilege('powerbi_reader', n.oid, 'usage')
           and has_table_privilege('powerbi_reader', c.oid, 'select'))
order by 1

-- name: readers_tables
-- Tables that the role of Power BI may read or write; it needs the views only.
select n.nspname || '.' || c.relname from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname in ('public', 'sync')
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and has_schema_privilege('powerbi_reader', n.oid, 'usage')
  and (has_any_column_privilege('powerbi_reader', c.oid, 'select, insert, update, references')
       or has_table_privilege('powerbi_reader', c.oid, 'delete, truncate'))
order by 1

-- name: invoker_views
-- Views of schema analytics that run with the reader's rights: he has none on the tables.
select c.relname from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'analytics'
where c.relkind = 'v' and exists (
    select from unnest(c.reloptions) as o(said)
    where o.said in ('security_invoker=true', 'security_invoker=on', 'security_invoker=1'))
order by 1

-- name: exposed_views
-- Roles of an API that may read views of schema analytics: every caller would see all rows.
select r.rolname, count(*) from pg_catalog.pg_roles r
cross join pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'analytics'
where r.rolname in ('anon', 'authenticated') and c.relkind in ('v', 'm')
  and has_schema_privilege(r.oid, n.oid, 'usage') and has_table_privilege(r.oid, c.oid, 'select')
group by 1 order by 1

-- name: open_tables
-- Tables without row level security that a role of an API may reach: every caller would see all rows.
select c.relname, string_agg(r.rolname, ' and ' order by r.rolname) from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
join pg_catalog.pg_roles r on r.rolname in ('anon', 'authenticated')
where c.relkind in ('r', 'p') and c.relname = any(%(tables)s) and not c.relrowsecurity
  and has_schema_privilege(r.oid, n.oid, 'usage')
  and has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
group by 1 order by 1

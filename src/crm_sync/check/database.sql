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

-- name: wide_policies
-- Permissive policies by which a role of an API, or everybody, does something to a table that it also
-- has the right to, with their conditions: what decides on rows, null where nothing does. A table with
-- a restrictive policy for the same is left out: that one decides, too.
with role as (
    select oid, rolname::text as name from pg_catalog.pg_roles where rolname in ('anon', 'authenticated')
    union all select 0, 'public'
), policy as (
    select p.*, c.relname, c.relnamespace, o.privilege
    from pg_catalog.pg_policy p
    join pg_catalog.pg_class c on c.oid = p.polrelid and c.relrowsecurity and c.relname = any(%(tables)s)
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) as o(command, privilege)
        on p.polcmd::text in (o.command, '*')
)
select p.relname, p.polname, r.name, array_agg(p.privilege order by p.privilege desc),
       pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
from policy p cross join role r
where p.polpermissive
  and exists (select from unnest(p.polroles) as given(role)
              where given.role = 0 or r.oid <> 0 and pg_has_role(r.oid, given.role, 'usage'))
  and has_schema_privilege(r.name, p.relnamespace, 'usage')
  and case when p.privilege = 'delete' then has_table_privilege(r.name, p.polrelid, 'delete')
           else has_any_column_privilege(r.name, p.polrelid, p.privilege) end
  and not exists (select from policy s
                  where s.polrelid = p.polrelid and not s.polpermissive and s.privilege = p.privilege)
group by p.polrelid, p.relname, p.polname, r.name, p.polqual, p.polwithcheck
order by p.relname, p.polname, r.name

-- name: silent_triggers
-- Triggers of a table that do not run for what our role, or anybody, writes.
select c.relname, t.tgname from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid and c.relname = any(%(tables)s)
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where not t.tgisinternal and t.tgenabled not in ('O', 'A')
order by c.relname, t.tgname

-- name: missing_triggers
-- Of these triggers, given by table, name and function: those that their table lacks though the
-- function is there, so that the table is one of schema.sql.
select c.relname, t.name
from unnest(%(tables)s::text[], %(names)s::text[], %(functions)s::text[]) as t("table", name, function)
join pg_catalog.pg_class c on c.relname = t."table"
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where to_regprocedure(format('public.%%I()', t.function)) is not null
  and not exists (select from pg_catalog.pg_trigger g where g.tgrelid = c.oid and g.tgname = t.name)
order by c.relname, t.name

-- name: noting_triggers
-- What notes the changes of a table and does not: its writes, and the trigger that is disabled, or null
-- where there is none. An event has its bit in tgtype (catalog pg_trigger).
select c.relname, e.name,
       (select min(t.tgname) from pg_catalog.pg_trigger t
        join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.proname = 'note_change'
        join pg_catalog.pg_namespace s on s.oid = p.pronamespace and s.nspname = 'sync'
        where t.tgrelid = c.oid and t.tgtype = e.type)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
cross join (values ('insert', 4), ('delete', 8), ('update', 16), ('truncate', 32)) as e(name, type)
where c.relname = %(table)s and not exists (
    select from pg_catalog.pg_trigger t
    join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.proname = 'note_change'
    join pg_catalog.pg_namespace s on s.oid = p.pronamespace and s.nspname = 'sync'
    where t.tgrelid = c.oid and t.tgenabled in ('O', 'A') and t.tgtype = e.type
      and t.tgqual is null and t.tgattr::text = '')
order by e.type

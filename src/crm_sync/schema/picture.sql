-- What stands in the schemas that schema.sql and views.sql make, one row per thing: kind, table (with
-- its schema; empty for what belongs to none), name (with its schema, unless it belongs to a table),
-- facts. Run with an empty search_path, so that every name in a definition has its schema. What
-- belongs to an extension is left out.

-- name: enums
select 'type', '', format('%%I.%%I', n.nspname, t.typname), jsonb_build_object('labels', (
    select jsonb_agg(e.enumlabel order by e.enumsortorder)
    from pg_catalog.pg_enum e where e.enumtypid = t.oid))
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname = any(%(schemas)s) and t.typtype = 'e'
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_type'::regclass
                  and d.objid = t.oid and d.deptype = 'e');

-- name: tables
select 'table', '', format('%%I.%%I', n.nspname, c.relname),
    jsonb_build_object('row_security', c.relrowsecurity, 'replica_identity', c.relreplident)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p')
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass
                  and d.objid = c.oid and d.deptype = 'e')
order by 3;

-- name: columns
select 'column', format('%%I.%%I', n.nspname, c.relname), quote_ident(a.attname), jsonb_build_object(
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
    'collation', case when a.attcollation <> t.typcollation
                      then format('%%I.%%I', cn.nspname, co.collname) end,
    'required', a.attnotnull,
    'generated', case when a.attgenerated <> '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
    'default', case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
    'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end)
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_catalog.pg_collation co on co.oid = a.attcollation
left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
order by c.oid, a.attnum;

-- name: constraints
-- NOT NULL stands with the columns: before PostgreSQL 18 it is no constraint of its own.
select 'constraint', format('%%I.%%I', n.nspname, c.relname), quote_ident(k.conname),
    jsonb_build_object('definition', pg_catalog.pg_get_constraintdef(k.oid), 'check',
        case when k.contype = 'c' then pg_catalog.pg_get_expr(k.conbin, k.conrelid) end)
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s) and k.contype in ('c', 'f', 'p', 'u', 'x')
order by array_position('{p,u,c,x,f}'::"char"[], k.contype), k.conname;

-- name: indexes
-- Those of keys belong to their constraint.
select 'index', format('%%I.%%I', n.nspname, c.relname), quote_ident(i.relname),
    jsonb_build_object('definition', pg_catalog.pg_get_indexdef(x.indexrelid))
from pg_catalog.pg_index x
join pg_catalog.pg_class i on i.oid = x.indexrelid
join pg_catalog.pg_class c on c.oid = x.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s)
  and not exists (select from pg_catalog.pg_constraint k
                  where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'));

-- name: triggers
select 'trigger', format('%%I.%%I', n.nspname, c.relname), quote_ident(t.tgname), jsonb_build_object(
    'definition', pg_catalog.pg_get_triggerdef(t.oid), 'enabled', t.tgenabled)
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s) and not t.tgisinternal;

-- name: policies
select 'policy', format('%%I.%%I', n.nspname, c.relname), quote_ident(p.polname), jsonb_build_object(
    'permissive', p.polpermissive, 'command', p.polcmd,
    'roles', (select jsonb_agg(r.rolname order by r.rolname)
              from pg_catalog.pg_roles r where r.oid = any(p.polroles)),
    'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
    'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s);

-- name: functions
select 'function', '', format('%%I.%%I(%%s)', n.nspname, p.proname,
        pg_catalog.pg_get_function_identity_arguments(p.oid)),
    jsonb_build_object('definition', pg_catalog.pg_get_functiondef(p.oid))
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = any(%(schemas)s) and p.prokind = 'f'
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass
                  and d.objid = p.oid and d.deptype = 'e')
order by 3;

-- name: views
select 'view', '', format('%%I.%%I', n.nspname, c.relname), jsonb_build_object(
    'definition', pg_catalog.pg_get_viewdef(c.oid), 'options', c.reloptions)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%(schemas)s) and c.relkind in ('v', 'm')
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass
                  and d.objid = c.oid and d.deptype = 'e')
order by 3;

-- name: standing_on
-- What stands in the way of another type of a column: generated columns of its table, and views,
-- also those that stand on such views. Deepest first.
with recursive found as (
    select 0 as depth, c.oid as relation, a.attnum as number
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    where c.oid = %(table)s::regclass and quote_ident(a.attname) = %(column)s
    union
    select f.depth + 1, coalesce(d2.adrelid, r.ev_class), coalesce(d2.adnum, 0::smallint)
    from found f
    join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.refobjid = f.relation and (f.number = 0 or d.refobjsubid = f.number)
    left join pg_catalog.pg_rewrite r
        on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
    left join (pg_catalog.pg_attrdef d2 join pg_catalog.pg_attribute g
               on g.attrelid = d2.adrelid and g.attnum = d2.adnum and g.attgenerated <> '')
        on d.classid = 'pg_catalog.pg_attrdef'::regclass and d2.oid = d.objid
    where f.depth < 50 and coalesce(d2.adrelid, r.ev_class) is not null
      and (coalesce(d2.adrelid, r.ev_class) <> f.relation or d2.adnum <> f.number)
)
select case when f.number > 0 then 'column' else 'view' end,
    case when f.number > 0 then quote_ident(a.attname)
         else format('%%I.%%I', n.nspname, c.relname) end
from (select relation, number, max(depth) as depth from found where depth > 0 group by 1, 2) f
join pg_catalog.pg_class c on c.oid = f.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attribute a
    on a.attrelid = f.relation and a.attnum = f.number and f.number > 0
order by f.depth desc, 2;

-- name: standing_on_views
-- Views that stand on a view of ours and are not ours.
select distinct format('%%I.%%I', n.nspname, c.relname)
from pg_catalog.pg_depend d
join pg_catalog.pg_rewrite r on r.oid = d.objid and d.classid = 'pg_catalog.pg_rewrite'::regclass
join pg_catalog.pg_class c on c.oid = r.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class ours on ours.oid = d.refobjid and ours.relkind = 'v'
join pg_catalog.pg_namespace on_schema on on_schema.oid = ours.relnamespace
where d.refclassid = 'pg_catalog.pg_class'::regclass and on_schema.nspname = 'analytics'
  and r.ev_class <> d.refobjid
  and format('%%I.%%I', n.nspname, c.relname) <> all(%(ours)s)
order by 1;

-- What the catalog says of one schema. Sorted by name in the collation C, so that the same schema
-- reads the same on every machine; what belongs to an extension is left out.

-- name: schemas
-- Those that people made; public first.
select n.nspname::text
from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e')
order by n.nspname <> 'public', n.nspname collate "C";

-- name: schema_comment
select coalesce(obj_description(n.oid, 'pg_namespace'), '')
from pg_catalog.pg_namespace n
where n.nspname = %(schema)s;

-- name: schema_users
-- Who may name what is in it, besides its owner. Schema public is open to everyone by itself.
select coalesce(r.rolname::text, 'everyone')
from pg_catalog.pg_namespace n
cross join lateral aclexplode(n.nspacl) g
left join pg_catalog.pg_roles r on r.oid = g.grantee
where n.nspname = %(schema)s and g.privilege_type = 'USAGE' and g.grantee <> n.nspowner
order by coalesce(r.rolname::text, 'everyone') collate "C";

-- name: relations
-- Tables (also partitioned ones, without their partitions) and views.
select c.oid::bigint, c.relname::text, case when c.relkind in ('r', 'p') then 'table' else 'view' end,
    coalesce(obj_description(c.oid, 'pg_class'), ''), c.relrowsecurity
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname collate "C";

-- name: columns
-- A generated column's expression stands where others have their default.
select a.attname::text as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as "type",
    case when t.typtype = 'e' then t.typname::text end as enum,
    a.attnotnull as is_required,
    exists (select from pg_catalog.pg_constraint k
            where k.conrelid = a.attrelid and k.contype = 'p'
              and a.attnum = any (k.conkey)) as is_key,
    a.attgenerated <> '' as is_generated,
    case when a.attidentity <> '' then 'the next number'
         else coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') end as "default",
    coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '') as comment
from pg_catalog.pg_attribute a
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = %(relation)s and a.attnum > 0 and not a.attisdropped
order by a.attnum;

-- name: constraints
-- Keys and checks, as one writes them; NOT NULL stands with the columns.
select case k.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
                      when 'c' then 'check' else 'exclusion' end as kind,
    k.conname::text as name, pg_catalog.pg_get_constraintdef(k.oid, true) as definition
from pg_catalog.pg_constraint k
where k.conrelid = %(relation)s and k.contype in ('p', 'u', 'f', 'c', 'x')
order by array_position('{p,u,f,c,x}'::"char"[], k.contype), k.conname collate "C";

-- name: grants
-- Who may do what, besides the owner.
select coalesce(r.rolname::text, 'everyone') as role,
    array_agg(lower(g.privilege_type)
              order by array_position('{SELECT,INSERT,UPDATE,DELETE}', g.privilege_type),
                       g.privilege_type collate "C") as rights
from pg_catalog.pg_class c
cross join lateral aclexplode(c.relacl) g
left join pg_catalog.pg_roles r on r.oid = g.grantee
where c.oid = %(relation)s and g.grantee <> c.relowner
group by r.rolname
order by coalesce(r.rolname::text, 'everyone') collate "C";

-- name: policies
-- Row level security: for each role and right the rows that a policy opens.
select coalesce(r.rolname::text, 'everyone') as role,
    case p.polcmd when 'r' then '{select}' when 'a' then '{insert}' when 'w' then '{update}'
                  when 'd' then '{delete}' else '{select,insert,update,delete}' end::text[] as rights,
    coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true') as reads,
    coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
             pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true') as writes
from pg_catalog.pg_policy p
cross join lateral unnest(p.polroles) u(role)
left join pg_catalog.pg_roles r on r.oid = u.role
where p.polrelid = %(relation)s and p.polpermissive
order by p.polname collate "C";

-- name: foreign_keys
-- Of a key over several columns the first stands for all.
select child.relname::text as child, a.attname::text as "column",
    parent.relname::text as parent, b.attname::text as parent_column,
    case k.confdeltype when 'a' then 'no action' when 'r' then 'restrict'
                       when 'c' then 'cascade' when 'n' then 'set null'
                       else 'set default' end as on_delete,
    a.attnotnull as is_required,
    exists (select from pg_catalog.pg_index i
            where i.indrelid = k.conrelid and i.indisunique and i.indpred is null
              and i.indnkeyatts = cardinality(k.conkey)
              and k.conkey @> (i.indkey::int2[])[0:i.indnkeyatts - 1]) as is_unique
from pg_catalog.pg_constraint k
join pg_catalog.pg_class child on child.oid = k.conrelid
join pg_catalog.pg_class parent on parent.oid = k.confrelid
join pg_catalog.pg_namespace n on n.oid = child.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
join pg_catalog.pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
where n.nspname = %(schema)s and parent.relnamespace = n.oid
  and k.contype = 'f' and k.conparentid = 0
order by child.relname collate "C", a.attnum, parent.relname collate "C";

-- name: enums
select t.typname::text, array_agg(e.enumlabel::text order by e.enumsortorder),
    coalesce(obj_description(t.oid, 'pg_type'), '')
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
join pg_catalog.pg_enum e on e.enumtypid = t.oid
where n.nspname = %(schema)s
group by t.oid, t.typname order by t.typname collate "C";

-- name: functions
-- `roles`: who may call it besides its owner; a trigger's function needs nobody's right.
select p.proname::text as name, pg_catalog.pg_get_function_arguments(p.oid) as arguments,
    pg_catalog.pg_get_function_result(p.oid) as returns,
    coalesce(obj_description(p.oid, 'pg_proc'), '') as comment,
    p.prorettype = 'trigger'::regtype as is_trigger,
    array(select coalesce(r.rolname::text, 'everyone')
          from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
          left join pg_catalog.pg_roles r on r.oid = g.grantee
          where g.privilege_type = 'EXECUTE' and g.grantee <> p.proowner
          order by coalesce(r.rolname::text, 'everyone') collate "C") as roles
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = %(schema)s
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by p.proname collate "C", 2;

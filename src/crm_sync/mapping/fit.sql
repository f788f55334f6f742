-- What the values of a mapping can be; `fit.py` reads it.

-- name: types
-- Types by oid and modifier, numbered as they were given: name, base type of a domain, length of a
-- text, digits of a number, labels of an enum.
select t.number, format_type(p.oid, null), coalesce(b.typname, p.typname),
       case when t.modifier >= 4 and coalesce(b.oid, p.oid) in ('varchar'::regtype, 'bpchar'::regtype)
            then t.modifier - 4 end,
       case when t.modifier >= 4 and p.oid = 'numeric'::regtype
            then array[((t.modifier - 4) >> 16) & 65535, (t.modifier - 4) & 2047] end,
       (select array_agg(e.enumlabel::text order by e.enumsortorder)
        from pg_catalog.pg_enum e where e.enumtypid = coalesce(b.oid, p.oid))
from unnest(%(types)s::oid[], %(modifiers)s::integer[]) with ordinality as t(oid, modifier, number)
join pg_catalog.pg_type p on p.oid = t.oid
left join pg_catalog.pg_type b on p.typtype = 'd' and b.oid = p.typbasetype
order by t.number

-- name: constraints
-- CHECK constraints over one column of a table: they may bound a text, or list what it may be.
select a.attname, pg_get_constraintdef(c.oid)
from pg_catalog.pg_constraint c
join pg_catalog.pg_class t on t.oid = c.conrelid and t.relname = %(table)s
join pg_catalog.pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
where c.contype = 'c' and array_length(c.conkey, 1) = 1 and c.convalidated
order by 1, 2

-- name: zone_conversions
-- Functions of the view's expressions that take a moment for a day, or a day for a moment: which one
-- it is, the time zone decides.
select distinct p.oid::regprocedure::text
from pg_catalog.pg_rewrite r
cross join lateral regexp_matches(r.ev_action::text, ':(?:funcid|opfuncid) ([0-9]+)', 'g') as m
join pg_catalog.pg_proc p on p.oid = m[1]::oid
where r.ev_class = 'pg_temp.crm_sync_expression'::regclass
  and p.pronamespace = 'pg_catalog'::regnamespace
  and (p.proname, oidvectortypes(p.proargtypes)) in (
    ('date', 'timestamp with time zone'), ('time', 'timestamp with time zone'),
    ('timestamp', 'timestamp with time zone'), ('to_char', 'timestamp with time zone, text'),
    ('date_trunc', 'text, timestamp with time zone'),
    ('date_part', 'text, timestamp with time zone'), ('extract', 'text, timestamp with time zone'),
    ('timestamptz', 'date'), ('timestamptz', 'timestamp without time zone'))
order by 1

-- What an expression depends on besides its row; `volatility.py` asks it of a temporary view.

-- name: dependence
-- Functions of the view's expressions that may give another value while the row is the same: how
-- they are called, PostgreSQL's word for it (v volatile, s stable), whether they are its own. And the
-- casts of a text to a date or time (c): they know words such as 'today'.
-- A view keeps its expressions as a tree, in which functions stand by their oid; in `explain` and in
-- pg_depend those of pg_catalog do not appear.
with tree as materialized (
    select r.ev_action::text as node
    from pg_catalog.pg_rewrite r
    where r.ev_class = 'pg_temp.crm_sync_expression'::regclass
), called as (
    select distinct m[1]::oid as oid
    from tree cross join lateral regexp_matches(node, ':(?:funcid|opfuncid) ([0-9]+)', 'g') as m
)
select p.oid::regprocedure::text, p.provolatile::text, p.pronamespace = 'pg_catalog'::regnamespace
from called join pg_catalog.pg_proc p using (oid)
-- Stable functions of PostgreSQL's own that depend on nothing but their arguments and on settings
-- that a plan fixes (time zone, DateStyle, lc_time and their like). All others must be declared:
-- the clock, the session, the catalog, another table.
where p.provolatile = 'v' or p.provolatile = 's' and not (
    p.pronamespace = 'pg_catalog'::regnamespace
    and (p.proname = any (array[
            'anytextcat', 'array_to_json', 'array_to_string', 'concat', 'concat_ws', 'convert',
            'convert_from', 'convert_to', 'date', 'date_add', 'date_part', 'date_subtract',
            'date_trunc', 'enum_first', 'enum_last', 'enum_range', 'extract', 'format',
            'interval_pl_timestamptz', 'json_build_array', 'json_build_object', 'jsonb_build_array',
            'jsonb_build_object', 'jsonb_path_exists_tz', 'jsonb_path_match_tz',
            'jsonb_path_query_array_tz', 'jsonb_path_query_first_tz', 'length', 'make_timestamptz',
            'money', 'numeric', 'overlaps', 'quote_literal', 'quote_nullable', 'row_to_json',
            'textanycat', 'time', 'timestamp', 'timestamptz', 'timestamptz_mi_interval',
            'timestamptz_pl_interval', 'timetz', 'timezone', 'to_char', 'to_date', 'to_json',
            'to_jsonb', 'to_number', 'to_timestamp'])
        or p.proname ~ '^(date|timestamp|timestamptz)_(eq|ge|gt|le|lt|ne)_(date|timestamp|timestamptz)$'))
union all
-- What SQL writes without parentheses, in the order of PostgreSQL's SQLValueFunctionOp.
select (array['current_date', 'current_time', 'current_time', 'current_timestamp',
              'current_timestamp', 'localtime', 'localtime', 'localtimestamp', 'localtimestamp',
              'current_role', 'current_user', 'user', 'session_user', 'current_catalog',
              'current_schema'])[m[1]::integer + 1], 's', true
from tree cross join lateral regexp_matches(node, '[{]SQLVALUEFUNCTION :op ([0-9]+)', 'g') as m
union all
select format_type(m[1]::oid, null), 'c', true
from tree cross join lateral regexp_matches(
    node, ':resulttype (1082|1083|1114|1184|1266) :resultcollid [0-9]+ :coerceformat', 'g') as m
order by 2 desc, 1

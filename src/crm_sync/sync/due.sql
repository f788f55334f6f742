-- Which rows a plan compares. `due.py` runs these blocks inside the plan's transaction; all that they
-- write is temporary.

-- name: position
-- What the last plan of all mappings saw, whether this server can still have meant it, and whether
-- state stands under former names or keys.
select o.position is not null,
       coalesce(pg_snapshot_xmax(o.position) <= pg_snapshot_xmax(pg_current_snapshot()), false),
       exists (select from renamed) or exists (select from rekeyed)
from sync.org o where o.org_id = %(org)s;

-- name: known_states
-- Per mapping: its fingerprint, and what its source rested on, when it was last planned.
select mapping, fingerprint, source_state from sync.mapping
where org_id = %(org)s and mapping = any(%(selected)s);

-- name: source_states
-- What the noting of changes rests on, for each table: why it cannot be relied on, or nothing; and a
-- hash of all that may change values, or stop the triggers, without a row being noted. The xmin of a
-- trigger is the transaction that last enabled or disabled it; relfilenode changes when a table is
-- rewritten; labels of an enum can be renamed.
with source as (
    select c.* from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relname = any(%(tables)s)
), capture as (
    select p.oid, p.prosrc from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'sync' and p.proname = 'note_change'
), attribute as (
    select a.* from pg_catalog.pg_attribute a where a.attrelid in (select oid from source)
      and a.attnum > 0
)
select s.relname,
    case when s.relkind <> 'r' or s.relispartition or exists (
            select from pg_catalog.pg_inherits i where i.inhparent = s.oid or i.inhrelid = s.oid)
         then 'is divided into other tables, whose writes nobody notes'
         -- INSERT, DELETE, UPDATE and TRUNCATE, each after the statement (catalog pg_trigger).
         when (select count(distinct t.tgtype) from pg_catalog.pg_trigger t
               where t.tgrelid = s.oid and t.tgfoid in (select oid from capture)
                 and t.tgenabled in ('O', 'A') and t.tgtype in (4, 8, 16, 32)
                 and t.tgqual is null and t.tgattr::text = '') < 4
         then 'lacks a trigger that notes changes, or it is disabled; `crm-sync db apply` makes them' end,
    md5(concat_ws('|', s.oid, s.relfilenode, 'sync.change'::regclass::oid,
        (select string_agg(concat_ws(',', a.attname, a.atttypid, a.atttypmod, a.attcollation,
                                     a.attgenerated, d.adbin), ';' order by a.attnum)
         from attribute a
         left join pg_catalog.pg_attrdef d
             on d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated <> ''
         where a.attrelid = s.oid),
        (select string_agg(concat_ws(',', e.oid, e.enumlabel), ';' order by e.oid)
         from pg_catalog.pg_enum e
         where e.enumtypid in (select a.atttypid from attribute a where a.attrelid = s.oid)),
        (select string_agg(concat_ws(',', t.oid, t.xmin, t.tgenabled), ';' order by t.oid)
         from pg_catalog.pg_trigger t
         where t.tgrelid = s.oid and t.tgfoid in (select oid from capture)),
        (select md5(prosrc) from capture)))
from source s;

-- name: read_changes
-- The keys written since the position: of every transaction that the last plan did not see.
insert into changed_key
select distinct c.table_name, c.key from sync.change c
where c.xid >= (select pg_snapshot_xmin(position) from sync.org where org_id = %(org)s)
  and not pg_visible_in_snapshot(c.xid, (select position from sync.org where org_id = %(org)s));

-- name: changed_tables
-- Tables with changes, and whether one of them was to the whole table.
select table_name, bool_or(key is null) from changed_key group by table_name;

-- name: due_by_change
-- Rows of a mapping's table that were written.
insert into due_row
select %(mapping)s, c.key from changed_key c where c.table_name = %(table)s and c.key is not null
on conflict do nothing;

-- name: due_by_state
-- Rows that are not in order: in the kept plan, in flight, ended or moved in Salesforce.
insert into due_row
select %(mapping)s, p.key from former_plan p where p.org_id = %(org)s and p.mapping = %(mapping)s
union
select %(mapping)s, r.key from named_record r
where r.org_id = %(org)s and r.mapping = %(mapping)s
  -- In the words of the index record_open.
  and (r.in_flight is not null or r.salesforce_id is null or r.state <> 'live')
  and (r.in_flight is not null or r.salesforce_id is null or r.state <> 'converted')
union
select %(mapping)s, r.key from sync.moved m
join named_record r on r.org_id = m.org_id and r.salesforce_id = m.salesforce_id
where m.org_id = %(org)s and r.mapping = %(mapping)s
on conflict do nothing;

-- name: due_as_lost
-- Rows whose record is found to be gone.
insert into due_row select l.mapping, l.key from lost_record l on conflict do nothing;

-- name: moved_parents
-- Records that became others, or ended, since the position.
insert into moved_record
select m.salesforce_id from sync.moved m where m.org_id = %(org)s
union all
select l.salesforce_id from lost_record l;

-- name: left_parents
-- Records whose row is not in the source any more: what names them must look for another parent.
insert into moved_record
select r.salesforce_id from (
    select d.mapping, d.key from due_row d
    where d.mapping = %(mapping)s
      and not exists (select from source_row s where s.mapping = d.mapping and s.key = d.key)
    offset 0
) d
join named_record r on r.org_id = %(org)s and r.mapping = d.mapping and r.key = d.key
where r.salesforce_id is not null;

-- name: due_by_loading
-- Of a mapping that is loaded whole: every record. Its rows stand in source_row.
insert into due_row
select %(mapping)s, r.key from named_record r where r.org_id = %(org)s and r.mapping = %(mapping)s
on conflict do nothing;

-- name: has_moved
-- Whether there are any.
select exists (select from moved_record);

-- name: due_by_parent
-- Rows whose record names one of them, in one of its lookups. A row whose record does not name what
-- it should is due already.
insert into due_row
select r.mapping, r.key from named_record r
where r.org_id = %(org)s and r.mapping = %(mapping)s
  and exists (select from moved_record m
              where m.salesforce_id in (select r.payload ->> f from unnest(%(lookups)s::text[]) f))
on conflict do nothing;

-- name: share_due
-- A row that is due in one of the mappings that share a table is due in all of them.
insert into due_row
select %(mapping)s, d.key from due_row d where d.mapping = any(%(siblings)s)
on conflict do nothing;

-- name: has_records
-- Whether anything is known of a mapping's rows.
select exists (select from named_record where org_id = %(org)s and mapping = %(mapping)s);

-- name: count_due
-- How many rows the plan looks at.
select count(*) from due_row;

-- name: know
-- What is known of the rows that are compared. (offset 0: see left_record of plan.sql)
insert into known_record
select r.* from due_row d
cross join lateral (
    select n.* from named_record n
    where n.org_id = %(org)s and n.mapping = d.mapping and n.key = d.key offset 0
) r
where not exists (select from found_record f where f.mapping = r.mapping and f.key = r.key)
  and not exists (select from absent_record a where a.mapping = r.mapping and a.key = r.key)
union all
select f.* from found_record f;

-- name: know_lost
-- What a sync would note of them, of these states.
update known_record k set state = l.state, problem = l.problem
from lost_record l
where l.mapping = k.mapping and l.key = k.key and l.salesforce_id = k.salesforce_id
  and l.state = any(%(states)s);

-- name: know_parents
-- Besides, the records that those rows name.
insert into parent_record
select k.* from known_record k
union all
select r.* from (
    select distinct l.entry ->> 'mapping' as mapping, l.entry ->> 'key' as key
    from source_row s cross join lateral jsonb_array_elements(s.lookups) as l(entry)
    where l.entry ->> 'key' is not null
) n
cross join lateral (
    select q.* from named_record q
    where q.org_id = %(org)s and q.mapping = n.mapping and q.key = n.key offset 0
) r
where not exists (select from known_record k where k.mapping = r.mapping and k.key = r.key)
  and not exists (select from absent_record a where a.mapping = r.mapping and a.key = r.key);

-- name: know_naming
-- The records that may name one that leaves: those are due with it, besides what belongs to mappings
-- that are not part of this plan.
insert into naming_record
select k.* from known_record k
union all
select r.* from named_record r
where r.org_id = %(org)s and r.mapping = any(%(others)s);

-- name: other_mappings
-- Mappings that have records and are not part of this plan.
select mapping from sync.mapping where org_id = %(org)s and mapping <> all(%(selected)s);

-- name: weigh
-- What the guard must know of a mapping: how many records it has.
select count(*) from named_record
where org_id = %(org)s and mapping = %(mapping)s and state = 'live' and salesforce_id is not null;

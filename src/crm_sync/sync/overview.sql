-- Reads of schema sync for people.

-- name: orgs
-- The orgs that we push to, with the targets that lead there.
select o.org_id, o.name, o.kind, o.instance_url, o.username, o.edition,
    array(select t.target from sync.target t where t.org_id = o.org_id
          order by t.target collate "C") as targets
from sync.org o
where %(target)s::text is null
    or exists (select from sync.target t where t.org_id = o.org_id and t.target = %(target)s)
order by o.name collate "C", o.org_id collate "C";

-- name: changes_waiting
-- Changes that an org's next plan reads; null where it compares every row, since there is no earlier
-- plan to go on from, or it was of a database that was restored since.
select case when pg_snapshot_xmax(o.position) <= pg_snapshot_xmax(pg_current_snapshot()) then (
    select count(*) from sync.change c
    where c.xid >= pg_snapshot_xmin(o.position)
      and not pg_visible_in_snapshot(c.xid, o.position)) end as number
from sync.org o where o.org_id = %(org)s;

-- name: runs
-- An org's last runs, newest first. A run that was killed noted no end; its lock is free.
select r.run_number, r.mode,
    case when r.status = 'running' and not exists (
            select from pg_catalog.pg_locks l
            where l.locktype = 'advisory' and l.objsubid = 1
              and l.database = (select oid from pg_catalog.pg_database
                                where datname = current_database())
              and (l.classid::bigint << 32) | l.objid::bigint
                  = hashtextextended('crm-sync ' || r.org_id, 0))
         then 'interrupted' else r.status end as status,
    r.started_at, r.finished_at,
    extract(epoch from r.finished_at - r.started_at)::float8 as seconds,
    r.counts, r.calls, r.message
from sync.run r
where r.org_id = %(org)s
order by r.run_number desc
limit %(limit)s;

-- name: at_work
-- Where a run stands, by mapping: rows that have not left, that are on their way, and that
-- Salesforce has confirmed. Nothing while it still compares.
with run as (
    select r.run_number, r.started_at from sync.run r
    where r.org_id = %(org)s and r.run_number = %(run)s
), counted as (
    select p.mapping, count(*) filter (where p.state = 'planned') as planned,
        count(*) filter (where p.state = 'sending') as sending
    from sync.plan p join run using (run_number)
    where p.org_id = %(org)s and p.state in ('planned', 'sending')
    group by 1
    union all
    -- The plan has a job's rows as planned. (Counted apart: see open_rows of run.sql)
    select b.mapping, -g.number, g.number
    from (select j.job_id, count(*) as number from sync.job_row j where j.org_id = %(org)s group by 1) g
    join sync.job b on b.org_id = %(org)s and b.job_id = g.job_id
    join run using (run_number)
), planned as (
    select mapping, sum(planned)::bigint as planned, sum(sending)::bigint as sending
    from counted group by 1
), recorded as (
    select h.mapping, count(*) as recorded
    from sync.history h join run using (run_number)
    where h.org_id = %(org)s and h.outcome = 'recorded' and h.at >= run.started_at
    group by 1
)
select m.mapping, m.object, coalesce(p.planned, 0) as planned, coalesce(p.sending, 0) as sending,
    coalesce(r.recorded, 0) as recorded
from sync.mapping m
left join planned p using (mapping)
left join recorded r using (mapping)
where m.org_id = %(org)s and (p.mapping is not null or r.mapping is not null)
order by m.mapping collate "C";

-- name: states
-- Rows of an org by mapping: in order, and the open ones by state.
with in_jobs as (
    select b.mapping, sum(g.number) as number
    from (select j.job_id, count(*) as number from sync.job_row j where j.org_id = %(org)s group by 1) g
    join sync.job b on b.org_id = %(org)s and b.job_id = g.job_id
    group by 1
), counted as (
    select p.mapping, p.state, count(*) as number
    from sync.plan p where p.org_id = %(org)s group by 1, 2
    union all
    select mapping, 'planned', -number from in_jobs
    union all
    select mapping, 'sending', number from in_jobs
), open_state as (
    select mapping, state, sum(number)::bigint as number
    from counted group by 1, 2 having sum(number) <> 0
)
select m.mapping, m.object,
    (select count(*) from sync.record r
     where r.org_id = m.org_id and r.mapping = m.mapping and r.state = 'live'
       and r.salesforce_id is not null
       and not exists (select from sync.plan p where p.org_id = r.org_id and p.mapping = r.mapping
                       and p.key = r.key)) as in_order,
    coalesce((select jsonb_object_agg(s.state, s.number) from open_state s
              where s.mapping = m.mapping), '{}') as open
from sync.mapping m
where m.org_id = %(org)s
order by m.mapping collate "C";

-- name: size
-- What schema sync takes, and how many changes wait to be read or swept.
select
    (select coalesce(sum(pg_total_relation_size(c.oid)), 0) from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'sync' and c.relkind in ('r', 'p')) as bytes,
    (select count(*) from sync.change) as changes;

-- name: org_of
-- The org that a target is bound to.
select o.org_id, o.name, o.kind, o.instance_url, t.target, o.username, o.edition
from sync.target t join sync.org o using (org_id) where t.target = %(target)s;

-- name: history
-- What was sent of one row, newest first: by its key, its external ID, or its Salesforce Id.
with named (mapping, key) as (
    select m.mapping,
        case when starts_with(%(key)s, m.prefix) then substr(%(key)s, length(m.prefix) + 1)
             else %(key)s end
    from sync.mapping m where m.org_id = %(org)s
    union
    select r.mapping, r.key from sync.record r
    where r.org_id = %(org)s and r.salesforce_id = %(salesforce_id)s
    union
    -- A record that was deleted since, or merged.
    select h.mapping, h.key from sync.history h
    where h.org_id = %(org)s and h.salesforce_id = %(salesforce_id)s
)
select h.at, h.run_number, h.mapping, m.object, m.source_table, h.key, h.action, h.outcome,
    h.salesforce_id, h.before, h.after, h.problem, h.edited
from named n
join sync.history h on h.org_id = %(org)s and h.mapping = n.mapping and h.key = n.key
left join sync.mapping m on m.org_id = h.org_id and m.mapping = h.mapping
where %(table)s::text is null or %(table)s in (h.mapping, m.source_table)
order by h.id desc;

-- name: sources
-- The table of each mapping of an org.
select mapping, source_table from sync.mapping where org_id = %(org)s order by mapping collate "C";

-- name: problems
-- The kept plan's rows that are not in order, in the order of sending, as `rows` of plan.sql.
select mapping, key, coalesce(label, key), action, state, salesforce_id, payload, before, changed,
    problems, pair, edited
from sync.plan
where org_id = %(org)s and state not in ('planned', 'sending')
order by position;

-- name: facts
-- Every description of the org that is kept.
select object, facts from sync.describe where org_id = %(org)s;

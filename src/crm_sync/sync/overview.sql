-- Reads of schema sync for people.

-- name: orgs
-- The orgs that we push to, and how much their state takes.
select o.org_id, o.name, o.kind, o.instance_url, o.username, t.target,
    pg_size_pretty((
        select sum(pg_total_relation_size(c.oid)) from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'sync' and c.relkind in ('r', 'p'))) as size,
    (select count(*) from sync.change) as changes
from sync.org o
left join sync.target t using (org_id)
where %(target)s::text is null or t.target = %(target)s
order by o.name collate "C", t.target collate "C";

-- name: last_run
select run_number, mode, status, coalesce(finished_at, started_at) as at, counts, calls, message
from sync.run where org_id = %(org)s order by run_number desc limit 1;

-- name: states
-- Rows by mapping: in order, and the open ones by state.
select m.mapping,
    (select count(*) from sync.record r
     where r.org_id = m.org_id and r.mapping = m.mapping and r.state = 'live'
       and r.salesforce_id is not null
       and not exists (select from sync.plan p where p.org_id = r.org_id and p.mapping = r.mapping
                       and p.key = r.key)) as in_order,
    coalesce((select jsonb_object_agg(g.state, g.number) from (
        select p.state, count(*) as number from sync.plan p
        where p.org_id = m.org_id and p.mapping = m.mapping group by 1) g), '{}') as open
from sync.mapping m
where m.org_id = %(org)s
order by m.mapping collate "C";

-- name: history
select at, run_number, mapping, action, outcome, salesforce_id, fields, problem
from sync.history where org_id = %(org)s and key = %(key)s order by id desc;

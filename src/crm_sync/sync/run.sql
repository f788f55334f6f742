-- A run's end, and what it sweeps.

-- name: finish
-- How the run ended.
update sync.run
set status = %(status)s, finished_at = clock_timestamp(), counts = %(counts)s, calls = %(calls)s,
    message = %(message)s
where org_id = %(org)s and run_number = %(run)s;

-- name: recorded
-- Outcomes that Salesforce confirmed to this run.
select mapping, action, count(*) from sync.history
where org_id = %(org)s and run_number = %(run)s and outcome = 'recorded'
  and at >= (select started_at from sync.run where org_id = %(org)s and run_number = %(run)s)
group by 1, 2;

-- name: open_rows
-- The rows that are left, by state. What a Bulk job holds is not known yet.
-- (Counted apart: nobody analyzes these tables in time, and a join of them may take for ever. The
-- plan has a job's rows as planned.)
with in_jobs as (
    select b.mapping, sum(g.number) as number
    from (select j.job_id, count(*) as number from sync.job_row j where j.org_id = %(org)s group by 1) g
    join sync.job b on b.org_id = %(org)s and b.job_id = g.job_id
    where b.mapping = any(%(mappings)s)
    group by 1
), counted as (
    select p.mapping, case p.state when 'sending' then 'unknown' else p.state end as state,
        count(*) as number
    from sync.plan p where p.org_id = %(org)s and p.mapping = any(%(mappings)s) group by 1, 2
    union all
    select mapping, 'planned', -number from in_jobs
    union all
    select mapping, 'unknown', number from in_jobs
)
select mapping, state, sum(number)::bigint from counted group by 1, 2 having sum(number) <> 0;

-- name: drop_positions
-- An org that nobody has synced for a month no longer keeps changes: its next plan compares all.
update sync.org set position = null
where org_id in (select org_id from sync.org
                 where position is not null and last_run_at < now() - interval '30 days'
                 for update skip locked);

-- name: sweep_changes
-- Changes that every org with a position has seen.
delete from sync.change where ctid = any(array(
    select ctid from sync.change
    where xid < (select pg_snapshot_xmin(position) from sync.org where position is not null
                 order by pg_snapshot_xmin(position) limit 1)
    for update skip locked));

-- name: sweep_history
-- History that is too old.
delete from sync.history
where org_id = %(org)s and at < now() - make_interval(days => %(days)s);

-- name: sweep_jobs
-- Bulk jobs that are too old; one that is not collected stays.
delete from sync.job
where org_id = %(org)s and state = 'collected'
  and created_at < now() - make_interval(days => %(days)s);

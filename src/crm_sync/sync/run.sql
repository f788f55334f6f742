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
with on_their_way as (
    select b.mapping, j.key from sync.job_row j
    join sync.job b on b.org_id = j.org_id and b.job_id = j.job_id
    where j.org_id = %(org)s
)
select p.mapping, case when p.state = 'sending' or w.key is not null then 'unknown' else p.state end,
    count(*)
from sync.plan p
left join on_their_way w on w.mapping = p.mapping and w.key = p.key
where p.org_id = %(org)s and p.mapping = any(%(mappings)s)
group by 1, 2;

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

-- Rows on their way in Bulk API 2.0 jobs. Blocks that write sync.* run in a transaction that holds
-- the run number first (hold_run of push.sql). What is in flight with a job is its rows in
-- sync.job_row, while sync.plan has them as planned; sync.record hears of them when it is settled.
--
-- Statements over a job's rows run without nested loops (`Jobs.transaction`), and find them in the plan
-- by the range of their positions: else each job would read the rows of all others, too.

-- name: create_tables
-- The next piece, and what became of the rows of one job; kept by this session alone.
create temp table if not exists piece (key text collate "C" primary key, position bigint not null);
create temp table if not exists outcome (
    key           text collate "C" primary key,
    salesforce_id text,
    verdict       text,
    met           boolean not null default false,
    code          text,
    message       text,
    field         text
);
create temp table if not exists gone_record (mapping text, salesforce_id text, level integer);

-- name: clear_piece
truncate piece;

-- name: cut_piece
-- The next rows in the order of sending: as many as fit, cut where the parent changes if it changes
-- at all, and without those that wait for a row that is still open. Gives how many rows it takes, how
-- far it reads, and whether it ends between parents; null for how far where there are none.
with head as materialized (
    select p.key, p.position, p.parent, p.waits_for, p.bytes
    from sync.plan p
    where p.org_id = %(org)s and p.state = 'planned' and p.position > %(after)s
      and p.mapping = %(mapping)s and p.action = %(action)s and not p.by_composite
    order by p.position
    limit %(most_rows)s + 1
), counted as (
    select h.*, row_number() over sending as number, sum(h.bytes) over sending as so_far,
        lead(h.parent) over sending as next_parent
    from head h
    window sending as (order by h.position)
), fit as (
    select c.*, c.parent is null or c.parent is distinct from c.next_parent as is_border
    from counted c
    where c.number <= %(most_rows)s and (c.number = 1 or c.so_far <= %(most_bytes)s)
), border as (
    select coalesce(max(number) filter (where is_border), max(number)) as last from fit
), open_row as materialized (
    select u.name
    from (select distinct unnest(f.waits_for) as name from fit f) u
    join sync.plan w on w.org_id = %(org)s and w.mapping = split_part(u.name, ':', 1)
        and w.key = substr(u.name, strpos(u.name, ':') + 1)
), waiting as (
    select distinct u.key
    from (select f.key, unnest(f.waits_for) as name from fit f
          where exists (select from open_row)) u
    join open_row using (name)
), cut as (
    insert into piece (key, position)
    select f.key, f.position from fit f join border b on f.number <= b.last
    left join waiting w on w.key = f.key
    where w.key is null
    order by f.key
    returning key
)
select (select count(*) from cut), f.position, f.is_border
from border b left join fit f on f.number = b.last;

-- name: note_job
-- A job that is open at Salesforce, before it gets its rows.
insert into sync.job (org_id, job_id, run_number, mapping, action, key_column, prefix, rows)
values (%(org)s, %(job)s, %(run)s, %(mapping)s, %(action)s, %(key_column)s, %(prefix)s, %(rows)s);

-- name: mark_piece
-- The rows of the piece are on their way with the job. Their parents have Ids by now.
-- (materialized: else PostgreSQL joins the records anew for each row's payload)
with waited as materialized (
    select p.key, f.name as field, p.payload -> f.name ->> 'mapping' as parent_mapping,
        p.payload -> f.name ->> 'key' as parent_key
    from piece t
    join sync.plan p on p.org_id = %(org)s and p.mapping = %(mapping)s and p.key = t.key
        and p.state = 'planned' and p.position between (select min(position) from piece)
            and (select max(position) from piece)
    cross join unnest(%(lookups)s::text[]) as f(name)
    where cardinality(p.waits_for) > 0 and jsonb_typeof(p.payload -> f.name) = 'object'
), named as materialized (
    select w.key, jsonb_object_agg(w.field, r.salesforce_id) as parents
    from waited w
    join sync.record r on r.org_id = %(org)s and r.mapping = w.parent_mapping
        and r.key = w.parent_key and r.salesforce_id is not null
    group by w.key
)
insert into sync.job_row (org_id, job_id, key, position, salesforce_id, parents, resent)
select %(org)s, %(job)s, t.key, t.position,
    case when p.action <> 'create' then p.salesforce_id end, n.parents, r.key is not null
from piece t
join sync.plan p on p.org_id = %(org)s and p.mapping = %(mapping)s and p.key = t.key
    and p.state = 'planned' and p.position between (select min(position) from piece)
        and (select max(position) from piece)
left join named n on n.key = t.key
left join sync.record r
    on r.org_id = %(org)s and r.mapping = %(mapping)s and r.key = t.key and r.in_flight is not null
order by t.key;

-- name: sent_fields
-- The fields that any row of a job sends.
select distinct f collate "C" as name
from (
    select distinct p.changed from sync.job_row j
    join sync.plan p on p.org_id = j.org_id and p.mapping = %(mapping)s and p.key = j.key
        and p.state = 'planned' and p.position between %(first)s and %(last)s
    where j.org_id = %(org)s and j.job_id = %(job)s
) c cross join unnest(c.changed) as f
order by 1;

-- name: range
-- Between which positions of the plan a job's rows stand.
select coalesce(min(position), 0), coalesce(max(position), 0) from sync.job_row
where org_id = %(org)s and job_id = %(job)s;

-- name: close_job
-- From here on Salesforce may work on it.
update sync.job set state = 'closed' where org_id = %(org)s and job_id = %(job)s;

-- name: open_jobs
-- Jobs whose results nobody has recorded, oldest first.
select job_id, mapping, action, key_column, prefix, state, rows
from sync.job where org_id = %(org)s and state <> 'collected'
order by created_at, job_id;

-- name: clear_outcome
truncate outcome, gone_record;

-- name: add_successful
-- Rows that Salesforce took.
insert into outcome (key, salesforce_id, verdict, met)
select j.key, nullif(r.id, ''), case %(action)s when 'delete' then 'deleted' else 'recorded' end,
    r.told = 'false' and %(action)s = 'create' and not j.resent
from result r
join sync.job_row j on j.org_id = %(org)s and j.job_id = %(job)s
    and coalesce(j.salesforce_id, %(prefix)s || j.key) = r.name
order by j.key
on conflict (key) do nothing;

-- name: add_failed
-- Rows that Salesforce refused, each with `CODE:message:FIELDS --`.
insert into outcome (key, code, message, field)
select j.key, coalesce(e.part[1], ''), coalesce(e.part[2], r.told),
    nullif(split_part(e.part[3], ',', 1), '')
from result r
join sync.job_row j on j.org_id = %(org)s and j.job_id = %(job)s
    and coalesce(j.salesforce_id, %(prefix)s || j.key) = r.name
cross join lateral (
    select regexp_match(r.told, '^([A-Z0-9_]+):(.*):([^:]*?) *--\s*$') as part) e
order by j.key
on conflict (key) do nothing;

-- name: add_unprocessed
-- Rows that Salesforce did not come to.
insert into outcome (key, verdict)
select j.key, 'again'
from result r
join sync.job_row j on j.org_id = %(org)s and j.job_id = %(job)s
    and coalesce(j.salesforce_id, %(prefix)s || j.key) = r.name
order by j.key
on conflict (key) do nothing;

-- name: add_untouched
-- Every row of a job of which nothing was done.
insert into outcome (key, verdict)
select j.key, 'again' from sync.job_row j where j.org_id = %(org)s and j.job_id = %(job)s
on conflict (key) do nothing;

-- name: refusals
-- The different refusals of a job, by code and field.
select distinct code, field from outcome where verdict is null;

-- name: plain_refusals
-- Those that no look at the record can change.
select distinct code, field from outcome where verdict = 'refused';

-- name: judge
-- What each code means for its rows.
update outcome o set verdict = v.verdict
from unnest(%(codes)s::text[], %(verdicts)s::text[]) as v(code, verdict)
where o.code = v.code and o.verdict is null;

-- name: record_sent
-- Salesforce holds these rows, by the rules of `record_sent` of push.sql.
with landed as (
    delete from sync.job_row j using outcome b
    where j.org_id = %(org)s and j.job_id = %(job)s and j.key = b.key and b.verdict = 'recorded'
    returning j.key, j.parents, b.salesforce_id as given, b.met
), done as (
    delete from sync.plan p using landed b
    where p.org_id = %(org)s and p.mapping = %(mapping)s and p.key = b.key
      and p.state = 'planned' and p.position between %(first)s and %(last)s
    returning p.key, p.action, p.label, p.salesforce_id, p.payload, p.before, p.changed, p.leaves,
        p.edited, b.parents, b.given, b.met
), resolved as materialized (
    select d.key, d.label, d.before, d.leaves, d.edited, d.met, coalesce(d.given, d.salesforce_id) as id,
        case when d.action = 'create' then case when d.parents is null then d.payload
                                                else d.payload || d.parents end
             else (select jsonb_object_agg(f, coalesce(d.parents -> f, d.payload -> f))
                   from unnest(d.changed) f) end as held
    from done d
    order by d.key -- for the indexes of both tables
), stored as (
    insert into sync.record as r (org_id, mapping, key, salesforce_id, label, payload, in_flight,
                                  in_flight_action, in_flight_at, run_number, sent_at)
    select %(org)s, %(mapping)s, d.key, d.id, d.label, d.held,
        case when d.met then (select jsonb_object_agg(e.key, e.value)
            from jsonb_each(d.held) e where e.value = 'null') end,
        case when d.met then 'update' end, case when d.met then clock_timestamp() end,
        %(run)s, clock_timestamp()
    from resolved d
    on conflict (org_id, mapping, key) do update
    set salesforce_id = coalesce(excluded.salesforce_id, r.salesforce_id), state = 'live',
        label = coalesce(excluded.label, r.label), problem = null, cleared = false,
        payload = case %(action)s when 'create' then excluded.payload
                                  else r.payload || coalesce(excluded.payload, '{}') end,
        in_flight = excluded.in_flight, in_flight_action = excluded.in_flight_action,
        in_flight_at = excluded.in_flight_at,
        run_number = excluded.run_number, sent_at = excluded.sent_at
), marked as (
    insert into sync.moved (org_id, salesforce_id)
    select %(org)s, d.id from resolved d where d.leaves and d.id is not null
    on conflict do nothing
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after, edited)
select %(org)s, %(run)s, %(mapping)s, d.key, d.id, %(action)s, 'recorded', d.before,
    case %(action)s when 'create' then jsonb_strip_nulls(d.held) else d.held end, d.edited
from resolved d;

-- name: record_deleted
-- Gone in Salesforce, as the source is.
with landed as (
    delete from sync.job_row j using outcome b
    where j.org_id = %(org)s and j.job_id = %(job)s and j.key = b.key and b.verdict = 'deleted'
    returning j.key
), done as (
    delete from sync.plan p using landed b
    where p.org_id = %(org)s and p.mapping = %(mapping)s and p.key = b.key
      and p.state = 'planned' and p.position between %(first)s and %(last)s
    returning p.*
), forgotten as (
    delete from sync.record r using done d
    where r.org_id = d.org_id and r.mapping = d.mapping and r.key = d.key
), noted as (
    insert into gone_record select d.mapping, d.salesforce_id, 0 from done d
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, edited)
select d.org_id, %(run)s, d.mapping, d.key, d.salesforce_id, 'delete', 'recorded', d.edited
from done d order by d.key;

-- name: record_cascaded
-- What Salesforce deleted along with the records of the level above.
with gone as (
    delete from sync.record r using gone_record g
    where r.org_id = %(org)s and r.mapping = any(%(children)s) and g.mapping = any(%(parents)s)
      and g.level = %(level)s and r.payload ->> %(field)s = g.salesforce_id
      and not exists (select from sync.plan p where p.org_id = r.org_id and p.mapping = r.mapping
                      and p.key = r.key)
    returning r.*
), below as (
    insert into gone_record select g.mapping, g.salesforce_id, %(level)s + 1 from gone g
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, problem)
select g.org_id, %(run)s, g.mapping, g.key, g.salesforce_id, 'delete', 'recorded',
    jsonb_build_object('code', 'DELETED_WITH_PARENT', 'severity', 'note', 'mend', '',
        'sentence', format('Salesforce deleted it with its %%s.', %(mapping)s::text))
from gone g;

-- name: record_refused
-- Salesforce said no. Its own words take the place that a problem's sentence keeps for them.
with landed as (
    delete from sync.job_row j using outcome b
    where j.org_id = %(org)s and j.job_id = %(job)s and j.key = b.key and b.verdict = 'refused'
    returning j.key, j.parents, j.resent, b.code, b.field, b.message
), noted as (
    update sync.plan p
    set state = 'refused', refused_at = clock_timestamp(), attempts = p.attempts + 1,
        run_number = %(run)s, resent = b.resent, payload = p.payload || coalesce(b.parents, '{}'),
        problems = jsonb_build_array(t.problem || jsonb_build_object('sentence',
            replace(t.problem ->> 'sentence', %(place)s, rtrim(b.message, '.'))))
    from landed b
    join unnest(%(codes)s::text[], %(fields)s::text[], %(problems)s::jsonb[])
        as t(code, field, problem) on t.code = b.code and t.field is not distinct from b.field
    where p.org_id = %(org)s and p.mapping = %(mapping)s and p.key = b.key
      and p.state = 'planned' and p.position between %(first)s and %(last)s
    returning p.*
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after, problem)
select n.org_id, %(run)s, n.mapping, n.key, n.salesforce_id, n.action, n.state,
    case when n.action <> 'delete' then n.before end,
    (select jsonb_object_agg(f, n.payload -> f) from unnest(n.changed) f), n.problems -> 0
from noted n
order by n.key;

-- name: take_back
-- Rows that were not touched are planned as before; others go by Composite, which looks into them.
with landed as (
    delete from sync.job_row j using outcome b
    where j.org_id = %(org)s and j.job_id = %(job)s and j.key = b.key
      and b.verdict in ('again', 'composite')
    returning j.key, b.verdict
)
update sync.plan p set by_composite = true
from landed b
where p.org_id = %(org)s and p.mapping = %(mapping)s and p.key = b.key
  and p.state = 'planned' and p.position between %(first)s and %(last)s
  and b.verdict = 'composite';

-- name: put_in_flight
-- Nobody will hear what became of the rest: it is in flight, as `mark_sending` of push.sql has it.
with lost as (
    delete from sync.job_row j where j.org_id = %(org)s and j.job_id = %(job)s
    returning j.key, j.parents, j.resent
), sent as (
    update sync.plan p
    set state = 'sending', attempts = p.attempts + 1, run_number = %(run)s, resent = l.resent,
        payload = p.payload || coalesce(l.parents, '{}')
    from lost l
    where p.org_id = %(org)s and p.mapping = %(mapping)s and p.key = l.key
      and p.state = 'planned' and p.position between %(first)s and %(last)s
    returning p.*
)
insert into sync.record as r (org_id, mapping, key, label, in_flight, in_flight_action,
                              in_flight_at, run_number)
select s.org_id, s.mapping, s.key, s.label,
    coalesce((select jsonb_object_agg(f, s.payload -> f) from unnest(s.changed) f), '{}'),
    s.action, clock_timestamp(), %(run)s
from sent s
order by s.key
on conflict (org_id, mapping, key) do update
set in_flight = coalesce(r.in_flight, '{}') || excluded.in_flight,
    in_flight_action = excluded.in_flight_action, in_flight_at = excluded.in_flight_at,
    run_number = excluded.run_number,
    salesforce_id = case when excluded.in_flight_action <> 'create' then r.salesforce_id end,
    payload = case excluded.in_flight_action when 'create' then '{}' else r.payload end,
    state = case excluded.in_flight_action when 'create' then 'live' else r.state end;

-- name: counts
-- Rows of the job by what became of them.
select coalesce(verdict, 'none'), count(*), count(*) filter (where met) from outcome group by 1;

-- name: end_job
-- Its results are recorded.
update sync.job set state = 'collected' where org_id = %(org)s and job_id = %(job)s;

-- name: leave_to_composite
-- What is left of an action's rows goes by Composite.
update sync.plan set by_composite = true
where org_id = %(org)s and mapping = %(mapping)s and action = %(action)s and state = 'planned'
  and not by_composite;

-- name: waiting_jobs
-- Jobs that a sync would ask about first.
select job_id, mapping, rows from sync.job where org_id = %(org)s and state <> 'collected'
order by created_at, job_id;

-- name: find_in_flight
-- For a dry run, which asks Salesforce nothing: rows with an unfinished job count as in flight.
insert into found_record (org_id, mapping, key, salesforce_id, label, state, payload, in_flight,
                          in_flight_action, in_flight_at, run_number, sent_at)
select p.org_id, coalesce(n.mapping, p.mapping), p.key,
    case when p.action <> 'create' then r.salesforce_id end, coalesce(p.label, r.label), 'live',
    case p.action when 'create' then '{}' else coalesce(r.payload, '{}') end,
    coalesce(r.in_flight, '{}') || coalesce(
        (select jsonb_object_agg(f, coalesce(j.parents -> f, p.payload -> f))
         from unnest(p.changed) f), '{}'),
    p.action, now(), p.run_number, r.sent_at
from sync.job_row j
join sync.job b on b.org_id = j.org_id and b.job_id = j.job_id
join sync.plan p on p.org_id = j.org_id and p.mapping = b.mapping and p.key = j.key
left join renamed n on n.formerly = p.mapping
left join sync.record r on r.org_id = p.org_id and r.mapping = p.mapping and r.key = p.key
where j.org_id = %(org)s;

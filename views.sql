-- Schema analytics: what Power BI (or any reporting tool) may rely on. Apply after schema.sql, as the same owner.
--
-- May be applied again at any time. Each time the views are dropped in one statement and made anew, because
-- CREATE OR REPLACE VIEW cannot change columns; psql's --single-transaction hides the moment without them.
-- Views of your own that stand on these are never dropped: then these are replaced in place, and only a changed
-- column asks you to drop yours first. powerbi_reader keeps its rights by default privileges; give others
-- the same with GRANT powerbi_reader TO …
--
-- The views run with their owner's rights on purpose: powerbi_reader has no right on any table, and with
-- security_invoker row level security would show it an empty report. Hence the schema must never be exposed
-- through an API: anon and authenticated get nothing here.
--
-- Days and months are those of the practice: its time zone is one setting,
--   UPDATE public.practice_setting SET time_zone = 'Europe/Berlin';
--
-- Types are such that Power BI's connector takes them as they are: keys and enums as text, money as
-- numeric(18,2), shares as numeric(9,4), counts as bigint. A column of one name means the same in every view;
-- the dictionary at the end says what.
--
-- A new column goes to the end of its view: there it can be added beneath views of others that stand on it.
--
--   1  Practice, labels    3  Accounts, projects, revenue     5  Sync health
--   2  Leads               4  Activities, calendar, KPIs      6  Meaning of the columns, access
--
-- Money never sums twice: every view adds up one table at a time and joins the sums.

create schema if not exists analytics;
comment on schema analytics is
    'The contract with Power BI: views only, read by powerbi_reader, not exposed through any API.';

do $$
begin
    drop view if exists
        analytics.practice, analytics.lead_status, analytics.project_status, analytics.account_status,
        analytics.activity_type, analytics.pipeline_by_status, analytics.pipeline_by_source,
        analytics.lead_status_duration, analytics.days_in_lead_status, analytics.lead_conversion,
        analytics.project_status_duration, analytics.project_detail, analytics.active_project,
        analytics.revenue_by_account, analytics.account_overview, analytics.client_health,
        analytics.activity_timeline, analytics.monthly_activity, analytics.calendar, analytics.kpi,
        analytics.sync_health, analytics.lead, analytics.lead_source, analytics.account,
        analytics.workload_by_month;
exception
    when dependent_objects_still_exist then
        raise notice 'Other views stand on those of schema analytics; these are replaced in place. '
            'Should a changed column be refused below, drop those views first.';
end
$$;


-- 1  Practice, labels -------------------------------------------------------------------------------------
-- A status that was added to its enum and has no label here yet shows under its own name, last.
-- Join these views by the enum (s.lead_status::public.lead_status = l.lead_status), not by text: of the cast of
-- a table's column PostgreSQL has no statistics, takes one row in forty for a match, and plans for that.

create or replace view analytics.practice as
select
    zone.time_zone,
    (now() at time zone zone.time_zone)::date as today
from (
    select coalesce((select s.time_zone from public.practice_setting s), 'UTC') as time_zone
) as zone;
comment on view analytics.practice is 'The practice''s time zone and its date of today: one row.';

create or replace view analytics.lead_status as
select
    e.status::text                                            as lead_status,
    coalesce(l.label, initcap(replace(e.status::text, '_', ' '))) as lead_status_label,
    coalesce(l.sort_order, 100)                               as lead_status_sort,
    e.status in ('new', 'contacted', 'qualified')             as is_pipeline
from unnest(enum_range(null::public.lead_status)) as e (status)
left join (values
    ('new', 'New', 1),
    ('contacted', 'Contacted', 2),
    ('qualified', 'Qualified', 3),
    ('won', 'Won', 4),
    ('lost', 'Lost', 5)
) as l (status, label, sort_order) on l.status = e.status::text;
comment on view analytics.lead_status is
    'Lead statuses with label and order; is_pipeline: new, contacted, qualified.';

create or replace view analytics.project_status as
select
    e.status::text                                            as project_status,
    coalesce(l.label, initcap(replace(e.status::text, '_', ' '))) as project_status_label,
    coalesce(l.sort_order, 100)                               as project_status_sort,
    e.status in ('active', 'on_hold', 'completed')            as is_contracted,
    e.status = 'active'                                       as is_active
from unnest(enum_range(null::public.project_status)) as e (status)
left join (values
    ('proposed', 'Proposed', 1),
    ('active', 'Active', 2),
    ('on_hold', 'On hold', 3),
    ('completed', 'Completed', 4),
    ('cancelled', 'Cancelled', 5)
) as l (status, label, sort_order) on l.status = e.status::text;
comment on view analytics.project_status is
    'Project statuses with label and order; is_contracted: active, on_hold, completed; is_active: only active.';

create or replace view analytics.account_status as
select
    e.status::text                                            as account_status,
    coalesce(l.label, initcap(replace(e.status::text, '_', ' '))) as account_status_label,
    coalesce(l.sort_order, 100)                               as account_status_sort
from unnest(enum_range(null::public.account_status)) as e (status)
left join (values
    ('active', 'Active', 1),
    ('dormant', 'Dormant', 2)
) as l (status, label, sort_order) on l.status = e.status::text;
comment on view analytics.account_status is 'Account statuses with label and order.';

create or replace view analytics.activity_type as
select
    e.kind::text                                            as activity_type,
    coalesce(l.label, initcap(replace(e.kind::text, '_', ' '))) as activity_type_label,
    coalesce(l.sort_order, 100)                             as activity_type_sort,
    e.kind in ('call', 'email', 'meeting')                  as is_contact_type
from unnest(enum_range(null::public.activity_type)) as e (kind)
left join (values
    ('call', 'Call', 1),
    ('email', 'E-mail', 2),
    ('meeting', 'Meeting', 3),
    ('work', 'Work', 4),
    ('note', 'Note', 5)
) as l (kind, label, sort_order) on l.kind = e.kind::text;
comment on view analytics.activity_type is
    'Kinds of activity with label and order; is_contact_type: call, email, meeting.';


-- 2  Leads ------------------------------------------------------------------------------------------------

create or replace view analytics.pipeline_by_status as
select
    s.lead_status,
    s.lead_status_label,
    s.lead_status_sort,
    s.is_pipeline,
    count(l.id)                                           as lead_count,
    coalesce(sum(l.estimated_value), 0)::numeric(18,2)    as estimated_value
from analytics.lead_status s
left join public.leads l on l.lead_status = s.lead_status::public.lead_status
group by s.lead_status, s.lead_status_label, s.lead_status_sort, s.is_pipeline;
comment on view analytics.pipeline_by_status is
    'Leads and their estimated value per status, also for a status without leads. '
    'The pipeline is the rows with is_pipeline (new, contacted, qualified); won and lost stand beside it.';

create or replace view analytics.pipeline_by_source as
select
    coalesce(nullif(btrim(l.lead_source), ''), 'Not stated')                             as lead_source,
    count(*)                                                                             as lead_count,
    coalesce(sum(l.estimated_value), 0)::numeric(18,2)                                   as estimated_value,
    count(*) filter (where s.is_pipeline)                                                as pipeline_count,
    coalesce(sum(l.estimated_value) filter (where s.is_pipeline), 0)::numeric(18,2)      as pipeline_value,
    count(*) filter (where l.lead_status = 'won')                                        as won_count,
    count(*) filter (where l.lead_status = 'lost')                                       as lost_count,
    (count(*) filter (where l.lead_status = 'won')::numeric
        / nullif(count(*) filter (where l.lead_status in ('won', 'lost')), 0))::numeric(9,4) as win_rate
from public.leads l
join analytics.lead_status s on s.lead_status::public.lead_status = l.lead_status
group by coalesce(nullif(btrim(l.lead_source), ''), 'Not stated');
comment on view analytics.pipeline_by_source is
    'Leads, pipeline and win rate per source; leads without a source stand under "Not stated".';

create or replace view analytics.lead_status_duration as
with stay as (
    select
        c.lead_id,
        c.new_status as lead_status,
        c.changed_at,
        lead(c.changed_at) over history as left_at
    from public.lead_status_changes c
    window history as (partition by c.lead_id order by c.changed_at, c.id)
)
select
    t.lead_id::text                                   as lead_id,
    s.lead_status,
    s.lead_status_label,
    s.lead_status_sort,
    min((t.changed_at at time zone p.time_zone)::date) as first_entered_on,
    count(*)                                          as times_entered,
    (sum(greatest(extract(epoch from coalesce(t.left_at, now()) - t.changed_at), 0)) / 86400)::numeric(18,2) as days,
    bool_or(t.left_at is null)                        as is_current
from stay t
join analytics.lead_status s on s.lead_status::public.lead_status = t.lead_status
cross join analytics.practice p
group by t.lead_id, s.lead_status, s.lead_status_label, s.lead_status_sort;
comment on view analytics.lead_status_duration is
    'Days that each lead spent in each status it ever had, one row per lead and status; a status that it '
    'came back to '
    'is added up, the one that it is in counts until now.';

create or replace view analytics.days_in_lead_status as
select
    s.lead_status,
    s.lead_status_label,
    s.lead_status_sort,
    count(d.lead_id)                                              as lead_count,
    count(*) filter (where not d.is_current)                      as left_count,
    (avg(d.days) filter (where not d.is_current))::numeric(18,2)  as average_days_until_left,
    (percentile_cont(0.5) within group (order by d.days)
        filter (where not d.is_current))::numeric(18,2)           as median_days_until_left,
    count(*) filter (where d.is_current)                          as current_count,
    (avg(d.days) filter (where d.is_current))::numeric(18,2)      as average_days_so_far
from analytics.lead_status s
left join analytics.lead_status_duration d on d.lead_status = s.lead_status
group by s.lead_status, s.lead_status_label, s.lead_status_sort;
comment on view analytics.days_in_lead_status is
    'How long leads stay in each status: those that left it apart from those that are still in it, '
    'whose days are not over and would pull the average down.';

create or replace view analytics.lead_conversion as
with history as (
    select
        c.lead_id,
        min(c.changed_at) filter (where c.new_status = 'contacted')              as contacted_at,
        min(c.changed_at) filter (where c.new_status = 'qualified')              as qualified_at,
        max(c.changed_at) filter (where c.new_status in ('won', 'lost'))         as closed_at,
        bool_or(c.new_status in ('contacted', 'qualified', 'won'))               as was_contacted,
        bool_or(c.new_status in ('qualified', 'won'))                            as was_qualified
    from public.lead_status_changes c
    group by c.lead_id
),
days as (
    select
        d.lead_id,
        sum(d.days) filter (where d.lead_status = 'new')       as days_in_new,
        sum(d.days) filter (where d.lead_status = 'contacted') as days_in_contacted,
        sum(d.days) filter (where d.lead_status = 'qualified') as days_in_qualified
    from analytics.lead_status_duration d
    group by d.lead_id
)
select
    l.id::text                                                                as lead_id,
    l.company_name,
    nullif(concat_ws(' ', l.first_name, l.last_name), '')                     as contact_name,
    coalesce(nullif(btrim(l.lead_source), ''), 'Not stated')                  as lead_source,
    l.industry,
    s.lead_status,
    s.lead_status_label,
    s.lead_status_sort,
    s.is_pipeline,
    l.lead_status = 'won'                                                     as is_won,
    l.lead_status = 'lost'                                                    as is_lost,
    l.converted_account_id is not null                                        as is_converted,
    l.converted_account_id::text                                              as converted_account_id,
    l.estimated_value::numeric(18,2)                                          as estimated_value,
    l.owner_email,
    (l.created_at at time zone p.time_zone)::date                             as created_on,
    (h.contacted_at at time zone p.time_zone)::date                           as contacted_on,
    (h.qualified_at at time zone p.time_zone)::date                           as qualified_on,
    case when l.lead_status in ('won', 'lost')
         then (h.closed_at at time zone p.time_zone)::date end                as closed_on,
    (case when l.lead_status in ('won', 'lost')
          then greatest(extract(epoch from h.closed_at - l.created_at), 0) / 86400 end)::numeric(18,2)
                                                                              as days_to_close,
    d.days_in_new::numeric(18,2)                                              as days_in_new,
    d.days_in_contacted::numeric(18,2)                                        as days_in_contacted,
    d.days_in_qualified::numeric(18,2)                                        as days_in_qualified,
    coalesce(h.was_contacted, false) or l.lead_status in ('contacted', 'qualified', 'won')
                                                                              as reached_contacted,
    coalesce(h.was_qualified, false) or l.lead_status in ('qualified', 'won') as reached_qualified
from public.leads l
join analytics.lead_status s on s.lead_status::public.lead_status = l.lead_status
left join history h on h.lead_id = l.id
left join days d on d.lead_id = l.id::text
cross join analytics.practice p;
comment on view analytics.lead_conversion is
    'One row per lead: how far it came, when, and how long it took. Days in a status are null if it never '
    'had that status.';

-- Power BI takes texts that differ only in capitals for one, and refuses a key that it finds twice: hence one
-- row for all spellings, under the most frequent one, and a key of hexadecimal digits.
create or replace view analytics.lead_source as
select
    md5(lower(s.lead_source))                        as lead_source_key,
    mode() within group (order by s.lead_source)     as lead_source
from (
    select coalesce(nullif(btrim(l.lead_source), ''), 'Not stated') as lead_source
    from public.leads l
) as s
group by lower(s.lead_source);
comment on view analytics.lead_source is
    'The sources that leads come from, each once, however it is spelled.';

create or replace view analytics.lead as
select
    c.lead_id,
    c.company_name,
    c.contact_name,
    c.industry,
    c.owner_email,
    c.estimated_value,
    c.created_on,
    c.closed_on,
    c.converted_account_id                    as account_id,
    c.lead_status,
    md5(lower(c.lead_source))                 as lead_source_key,
    age.days                                  as age_days,
    case age.band
        when 1 then 'Up to 30 days'
        when 2 then '31 to 60 days'
        when 3 then '61 to 90 days'
        when 4 then '91 to 180 days'
        when 5 then 'More than 180 days'
    end                                       as age_band,
    age.band                                  as age_band_sort,
    c.reached_contacted,
    c.reached_qualified,
    c.is_won,
    c.is_lost
from analytics.lead_conversion c
cross join analytics.practice p
cross join lateral (
    select o.days, case
        when o.days <= 30 then 1
        when o.days <= 60 then 2
        when o.days <= 90 then 3
        when o.days <= 180 then 4
        when o.days > 180 then 5
    end as band
    from (select case when c.is_pipeline then greatest(p.today - c.created_on, 0) end as days) as o
) as age;
comment on view analytics.lead is
    'Every lead once, as Power BI''s model takes it: keys of its status, source and client, and the age of an '
    'open one.';


-- 3  Accounts, projects, revenue --------------------------------------------------------------------------
-- The timeline stands first: accounts and projects take their last contact from it.

create or replace view analytics.activity_timeline as
select
    a.id::text                                                 as activity_id,
    t.activity_type,
    t.activity_type_label,
    t.activity_type_sort,
    a.subject,
    a.notes,
    a.occurred_at,
    (a.occurred_at at time zone p.time_zone)::date             as occurred_on,
    date_trunc('month', a.occurred_at at time zone p.time_zone)::date as month_start,
    a.duration_minutes,
    a.due_date,
    a.completed,
    state.has_happened,
    state.has_happened and t.is_contact_type                   as is_contact,
    not a.completed and a.due_date is not null                 as is_open,
    coalesce(not a.completed and a.due_date < p.today, false)  as is_overdue,
    a.related_type,
    a.related_id::text                                         as related_id,
    coalesce(own.company_name, j.project_name, l.company_name) as related_name,
    a.lead_id::text                                            as lead_id,
    a.project_id::text                                         as project_id,
    client.id::text                                            as account_id,
    client.company_name                                        as account_name,
    a.owner_email
from public.activities a
join analytics.activity_type t on t.activity_type::public.activity_type = a.activity_type
left join public.accounts own on own.id = a.account_id
left join public.projects j on j.id = a.project_id
left join public.leads l on l.id = a.lead_id
left join public.accounts client on client.id = coalesce(a.account_id, j.account_id, l.converted_account_id)
cross join analytics.practice p
cross join lateral (
    select a.occurred_at <= now() and (a.completed or a.due_date is null) as has_happened
) as state;
comment on view analytics.activity_timeline is
    'Every activity once, with the client that it belongs to: its account, its project''s account, or the '
    'account '
    'that its lead was converted into. has_happened: its time has come, and it is no open thing to do.';

create or replace view analytics.project_status_duration as
with stay as (
    select
        c.project_id,
        c.new_status as project_status,
        c.changed_at,
        lead(c.changed_at) over history as left_at
    from public.project_status_changes c
    window history as (partition by c.project_id order by c.changed_at, c.id)
)
select
    t.project_id::text                                as project_id,
    s.project_status,
    s.project_status_label,
    s.project_status_sort,
    min((t.changed_at at time zone p.time_zone)::date) as first_entered_on,
    count(*)                                          as times_entered,
    (sum(greatest(extract(epoch from coalesce(t.left_at, now()) - t.changed_at), 0)) / 86400)::numeric(18,2) as days,
    bool_or(t.left_at is null)                        as is_current
from stay t
join analytics.project_status s on s.project_status::public.project_status = t.project_status
cross join analytics.practice p
group by t.project_id, s.project_status, s.project_status_label, s.project_status_sort;
comment on view analytics.project_status_duration is
    'Days that each project spent in each status it ever had, one row per project and status; the one it '
    'is in counts until now.';

create or replace view analytics.project_detail as
with activity as (
    select
        a.project_id,
        count(*)                                                      as activity_count,
        sum(a.duration_minutes) filter (where a.has_happened)         as minutes,
        max(a.occurred_on) filter (where a.has_happened)              as last_activity_on,
        max(a.occurred_on) filter (where a.is_contact)                as last_contact_on
    from analytics.activity_timeline a
    where a.project_id is not null
    group by a.project_id
),
-- Two steps to a label. Both count in a hash, without a sort, and are grouped by what they are joined by: a query
-- that does not ask for the label does not run them. Materialized, the first would always run.
same_name as not materialized (
    select lower(btrim(o.project_name)) as folded, count(*) as project_count
    from public.projects o
    group by 1
),
same_label as (
    select lower(btrim(case when n.project_count = 1 then o.project_name
                            else btrim(o.project_name) || ' · ' || btrim(c.company_name) end)) as folded,
        count(*) as project_count
    from public.projects o
    join public.accounts c on c.id = o.account_id
    join same_name n on n.folded = lower(btrim(o.project_name))
    group by 1
)
select
    j.id::text                                                        as project_id,
    j.project_name,
    j.description,
    c.id::text                                                        as account_id,
    c.company_name                                                    as account_name,
    s.project_status,
    s.project_status_label,
    s.project_status_sort,
    s.is_contracted,
    s.is_active,
    coalesce(s.is_active and j.end_date < p.today, false)             as is_overdue,
    case when s.is_active and j.end_date < p.today
         then p.today - j.end_date end                                as days_overdue,
    j.start_date,
    j.end_date,
    j.end_date - j.start_date + 1                                     as planned_days,
    coalesce(j.start_date, (j.created_at at time zone p.time_zone)::date) as revenue_date,
    j.contract_value::numeric(18,2)                                   as contract_value,
    (case when s.is_contracted then coalesce(j.contract_value, 0) else 0 end)::numeric(18,2) as contracted_revenue,
    coalesce(a.activity_count, 0)                                     as activity_count,
    (coalesce(a.minutes, 0) / 60.0)::numeric(18,2)                    as hours,
    (j.contract_value * 60 / nullif(a.minutes, 0))::numeric(18,2)     as value_per_hour,
    a.last_activity_on,
    a.last_contact_on,
    j.owner_email,
    (j.created_at at time zone p.time_zone)::date                     as created_on,
    case when s.is_active then j.end_date - p.today end               as days_left,
    case when not s.is_active then null
         when j.end_date is null then 'No end date'
         when j.end_date = p.today then 'Due today'
         else case when j.end_date < p.today then 'Overdue by ' else '' end
              || case abs(j.end_date - p.today) when 1 then '1 day' else abs(j.end_date - p.today) || ' days' end
              || case when j.end_date > p.today then ' left' else '' end
    end                                                               as deadline,
    case when l.project_count > 1 then named.label || ' (' || left(j.id::text, 8) || ')'
         else named.label end                                         as project_label
from public.projects j
join public.accounts c on c.id = j.account_id
join analytics.project_status s on s.project_status::public.project_status = j.project_status
left join activity a on a.project_id = j.id::text
cross join analytics.practice p
left join same_name n on n.folded = lower(btrim(j.project_name))
cross join lateral (
    select case when n.project_count = 1 then j.project_name
                else btrim(j.project_name) || ' · ' || btrim(c.company_name) end as label
) as named
left join same_label l on l.folded = lower(btrim(named.label));
comment on view analytics.project_detail is
    'Every project once, with its client, value, hours and dates. Overdue is an active project whose end '
    'date is past. project_label: a name that no other project has.';

create or replace view analytics.active_project as
select
    d.project_id,
    d.project_name,
    d.account_id,
    d.account_name,
    d.project_status_label,
    d.start_date,
    d.end_date,
    d.days_left,
    d.is_overdue,
    d.days_overdue,
    d.contract_value,
    d.hours,
    d.value_per_hour,
    d.last_activity_on,
    d.last_contact_on,
    d.owner_email
from analytics.project_detail d
where d.is_active;
comment on view analytics.active_project is
    'Projects in status active, and no others: neither proposed nor on hold.';

-- Ended projects are not counted: their number only ever grows, and a month would have a row for each client
-- that ever had one. Entries and exits are added up per month first, then carried on to the months without any:
-- a project that is on for years costs two rows on the way, not one for each month.
create or replace view analytics.workload_by_month as
with stay as (
    select
        c.project_id,
        c.new_status                                                       as project_status,
        date_trunc('month', c.changed_at at time zone p.time_zone)         as first_month,
        date_trunc('month', lead(c.changed_at) over history at time zone p.time_zone) as left_in_month
    from public.project_status_changes c
    cross join analytics.practice p
    window history as (partition by c.project_id order by c.changed_at, c.id)
),
change as (
    select
        j.account_id,
        s.project_status,
        step.month,
        sum(step.sign)                                    as project_count,
        sum(step.sign * coalesce(j.contract_value, 0))    as contract_value
    from stay s
    join public.projects j on j.id = s.project_id
    cross join lateral (values (s.first_month, 1), (s.left_in_month, -1)) as step (month, sign)
    where s.project_status in ('proposed', 'active', 'on_hold')
      and s.first_month is distinct from s.left_in_month
      and step.month is not null
    group by j.account_id, s.project_status, step.month
),
level as (
    select
        c.account_id,
        c.project_status,
        c.month                             as first_month,
        lead(c.month) over so_far           as next_month,
        sum(c.project_count) over so_far    as project_count,
        sum(c.contract_value) over so_far   as contract_value
    from change c
    window so_far as (partition by c.account_id, c.project_status order by c.month)
)
select
    month.start::date                       as month_start,
    l.account_id::text                      as account_id,
    l.project_status::text                  as project_status,
    l.project_count::bigint                 as project_count,
    l.contract_value::numeric(18,2)         as contract_value
from level l
cross join analytics.practice p
cross join lateral generate_series(
    l.first_month,
    coalesce(l.next_month - interval '1 month', date_trunc('month', p.today::timestamp)),
    interval '1 month'
) as month (start)
where l.project_count > 0;
comment on view analytics.workload_by_month is
    'Projects that were proposed, active or on hold at the end of each month (in the present one: now), per '
    'client and status, from the status history. A project counts once a month. The money is that of the '
    'contract as it is now.';

create or replace view analytics.revenue_by_account as
with revenue as (
    select
        d.account_id,
        count(*)                                                            as project_count,
        count(*) filter (where d.is_contracted)                             as contracted_project_count,
        sum(d.contracted_revenue)                                           as contracted_revenue,
        sum(d.contract_value) filter (where d.project_status = 'active')    as active_value,
        sum(d.contract_value) filter (where d.project_status = 'on_hold')   as on_hold_value,
        sum(d.contract_value) filter (where d.project_status = 'completed') as completed_value,
        sum(d.contract_value) filter (where d.project_status = 'proposed')  as proposed_value
    from analytics.project_detail d
    group by d.account_id
)
select
    a.id::text                                                        as account_id,
    a.company_name,
    a.industry,
    s.account_status,
    s.account_status_label,
    coalesce(r.project_count, 0)                                      as project_count,
    coalesce(r.contracted_project_count, 0)                           as contracted_project_count,
    coalesce(r.contracted_revenue, 0)::numeric(18,2)                  as contracted_revenue,
    coalesce(r.contracted_revenue / nullif(sum(r.contracted_revenue) over (), 0), 0)::numeric(9,4) as share_of_revenue,
    rank() over (order by coalesce(r.contracted_revenue, 0) desc)     as revenue_rank,
    coalesce(r.active_value, 0)::numeric(18,2)                        as active_value,
    coalesce(r.on_hold_value, 0)::numeric(18,2)                       as on_hold_value,
    coalesce(r.completed_value, 0)::numeric(18,2)                     as completed_value,
    coalesce(r.proposed_value, 0)::numeric(18,2)                      as proposed_value
from public.accounts a
join analytics.account_status s on s.account_status::public.account_status = a.account_status
left join revenue r on r.account_id = a.id::text;
comment on view analytics.revenue_by_account is
    'Contracted revenue (projects active, on_hold, completed) per account; an account without projects has 0. '
    'active_value + on_hold_value + completed_value = contracted_revenue; proposed_value stands beside it.';

create or replace view analytics.account_overview as
with project as (
    select
        d.account_id,
        count(*) filter (where d.is_active)                     as active_project_count,
        count(*) filter (where d.is_overdue)                    as overdue_project_count,
        min(d.start_date) filter (where d.is_contracted)        as first_project_on,
        max(d.start_date) filter (where d.is_contracted)        as latest_project_on
    from analytics.project_detail d
    group by d.account_id
),
activity as (
    select
        t.account_id,
        count(*)                                                as activity_count,
        count(*) filter (where t.is_open)                       as open_activity_count,
        count(*) filter (where t.is_overdue)                    as overdue_activity_count,
        max(t.occurred_at) filter (where t.is_contact)          as last_contact_at,
        max(t.occurred_at) filter (where t.has_happened)        as last_activity_at
    from analytics.activity_timeline t
    where t.account_id is not null
    group by t.account_id
),
lead_total as (
    select l.converted_account_id, count(*) as converted_lead_count
    from public.leads l
    where l.converted_account_id is not null
    group by l.converted_account_id
)
select
    r.account_id,
    r.company_name,
    r.industry,
    a.website,
    a.phone,
    a.email,
    a.primary_contact,
    a.billing_city,
    a.billing_country,
    r.account_status,
    r.account_status_label,
    a.owner_email,
    (a.created_at at time zone p.time_zone)::date               as created_on,
    r.project_count,
    coalesce(j.active_project_count, 0)                         as active_project_count,
    coalesce(j.overdue_project_count, 0)                        as overdue_project_count,
    j.first_project_on,
    j.latest_project_on,
    r.contracted_revenue,
    r.share_of_revenue,
    r.revenue_rank,
    r.proposed_value,
    coalesce(lt.converted_lead_count, 0)                        as converted_lead_count,
    coalesce(t.activity_count, 0)                               as activity_count,
    coalesce(t.open_activity_count, 0)                          as open_activity_count,
    coalesce(t.overdue_activity_count, 0)                       as overdue_activity_count,
    t.last_contact_at,
    (t.last_contact_at at time zone p.time_zone)::date          as last_contact_on,
    (t.last_activity_at at time zone p.time_zone)::date         as last_activity_on,
    silence.days                                                as days_of_silence,
    judged.health,
    case judged.health
        when 'at_risk' then 'At risk'
        when 'quiet' then 'Quiet'
        when 'good' then 'Good'
        else 'Dormant'
    end                                                         as health_label,
    case judged.health
        when 'at_risk' then 1
        when 'quiet' then 2
        when 'good' then 3
        else 4
    end                                                         as health_sort
from analytics.revenue_by_account r
join public.accounts a on a.id::text = r.account_id
left join project j on j.account_id = r.account_id
left join activity t on t.account_id = r.account_id
left join lead_total lt on lt.converted_account_id = a.id
cross join analytics.practice p
cross join lateral (
    select greatest(p.today - (coalesce(t.last_contact_at, a.created_at) at time zone p.time_zone)::date, 0) as days
) as silence
cross join lateral (
    select case
        when j.overdue_project_count > 0 then 'at_risk'
        when j.active_project_count > 0 and silence.days > 30 then 'at_risk'
        when a.account_status = 'dormant' then 'dormant'
        when silence.days > 90 then 'quiet'
        else 'good'
    end as health
) as judged;
comment on view analytics.account_overview is
    'The client page: every account once, with its revenue, projects, and contact over the account''s '
    'own, its projects'' '
    'and its converted leads'' activities; health as client_health says it.';

create or replace view analytics.client_health as
select
    o.account_id,
    o.company_name,
    o.account_status,
    o.account_status_label,
    o.contracted_revenue,
    o.share_of_revenue,
    o.active_project_count,
    o.overdue_project_count,
    o.open_activity_count,
    o.overdue_activity_count,
    o.last_contact_on,
    o.last_activity_on,
    o.days_of_silence,
    o.health,
    o.health_label,
    o.health_sort
from analytics.account_overview o;
comment on view analytics.client_health is
    'Every account once, with a judgement. at_risk: a project is overdue, or one is active and nobody '
    'spoke with the '
    'client for more than 30 days; dormant: so marked; quiet: no contact for more than 90 days; good: else.';

-- Power BI would show two clients of one name as one, whatever their capitals. A number behind the name would
-- not do: somebody may be called that already.
create or replace view analytics.account as
select
    o.account_id,
    case when count(*) over same_name = 1 then o.company_name
         else btrim(o.company_name) || ' (' || left(o.account_id, 8) || ')'
    end                                          as account_label,
    o.industry,
    s.account_status,
    s.account_status_label,
    s.account_status_sort,
    o.health_label,
    o.health_sort,
    o.owner_email,
    o.website,
    o.phone,
    o.email,
    o.primary_contact,
    o.billing_city,
    o.billing_country,
    coalesce(o.first_project_on, o.created_on)   as client_since,
    o.last_contact_on,
    o.days_of_silence
from analytics.account_overview o
join analytics.account_status s on s.account_status = o.account_status
window same_name as (partition by lower(btrim(o.company_name)));
comment on view analytics.account is
    'Every client once, as Power BI''s model takes it: under a name that no other client has.';


-- 4  Activities, calendar, KPIs ---------------------------------------------------------------------------

create or replace view analytics.monthly_activity as
with happened as (
    select t.month_start, t.activity_type, t.duration_minutes, t.account_id
    from analytics.activity_timeline t
    where t.has_happened
),
month as (
    select generate_series(min(h.month_start)::timestamp, max(h.month_start)::timestamp, interval '1 month')::date
        as month_start
    from happened h
)
select
    m.month_start,
    t.activity_type,
    t.activity_type_label,
    t.activity_type_sort,
    count(h.activity_type)                                      as activity_count,
    count(distinct h.account_id)                                as account_count,
    (coalesce(sum(h.duration_minutes), 0) / 60.0)::numeric(18,2) as hours
from month m
cross join analytics.activity_type t
left join happened h on h.month_start = m.month_start and h.activity_type = t.activity_type
group by m.month_start, t.activity_type, t.activity_type_label, t.activity_type_sort;
comment on view analytics.monthly_activity is
    'Activities that have happened and their hours, per month of the practice''s time zone and kind; '
    'no gaps between the first month and the last.';

-- Whole years around all dates in the database, but at most 20 back and 10 ahead: one mistyped year must not
-- make a calendar of millions of days.
create or replace view analytics.calendar as
with span as (
    select
        greatest(least(
            p.today,
            (l.first_at at time zone p.time_zone)::date,
            (lh.first_at at time zone p.time_zone)::date,
            (jh.first_at at time zone p.time_zone)::date,
            j.first_start,
            (j.first_at at time zone p.time_zone)::date,
            (a.first_at at time zone p.time_zone)::date,
            (c.first_at at time zone p.time_zone)::date
        ), (p.today - interval '20 years')::date) as first_day,
        least(greatest(
            p.today,
            j.last_start,
            j.last_end,
            a.last_due,
            (a.last_at at time zone p.time_zone)::date
        ), (p.today + interval '10 years')::date) as last_day,
        p.today
    from analytics.practice p
    cross join (select min(created_at) as first_at from public.accounts) as c
    cross join (select min(created_at) as first_at from public.leads) as l
    cross join (select min(changed_at) as first_at from public.lead_status_changes) as lh
    cross join (select min(changed_at) as first_at from public.project_status_changes) as jh
    cross join (
        select min(created_at) as first_at, min(start_date) as first_start, max(start_date) as last_start,
            max(end_date) as last_end
        from public.projects
    ) as j
    cross join (
        select min(occurred_at) as first_at, max(occurred_at) as last_at, max(due_date) as last_due
        from public.activities
    ) as a
)
select
    d.day::date                                                       as date,
    extract(year from d.day)::integer                                 as year,
    extract(quarter from d.day)::integer                              as quarter,
    to_char(d.day, '"Q"Q YYYY')                                       as quarter_label,
    extract(month from d.day)::integer                                as month,
    to_char(d.day, 'FMMonth')                                         as month_name,
    to_char(d.day, 'Mon YYYY')                                        as month_label,
    date_trunc('month', d.day)::date                                  as month_start,
    to_char(d.day, 'YYYYMM')::integer                                 as month_sort,
    extract(week from d.day)::integer                                 as iso_week,
    extract(isodow from d.day)::integer                               as weekday,
    to_char(d.day, 'FMDay')                                           as weekday_name,
    extract(isodow from d.day) in (6, 7)                              as is_weekend,
    d.day::date = s.today                                             as is_today,
    ((extract(year from d.day) - extract(year from s.today)) * 12
        + extract(month from d.day) - extract(month from s.today))::integer as months_from_today,
    to_char(d.day, 'YYYYQ')::integer                                  as quarter_sort
from span s
cross join lateral generate_series(
    date_trunc('year', s.first_day::timestamp),
    date_trunc('year', s.last_day::timestamp) + interval '1 year' - interval '1 day',
    interval '1 day'
) as d (day);
comment on view analytics.calendar is
    'Every day of the years that the practice''s dates fall in, at most 20 years back and 10 ahead. '
    'Mark as date table on column date.';

create or replace view analytics.kpi as
select
    p.today                                                                  as as_of,
    l.pipeline_value,
    l.pipeline_count,
    l.estimated_value_all_leads,
    l.lead_count,
    l.won_count,
    l.lost_count,
    l.win_rate,
    j.contracted_revenue,
    j.contracted_project_count,
    j.active_projects,
    j.active_project_value,
    j.overdue_projects,
    j.average_project_value,
    a.account_count,
    a.active_account_count,
    t.open_activity_count,
    t.overdue_activity_count
from analytics.practice p
cross join (
    select
        coalesce(sum(s.estimated_value) filter (where s.is_pipeline), 0)::numeric(18,2)  as pipeline_value,
        coalesce(sum(s.lead_count) filter (where s.is_pipeline), 0)::bigint              as pipeline_count,
        coalesce(sum(s.estimated_value), 0)::numeric(18,2)                               as estimated_value_all_leads,
        sum(s.lead_count)::bigint                                                        as lead_count,
        sum(s.lead_count) filter (where s.lead_status = 'won')::bigint                   as won_count,
        sum(s.lead_count) filter (where s.lead_status = 'lost')::bigint                  as lost_count,
        (sum(s.lead_count) filter (where s.lead_status = 'won')
            / nullif(sum(s.lead_count) filter (where s.lead_status in ('won', 'lost')), 0))::numeric(9,4) as win_rate
    from analytics.pipeline_by_status s
) as l
cross join (
    select
        coalesce(sum(d.contracted_revenue), 0)::numeric(18,2)                            as contracted_revenue,
        count(*) filter (where d.is_contracted)                                          as contracted_project_count,
        count(*) filter (where d.is_active)                                              as active_projects,
        coalesce(sum(d.contract_value) filter (where d.is_active), 0)::numeric(18,2)     as active_project_value,
        count(*) filter (where d.is_overdue)                                             as overdue_projects,
        (avg(d.contract_value) filter (where d.is_contracted))::numeric(18,2)            as average_project_value
    from analytics.project_detail d
) as j
cross join (
    select
        count(*)                                              as account_count,
        count(*) filter (where c.account_status = 'active')   as active_account_count
    from public.accounts c
) as a
cross join (
    select
        count(*) filter (where v.is_open)                     as open_activity_count,
        count(*) filter (where v.is_overdue)                  as overdue_activity_count
    from analytics.activity_timeline v
) as t;
comment on view analytics.kpi is
    'The practice''s figures of today in one row; each column''s comment says what counts.';


-- 5  Sync health ------------------------------------------------------------------------------------------

create or replace view analytics.sync_health as
with row_state as (
    select
        coalesce(pl.org_id, r.org_id)   as org_id,
        coalesce(pl.mapping, r.mapping) as mapping,
        coalesce(pl.state, case r.state when 'live' then 'in_order' else r.state end) as state,
        count(*)                        as row_count
    from sync.record r
    full join sync.plan pl on pl.org_id = r.org_id and pl.mapping = r.mapping and pl.key = r.key
    group by 1, 2, 3
), in_jobs as (
    -- The plan has the rows of a Bulk job as planned.
    select b.org_id, b.mapping, sum(g.row_count) as row_count
    from (select j.org_id, j.job_id, count(*) as row_count from sync.job_row j group by 1, 2) g
    join sync.job b on b.org_id = g.org_id and b.job_id = g.job_id
    group by 1, 2
), state_count as (
    select org_id, mapping, state, sum(row_count)::bigint as row_count
    from (
        select org_id, mapping, state, row_count from row_state
        union all
        select org_id, mapping, 'planned', -row_count from in_jobs
        union all
        select org_id, mapping, 'sending', row_count from in_jobs
    ) c
    group by 1, 2, 3
    having sum(row_count) <> 0
)
select
    o.org_id,
    o.name                                       as org_name,
    o.kind                                       as org_kind,
    s.mapping,
    coalesce(m.object, s.mapping)                as object,
    s.state,
    coalesce(l.label, s.state)                   as state_label,
    coalesce(l.sort_order, 100)                  as state_sort,
    s.row_count,
    o.last_run_at,
    n.status                                     as last_run_status
from state_count s
join sync.org o on o.org_id = s.org_id
left join sync.mapping m on m.org_id = s.org_id and m.mapping = s.mapping
left join sync.run n on n.org_id = o.org_id and n.run_number = o.run_number
left join (values
    ('in_order', 'In order', 1),
    ('planned', 'Planned', 2),
    ('sending', 'Sending', 3),
    ('blocked', 'Blocked', 4),
    ('invalid', 'Invalid', 5),
    ('refused', 'Refused', 6),
    ('unknown', 'Unknown', 7),
    ('held', 'Held', 8),
    ('gone', 'Gone', 9),
    ('merged', 'Merged', 10),
    ('converted', 'Converted', 11)
) as l (state, label, sort_order) on l.state = s.state;
comment on view analytics.sync_health is
    'Rows by state per org and object. In order: its record in Salesforce is live and nothing is planned '
    'for it. '
    'Otherwise the state of its plan or, without a plan, what became of its record: gone, merged, converted. '
    'Planned is what the last run left over; changes made since then are not counted yet.';


-- 6  Meaning of the columns, access -----------------------------------------------------------------------

do $$
declare
    col record;
begin
    for col in
        select c.relname as view_name, a.attname as column_name, meaning.sentence
        from pg_catalog.pg_class c
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join (values
            ('account_count', 'Number of accounts.'),
            ('account_id', 'Key of the account, as text.'),
            ('account_label', 'Name of the client; where several have the same, with the beginning of its key.'),
            ('account_name', 'Name of the client.'),
            ('account_status', 'active or dormant.'),
            ('account_status_label', 'Account status to show.'),
            ('account_status_sort', 'Order of the account status.'),
            ('active_project_count', 'Projects in status active.'),
            ('active_value', 'Contract value of active projects.'),
            ('activity_count', 'Number of activities.'),
            ('activity_id', 'Key of the activity, as text.'),
            ('activity_type', 'call, email, meeting, work or note.'),
            ('activity_type_label', 'Kind of activity to show.'),
            ('activity_type_sort', 'Order of the kind of activity.'),
            ('age_band', 'Age of an open lead in bands of days; null once won or lost.'),
            ('age_band_sort', 'Order of the age bands.'),
            ('age_days', 'Days since an open lead came in; null once won or lost.'),
            ('average_days_so_far', 'Average days, until now, of leads that are in the status.'),
            ('average_days_until_left', 'Average days of leads that left the status.'),
            ('billing_city', 'Billing address: city.'),
            ('billing_country', 'Billing address: country.'),
            ('client_since', 'First start date of a contracted project; without one the day on which the row was made.'),
            ('closed_on', 'Day on which the lead was won or lost; null while open.'),
            ('company_name', 'Name of the company.'),
            ('completed', 'Whether the activity is marked done.'),
            ('completed_value', 'Contract value of completed projects.'),
            ('contact_name', 'Name of the person who asks.'),
            ('contacted_on', 'Day of the first change to contacted.'),
            ('contract_value', 'Value of the contract, or of the offer while proposed.'),
            ('contracted_project_count', 'Projects that count as contracted: active, on_hold, completed.'),
            ('contracted_revenue', 'Contract value of projects active, on_hold, completed; never proposed or cancelled.'),
            ('converted_account_id', 'Key of the account that the lead became, as text.'),
            ('converted_lead_count', 'Leads that were converted into this account.'),
            ('created_on', 'Day on which the row was made, in the practice''s time zone.'),
            ('current_count', 'Leads that are in the status now.'),
            ('date', 'The day.'),
            ('days', 'Days in the status, added up; until now for the current one.'),
            ('days_in_contacted', 'Days spent in contacted; null if never.'),
            ('days_in_new', 'Days spent in new; null if never.'),
            ('days_in_qualified', 'Days spent in qualified; null if never.'),
            ('days_left', 'Days until the end date of an active project; negative when overdue, null when open-ended.'),
            ('days_of_silence', 'Days since the last contact; since the account was made if there was none.'),
            ('days_overdue', 'Days since the end date of an active project; null when not overdue.'),
            ('days_to_close', 'Days from coming in to won or lost; null while open.'),
            ('deadline', 'days_left in words, such as Overdue by 12 days, 30 days left, No end date.'),
            ('description', 'What is to be done.'),
            ('due_date', 'Until when it is to be done.'),
            ('duration_minutes', 'How long it took, in minutes.'),
            ('email', 'E-mail address.'),
            ('end_date', 'Agreed last day; null: open-ended.'),
            ('estimated_value', 'Estimated value of leads in any status.'),
            ('first_entered_on', 'Day on which the status was first reached.'),
            ('first_project_on', 'First start date of a contracted project.'),
            ('has_happened', 'Its time has come, and it is no open thing to do.'),
            ('health', 'at_risk, quiet, good or dormant; the view says when.'),
            ('health_label', 'Health to show.'),
            ('health_sort', 'Order of the health: worst first.'),
            ('hours', 'Hours of activities that have happened; those without a duration count 0.'),
            ('industry', 'Industry.'),
            ('is_active', 'Whether the status is active.'),
            ('is_contact', 'A call, e-mail or meeting that has happened.'),
            ('is_contact_type', 'Whether this kind is contact with the client: call, email, meeting.'),
            ('is_contracted', 'Whether the status counts as contracted: active, on_hold, completed.'),
            ('is_converted', 'Whether the lead became an account.'),
            ('is_current', 'Whether the lead or project is in this status now.'),
            ('is_lost', 'Whether the lead is lost.'),
            ('is_open', 'A thing to do (it has a due date) that is not completed.'),
            ('is_overdue', 'Project: active and past its end date. Activity: open and past its due date.'),
            ('is_pipeline', 'Whether the status is in the pipeline: new, contacted, qualified.'),
            ('is_today', 'Whether the day is today in the practice''s time zone.'),
            ('is_weekend', 'Saturday or Sunday.'),
            ('is_won', 'Whether the lead is won.'),
            ('iso_week', 'ISO week, 1 to 53.'),
            ('last_activity_on', 'Day of the last activity of any kind that has happened.'),
            ('last_contact_at', 'Time of the last call, e-mail or meeting that has happened.'),
            ('last_contact_on', 'Day of the last call, e-mail or meeting that has happened.'),
            ('last_run_at', 'When the newest run against the org began.'),
            ('last_run_status', 'How the newest run ended.'),
            ('latest_project_on', 'Latest start date of a contracted project.'),
            ('lead_count', 'Number of leads.'),
            ('lead_id', 'Key of the lead, as text.'),
            ('lead_source', 'Where the lead came from; "Not stated" if nobody said.'),
            ('lead_source_key', 'Key of the source: the same for all spellings that differ only in capitals.'),
            ('lead_status', 'new, contacted, qualified, won or lost.'),
            ('lead_status_label', 'Lead status to show.'),
            ('lead_status_sort', 'Order of the lead status.'),
            ('left_count', 'Leads that were in the status and left it.'),
            ('lost_count', 'Leads lost.'),
            ('mapping', 'Name of the mapping.'),
            ('median_days_until_left', 'Median days of leads that left the status.'),
            ('month', 'Month, 1 to 12.'),
            ('month_label', 'Month and year to show, such as Jan 2026.'),
            ('month_name', 'Name of the month in English.'),
            ('month_sort', 'Order of months: year and month as a number, such as 202601.'),
            ('month_start', 'First day of the month, in the practice''s time zone.'),
            ('months_from_today', 'Months from the present one: 0 this, -1 the last.'),
            ('notes', 'Free text.'),
            ('object', 'API name of the Salesforce object.'),
            ('occurred_at', 'When it took place or is to take place.'),
            ('occurred_on', 'Day of occurred_at in the practice''s time zone.'),
            ('on_hold_value', 'Contract value of projects on hold.'),
            ('open_activity_count', 'Things to do that are not completed.'),
            ('org_id', 'Organization Id of the Salesforce org.'),
            ('org_kind', 'production, sandbox or local.'),
            ('org_name', 'Name of the Salesforce org.'),
            ('overdue_activity_count', 'Things to do that are past their due date.'),
            ('overdue_project_count', 'Active projects past their end date.'),
            ('owner_email', 'E-mail of the person in the practice who looks after it.'),
            ('phone', 'Telephone number.'),
            ('pipeline_count', 'Leads in the pipeline: new, contacted, qualified.'),
            ('pipeline_value', 'Estimated value of leads new, contacted, qualified.'),
            ('planned_days', 'Days from first to last day, both included.'),
            ('primary_contact', 'Name of the person we talk to.'),
            ('project_count', 'Projects in any status.'),
            ('project_id', 'Key of the project, as text.'),
            ('project_label', 'Name of the project; where several have the same, with client, and key''s beginning if need be.'),
            ('project_name', 'Name of the project.'),
            ('project_status', 'proposed, active, on_hold, completed or cancelled.'),
            ('project_status_label', 'Project status to show.'),
            ('project_status_sort', 'Order of the project status.'),
            ('proposed_value', 'Value of proposed projects; not revenue.'),
            ('qualified_on', 'Day of the first change to qualified.'),
            ('quarter', 'Quarter, 1 to 4.'),
            ('quarter_label', 'Quarter and year to show, such as Q1 2026.'),
            ('quarter_sort', 'Order of quarters: year and quarter as a number, such as 20261.'),
            ('reached_contacted', 'Whether the lead ever was contacted, qualified or won.'),
            ('reached_qualified', 'Whether the lead ever was qualified or won.'),
            ('related_id', 'Key of the lead, account or project that the activity belongs to, as text.'),
            ('related_name', 'Name of the lead''s company, the account or the project.'),
            ('related_type', 'lead, account or project.'),
            ('revenue_date', 'Day that the value counts at: the start date, else the day the row was made.'),
            ('revenue_rank', 'Place by contracted revenue; 1 is the largest.'),
            ('row_count', 'Number of rows.'),
            ('share_of_revenue', 'Part of all contracted revenue, 0 to 1.'),
            ('start_date', 'First day of the work.'),
            ('state', 'in_order, planned, sending, blocked, invalid, refused, unknown, held, gone, merged or converted.'),
            ('state_label', 'State to show.'),
            ('state_sort', 'Order of the states.'),
            ('subject', 'What it was about.'),
            ('time_zone', 'Time zone of the practice.'),
            ('times_entered', 'How often the status was reached.'),
            ('today', 'Today''s date in the practice''s time zone.'),
            ('value_per_hour', 'Contract value divided by the hours; null without hours. A low one loses money.'),
            ('website', 'Web address.'),
            ('weekday', 'Day of the week, Monday 1 to Sunday 7.'),
            ('weekday_name', 'Name of the day in English.'),
            ('win_rate', 'Won leads divided by won and lost ones, 0 to 1; null when none is closed.'),
            ('won_count', 'Leads won.'),
            ('year', 'Year.')
        ) as meaning (column_name, sentence) on meaning.column_name = a.attname
        where c.relnamespace = 'analytics'::regnamespace and c.relkind = 'v'
    loop
        execute format('comment on column analytics.%I.%I is %L', col.view_name, col.column_name, col.sentence);
    end loop;
end
$$;

comment on column analytics.lead.account_id is 'Key of the account that the lead became, as text; null if none.';
comment on column analytics.workload_by_month.project_count is
    'Projects of the client that had the status at the end of the month.';
comment on column analytics.workload_by_month.contract_value is 'Contract value of those projects, as it is now.';
comment on column analytics.kpi.as_of is 'Today''s date in the practice''s time zone.';
comment on column analytics.kpi.pipeline_value is
    'Pipeline value: estimated value of leads in status new, contacted or qualified. Won and lost do not '
    'count; a lead without an estimate counts 0.';
comment on column analytics.kpi.pipeline_count is 'Leads in status new, contacted or qualified.';
comment on column analytics.kpi.estimated_value_all_leads is
    'Estimated value of all leads, whatever their status, won and lost included. Not the pipeline.';
comment on column analytics.kpi.lead_count is 'All leads, whatever their status.';
comment on column analytics.kpi.won_count is 'Leads in status won, converted or not.';
comment on column analytics.kpi.lost_count is 'Leads in status lost.';
comment on column analytics.kpi.win_rate is
    'Win rate: leads won divided by leads won or lost, 0 to 1, by number and not by value; open leads do '
    'not count. Null when none is closed.';
comment on column analytics.kpi.contracted_revenue is
    'Contracted revenue: contract value of projects in status active, on_hold or completed; never '
    'proposed or cancelled.';
comment on column analytics.kpi.contracted_project_count is 'Projects in status active, on_hold or completed.';
comment on column analytics.kpi.active_projects is 'Projects in status active, and no others.';
comment on column analytics.kpi.active_project_value is
    'Contract value of projects in status active, and no others.';
comment on column analytics.kpi.overdue_projects is
    'Projects in status active whose end date is past in the practice''s time zone.';
comment on column analytics.kpi.average_project_value is
    'Average project value: contract value of projects in status active, on_hold or completed, divided by '
    'how many of them '
    'have a value. Null when there is none.';
comment on column analytics.kpi.account_count is 'All accounts, dormant ones included.';
comment on column analytics.kpi.active_account_count is 'Accounts in status active.';
comment on column analytics.kpi.open_activity_count is 'Activities with a due date that are not completed.';
comment on column analytics.kpi.overdue_activity_count is
    'Activities that are not completed and whose due date is past.';

revoke all on schema analytics from public;
revoke all on all tables in schema analytics from public;

do $$
declare
    api_role text;
begin
    foreach api_role in array array['anon', 'authenticated', 'service_role'] loop
        continue when not exists (select from pg_catalog.pg_roles where rolname = api_role);
        execute format('revoke all on schema analytics from %I', api_role);
        execute format('revoke all on all tables in schema analytics from %I', api_role);
    end loop;

    if exists (select from pg_catalog.pg_roles where rolname = 'powerbi_reader') then
        grant usage on schema analytics to powerbi_reader;
        grant select on all tables in schema analytics to powerbi_reader;
        -- Views that are made anew, and your own ones here, are readable at once.
        alter default privileges in schema analytics grant select on tables to powerbi_reader;
    else
        raise notice 'Role powerbi_reader is missing: nobody but the owner reads the views. '
            'Let somebody who may run: CREATE ROLE powerbi_reader LOGIN;  then apply views.sql again.';
    end if;
end
$$;

notify pgrst, 'reload schema';

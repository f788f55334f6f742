-- The rows of a large practice, made by the server itself, with triggers and foreign keys off
-- (session_replication_role). Keys are computed from a number, so that a row names its parent
-- without looking for it. Dates lie within the last five years.

-- name: accounts
insert into public.accounts (id, company_name, industry, website, phone, email, billing_city, billing_country,
                             account_status, owner_email, created_at)
select md5('account' || n)::uuid, 'Company ' || n || ', Inc.', (array['Banking', 'Energy', 'Retail'])[1 + n %% 3],
    'https://company' || n || '.example', '+49 30 ' || n, 'office@company' || n || '.example', 'Köln', 'Germany',
    (array['active', 'active', 'active', 'dormant'])[1 + n %% 4]::public.account_status, 'owner@example.com',
    now() - interval '1826 days'
from generate_series(1, %(accounts)s) n;

-- name: leads
insert into public.leads (id, company_name, first_name, last_name, email, industry, lead_source, lead_status,
                          estimated_value, owner_email, created_at, converted_account_id)
select md5('lead' || n)::uuid, 'Company ' || n, 'Kim', 'Lindqvist', 'kim@company' || n || '.example', 'Energy',
    (array['Web', 'Partner Referral', 'Phone Inquiry', null])[1 + n %% 4],
    (array['new', 'contacted', 'qualified', 'won', 'won', 'lost', 'lost', 'lost'])[1 + n %% 8]::public.lead_status,
    1000 + n %% 90000, 'owner@example.com', now() - make_interval(days => 30 + n %% 1700),
    case when n %% 8 in (3, 4) then md5('account' || 1 + n %% %(accounts)s)::uuid end
from generate_series(1, %(leads)s) n;

-- name: lead_history
insert into public.lead_status_changes (lead_id, old_status, new_status, changed_at)
select l.id, step.old_status, step.new_status, l.created_at + make_interval(days => step.days)
from public.leads l
cross join lateral (values
    (null::public.lead_status, 'new'::public.lead_status, 0, true),
    ('new', 'contacted', 3, l.lead_status <> 'new'),
    ('contacted', 'qualified', 9, l.lead_status in ('qualified', 'won')),
    ('qualified', 'won', 25, l.lead_status = 'won'),
    ('contacted', 'lost', 20, l.lead_status = 'lost')
) as step (old_status, new_status, days, happened)
where step.happened;

-- name: projects
insert into public.projects (id, account_id, project_name, description, project_status, start_date, end_date,
                             contract_value, owner_email, created_at)
select md5('project' || n)::uuid, md5('account' || 1 + n %% %(accounts)s)::uuid, 'Project ' || n,
    'What the client said: "as last year", and then some words about it.',
    (array['proposed', 'active', 'on_hold', 'completed', 'completed', 'completed', 'completed', 'cancelled'])
        [1 + n %% 8]::public.project_status,
    current_date - 1700 + n %% 1750, current_date - 1700 + n %% 1750 + 30 + n %% 200,
    1000 + n %% 90000 + 0.5, 'owner@example.com', now() - make_interval(days => 1730 - n %% 1700)
from generate_series(1, %(projects)s) n;

-- name: project_history
insert into public.project_status_changes (project_id, old_status, new_status, changed_at)
select j.id, step.old_status, step.new_status, j.created_at + make_interval(days => step.days)
from public.projects j
cross join lateral (values
    (null::public.project_status, 'proposed'::public.project_status, 0, true),
    ('proposed', 'active', 14, j.project_status in ('active', 'on_hold', 'completed')),
    ('active', 'completed', 180, j.project_status = 'completed'),
    ('active', 'on_hold', 40, j.project_status = 'on_hold'),
    ('proposed', 'cancelled', 30, j.project_status = 'cancelled')
) as step (old_status, new_status, days, happened)
where step.happened;

-- name: activities
insert into public.activities (activity_type, subject, notes, occurred_at, duration_minutes, due_date, completed,
                               lead_id, account_id, project_id, owner_email)
select (array['call', 'email', 'meeting', 'work', 'note'])[1 + n %% 5]::public.activity_type,
    'Talked about milestone ' || n %% 5000, 'What was said: the client is content, and wants more of it.',
    now() - make_interval(hours => (n %% 43800)::integer), (array[null, 15, 30, 60, 240])[1 + n %% 5],
    case when n %% 10 = 0 then current_date - 20 + (n %% 40)::integer end, n %% 20 = 0,
    case when n %% 5 = 0 then md5('lead' || 1 + n / 5 %% %(leads)s)::uuid end,
    case when n %% 5 = 1 then md5('account' || 1 + n %% %(accounts)s)::uuid end,
    case when n %% 5 > 1 then md5('project' || 1 + n %% %(projects)s)::uuid end,
    'owner@example.com'
from generate_series(1::bigint, %(activities)s) n;

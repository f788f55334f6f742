-- The statements of load.py, run by the owner of the tables in one transaction.

-- name: stage
create temporary table export_account on commit drop as
    select id, company_name, industry, billing_country from public.accounts with no data;
create temporary table export_project on commit drop as
    select id, account_id, project_name, description, project_status, start_date, end_date,
           contract_value, owner_email
    from public.projects with no data;
-- The trigger would note the last status at created_at; write_history says what the export knows.
alter table public.projects disable trigger project_status_history;

-- name: write_accounts
-- The account's own day is not in the export: created_at is the time of the first load.
with written as (
    insert into public.accounts (id, company_name, industry, billing_country)
    select id, company_name, industry, billing_country from pg_temp.export_account
    on conflict (id) do update
    set company_name = excluded.company_name, industry = excluded.industry,
        billing_country = excluded.billing_country
    where (accounts.company_name, accounts.industry, accounts.billing_country)
          is distinct from (excluded.company_name, excluded.industry, excluded.billing_country)
    returning xmax = 0 as is_new
)
select count(*) filter (where is_new), count(*) filter (where not is_new) from written;

-- name: write_projects
-- A row that has not changed is not written: nothing to sync.
with written as (
    insert into public.projects
        (id, account_id, project_name, description, project_status, start_date, end_date,
         contract_value, owner_email, created_at)
    select id, account_id, project_name, description, project_status, start_date, end_date,
           contract_value, owner_email,
           coalesce(start_date::timestamp at time zone 'UTC', now())
    from pg_temp.export_project
    on conflict (id) do update
    set account_id = excluded.account_id, project_name = excluded.project_name,
        description = excluded.description, project_status = excluded.project_status,
        start_date = excluded.start_date, end_date = excluded.end_date,
        contract_value = excluded.contract_value, owner_email = excluded.owner_email
    where (projects.account_id, projects.project_name, projects.description,
           projects.project_status, projects.start_date, projects.end_date,
           projects.contract_value, projects.owner_email)
          is distinct from
          (excluded.account_id, excluded.project_name, excluded.description,
           excluded.project_status, excluded.start_date, excluded.end_date,
           excluded.contract_value, excluded.owner_email)
    returning id, xmax = 0 as is_new
)
select count(*) filter (where is_new), count(*) filter (where not is_new) from written;

-- name: write_history
-- Proposed when the talks began, won or lost when the deal was closed (both at 00:00 UTC, the export
-- has days only). Only for rows without history, that is those just inserted.
insert into public.project_status_changes (project_id, old_status, new_status, changed_at)
select p.id, step.old_status, step.new_status, step.changed_at
from pg_temp.export_project e
join public.projects p on p.id = e.id
cross join lateral (values
    (null::public.project_status, 'proposed'::public.project_status, p.created_at),
    ('proposed', nullif(e.project_status, 'proposed'),
     greatest(e.end_date::timestamp at time zone 'UTC', p.created_at + interval '1 second'))
) as step (old_status, new_status, changed_at)
where step.new_status is not null
  and not exists (select from public.project_status_changes c where c.project_id = p.id);
alter table public.projects enable trigger project_status_history;

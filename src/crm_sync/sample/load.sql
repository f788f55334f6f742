-- The statements around the COPYs of load.py, run by the owner of the tables in one transaction.

-- name: lock_tables
-- Nobody else writes between the look for rows and the end of the load.
lock table public.accounts, public.leads, public.projects, public.activities in exclusive mode;

-- name: table_with_rows
-- The first table that holds rows already, or null.
select case
    when exists (select from public.accounts) then 'accounts'
    when exists (select from public.leads) then 'leads'
    when exists (select from public.projects) then 'projects'
    when exists (select from public.activities) then 'activities'
end;

-- name: history_by_hand
-- The triggers would note one status per row, at created_at; the sample brings the whole history.
alter table public.leads disable trigger lead_status_history;
alter table public.projects disable trigger project_status_history;

-- name: history_by_trigger
alter table public.leads enable trigger lead_status_history;
alter table public.projects enable trigger project_status_history;

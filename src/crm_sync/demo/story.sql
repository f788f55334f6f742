-- What happens in the practice while the demo runs. The rows that are named come from the sample.

-- name: a_lead_qualifies
update public.leads set lead_status = 'qualified'
where id = (select id from public.leads where lead_status = 'new' and length(company_name) < 40
            order by created_at desc, id limit 1);

-- name: a_value_rises
update public.projects set contract_value = contract_value + 5000 where id = %(project)s;

-- name: an_account_is_renamed
-- One with a single project, whose opportunity carries the account's name.
update public.accounts set company_name = company_name || ' Group'
where id = (select a.id from public.accounts a join public.projects p on p.account_id = a.id
            where length(a.company_name) < 40
            group by a.id having count(*) = 1 order by a.id limit 1);

-- name: an_activity_is_added
insert into public.activities (account_id, activity_type, subject, occurred_at, completed)
values (%(quiet_client)s, 'call', 'Are you well? It has been a while', now(), true);

-- name: a_call_becomes_a_meeting
update public.activities set activity_type = 'meeting', duration_minutes = 45
where id = (select id from public.activities
            where activity_type = 'call' and account_id is not null and subject not like 'Are you%%'
            order by occurred_at desc, id limit 1);

-- name: a_call_with_an_invalid_lead
insert into public.activities (lead_id, activity_type, subject, occurred_at)
values (%(long_lead)s, 'call', 'First call', now());

-- name: a_workshop_of_two_days
-- Salesforce takes an event of up to 1,440 minutes.
insert into public.activities (account_id, activity_type, subject, occurred_at, duration_minutes)
values (%(big_client)s, 'meeting', 'Two-day workshop', now(), 2880);

-- name: a_shorter_name
update public.leads set company_name = left(company_name, 60) where id = %(long_lead)s;

-- name: a_shorter_workshop
update public.activities set duration_minutes = 480 where subject = 'Two-day workshop';

-- name: rows_for_salesforce
-- Counted in the tables: every row, save leads that became an account.
select (select count(*) from public.accounts) + (select count(*) from public.projects)
     + (select count(*) from public.activities)
     + (select count(*) from public.leads where converted_account_id is null);

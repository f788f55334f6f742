-- A consultant's CRM in PostgreSQL: tables, rules, history, access, and the state of the one-way sync.
--
-- Apply as the owner of the database (on Supabase: postgres), with psql or pasted into the Supabase SQL
-- editor, then apply views.sql. Both files may be applied again at any time without harm; psql's
-- --single-transaction makes it all or nothing. PostgreSQL 15 or newer, no extension, no superuser.
--
--   1  Enums               4  updated_at, status history, convert_lead, computed fields
--   2  Tables              5  Schema sync: tables, change capture
--   3  Comments            6  Access: roles, row level security, grants
--
-- What happens on delete
--   accounts               refused while a project belongs to it, or a lead was converted into it: revenue
--                          does not vanish with a click, and a converted lead does not become open again
--   leads, projects        go; their activities and their status history go with them
--   an account's own activities go with the account
--   status history         goes only with its lead or project; it is never edited and never deleted alone
--   keys (id)              do not change once another row points to them (ON UPDATE NO ACTION)
--
-- Changing this file
--   A new column: add it to CREATE TABLE and, below that table, as ALTER TABLE … ADD COLUMN IF NOT EXISTS.
--   A new table: CREATE TABLE IF NOT EXISTS, comments on it and on every column, and its name in
--   sync.mapped_tables(); docs/how-to/add-an-object.md shows it.
--   A new enum value: ALTER TYPE … ADD VALUE IF NOT EXISTS below its type. PostgreSQL does not let the
--   transaction that adds a value use it, so nothing in this file may use the new value (no default, no
--   check): the Supabase SQL editor runs the whole file as one transaction.
--   Anything else that is there already (a check, a type, a default): CREATE … IF NOT EXISTS does not change it.
--   `crm-sync db apply` compares the database with this file and shows the SQL that does.
--   Schema sync: change the table here, raise the version (twice in this file, and in
--   src/crm_sync/schema/version.py), and bring older databases there with a step in upgrades.sql beside it.
--   Once there is a release, all of it goes into a new file of supabase/migrations, too.
--
-- Loading old data with its own status history: an INSERT notes the row's status as its first, at its
-- created_at. A loader that brings the history switches that off for its transaction, as the owner:
--   ALTER TABLE public.leads DISABLE TRIGGER lead_status_history;     … load leads and lead_status_changes …
--   ALTER TABLE public.leads ENABLE TRIGGER lead_status_history;      (likewise project_status_history)

-- A schema sync of another version: this file alone would leave its tables half old.
do $$
declare
    wanted constant integer := 2;
    there  integer := wanted;
begin
    if to_regprocedure('sync.version()') is not null then
        execute 'select sync.version()' into there;
    elsif to_regclass('sync.record') is not null then
        there := 1;
    end if;
    if there > wanted then
        raise exception 'Schema sync of this database is version %, and this schema.sql makes %.', there, wanted
            using hint = 'The database is newer: take the schema.sql of the newer release.';
    elsif there < wanted then
        raise exception 'Schema sync of this database is version %, and this schema.sql makes %.', there, wanted
            using hint = '`crm-sync db apply` upgrades it and keeps what it holds.';
    end if;
end
$$;


-- 1  Enums ------------------------------------------------------------------------------------------------

do $$
begin
    if to_regtype('public.lead_status') is null then
        create type public.lead_status as enum ('new', 'contacted', 'qualified', 'won', 'lost');
    end if;
    if to_regtype('public.account_status') is null then
        create type public.account_status as enum ('active', 'dormant');
    end if;
    if to_regtype('public.project_status') is null then
        create type public.project_status as enum ('proposed', 'active', 'on_hold', 'completed', 'cancelled');
    end if;
    if to_regtype('public.activity_type') is null then
        create type public.activity_type as enum ('call', 'email', 'meeting', 'work', 'note');
    end if;
end
$$;


-- 2  Tables -----------------------------------------------------------------------------------------------
-- No length limits: a text that is too long for Salesforce is found by the dry run and named there.
-- An e-mail is checked for its shape only (one @, a dot behind it, no blank): finer rules are the target's.

create table if not exists public.accounts (
    id                  uuid primary key default gen_random_uuid(),
    company_name        text not null,
    industry            text,
    website             text,
    phone               text,
    email               text,
    primary_contact     text,
    billing_street      text,
    billing_city        text,
    billing_state       text,
    billing_postal_code text,
    billing_country     text,
    account_status      public.account_status not null default 'active',
    owner_email         text,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    constraint accounts_company_name_not_blank check (company_name ~ '\S'),
    constraint accounts_email_is_an_address check (email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'),
    constraint accounts_owner_email_is_an_address check (owner_email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$')
);
-- convert_lead looks for an account of the same name.
create index if not exists accounts_company_name on public.accounts (lower(btrim(company_name)));

create table if not exists public.leads (
    id                   uuid primary key default gen_random_uuid(),
    company_name         text not null,
    first_name           text,
    last_name            text,
    email                text,
    phone                text,
    title                text,
    website              text,
    industry             text,
    lead_source          text,
    lead_status          public.lead_status not null default 'new',
    estimated_value      numeric(14,2),
    notes                text,
    owner_email          text,
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    converted_account_id uuid,
    constraint leads_converted_account_id_fkey
        foreign key (converted_account_id) references public.accounts (id) on delete restrict,
    constraint leads_company_name_not_blank check (company_name ~ '\S'),
    constraint leads_first_name_not_blank check (first_name ~ '\S'),
    constraint leads_last_name_not_blank check (last_name ~ '\S'),
    constraint leads_email_is_an_address check (email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'),
    constraint leads_owner_email_is_an_address check (owner_email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'),
    constraint leads_estimated_value_not_negative check (estimated_value >= 0 and estimated_value <> 'NaN'),
    constraint leads_converted_is_won check (converted_account_id is null or lead_status = 'won')
);
create index if not exists leads_converted_account_id on public.leads (converted_account_id);

create table if not exists public.projects (
    id             uuid primary key default gen_random_uuid(),
    account_id     uuid not null,
    project_name   text not null,
    description    text,
    project_status public.project_status not null default 'proposed',
    start_date     date,
    end_date       date,
    contract_value numeric(14,2),
    owner_email    text,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    constraint projects_account_id_fkey
        foreign key (account_id) references public.accounts (id) on delete restrict,
    constraint projects_project_name_not_blank check (project_name ~ '\S'),
    constraint projects_owner_email_is_an_address check (owner_email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'),
    constraint projects_contract_value_not_negative check (contract_value >= 0 and contract_value <> 'NaN'),
    constraint projects_dates_are_finite check (isfinite(start_date) and isfinite(end_date)),
    constraint projects_end_not_before_start check (end_date >= start_date)
);
create index if not exists projects_account_id on public.projects (account_id);

create table if not exists public.activities (
    id               uuid primary key default gen_random_uuid(),
    activity_type    public.activity_type not null,
    subject          text not null,
    notes            text,
    occurred_at      timestamptz not null default now(),
    duration_minutes integer,
    due_date         date,
    completed        boolean not null default false,
    lead_id          uuid,
    account_id       uuid,
    project_id       uuid,
    related_type     text generated always as (
                         case when lead_id is not null then 'lead'
                              when account_id is not null then 'account'
                              when project_id is not null then 'project' end) stored,
    related_id       uuid generated always as (coalesce(lead_id, account_id, project_id)) stored,
    owner_email      text,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    constraint activities_lead_id_fkey
        foreign key (lead_id) references public.leads (id) on delete cascade,
    constraint activities_account_id_fkey
        foreign key (account_id) references public.accounts (id) on delete cascade,
    constraint activities_project_id_fkey
        foreign key (project_id) references public.projects (id) on delete cascade,
    constraint activities_exactly_one_parent check (num_nonnulls(lead_id, account_id, project_id) = 1),
    constraint activities_subject_not_blank check (subject ~ '\S'),
    constraint activities_moments_are_finite check (isfinite(occurred_at) and isfinite(due_date)),
    constraint activities_duration_not_negative check (duration_minutes >= 0),
    constraint activities_owner_email_is_an_address check (owner_email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$')
);
create index if not exists activities_lead_id on public.activities (lead_id, occurred_at);
create index if not exists activities_account_id on public.activities (account_id, occurred_at);
create index if not exists activities_project_id on public.activities (project_id, occurred_at);

create table if not exists public.lead_status_changes (
    id         uuid primary key default gen_random_uuid(),
    lead_id    uuid not null,
    old_status public.lead_status,
    new_status public.lead_status not null,
    changed_at timestamptz not null default clock_timestamp(),
    constraint lead_status_changes_lead_id_fkey
        foreign key (lead_id) references public.leads (id) on delete cascade,
    constraint lead_status_changes_is_a_change check (old_status is distinct from new_status)
);
create index if not exists lead_status_changes_lead_id on public.lead_status_changes (lead_id, changed_at);

create table if not exists public.project_status_changes (
    id         uuid primary key default gen_random_uuid(),
    project_id uuid not null,
    old_status public.project_status,
    new_status public.project_status not null,
    changed_at timestamptz not null default clock_timestamp(),
    constraint project_status_changes_project_id_fkey
        foreign key (project_id) references public.projects (id) on delete cascade,
    constraint project_status_changes_is_a_change check (old_status is distinct from new_status)
);
create index if not exists project_status_changes_project_id
    on public.project_status_changes (project_id, changed_at);

create table if not exists public.practice_setting (
    is_the_only_row boolean primary key default true,
    time_zone       text not null default 'UTC',
    constraint practice_setting_has_one_row check (is_the_only_row),
    -- An unknown zone makes the expression itself fail: time zone "…" not recognized.
    constraint practice_setting_time_zone_is_known
        check ((timestamptz '2000-01-01 00:00+00' at time zone time_zone) is not null)
);
insert into public.practice_setting default values on conflict do nothing;


-- 3  Comments ---------------------------------------------------------------------------------------------

comment on type public.lead_status is
    'How far a lead is: new, contacted, qualified (these three are the pipeline), won, lost.';
comment on type public.account_status is 'Whether we work for an account at present: active, dormant.';
comment on type public.project_status is
    'State of a project: proposed, active, on_hold, completed, cancelled. Active means only active; '
    'contracted are active, on_hold and completed.';
comment on type public.activity_type is
    'Kind of activity: call, email, meeting (contact with the client), work, note. '
    'A meeting becomes an Event in Salesforce, the others a Task.';

comment on table public.accounts is 'The clients of the practice: one row per company.';
comment on column public.accounts.id is 'Key; also the external ID of the Account in Salesforce.';
comment on column public.accounts.company_name is 'Name of the company; never blank.';
comment on column public.accounts.industry is 'Industry, as the practice calls it.';
comment on column public.accounts.website is 'Web address.';
comment on column public.accounts.phone is 'Main telephone number.';
comment on column public.accounts.email is 'Main e-mail address.';
comment on column public.accounts.primary_contact is 'Name of the person we talk to.';
comment on column public.accounts.billing_street is
    'Billing address: street and number, may have several lines.';
comment on column public.accounts.billing_city is 'Billing address: city.';
comment on column public.accounts.billing_state is 'Billing address: state or province.';
comment on column public.accounts.billing_postal_code is 'Billing address: postal code.';
comment on column public.accounts.billing_country is 'Billing address: country.';
comment on column public.accounts.account_status is 'Whether we work for the account at present.';
comment on column public.accounts.owner_email is 'E-mail of the person in the practice who looks after it.';
comment on column public.accounts.created_at is 'When the row was made.';
comment on column public.accounts.updated_at is 'When the row was last written; set by trigger.';

comment on table public.leads is 'Prospective business: one row per enquiry, until it is won or lost.';
comment on column public.leads.id is 'Key; also the external ID of the Lead in Salesforce.';
comment on column public.leads.company_name is 'Name of the company that asks; never blank.';
comment on column public.leads.first_name is 'First name of the person who asks.';
comment on column public.leads.last_name is 'Last name of the person who asks; may be unknown.';
comment on column public.leads.email is 'E-mail address of the person.';
comment on column public.leads.phone is 'Telephone number of the person.';
comment on column public.leads.title is 'The person''s position in the company.';
comment on column public.leads.website is 'Web address of the company.';
comment on column public.leads.industry is 'Industry of the company.';
comment on column public.leads.lead_source is 'Where the lead came from, as the practice calls it.';
comment on column public.leads.lead_status is
    'How far the lead is; each change is kept in lead_status_changes.';
comment on column public.leads.estimated_value is
    'What the business might be worth; not the company''s revenue.';
comment on column public.leads.notes is 'Free text.';
comment on column public.leads.owner_email is 'E-mail of the person in the practice who follows it up.';
comment on column public.leads.created_at is 'When the lead came in.';
comment on column public.leads.updated_at is 'When the row was last written; set by trigger.';
comment on column public.leads.converted_account_id is
    'The account that the lead became, set by convert_lead; only a won lead has one. '
    'The account cannot be deleted while it stands here (ON DELETE RESTRICT): a converted lead would '
    'become open again.';

comment on table public.projects is 'Work for an account: offered, under contract, done or called off.';
comment on column public.projects.id is 'Key; also the external ID of the Opportunity in Salesforce.';
comment on column public.projects.account_id is
    'The client. An account that has projects cannot be deleted (ON DELETE RESTRICT): revenue would '
    'vanish with it.';
comment on column public.projects.project_name is 'Name of the project; never blank.';
comment on column public.projects.description is 'What is to be done.';
comment on column public.projects.project_status is
    'State of the project; each change is kept in project_status_changes.';
comment on column public.projects.start_date is 'First day of the work.';
comment on column public.projects.end_date is
    'Agreed last day of the work, not before the first; null: open-ended.';
comment on column public.projects.contract_value is
    'Value of the contract, or of the offer while proposed; not negative.';
comment on column public.projects.owner_email is 'E-mail of the person in the practice who leads it.';
comment on column public.projects.created_at is 'When the row was made.';
comment on column public.projects.updated_at is 'When the row was last written; set by trigger.';

comment on table public.activities is
    'One log of calls, e-mails, meetings, work and notes across leads, accounts and projects; '
    'each belongs to exactly one of them.';
comment on column public.activities.id is 'Key; with the prefix task: or event: the external ID in Salesforce.';
comment on column public.activities.activity_type is 'Kind of activity.';
comment on column public.activities.subject is 'What it was about, in a line; never blank.';
comment on column public.activities.notes is 'Free text.';
comment on column public.activities.occurred_at is
    'When it took place or, in the future, is to take place; of something to do, when it was noted.';
comment on column public.activities.duration_minutes is 'How long it took, in minutes; null: not known.';
comment on column public.activities.due_date is
    'Until when it is to be done. With a due date and not completed it is a thing to do and has not '
    'happened yet.';
comment on column public.activities.completed is 'Whether it is done.';
comment on column public.activities.lead_id is
    'The lead that it belongs to, if it belongs to a lead. It goes with the lead (ON DELETE CASCADE), '
    'and stays with the lead when that is converted.';
comment on column public.activities.account_id is
    'The account that it belongs to, if it belongs to an account. It goes with the account (ON DELETE '
    'CASCADE).';
comment on column public.activities.project_id is
    'The project that it belongs to, if it belongs to a project. It goes with the project (ON DELETE CASCADE).';
comment on column public.activities.related_type is
    'lead, account or project: which of the three keys is set. Derived, cannot be written.';
comment on column public.activities.related_id is
    'The one of the three keys that is set. Derived, cannot be written.';
comment on column public.activities.owner_email is
    'E-mail of the person in the practice who did it or is to do it.';
comment on column public.activities.created_at is 'When the row was made.';
comment on column public.activities.updated_at is 'When the row was last written; set by trigger.';

comment on table public.lead_status_changes is
    'Every status that a lead ever had, written by trigger; never edited, deleted only with its lead.';
comment on column public.lead_status_changes.id is 'Key.';
comment on column public.lead_status_changes.lead_id is
    'The lead. Its history goes with it (ON DELETE CASCADE).';
comment on column public.lead_status_changes.old_status is 'Status before; null: the first that we know of.';
comment on column public.lead_status_changes.new_status is 'Status from then on.';
comment on column public.lead_status_changes.changed_at is
    'When it changed; for the first, when the lead came in.';

comment on table public.project_status_changes is
    'Every status that a project ever had, written by trigger; never edited, deleted only with its project.';
comment on column public.project_status_changes.id is 'Key.';
comment on column public.project_status_changes.project_id is
    'The project. Its history goes with it (ON DELETE CASCADE).';
comment on column public.project_status_changes.old_status is 'Status before; null: the first that we know of.';
comment on column public.project_status_changes.new_status is 'Status from then on.';
comment on column public.project_status_changes.changed_at is
    'When it changed; for the first, when the project was made.';

comment on table public.practice_setting is
    'Settings of the practice, in one row. Change one with, for example: '
    'UPDATE practice_setting SET time_zone = ''Europe/Berlin''';
comment on column public.practice_setting.is_the_only_row is 'Always true: keeps the table at one row.';
comment on column public.practice_setting.time_zone is
    'Name of the time zone whose days and months the views of schema analytics count in, such as '
    'Europe/Berlin.';


-- 4  updated_at, status history, convert_lead, computed fields ----------------------------------------------
-- Trigger functions need no EXECUTE of the writing user, so nobody gets it.

create or replace function public.set_updated_at() returns trigger
    language plpgsql
    set search_path = ''
as $$
begin
    new.updated_at := now();
    return new;
end
$$;
comment on function public.set_updated_at() is
    'Trigger: updated_at is the time of the last write, whatever the writer says.';

-- Definer's rights: whoever may write a lead may not write its history. The time of a change is the clock's,
-- not the transaction's, so that two changes in one transaction keep their order.
create or replace function public.note_lead_status() returns trigger
    language plpgsql
    security definer
    set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        insert into public.lead_status_changes (lead_id, old_status, new_status, changed_at)
        select n.id, null, n.lead_status, n.created_at
        from new_rows n;
    else
        insert into public.lead_status_changes (lead_id, old_status, new_status, changed_at)
        select n.id, o.lead_status, n.lead_status, clock_timestamp()
        from new_rows n
        join old_rows o on o.id = n.id
        where o.lead_status <> n.lead_status;
    end if;
    return null;
end
$$;
comment on function public.note_lead_status() is
    'Trigger: writes lead_status_changes when a lead comes in or its status changes.';

create or replace function public.note_project_status() returns trigger
    language plpgsql
    security definer
    set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        insert into public.project_status_changes (project_id, old_status, new_status, changed_at)
        select n.id, null, n.project_status, n.created_at
        from new_rows n;
    else
        insert into public.project_status_changes (project_id, old_status, new_status, changed_at)
        select n.id, o.project_status, n.project_status, clock_timestamp()
        from new_rows n
        join old_rows o on o.id = n.id
        where o.project_status <> n.project_status;
    end if;
    return null;
end
$$;
comment on function public.note_project_status() is
    'Trigger: writes project_status_changes when a project is made or its status changes.';

create or replace trigger lead_status_history after insert on public.leads
    referencing new table as new_rows
    for each statement execute function public.note_lead_status();
create or replace trigger lead_status_history_update after update on public.leads
    referencing old table as old_rows new table as new_rows
    for each statement execute function public.note_lead_status();
create or replace trigger project_status_history after insert on public.projects
    referencing new table as new_rows
    for each statement execute function public.note_project_status();
create or replace trigger project_status_history_update after update on public.projects
    referencing old table as old_rows new table as new_rows
    for each statement execute function public.note_project_status();

-- A parent that is deleted or truncated takes its history along; by then it is gone itself, which tells the two apart.
create or replace function public.refuse_history_edit() returns trigger
    language plpgsql
    set search_path = ''
as $$
declare
    parent_is_there boolean := true;
begin
    if tg_table_name = 'lead_status_changes' then
        if tg_op = 'DELETE' then
            parent_is_there := exists (select from public.leads l where l.id = old.lead_id);
        elsif tg_op = 'TRUNCATE' then
            parent_is_there := exists (select from public.leads);
        end if;
    else
        if tg_op = 'DELETE' then
            parent_is_there := exists (select from public.projects p where p.id = old.project_id);
        elsif tg_op = 'TRUNCATE' then
            parent_is_there := exists (select from public.projects);
        end if;
    end if;
    if parent_is_there then
        raise exception 'Status history is never edited: % on % is refused.', tg_op, tg_table_name
            using errcode = 'restrict_violation',
                  hint = 'History goes only with its lead or project. To mend a status, set it on the lead or project.';
    end if;
    return old;
end
$$;
comment on function public.refuse_history_edit() is
    'Trigger: refuses to change or delete status history, except when its lead or project goes.';

create or replace trigger refuse_history_edit before update or delete on public.lead_status_changes
    for each row execute function public.refuse_history_edit();
create or replace trigger refuse_history_truncate after truncate on public.lead_status_changes
    for each statement execute function public.refuse_history_edit();
create or replace trigger refuse_history_edit before update or delete on public.project_status_changes
    for each row execute function public.refuse_history_edit();
create or replace trigger refuse_history_truncate after truncate on public.project_status_changes
    for each statement execute function public.refuse_history_edit();

-- SQLSTATEs PT404 and PT409 are what PostgREST answers as HTTP 404 and 409.
create or replace function public.convert_lead(lead_id uuid, account_id uuid default null) returns uuid
    language plpgsql
    security invoker
    set search_path = ''
as $$
declare
    lead      public.leads;
    namesakes uuid[];
    result    uuid;
begin
    -- The lock makes a second call wait and then find the lead converted.
    select l.* into lead from public.leads l where l.id = convert_lead.lead_id for update;
    if not found then
        raise exception 'There is no lead %.', coalesce(convert_lead.lead_id::text, '(null)')
            using errcode = 'PT404', hint = 'Pass the id of a row of leads.';
    end if;

    if lead.converted_account_id is not null then
        if convert_lead.account_id <> lead.converted_account_id then
            raise exception 'Lead % is already converted into account %.', lead.id, lead.converted_account_id
                using errcode = 'PT409', hint = 'Leave account_id out to get that account.';
        end if;
        return lead.converted_account_id;
    end if;

    if lead.lead_status <> 'won' then
        raise exception 'Lead % is %, not won.', lead.id, lead.lead_status
            using errcode = 'PT409', hint = 'Only a won lead becomes an account: set lead_status to won first.';
    end if;

    if convert_lead.account_id is not null then
        select a.id into result from public.accounts a where a.id = convert_lead.account_id;
        if not found then
            raise exception 'There is no account %.', convert_lead.account_id
                using errcode = 'PT404', hint = 'Pass the id of a row of accounts, or leave account_id out.';
        end if;
    else
        select array_agg(a.id) into namesakes
        from public.accounts a
        where lower(btrim(a.company_name)) = lower(btrim(lead.company_name));
        if cardinality(namesakes) > 1 then
            raise exception 'There are % accounts named "%".', cardinality(namesakes), btrim(lead.company_name)
                using errcode = 'PT409', hint = 'Say which one the lead joins: pass its id as account_id.';
        end if;
        result := namesakes[1];
    end if;

    if result is null then
        insert into public.accounts
            (company_name, industry, website, phone, email, primary_contact, owner_email)
        values
            (lead.company_name, lead.industry, lead.website, lead.phone, lead.email,
             nullif(concat_ws(' ', lead.first_name, lead.last_name), ''), lead.owner_email)
        returning id into result;
    end if;

    update public.leads l set converted_account_id = result where l.id = lead.id;
    return result;
end
$$;
comment on function public.convert_lead(uuid, uuid) is
    'Turns a won lead into an account and returns the account''s id. With account_id the lead joins that '
    'account; '
    'without, it joins the one account of the same name (case and outer blanks aside), or a new account '
    'is made from it. '
    'A lead that is converted already returns its account. Its activities stay with the lead. '
    'Errors: PT404 unknown lead or account; PT409 not won, converted into another account, several '
    'accounts of that name.';


-- Computed fields of Supabase's API: PostgREST offers a function of a row as one more column of its table, to those
-- who name it (docs/rest-api.md). The argument has no name, which keeps it from being a call of its own under /rpc.
create or replace function public.full_name(public.leads) returns text
    language sql
    stable
    set search_path = ''
as $$
    select nullif(concat_ws(' ', $1.first_name, $1.last_name), '')
$$;
comment on function public.full_name(public.leads) is
    'Computed field of leads: first and last name of the person; null where neither is known.';

create or replace function public.is_open(public.activities) returns boolean
    language sql
    stable
    set search_path = ''
as $$
    select $1.due_date is not null and not $1.completed
$$;
comment on function public.is_open(public.activities) is
    'Computed field of activities: whether it is a thing to do that is not done yet.';

create or replace function public.is_overdue(public.projects) returns boolean
    language sql
    stable
    set search_path = ''
as $$
    select coalesce(
        $1.project_status = 'active'
        and $1.end_date < (now() at time zone coalesce(
            (select s.time_zone from public.practice_setting s), 'UTC'))::date,
        false)
$$;
comment on function public.is_overdue(public.projects) is
    'Computed field of projects: whether it is active and its agreed last day is over, by the date of the '
    'practice''s time zone.';

revoke all on function public.full_name(public.leads), public.is_open(public.activities),
    public.is_overdue(public.projects) from public;
do $$
declare
    api_role text;
begin
    foreach api_role in array array['anon', 'authenticated', 'service_role'] loop
        continue when not exists (select from pg_catalog.pg_roles where rolname = api_role);
        execute format('revoke all on function public.full_name(public.leads), '
            'public.is_open(public.activities), public.is_overdue(public.projects) from %I', api_role);
        continue when api_role = 'anon';
        execute format('grant execute on function public.full_name(public.leads), '
            'public.is_open(public.activities), public.is_overdue(public.projects) to %I', api_role);
    end loop;
end
$$;


-- 5  Schema sync ------------------------------------------------------------------------------------------
-- The state of the one-way sync. All rows of one Salesforce org carry its 18-character Organization Id.

create schema if not exists sync;

create or replace function sync.version() returns integer
    language sql
    immutable
    set search_path = ''
as $$
    select 2
$$;
comment on function sync.version() is
    'The version of schema sync. A program that knows another one stops; `crm-sync db apply` upgrades an older one.';

-- The one list of them: what each needs besides its columns and comments is done below for all in it.
create or replace function sync.mapped_tables() returns text[]
    language sql
    immutable
    set search_path = ''
as $$
    select array['accounts', 'leads', 'projects', 'activities']
$$;
comment on function sync.mapped_tables() is
    'The tables of schema public that people write and mappings read: updated_at is kept and changes are '
    'noted; the API''s users and the sync have their rights.';

create table if not exists sync.org (
    org_id                     text primary key check (length(org_id) = 18),
    name                       text not null,
    kind                       text not null check (kind in ('production', 'sandbox', 'local')),
    instance_url               text not null,
    username                   text,
    user_id                    text,
    edition                    text,
    database_system_identifier bigint not null,
    database_oid               oid not null,
    run_number                 bigint not null default 0,
    position                   pg_snapshot,
    last_run_at                timestamptz
);

create table if not exists sync.target (
    target   text primary key,
    org_id   text not null references sync.org on delete cascade,
    bound_at timestamptz not null default now()
);
create index if not exists target_org_id on sync.target (org_id);

create table if not exists sync.mapping (
    org_id       text not null references sync.org on delete cascade,
    mapping      text not null,
    object       text not null,
    external_id  text not null,
    prefix       text not null,
    source_table text not null,
    source_key   text not null,
    fingerprint  text not null,
    source_state text,
    looked_up_at timestamptz,
    planned_at   timestamptz not null default now(),
    may_create_at timestamptz,
    primary key (org_id, mapping)
);

create table if not exists sync.describe (
    org_id     text not null references sync.org on delete cascade,
    object     text not null,
    facts      jsonb not null,
    fetched_at timestamptz not null default now(),
    primary key (org_id, object)
);

create table if not exists sync.reference (
    org_id        text not null references sync.org on delete cascade,
    object        text not null,
    field         text not null,
    value         text collate "C" not null,
    salesforce_id text not null,
    is_active     boolean not null default true,
    matches       integer not null default 1,
    fetched_at    timestamptz not null default now(),
    primary key (org_id, object, field, value)
);

create table if not exists sync.change (
    table_name text not null,
    key        text collate "C",
    xid        xid8 not null default pg_current_xact_id(),
    at         timestamptz not null default now()
);
create index if not exists change_xid on sync.change (xid);
-- No key, since a row may be noted many times. Under a publication for all tables the sweep's DELETE would be
-- refused without a replica identity.
alter table sync.change replica identity full;

-- record, plan, job_row and history have no foreign key to org: PostgreSQL checks it row by row, for a million rows
-- at every sync. `forget_org` removes their rows with the org.
create table if not exists sync.record (
    org_id           text not null,
    mapping          text not null,
    key              text collate "C" not null,
    salesforce_id    text check (length(salesforce_id) = 18),
    label            text,
    state            text not null default 'live' check (state in ('live', 'gone', 'merged', 'converted')),
    payload          jsonb not null default '{}',
    in_flight        jsonb,
    in_flight_action text,
    in_flight_at     timestamptz,
    run_number       bigint not null,
    sent_at          timestamptz,
    problem          jsonb,
    cleared          boolean not null default false,
    primary key (org_id, mapping, key)
);
create index if not exists record_salesforce_id on sync.record (org_id, salesforce_id);
-- Records that every plan looks at, whether their row changed or not.
create index if not exists record_open on sync.record (org_id, mapping)
    where in_flight is not null or salesforce_id is null or state <> 'live';

create table if not exists sync.moved (
    org_id        text not null references sync.org on delete cascade,
    salesforce_id text not null,
    primary key (org_id, salesforce_id)
);

create table if not exists sync.plan (
    org_id        text not null,
    mapping       text not null,
    key           text collate "C" not null,
    position      bigint not null,
    action        text not null check (action in ('create', 'update', 'delete')),
    state         text not null
                      check (state in ('planned', 'sending', 'blocked', 'invalid', 'refused', 'unknown', 'held')),
    label         text,
    salesforce_id text,
    payload       jsonb,
    before        jsonb,
    changed       text[] not null default '{}',
    waits_for     text[] not null default '{}',
    parent        text,
    problems      jsonb not null default '[]',
    pair          text,
    attempts      integer not null default 0,
    fingerprint   text not null,
    run_number    bigint not null,
    planned_at    timestamptz not null default now(),
    refused_at    timestamptz,
    leaves        boolean not null default false,
    resent        boolean not null default false,
    by_composite  boolean not null default false,
    bytes         integer not null default 0,
    edited        jsonb,
    primary key (org_id, mapping, key)
);
create index if not exists plan_next on sync.plan (org_id, state, position);

create table if not exists sync.job (
    org_id     text not null references sync.org on delete cascade,
    job_id     text not null check (length(job_id) = 18),
    run_number bigint not null,
    mapping    text not null,
    action     text not null check (action in ('create', 'update', 'delete')),
    key_column text not null,
    prefix     text not null,
    state      text not null default 'open' check (state in ('open', 'closed', 'collected')),
    rows       bigint not null,
    created_at timestamptz not null default now(),
    primary key (org_id, job_id)
);

-- Beside the plan and not a column of it: marking 100,000 rows there would write each of them anew.
create table if not exists sync.job_row (
    org_id        text not null,
    job_id        text not null,
    key           text collate "C" not null,
    position      bigint not null,
    salesforce_id text,
    parents       jsonb,
    resent        boolean not null default false,
    primary key (org_id, job_id, key)
);

create table if not exists sync.history (
    id            bigint generated always as identity primary key,
    org_id        text not null,
    run_number    bigint not null,
    mapping       text not null,
    key           text collate "C" not null,
    salesforce_id text,
    action        text not null,
    outcome       text not null,
    before        jsonb,
    after         jsonb,
    problem       jsonb,
    edited        jsonb,
    at            timestamptz not null default now()
);
create index if not exists history_row on sync.history (org_id, key, mapping, id);
create index if not exists history_at on sync.history (org_id, at);

create table if not exists sync.run (
    org_id      text not null references sync.org on delete cascade,
    run_number  bigint not null,
    target      text not null,
    mode        text not null,
    status      text not null default 'running'
                    check (status in ('running', 'finished', 'finished with problems', 'stopped', 'interrupted')),
    started_at  timestamptz not null default now(),
    finished_at timestamptz,
    counts      jsonb not null default '{}',
    calls       integer not null default 0,
    message     text,
    primary key (org_id, run_number)
);

create table if not exists sync.made (
    thing text collate "C" primary key
);

comment on schema sync is
    'State of the one-way sync to Salesforce. Not part of any API; written by crm_sync and by triggers.';

comment on table sync.org is
    'A Salesforce org that this database is pushed to. Deleting an org forgets all that we know of it (ON '
    'DELETE CASCADE).';
comment on column sync.org.org_id is 'Organization Id, 18 characters.';
comment on column sync.org.name is 'Name of the org, as Salesforce says.';
comment on column sync.org.kind is 'production, sandbox or local.';
comment on column sync.org.instance_url is 'Where the org was last reached.';
comment on column sync.org.username is 'The user that we signed in as last.';
comment on column sync.org.user_id is 'Id of that user in Salesforce.';
comment on column sync.org.edition is
    'The edition, as Salesforce calls it: a Developer Edition is nobody''s business.';
comment on column sync.org.database_system_identifier is
    'pg_control_system() of the cluster that pushes; with database_oid the identity of this database. A '
    'copy that tries to push is stopped.';
comment on column sync.org.database_oid is 'Oid of the database that pushes.';
comment on column sync.org.run_number is 'The newest run; a process with an older number may not write.';
comment on column sync.org.position is
    'What the last plan saw of sync.change; null: the next plan compares every row.';
comment on column sync.org.last_run_at is 'When the newest run began.';

comment on table sync.target is 'Which org a named target was bound to by its first sync.';
comment on column sync.target.target is 'Name of the target in the settings.';
comment on column sync.target.org_id is
    'The org that it is bound to; the binding goes with the org (ON DELETE CASCADE).';
comment on column sync.target.bound_at is 'When it was bound.';

comment on table sync.mapping is 'A mapping as the org''s records know it.';
comment on column sync.mapping.org_id is 'The org (ON DELETE CASCADE).';
comment on column sync.mapping.mapping is 'Name of the mapping.';
comment on column sync.mapping.object is 'API name of the Salesforce object.';
comment on column sync.mapping.external_id is 'Name of the external ID field.';
comment on column sync.mapping.prefix is 'What stands before the key in the external ID.';
comment on column sync.mapping.source_table is 'Table that the rows come from.';
comment on column sync.mapping.source_key is 'Its key column.';
comment on column sync.mapping.fingerprint is
    'Hash of the mapping and of the describe facts it uses; a new one means that every row is compared.';
comment on column sync.mapping.source_state is
    'Hash of what the noting of changes rests on: the table, its triggers, enum labels; a new one, or null, '
    'means that every row is compared.';
comment on column sync.mapping.looked_up_at is
    'When Salesforce was searched for records that we had not recorded; null: search first.';
comment on column sync.mapping.planned_at is 'When it was last planned.';
comment on column sync.mapping.may_create_at is
    'When its first load into this org was let through: the org held no records without our external ID, they '
    'were adopted, or somebody said --create-anyway; null: not yet.';

comment on table sync.describe is 'Field facts of an object, as Salesforce last described it.';
comment on column sync.describe.org_id is 'The org (ON DELETE CASCADE).';
comment on column sync.describe.object is 'API name of the Salesforce object.';
comment on column sync.describe.facts is 'Per field: type, length, picklist values, whether it may be written.';
comment on column sync.describe.fetched_at is 'When it was read.';

comment on table sync.reference is
    'Ids of Salesforce records that are not ours, found by the value of a field: users by e-mail.';
comment on column sync.reference.org_id is 'The org (ON DELETE CASCADE).';
comment on column sync.reference.object is 'API name of the Salesforce object.';
comment on column sync.reference.field is 'The field that was searched.';
comment on column sync.reference.value is 'The value that was searched for, in lower case.';
comment on column sync.reference.salesforce_id is 'Id of the record found.';
comment on column sync.reference.is_active is
    'Whether the record may be used (an inactive user may not own records).';
comment on column sync.reference.matches is
    'How many records have this value; more than 1: ambiguous, not used.';
comment on column sync.reference.fetched_at is 'When it was read.';

comment on table sync.change is
    'Rows written in the mapped tables, appended by triggers in the writer''s own transaction; read by '
    'snapshot, swept when every org has seen them.';
comment on column sync.change.table_name is 'Table in schema public.';
comment on column sync.change.key is 'Key of the row; null: the table was truncated, compare every row.';
comment on column sync.change.xid is 'Transaction of the writer.';
comment on column sync.change.at is 'When that transaction began.';

comment on table sync.record is 'What we know of one row''s counterpart in one org.';
comment on column sync.record.org_id is 'The org, with which it goes (forget_org).';
comment on column sync.record.mapping is 'Name of the mapping.';
comment on column sync.record.key is 'Key of the source row.';
comment on column sync.record.salesforce_id is 'Id of the record, 18 characters; null: a create is in flight.';
comment on column sync.record.state is 'live, or what became of it in Salesforce: gone, merged, converted.';
comment on column sync.record.payload is 'What the record holds, as last sent and confirmed.';
comment on column sync.record.label is 'How reports call the row.';
comment on column sync.record.in_flight_action is
    'What was sent whose outcome is not known: create, update or delete. adopt: our key was written to a record '
    'of the org, whose values the next plan reads before anything else is sent.';
comment on column sync.record.in_flight is 'Fields that were sent and whose outcome is not known.';
comment on column sync.record.in_flight_at is 'When they were sent.';
comment on column sync.record.run_number is 'The run that last wrote this row.';
comment on column sync.record.sent_at is 'When the last confirmed payload was sent.';
comment on column sync.record.problem is
    'What was found of a record that is gone, merged or converted. Of a live one, that its row has taken it over by '
    'a merge or a conversion and nothing was sent to it yet; ours names the fields that hold what we had pushed.';
comment on column sync.record.cleared is
    'The row is gone and the record stays (on_delete): its values are no longer kept here; if the row comes '
    'back, every field is sent.';

comment on table sync.moved is
    'Records found deleted, merged or converted in Salesforce, or marked because their row left, since the '
    'org''s position: they and what names them are compared again.';
comment on column sync.moved.org_id is 'The org (ON DELETE CASCADE).';
comment on column sync.moved.salesforce_id is 'Id of the record, as what names it was sent with.';

comment on table sync.plan is 'What is to be done, one row per org, mapping and key; a recorded row leaves it.';
comment on column sync.plan.org_id is 'The org, with which it goes (forget_org).';
comment on column sync.plan.mapping is 'Name of the mapping.';
comment on column sync.plan.key is 'Key of the source row.';
comment on column sync.plan.position is
    'Order of sending: creates parents first, updates, deletes children first.';
comment on column sync.plan.action is 'create, update or delete.';
comment on column sync.plan.state is
    'planned, sending, or why it is not in order: blocked, invalid, refused, unknown, held.';
comment on column sync.plan.label is 'How reports call the row.';
comment on column sync.plan.salesforce_id is 'Id of the record, where it is known.';
comment on column sync.plan.payload is
    'What the record should hold; a parent without an Id is {"mapping", "key"}.';
comment on column sync.plan.before is 'Values of the changed fields as last sent.';
comment on column sync.plan.changed is 'Names of the fields that change.';
comment on column sync.plan.waits_for is
    'Rows that must be recorded first, each as mapping:key: parents without an Id yet; for a deletion, '
    'the children that leave or move before.';
comment on column sync.plan.leaves is 'The row is gone from the source, or left its mapping''s where.';
comment on column sync.plan.resent is 'The outcome of an earlier attempt is not known.';
comment on column sync.plan.parent is 'Rows with one parent stay together in a batch.';
comment on column sync.plan.problems is
    'Problems: a list of {code, field, column, sentence, mend, severity (error or note)}.';
comment on column sync.plan.pair is 'The other mapping of a row that moves (call to meeting and back).';
comment on column sync.plan.attempts is 'How often it was sent.';
comment on column sync.plan.fingerprint is 'Fingerprint of the mapping that planned it.';
comment on column sync.plan.run_number is 'The run that last wrote this row.';
comment on column sync.plan.planned_at is 'When it was planned.';
comment on column sync.plan.refused_at is 'When Salesforce last refused it.';

comment on column sync.plan.by_composite is 'It goes by Composite, whatever route its mapping takes.';
comment on column sync.plan.bytes is 'What its line of CSV takes at most.';
comment on column sync.plan.edited is
    'Fields that people edited in Salesforce and that this row would overwrite, or take along, with what stands there.';

comment on table sync.job is
    'A Bulk API 2.0 job, written down before its rows are uploaded. One that is not collected is asked about '
    'before the next plan.';
comment on column sync.job.org_id is 'The org (ON DELETE CASCADE).';
comment on column sync.job.job_id is 'Salesforce''s Id of the job, 18 characters.';
comment on column sync.job.run_number is 'The run that made it.';
comment on column sync.job.mapping is 'Name of the mapping whose rows it carries.';
comment on column sync.job.action is 'create (upsert by external ID), update or delete (by Id).';
comment on column sync.job.key_column is 'Column of its CSV by which a result finds its row.';
comment on column sync.job.prefix is 'What stands before the key in that column.';
comment on column sync.job.state is
    'open; closed: Salesforce may work on it; collected: its results are recorded here.';
comment on column sync.job.rows is 'Rows that were sent with it.';
comment on column sync.job.created_at is 'When it was written down.';

comment on table sync.job_row is
    'The rows of a job that is not collected: on their way, while the plan still has them as planned.';
comment on column sync.job_row.org_id is 'The org, with which it goes (forget_org).';
comment on column sync.job_row.job_id is 'The job.';
comment on column sync.job_row.key is 'Key of the source row.';
comment on column sync.job_row.position is 'Its position in the plan, whose rows of the job are found by it.';
comment on column sync.job_row.salesforce_id is 'Id by which an update or a deletion was sent.';
comment on column sync.job_row.parents is
    'Per lookup, the Id that it was sent with where the plan has {"mapping", "key"}.';
comment on column sync.job_row.resent is 'The outcome of an earlier attempt is not known.';

comment on table sync.history is
    'Who changed what when in Salesforce: one row per outcome; kept for 400 days (a setting).';
comment on column sync.history.id is 'Key, in order of writing.';
comment on column sync.history.org_id is 'The org, with which it goes (forget_org).';
comment on column sync.history.run_number is 'The run.';
comment on column sync.history.mapping is 'Name of the mapping.';
comment on column sync.history.key is 'Key of the source row.';
comment on column sync.history.salesforce_id is 'Id of the record, where it is known.';
comment on column sync.history.action is 'create, update, delete, or adopt (our key was written to a record of the org).';
comment on column sync.history.outcome is
    'recorded, refused, unknown, blocked, invalid, held, closed (a converted lead), followed, or gone (made again).';
comment on column sync.history.before is
    'What Salesforce may have held of the fields that were sent; cleared when the row is deleted.';
comment on column sync.history.after is 'The fields that were sent; cleared when the row is deleted.';
comment on column sync.history.problem is 'What Salesforce said, or what the row waits for, in our terms.';
comment on column sync.history.edited is
    'Fields that people had edited in Salesforce, with what stood there; without values once the row is deleted.';
comment on column sync.history.at is 'When the outcome was written.';

comment on table sync.run is 'One run of the sync against one org.';
comment on column sync.run.org_id is 'The org (ON DELETE CASCADE).';
comment on column sync.run.run_number is 'Number of the run within its org.';
comment on column sync.run.target is 'Name of the target that was run.';
comment on column sync.run.mode is 'full (every row compared) or incremental; adopt: a run of crm-sync adopt.';
comment on column sync.run.status is 'running, finished, finished with problems, stopped or interrupted.';
comment on column sync.run.started_at is 'When it began.';
comment on column sync.run.finished_at is 'When it ended.';
comment on column sync.run.counts is
    'Per mapping: how many create, update, delete, adopt, refused, unknown, blocked, invalid, held and planned.';
comment on column sync.run.calls is 'API calls made.';
comment on column sync.run.message is 'Why it stopped, in a sentence.';

comment on table sync.made is
    'What schema.sql and views.sql made here, as `db apply` last saw it: what they make no more is told from what '
    'people added.';
comment on column sync.made.thing is 'Kind and name, such as column public.accounts.phone.';

create or replace function sync.forget_org() returns trigger
    language plpgsql
    set search_path = ''
as $$
begin
    delete from sync.record where org_id = old.org_id;
    delete from sync.plan where org_id = old.org_id;
    delete from sync.job_row where org_id = old.org_id;
    delete from sync.history where org_id = old.org_id;
    return old;
end
$$;
comment on function sync.forget_org() is 'Trigger: forgets all that is known of an org that is deleted.';

create or replace trigger forget_org after delete on sync.org
    for each row execute function sync.forget_org();

-- Change capture. Statement-level with transition tables: a bulk load pays about twice its time, not 4.6 times
-- as with row-level triggers. PostgreSQL allows such a trigger one event and no column list, hence one each (below).
-- Definer's rights and an empty search_path: whoever writes a row needs no right on schema sync.
-- Not captured: session_replication_role = replica and disabled triggers; after those, sync with --full.
create or replace function sync.note_change() returns trigger
    language plpgsql
    security definer
    set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        insert into sync.change (table_name, key)
        select tg_table_name, n.id::text from new_rows n;
    elsif tg_op = 'DELETE' then
        insert into sync.change (table_name, key)
        select tg_table_name, o.id::text from old_rows o;
    elsif tg_op = 'UPDATE' then
        -- A row whose key changed meets nothing in the other table: both keys are noted.
        -- As jsonb, so that a column added later is compared too.
        insert into sync.change (table_name, key)
        select tg_table_name, coalesce(o.id, n.id)::text
        from old_rows o
        full join new_rows n on n.id = o.id
        where (to_jsonb(o) - 'updated_at') is distinct from (to_jsonb(n) - 'updated_at');
    else
        insert into sync.change (table_name, key) values (tg_table_name, null);
    end if;
    return null;
end
$$;
comment on function sync.note_change() is
    'Trigger: appends the keys of the rows that a statement wrote to sync.change; an update of updated_at '
    'alone is none.';

-- The triggers of the mapped tables.
do $$
declare
    tab text;
begin
    foreach tab in array sync.mapped_tables() loop
        execute format('create or replace trigger set_updated_at before update on public.%I '
            'for each row execute function public.set_updated_at()', tab);
        execute format('create or replace trigger note_insert after insert on public.%I '
            'referencing new table as new_rows for each statement execute function sync.note_change()', tab);
        execute format('create or replace trigger note_update after update on public.%I '
            'referencing old table as old_rows new table as new_rows '
            'for each statement execute function sync.note_change()', tab);
        execute format('create or replace trigger note_delete after delete on public.%I '
            'referencing old table as old_rows for each statement execute function sync.note_change()', tab);
        execute format('create or replace trigger note_truncate after truncate on public.%I '
            'for each statement execute function sync.note_change()', tab);
    end loop;
end
$$;


-- 6  Access -----------------------------------------------------------------------------------------------
-- Who may what
--   anon            nothing
--   authenticated   the people of the practice, through Supabase's API: read and write the mapped tables; read the
--                   status history; read and set the practice's settings
--   service_role    the same, without a question: servers that hold its key. Supabase gives it BYPASSRLS; its own
--                   policies let it do the same where that attribute is missing (a restored dump, plain PostgreSQL)
--   crm_sync        the sync: reads the mapped tables, every row; keeps its state in schema sync; no DDL
--   powerbi_reader  the views of schema analytics (granted in views.sql), nothing else
--   the owner       everything; row level security does not bind it (no FORCE), nor the trigger functions
--                   that run as it

-- Both roles may log in but have no password, so nobody can until you give them one:
--   crm-sync db login crm_sync          crm-sync db login powerbi_reader
-- (or ALTER ROLE … PASSWORD, which leaves the password in the server's log of statements).
-- Further readers of the views: GRANT powerbi_reader TO …
do $$
declare
    wanted text;
begin
    foreach wanted in array array['crm_sync', 'powerbi_reader'] loop
        continue when exists (select from pg_catalog.pg_roles where rolname = wanted);
        begin
            execute format('create role %I login', wanted);
        exception
            when duplicate_object or unique_violation then
                null;   -- another session made it at the same moment
            when insufficient_privilege then
                raise notice 'Role % is missing and % may not create roles. Let somebody who may run: '
                    'CREATE ROLE % LOGIN;  then apply schema.sql and views.sql again.', wanted, current_user, wanted;
        end;
    end loop;
end
$$;

-- Who counts as a member of the practice: whoever signed in, and not anonymously. Supabase lets strangers sign up
-- unless told otherwise: turn sign-ups off (Authentication, Sign In / Providers), or replace this function's body
-- by a stricter question, for example for a role in app_metadata. It is made only where it is missing, so that
-- yours stays. It reads the claims as Supabase's auth.uid() does, but needs no schema auth: plain PostgreSQL with
-- PostgREST works.
do $$
begin
    if to_regprocedure('public.is_staff()') is null then
        create function public.is_staff() returns boolean
            language sql
            stable
            set search_path = ''
        as $body$
            select coalesce(claims ->> 'sub', '') <> '' and coalesce(claims ->> 'is_anonymous', 'false') <> 'true'
            from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb) as request (claims)
        $body$;
    end if;
end
$$;
comment on function public.is_staff() is
    'Whether the request comes from a member of the practice: a signed-in user, not an anonymous one. '
    'Every policy for authenticated asks this.';

do $$
declare
    tab text;
begin
    foreach tab in array sync.mapped_tables() loop
        execute format('alter table public.%I enable row level security', tab);
    end loop;
end
$$;
alter table public.lead_status_changes enable row level security;
alter table public.project_status_changes enable row level security;
alter table public.practice_setting enable row level security;
alter table sync.org enable row level security;
alter table sync.target enable row level security;
alter table sync.mapping enable row level security;
alter table sync.describe enable row level security;
alter table sync.reference enable row level security;
alter table sync.change enable row level security;
alter table sync.record enable row level security;
alter table sync.moved enable row level security;
alter table sync.plan enable row level security;
alter table sync.job enable row level security;
alter table sync.job_row enable row level security;
alter table sync.history enable row level security;
alter table sync.run enable row level security;
alter table sync.made enable row level security;

revoke create on schema public from public;
revoke all on schema sync from public;
revoke all on all tables in schema sync from public;
revoke all on all functions in schema sync from public;
revoke all on function public.set_updated_at(), public.note_lead_status(), public.note_project_status(),
    public.refuse_history_edit(), public.is_staff(), public.convert_lead(uuid, uuid) from public;

-- Supabase's roles, where they exist. First everything is taken back: older projects give new tables and functions
-- in public to all three by default, newer ones (since 2026-10-30 all) to none, and both must end equal.
-- One permissive policy per role and action. (select …) lets PostgreSQL ask once per statement, not per row.
do $$
declare
    api_role  text;
    mapped    constant text[] := sync.mapped_tables();
    histories constant text[] := array['lead_status_changes', 'project_status_changes'];
    tab       text;
begin
    foreach api_role in array array['anon', 'authenticated', 'service_role'] loop
        continue when not exists (select from pg_catalog.pg_roles where rolname = api_role);
        foreach tab in array mapped || histories || array['practice_setting'] loop
            execute format('revoke all on public.%I from %I', tab, api_role);
        end loop;
        execute format('revoke all on function public.set_updated_at(), public.note_lead_status(), '
            'public.note_project_status(), public.refuse_history_edit(), public.is_staff(), '
            'public.convert_lead(uuid, uuid) from %I', api_role);
        execute format('revoke all on schema sync from %I', api_role);
        execute format('revoke all on all tables in schema sync from %I', api_role);
        continue when api_role = 'anon';

        execute format('grant usage on schema public to %I', api_role);
        foreach tab in array mapped loop
            execute format('grant select, insert, update, delete on public.%I to %I', tab, api_role);
        end loop;
        foreach tab in array histories loop
            execute format('grant select on public.%I to %I', tab, api_role);
        end loop;
        execute format('grant select, update on public.practice_setting to %I', api_role);
        execute format('grant execute on function public.convert_lead(uuid, uuid), public.is_staff() to %I', api_role);
    end loop;

    if exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
        foreach tab in array mapped loop
            execute format('drop policy if exists staff on public.%I', tab);
            execute format('create policy staff on public.%I for all to authenticated '
                'using ((select public.is_staff())) with check ((select public.is_staff()))', tab);
        end loop;
        foreach tab in array histories loop
            execute format('drop policy if exists staff_read on public.%I', tab);
            execute format('create policy staff_read on public.%I for select to authenticated '
                'using ((select public.is_staff()))', tab);
        end loop;
        drop policy if exists staff_read on public.practice_setting;
        create policy staff_read on public.practice_setting for select to authenticated
            using ((select public.is_staff()));
        drop policy if exists staff_update on public.practice_setting;
        create policy staff_update on public.practice_setting for update to authenticated
            using ((select public.is_staff())) with check ((select public.is_staff()));
    end if;

    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        foreach tab in array mapped loop
            execute format('drop policy if exists service on public.%I', tab);
            execute format('create policy service on public.%I for all to service_role '
                'using (true) with check (true)', tab);
        end loop;
        foreach tab in array histories loop
            execute format('drop policy if exists service_read on public.%I', tab);
            execute format('create policy service_read on public.%I for select to service_role using (true)', tab);
        end loop;
        drop policy if exists service_read on public.practice_setting;
        create policy service_read on public.practice_setting for select to service_role using (true);
        drop policy if exists service_update on public.practice_setting;
        create policy service_update on public.practice_setting for update to service_role
            using (true) with check (true);
    end if;
end
$$;

-- The sync. It must see every row: one that row level security hides would look deleted.
do $$
declare
    tab record;
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'crm_sync') then
        return;
    end if;
    grant usage on schema public, sync to crm_sync;

    for tab in select unnest(sync.mapped_tables()) as name loop
        execute format('revoke all on public.%I from crm_sync', tab.name);
        execute format('grant select on public.%I to crm_sync', tab.name);
        execute format('drop policy if exists sync_reads_every_row on public.%I', tab.name);
        execute format('create policy sync_reads_every_row on public.%I for select to crm_sync using (true)', tab.name);
    end loop;

    for tab in
        select c.relname as name
        from pg_catalog.pg_class c
        where c.relnamespace = 'sync'::regnamespace and c.relkind = 'r'
    loop
        execute format('grant select, insert, update, delete on sync.%I to crm_sync', tab.name);
        execute format('drop policy if exists sync_keeps_its_state on sync.%I', tab.name);
        execute format('create policy sync_keeps_its_state on sync.%I for all to crm_sync '
            'using (true) with check (true)', tab.name);
    end loop;
    -- Changes are appended by triggers alone. It sweeps them, locking rows with FOR UPDATE, which asks for UPDATE.
    revoke insert on sync.change from crm_sync;
    revoke insert, update, delete on sync.made from crm_sync;
    grant execute on function sync.version() to crm_sync;
end
$$;

-- PostgREST keeps a picture of the schema; without a listener this does nothing.
notify pgrst, 'reload schema';

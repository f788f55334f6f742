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

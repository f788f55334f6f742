-- From one version of schema sync to the next. A step keeps what the tables hold and ends with the new
-- number; schema.sql, applied behind it in the same transaction, brings what it makes anew each time
-- (functions, triggers, rights, comments) and tables that are new. A step that was released is never edited.

-- name: to_2
-- Version 1 is every schema sync without a number. It had, over time, other columns.
alter table sync.org add column if not exists user_id text;
alter table sync.org add column if not exists edition text;
alter table sync.mapping add column if not exists source_state text;
alter table sync.mapping add column if not exists may_create_at timestamptz;
alter table sync.record add column if not exists cleared boolean not null default false;
alter table sync.record drop constraint if exists record_org_id_fkey;
alter table sync.plan drop constraint if exists plan_org_id_fkey;
alter table sync.history drop constraint if exists history_org_id_fkey;
alter table sync.plan add column if not exists bytes integer not null default 0;
alter table sync.plan add column if not exists edited jsonb;
alter table sync.history add column if not exists edited jsonb;
drop index if exists sync.record_in_flight;
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
do $$
begin
    if exists (select from pg_catalog.pg_attribute
               where attrelid = 'sync.plan'::regclass and attname = 'job_id' and not attisdropped) then
        insert into sync.job_row (org_id, job_id, key, position, salesforce_id, resent)
        select p.org_id, p.job_id, p.key, p.position,
            case when p.action <> 'create' then p.salesforce_id end, p.resent
        from sync.plan p where p.job_id is not null;
        update sync.plan set state = 'planned', attempts = greatest(attempts - 1, 0)
        where job_id is not null;
        alter table sync.plan drop column job_id;
    end if;
    if exists (select from pg_catalog.pg_attribute
               where attrelid = 'sync.history'::regclass and attname = 'fields' and not attisdropped) then
        alter table sync.history add column if not exists before jsonb,
            add column if not exists after jsonb;
        update sync.history h
        set before = (select jsonb_object_agg(f.key, f.value -> 'before') from jsonb_each(h.fields) f),
            after = (select jsonb_object_agg(f.key, f.value -> 'after') from jsonb_each(h.fields) f)
        where fields is not null;
        alter table sync.history drop column fields;
        drop index if exists sync.history_row, sync.history_at;
    end if;
end
$$;
create or replace function sync.version() returns integer
    language sql immutable set search_path = '' as 'select 2';

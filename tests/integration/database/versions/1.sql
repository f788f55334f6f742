-- Schema sync as version 1 had it, the last without a number: its tables, for the test that upgrades one.

create schema sync;

create table sync.org (
    org_id                     text primary key check (length(org_id) = 18),
    name                       text not null,
    kind                       text not null check (kind in ('production', 'sandbox', 'local')),
    instance_url               text not null,
    username                   text,
    database_system_identifier bigint not null,
    database_oid               oid not null,
    run_number                 bigint not null default 0,
    position                   pg_snapshot,
    last_run_at                timestamptz
);

create table sync.target (
    target   text primary key,
    org_id   text not null references sync.org on delete cascade,
    bound_at timestamptz not null default now()
);

create index target_org_id on sync.target (org_id);

create table sync.mapping (
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
    primary key (org_id, mapping)
);

create table sync.describe (
    org_id     text not null references sync.org on delete cascade,
    object     text not null,
    facts      jsonb not null,
    fetched_at timestamptz not null default now(),
    primary key (org_id, object)
);

create table sync.reference (
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

create table sync.change (
    table_name text not null,
    key        text collate "C",
    xid        xid8 not null default pg_current_xact_id(),
    at         timestamptz not null default now()
);

create index change_xid on sync.change (xid);

alter table sync.change replica identity full;

create table sync.record (
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

create index record_salesforce_id on sync.record (org_id, salesforce_id);

create index record_open on sync.record (org_id, mapping)
    where in_flight is not null or salesforce_id is null or state <> 'live';

create table sync.moved (
    org_id        text not null references sync.org on delete cascade,
    salesforce_id text not null,
    primary key (org_id, salesforce_id)
);

create table sync.plan (
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
    primary key (org_id, mapping, key)
);

create index plan_next on sync.plan (org_id, state, position);

create table sync.job (
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

create table sync.job_row (
    org_id        text not null,
    job_id        text not null,
    key           text collate "C" not null,
    position      bigint not null,
    salesforce_id text,
    parents       jsonb,
    resent        boolean not null default false,
    primary key (org_id, job_id, key)
);

create table sync.history (
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
    at            timestamptz not null default now()
);

create index history_row on sync.history (org_id, key, mapping, id);

create index history_at on sync.history (org_id, at);

create table sync.run (
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

grant usage on schema sync to crm_sync;
grant select, insert, update, delete on all tables in schema sync to crm_sync;

-- The org as our state knows it: binding of a target, the lock, the run number.

-- name: database_identity
-- What tells this database from its copy.
select system_identifier, (select oid from pg_database where datname = current_database())
from pg_control_system();

-- name: bound_org
-- The org that a target was bound to.
select t.org_id, o.name from sync.target t join sync.org o using (org_id) where t.target = %(target)s;

-- name: known_org
-- What is known of an org, and which database wrote it.
select name, kind, username, database_system_identifier, database_oid, user_id, edition
from sync.org where org_id = %(org)s;

-- name: was_synced
-- Whether a run of this org sent anything, or ended by itself; to match records by `adopt` is not to
-- sync them.
select exists (select from sync.record where org_id = %(org)s and sent_at is not null)
    or exists (select from sync.run
               where org_id = %(org)s and status in ('finished', 'finished with problems')
                 and mode is distinct from 'adopt');

-- name: lock
-- One run at a time: a lock of this session, taken or not at once.
select pg_try_advisory_lock(hashtextextended('crm-sync ' || %(org)s, 0));

-- name: unlock
-- Gives the lock back.
select pg_advisory_unlock(hashtextextended('crm-sync ' || %(org)s, 0));

-- name: next_run
-- The next run number of an org, which a first sync writes down.
insert into sync.org (org_id, name, kind, instance_url, username, user_id, edition,
                      database_system_identifier, database_oid, run_number, last_run_at)
values (%(org)s, %(name)s, %(kind)s, %(instance_url)s, %(username)s, %(user_id)s, %(edition)s,
        %(system_identifier)s, %(oid)s, 1, now())
on conflict (org_id) do update
set run_number = sync.org.run_number + 1, name = excluded.name, instance_url = excluded.instance_url,
    username = coalesce(excluded.username, sync.org.username), user_id = excluded.user_id,
    edition = coalesce(excluded.edition, sync.org.edition), last_run_at = now()
returning run_number;

-- name: bind_target
-- The target leads to this org from now on.
insert into sync.target (target, org_id) values (%(target)s, %(org)s)
on conflict (target) do update set org_id = excluded.org_id, bound_at = now()
where sync.target.org_id <> excluded.org_id;

-- name: interrupt_runs
-- A former run that never said how it ended.
update sync.run set status = 'interrupted', finished_at = now()
where org_id = %(org)s and status = 'running';

-- name: begin_run
-- A run begins; what it compares its plan will tell.
insert into sync.run (org_id, run_number, target, mode)
values (%(org)s, %(run)s, %(target)s, 'full');

-- name: know_org
-- An org that was accepted before its first sync.
insert into sync.org (org_id, name, kind, instance_url, username, user_id, edition,
                      database_system_identifier, database_oid)
values (%(org)s, %(name)s, %(kind)s, %(instance_url)s, %(username)s, %(user_id)s, %(edition)s,
        %(system_identifier)s, %(oid)s)
on conflict (org_id) do nothing;

-- name: accept_database
-- This database takes over the org's state.
update sync.org
set database_system_identifier = %(system_identifier)s, database_oid = %(oid)s, position = null
where org_id = %(org)s;

-- name: search_again
-- The next plan searches Salesforce by external ID before it counts a row as a create.
update sync.mapping set looked_up_at = null where org_id = %(org)s;

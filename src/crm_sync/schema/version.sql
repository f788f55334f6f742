-- Which version of schema sync a database has.

-- name: known
-- Whether there is a schema sync, and whether it knows its version (from 2 on).
select to_regclass('sync.record') is not null, to_regprocedure('sync.version()') is not null;

-- name: number
select sync.version();

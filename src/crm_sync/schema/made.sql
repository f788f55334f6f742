-- What the files made, as the last `db apply` saw it.

-- name: things
select thing from sync.made;

-- name: keep
-- What they make today, and what they made once and is still there.
with gone as (
    delete from sync.made where thing <> all(%(things)s)
)
insert into sync.made select unnest(%(things)s::text[]) on conflict do nothing;

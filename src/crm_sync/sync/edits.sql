-- What people edited in Salesforce, before it is overwritten. `edited` of a row holds the fields that
-- it would overwrite, or take along, with what stands there (`compare` of against.sql).

-- name: to_read
-- Records that this plan changes or deletes, and how many of them may be held.
select count(*), count(*) filter (where mapping = any(%(holding)s)) from plan_row
where state = 'planned' and salesforce_id is not null and action in ('update', 'delete');

-- name: hold
-- Rows of a mapping of which people edited a field that holds them, but for those that a person lets
-- through (--overwrite). Which columns give the fields, Python says.
update plan_row p
set state = 'held', problems = p.problems || (
    select jsonb_agg(jsonb_build_object(
        'code', 'EDITED_IN_SALESFORCE', 'severity', 'error', 'field', f.name,
        'column', %(columns)s::jsonb -> f.name,
        'sentence', format(case when k.is_followed
                then 'People wrote %%s into its record in Salesforce, which they merged or made of a lead'
                else 'People edited %%s in Salesforce since it was last sent' end
            || case p.action when 'delete' then ', and the record is to be deleted.' else '.' end,
            f.name),
        'mend', case
            when p.action = 'delete' and k.is_followed then 'Clear it there, or let it go: '
            when p.action = 'delete' then 'Put the former value back there, or let it go: '
            when k.is_followed
                then 'Write into the database what stands there, clear it there, or send ours: '
            else 'Write into the database what stands there, put the former value back there, or '
                 'send ours: ' end || 'crm-sync sync --overwrite ' || p.key || '.') order by f.name)
    from jsonb_object_keys(p.edited) as f(name)
    cross join lateral (
        select exists (
            select from known_record r
            where r.mapping = p.mapping and r.key = p.key and r.problem ->> 'code' = 'RECORD_FOLLOWED'
        ) as is_followed
    ) k
    where f.name = any(%(held)s))
where p.mapping = %(mapping)s and p.state = 'planned' and p.edited ?| %(held)s
  and not (%(overwrite)s::text[] && array['all', p.key, p.mapping || ':' || p.key, p.salesforce_id]);

-- name: hold_moves
-- A row that moves to a sibling is held whole: its new record would be made beside the one that stays.
update plan_row p
set state = 'held', problems = d.problems
from plan_row d
where d.leaves and d.state = 'held' and p.mapping = d.pair and p.key = d.key and p.action = 'create'
  and p.state = 'planned';

-- name: unknown_keys
-- Keys that a person lets through and that no row of the plan has.
select k.name from unnest(%(overwrite)s::text[]) as k(name)
where k.name <> 'all' and not exists (
    select from plan_row p
    where k.name in (p.key, p.mapping || ':' || p.key, p.salesforce_id));

-- name: note_along
-- What was read in the call that writes: into `edited` the fields that it overwrites, or takes along,
-- as `compare` of against.sql has it. Here what is in flight holds what is sent, too.
update sync.plan p set edited = e.fields
from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[], %(current)s::jsonb[])
    as b(mapping, key, payload)
join sync.record r on r.org_id = %(org)s and r.mapping = b.mapping and r.key = b.key
cross join lateral (
    select jsonb_object_agg(f.key, f.value) as fields
    from sync.plan q
    cross join lateral jsonb_each(b.payload) f
    cross join lateral (
        select coalesce(r.problem ->> 'code' = 'RECORD_FOLLOWED'
                        and not r.problem -> 'ours' ? f.key, false) as are_theirs
    ) t
    where q.org_id = r.org_id and q.mapping = r.mapping and q.key = r.key
      and case q.action when 'delete' then r.payload ? f.key or r.in_flight ? f.key
                        else f.key = any(q.changed) end
      and not exists (
        select from unnest(array[
            coalesce(case when t.are_theirs then null else r.payload -> f.key end, 'null'),
            r.in_flight -> f.key, case when not t.are_theirs then q.before -> f.key end]) as o(value)
        where o.value = f.value
           or replace(o.value::text, '\r\n', '\n') = replace(f.value::text, '\r\n', '\n'))
) e
where p.org_id = r.org_id and p.mapping = r.mapping and p.key = r.key and p.state = 'sending'
  and e.fields is not null;

-- name: overwritten
-- Records of a run that lost what people had edited there, with what stood there, as `rows` of
-- plan.sql; before each, how many there are. Of a record that was deleted the values are gone.
select count(*) over (), h.mapping, h.key, coalesce(r.label, h.key), h.action, h.outcome,
    h.salesforce_id, h.after, h.before, array(select jsonb_object_keys(h.after)), '[]'::jsonb, null,
    h.edited
from sync.history h
left join sync.record r on r.org_id = h.org_id and r.mapping = h.mapping and r.key = h.key
where h.org_id = %(org)s and h.run_number = %(run)s and h.outcome = 'recorded'
  and h.edited is not null
  and h.at >= (select started_at from sync.run where org_id = %(org)s and run_number = %(run)s)
order by h.id
limit %(limit)s;

-- name: closed
-- Leads that a run found converted, as `overwritten` has its records. A row that is gone since has no
-- label any more.
select count(*) over (), h.mapping, h.key, coalesce(r.label, h.key), h.action, h.outcome,
    h.salesforce_id, null, null, '{}'::text[], jsonb_build_array(h.problem), null, null
from sync.history h
left join sync.record r on r.org_id = h.org_id and r.mapping = h.mapping and r.key = h.key
where h.org_id = %(org)s and h.run_number = %(run)s and h.outcome = 'closed'
  and h.at >= (select started_at from sync.run where org_id = %(org)s and run_number = %(run)s)
order by h.id
limit %(limit)s;

-- Sending, and recording what came of it. Every block that writes runs in a transaction that first
-- holds the run number (hold_run), so that a process that is no longer the newest writes nothing.

-- name: hold_run
select 1 from sync.org where org_id = %(org)s and run_number = %(run)s for share;

-- name: next_rows
-- The next planned rows in the order of sending, without those of stopped objects.
select mapping, key, action, parent, salesforce_id,
    case action when 'delete' then waits_for else '{}' end, by_composite
from sync.plan
where org_id = %(org)s and state = 'planned' and mapping = any(%(mappings)s)
order by position
limit %(limit)s;

-- name: planned_actions
-- How many rows each action of a mapping has.
select mapping, action, count(*)
from sync.plan
where org_id = %(org)s and state = 'planned' and mapping = any(%(mappings)s)
group by mapping, action;

-- name: mark_sending
-- Before a call leaves: the rows are in flight with the fields that go, and with what would be lost
-- if nobody heard the answer.
with sent as (
    update sync.plan p
    set state = 'sending', attempts = p.attempts + 1, run_number = %(run)s,
        resent = r.in_flight is not null
    from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) as b(mapping, key)
    left join sync.record r on r.org_id = %(org)s and r.mapping = b.mapping and r.key = b.key
    where p.org_id = %(org)s and p.mapping = b.mapping and p.key = b.key and p.state = 'planned'
    returning p.*
)
insert into sync.record (org_id, mapping, key, salesforce_id, label, in_flight, in_flight_action,
                         in_flight_at, run_number)
select s.org_id, s.mapping, s.key, null, s.label,
    coalesce((select jsonb_object_agg(f, s.payload -> f) from unnest(s.changed) f), '{}'),
    s.action, clock_timestamp(), %(run)s
from sent s
on conflict (org_id, mapping, key) do update
set in_flight = coalesce(sync.record.in_flight, '{}') || excluded.in_flight,
    in_flight_action = excluded.in_flight_action, in_flight_at = excluded.in_flight_at,
    run_number = excluded.run_number,
    -- A record that is made again gets another Id; from here on nothing is known of the former one.
    salesforce_id = case when excluded.in_flight_action <> 'create'
        then sync.record.salesforce_id end,
    payload = case excluded.in_flight_action when 'create' then '{}' else sync.record.payload end,
    state = case excluded.in_flight_action when 'create' then 'live' else sync.record.state end;

-- name: bodies
-- The JSON text of each row as it goes to Salesforce. A parent that has an Id by now is named by
-- it, one that is created in the same call by its external ID (polymorphic: attributes first).
select p.mapping, p.key,
    '{"attributes":{"type":' || to_json(o.facts ->> 'object') || '}'
    || case p.action
        when 'create' then ',' || to_json(o.facts ->> 'external_id') || ':'
             || to_json((o.facts ->> 'prefix') || p.key)
        else ',"Id":' || to_json(p.salesforce_id) end
    || coalesce((
        select string_agg(',' || case
            when jsonb_typeof(p.payload -> f.name) <> 'object'
                then to_json(f.name) || ':' || (p.payload -> f.name)::text
            when parent.salesforce_id is not null
                then to_json(f.name) || ':' || to_json(parent.salesforce_id)
            else to_json(o.facts -> 'lookups' -> f.name ->> 'relationship') || ':{'
                || case when (o.facts -> 'lookups' -> f.name ->> 'polymorphic')::boolean
                    then '"attributes":{"type":' || to_json(q.facts ->> 'object') || '},' else '' end
                || to_json(q.facts ->> 'external_id') || ':'
                || to_json((q.facts ->> 'prefix') || (p.payload -> f.name ->> 'key')) || '}'
            end, '' order by f.number)
        from unnest(p.changed) with ordinality as f(name, number)
        left join sync.record parent
            on parent.org_id = p.org_id and parent.mapping = p.payload -> f.name ->> 'mapping'
           and parent.key = p.payload -> f.name ->> 'key'
        left join lateral (
            select %(objects)s::jsonb -> (p.payload -> f.name ->> 'mapping') as facts) q on true
    ), '') || '}'
from sync.plan p
join unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) with ordinality as b(mapping, key, number)
    on p.mapping = b.mapping and p.key = b.key
cross join lateral (select %(objects)s::jsonb -> p.mapping as facts) o
where p.org_id = %(org)s and p.state = 'sending'
order by b.number;

-- name: note_repeat
-- A call got no answer and is sent again: from now on a refusal proves nothing about the first try.
update sync.plan p set resent = true, attempts = p.attempts + 1
from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) as b(mapping, key)
where p.org_id = %(org)s and p.mapping = b.mapping and p.key = b.key and p.state = 'sending';

-- name: record_sent
-- Salesforce holds these rows: what was sent is what we know, and the plan is done with them. A
-- create that met a record (one that we had forgotten, say after a restore) may have left values
-- where it sent no null: these fields count as in flight, and the next run clears them.
with outcome as (
    select * from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[], %(ids)s::text[],
                         %(met)s::boolean[]) as b(mapping, key, given, met)
), done as (
    delete from sync.plan p using outcome b
    where p.org_id = %(org)s and p.mapping = b.mapping and p.key = b.key and p.state = 'sending'
    returning p.*, b.given, b.met and not p.resent and p.action = 'create' as is_met
), resolved as (
    select d.*, (
        select jsonb_object_agg(e.key, case jsonb_typeof(e.value)
            when 'object' then coalesce(to_jsonb(parent.salesforce_id), 'null') else e.value end)
        from jsonb_each(d.payload) e
        left join sync.record parent
            on parent.org_id = d.org_id and parent.mapping = e.value ->> 'mapping'
           and parent.key = e.value ->> 'key' and jsonb_typeof(e.value) = 'object'
        where d.action = 'create' or e.key = any(d.changed)
    ) as held
    from done d
), stored as (
    update sync.record r
    set salesforce_id = coalesce(r2.given, r2.salesforce_id, r.salesforce_id), state = 'live',
        label = coalesce(r2.label, r.label), problem = null,
        payload = case r2.action when 'create' then r2.held
                                 else r.payload || coalesce(r2.held, '{}') end,
        in_flight = case when r2.is_met then (select jsonb_object_agg(e.key, e.value)
            from jsonb_each(r2.payload) e where e.value = 'null') end,
        in_flight_action = case when r2.is_met then 'update' end,
        in_flight_at = case when r2.is_met then clock_timestamp() end,
        run_number = %(run)s, sent_at = clock_timestamp(), cleared = false
    from resolved r2
    where r.org_id = r2.org_id and r.mapping = r2.mapping and r.key = r2.key
    returning r.mapping, r.key, r.salesforce_id
), marked as (
    insert into sync.moved (org_id, salesforce_id)
    select d.org_id, s.salesforce_id
    from done d join stored s on s.mapping = d.mapping and s.key = d.key where d.leaves
    on conflict do nothing
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after, edited)
select d.org_id, %(run)s, d.mapping, d.key, s.salesforce_id, d.action, 'recorded', d.before,
    (select jsonb_object_agg(f, d.held -> f) from unnest(d.changed) f), d.edited
from resolved d join stored s on s.mapping = d.mapping and s.key = d.key;

-- name: record_deleted
-- Gone in Salesforce, as the source is. What the history holds of its values goes at the run's end.
with done as (
    delete from sync.plan p
    using unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) as b(mapping, key)
    where p.org_id = %(org)s and p.mapping = b.mapping and p.key = b.key and p.state = 'sending'
    returning p.*
), forgotten as (
    delete from sync.record r using done d
    where r.org_id = d.org_id and r.mapping = d.mapping and r.key = d.key
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, edited)
select d.org_id, %(run)s, d.mapping, d.key, d.salesforce_id, 'delete', 'recorded', d.edited from done d;

-- name: record_cascaded
-- What Salesforce deleted along with a parent, marked with it; gives the Ids.
with gone as (
    delete from sync.record r
    where r.org_id = %(org)s and r.mapping = %(child)s
      and r.payload ->> %(field)s = any(%(ids)s)
      and not exists (select from sync.plan p where p.org_id = r.org_id and p.mapping = r.mapping
                      and p.key = r.key)
    returning r.*
), noted as (
    insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome,
                              problem)
    select g.org_id, %(run)s, g.mapping, g.key, g.salesforce_id, 'delete', 'recorded',
        jsonb_build_object('code', 'DELETED_WITH_PARENT', 'severity', 'note', 'mend', '',
            'sentence', format('Salesforce deleted it with its %%s.', %(mapping)s::text))
    from gone g
)
select salesforce_id from gone;

-- name: record_refused
-- Salesforce said no. Where an earlier attempt's fate is unknown, what was in flight stays known. A
-- parent that got its Id in the same call is named by it from now on: that is no change of the row.
with outcome as (
    select * from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[], %(problems)s::jsonb[],
                         %(states)s::text[]) as b(mapping, key, problem, state)
), noted as (
    update sync.plan p
    set state = b.state, problems = jsonb_build_array(b.problem), refused_at = clock_timestamp(),
        payload = (
            select jsonb_object_agg(e.key, coalesce(to_jsonb(parent.salesforce_id), e.value))
            from jsonb_each(p.payload) e
            left join sync.record parent
                on parent.org_id = p.org_id and parent.mapping = e.value ->> 'mapping'
               and parent.key = e.value ->> 'key' and jsonb_typeof(e.value) = 'object')
    from outcome b
    where p.org_id = %(org)s and p.mapping = b.mapping and p.key = b.key and p.state = 'sending'
    returning p.*, b.problem
), landed as (
    update sync.record r set in_flight = null, in_flight_action = null, in_flight_at = null
    from noted n
    where r.org_id = n.org_id and r.mapping = n.mapping and r.key = n.key and not n.resent
      and r.salesforce_id is not null
), never as (
    delete from sync.record r using noted n
    where r.org_id = n.org_id and r.mapping = n.mapping and r.key = n.key and not n.resent
      and r.salesforce_id is null
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after, problem)
select n.org_id, %(run)s, n.mapping, n.key, n.salesforce_id, n.action, n.state,
    case when n.action <> 'delete' then n.before end,
    (select jsonb_object_agg(f, n.payload -> f) from unnest(n.changed) f), n.problem
from noted n;

-- name: take_back
-- These rows were not touched, or are to go again, and are planned as before. `doubted`: an answer
-- came that says nothing of them, so from now on a refusal proves nothing about this attempt.
with back as (
    update sync.plan p
    set state = 'planned', attempts = greatest(p.attempts - 1, 0), resent = p.resent or %(doubted)s
    from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) as b(mapping, key)
    where p.org_id = %(org)s and p.mapping = b.mapping and p.key = b.key and p.state = 'sending'
    returning p.*
), landed as (
    update sync.record r set in_flight = null, in_flight_action = null, in_flight_at = null
    from back n
    where r.org_id = n.org_id and r.mapping = n.mapping and r.key = n.key and not n.resent
      and r.salesforce_id is not null
)
delete from sync.record r using back n
where r.org_id = n.org_id and r.mapping = n.mapping and r.key = n.key and not n.resent
  and r.salesforce_id is null;

-- name: record_unknown
-- No answer after the last attempt: the next run sends these rows again. `every`: all that is still
-- on its way when the run ends, since nobody will hear the answer.
with lost as (
    update sync.plan p set state = 'unknown', problems = jsonb_build_array(jsonb_build_object(
        'code', 'UNKNOWN_OUTCOME', 'severity', 'error',
        'sentence', 'It was sent, and no answer came.', 'mend', 'Run again: it is sent again.'))
    where p.org_id = %(org)s and p.state = 'sending'
      and (%(every)s or exists (
          select from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) as b(mapping, key)
          where p.mapping = b.mapping and p.key = b.key))
    returning p.*
)
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after, problem)
select l.org_id, %(run)s, l.mapping, l.key, l.salesforce_id, l.action, 'unknown',
    case when l.action <> 'delete' then l.before end,
    (select jsonb_object_agg(f, l.payload -> f) from unnest(l.changed) f), l.problems -> 0
from lost l;

-- name: block_waiting
-- Planned rows that wait for a row that did not go, or whose object stopped: blocked, judged by
-- that row's result. Repeated until none is found, for rows that wait for these. The history tells
-- it once, not at every run in which the same happens.
with waiting as (
    select q.mapping, q.key, split_part(u.name, ':', 1) as parent_mapping,
           substr(u.name, strpos(u.name, ':') + 1) as parent_key
    from sync.plan q
    cross join unnest(q.waits_for) as u(name)
    where q.org_id = %(org)s and q.state = 'planned' and q.run_number = %(run)s
      and q.mapping <> all(%(stopped)s)
), blocked as (
    update sync.plan p
    set state = 'blocked', problems = jsonb_build_array(jsonb_build_object(
        'code', 'PARENT_NOT_READY', 'severity', 'error', 'field', null, 'column', null,
        'sentence', format('Waits for the %%s %%s, which %%s.', w.mapping,
                           regexp_replace(coalesce(w.label, w.key), '^(.{59}).{2,}$', '\1…'),
                           case w.state when 'planned' then 'was not sent' else 'is ' || w.state end),
        'mend', format('Mend the %%s first; this row then goes by itself.', w.mapping)))
    from waiting q
    join sync.plan w on w.org_id = %(org)s and w.mapping = q.parent_mapping and w.key = q.parent_key
    where w.run_number = %(run)s
      and (w.state in ('refused', 'blocked', 'unknown', 'held', 'invalid')
           or w.state = 'planned' and w.mapping = any(%(stopped)s))
      and p.org_id = %(org)s and p.mapping = q.mapping and p.key = q.key
    returning p.org_id, p.mapping, p.key, p.salesforce_id, p.action, p.problems -> 0 as problem
), noted as (
    insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome,
                              problem)
    select b.org_id, %(run)s, b.mapping, b.key, b.salesforce_id, b.action, 'blocked', b.problem
    from blocked b
    left join lateral (
        select h.outcome, h.problem from sync.history h
        where h.org_id = b.org_id and h.mapping = b.mapping and h.key = b.key
        order by h.id desc limit 1
    ) l on true
    where (l.outcome, l.problem) is distinct from ('blocked', b.problem)
)
select count(*) from blocked;

-- name: hold
-- The record was deleted, merged or converted by people in Salesforce. Of one that was merged the
-- history tells when the next plan has followed it.
with outcome as (
    select * from unnest(%(rows_mapping)s::text[], %(rows_key)s::text[], %(problems)s::jsonb[],
                         %(states)s::text[]) as b(mapping, key, problem, state)
), known as (
    update sync.record r
    set state = b.state, problem = b.problem, in_flight = null, in_flight_action = null,
        in_flight_at = null, run_number = %(run)s
    from outcome b
    where r.org_id = %(org)s and r.mapping = b.mapping and r.key = b.key
    returning r.*
), moved as (
    insert into sync.moved (org_id, salesforce_id)
    select k.org_id, k.salesforce_id from known k where k.salesforce_id is not null
    on conflict do nothing
), closed as (
    delete from sync.plan p using known k
    where p.org_id = k.org_id and p.mapping = k.mapping and p.key = k.key
      and p.state = 'sending' and (k.state = 'converted' or p.action = 'delete')
), held as (
    update sync.plan p
    set state = case when a.again then 'planned' else 'held' end,
        action = case when a.again then 'create' else p.action end,
        position = p.position + 1000000000,
        before = case when not a.again then p.before end,
        changed = case when a.again then (
            select coalesce(array_agg(e.key order by e.key collate "C"), '{}')
            from jsonb_each(p.payload) e where e.value <> 'null'::jsonb) else p.changed end,
        problems = jsonb_build_array(k.problem)
    from known k
    cross join lateral (select k.state = 'gone' and %(recreate)s as again) a
    where p.org_id = k.org_id and p.mapping = k.mapping and p.key = k.key
      and p.state = 'sending' and k.state <> 'converted' and p.action <> 'delete'
)
-- What was tried: this reads sync.plan as it was before this statement.
insert into sync.history (org_id, run_number, mapping, key, salesforce_id, action, outcome, before,
                          after, problem)
select %(org)s, %(run)s, k.mapping, k.key, k.salesforce_id, coalesce(p.action, 'update'),
    case when k.state = 'converted' then 'closed' when %(recreate)s then 'gone' else 'held' end,
    case when p.action <> 'delete' then p.before end,
    (select jsonb_object_agg(f, p.payload -> f) from unnest(p.changed) f),
    case when k.state = 'gone' and %(recreate)s
        then k.problem || '{"severity": "note", "mend": "Nothing: it is made again."}'
        else k.problem end
from known k
left join sync.plan p on p.org_id = k.org_id and p.mapping = k.mapping and p.key = k.key
    and p.state = 'sending'
where k.state <> 'merged';

-- name: open_parents
-- Of these rows, those whose parent is still to be created, apart from what was `sent` just now.
select distinct p.mapping, p.key
from sync.plan p
join unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) as b(mapping, key)
    on p.mapping = b.mapping and p.key = b.key
cross join unnest(p.waits_for) as u(name)
join sync.plan w on w.org_id = p.org_id and w.mapping = split_part(u.name, ':', 1)
    and w.key = substr(u.name, strpos(u.name, ':') + 1)
where p.org_id = %(org)s and p.action <> 'delete' and u.name <> all(%(sent)s);

-- name: named_parents
-- The records of ours that these rows name, by the Ids that they were sent with.
select distinct p.mapping || ':' || p.key, e.key, r.salesforce_id, r.mapping, r.key,
    coalesce(r.label, r.key)
from sync.plan p
join unnest(%(rows_mapping)s::text[], %(rows_key)s::text[]) as b(mapping, key)
    on p.mapping = b.mapping and p.key = b.key
cross join jsonb_each(p.payload) as e
join sync.record r on r.org_id = p.org_id and r.salesforce_id = case jsonb_typeof(e.value)
    when 'string' then e.value #>> '{}'
    when 'object' then (select q.salesforce_id from sync.record q where q.org_id = p.org_id
        and q.mapping = e.value ->> 'mapping' and q.key = e.value ->> 'key') end
where p.org_id = %(org)s and e.key = any(%(lookups)s);

-- The plan, as SQL. `plan.py` runs these blocks in one REPEATABLE READ transaction, in this order.
-- They read the source (through the compiled mappings) and sync.*; all that they write is temporary,
-- so a dry run is the same as a sync without `keep.sql`.

-- name: create_tables
-- What this plan works on: source rows, the plan itself, and what Salesforce was found to hold.
create temp table source_row (
    mapping  text not null,
    key      text collate "C" not null,
    label    text,
    payload  jsonb not null,
    lookups  jsonb not null,
    problems jsonb not null,
    primary key (mapping, key)
) on commit drop;
-- `position` is the place of a row's mapping and action here; within it rows are sorted when they are read.
create temp table plan_row (like sync.plan including defaults, primary key (mapping, key))
    on commit drop;
create temp table found_record (like sync.record including defaults, primary key (mapping, key))
    on commit drop;
create temp table absent_record (mapping text, key text collate "C", primary key (mapping, key))
    on commit drop;
create temp table child_record (
    mapping text, key text collate "C", salesforce_id text, field text, parent_id text,
    goes boolean, stays boolean
) on commit drop;
create index on child_record (parent_id);
create temp table taken_along (
    root_mapping text, root_key text collate "C", mapping text, key text collate "C", field text,
    goes boolean, stays boolean
) on commit drop;
create temp table found_reference (
    object text, field text, value text collate "C", salesforce_id text, is_active boolean,
    matches integer, primary key (object, field, value)
) on commit drop;
create temp table present_row (mapping text, key text collate "C", primary key (mapping, key))
    on commit drop;
create temp table changed_key (table_name text not null, key text collate "C") on commit drop;
create temp table due_row (mapping text, key text collate "C", primary key (mapping, key))
    on commit drop;
create temp table moved_record (salesforce_id text) on commit drop;
-- Of what is known, this plan's part: records of the rows that are due; besides, those that they
-- name; besides the first, those that may name one that leaves.
create temp table known_record (like sync.record including defaults, primary key (mapping, key))
    on commit drop;
create temp table parent_record (like sync.record including defaults, primary key (mapping, key))
    on commit drop;
create temp table naming_record (like sync.record including defaults, primary key (mapping, key))
    on commit drop;
-- Records that a dry run found deleted or merged in Salesforce, which a sync would learn by sending.
create temp table lost_record (
    mapping text, key text collate "C", salesforce_id text, state text, problem jsonb,
    primary key (mapping, key)
) on commit drop;
create temp table ended_row (mapping text, key text collate "C") on commit drop;
create temp table renamed (formerly text primary key, mapping text not null) on commit drop;
-- Rows that have another key than their records are known by, and those records under the new one.
create temp table rekeyed (mapping text not null, former text collate "C", key text collate "C")
    on commit drop;
create temp table rekeyed_record (like sync.record including defaults, primary key (mapping, key))
    on commit drop;

-- name: create_views
-- What we know, and the former plan.
create or replace temp view named_record as select r.* from sync.record r;
create or replace temp view former_plan as
    select p.org_id, p.mapping, p.key, p.action, p.state, p.payload, p.problems, p.attempts,
           p.fingerprint, p.refused_at
    from sync.plan p;

-- name: create_renamed_views
-- The same under the names and keys of today, until a sync writes those down.
create or replace temp view named_record as
    select r.* from sync.record r
    where r.mapping not in (select n.formerly from renamed n)
      and r.mapping not in (select k.mapping from rekeyed k)
    union all
    select r.* from rekeyed_record r
    union all
    select r.org_id, n.mapping, r.key, r.salesforce_id, r.label, r.state, r.payload, r.in_flight,
           r.in_flight_action, r.in_flight_at, r.run_number, r.sent_at, r.problem, r.cleared
    from sync.record r join renamed n on n.formerly = r.mapping;
create or replace temp view former_plan as
    select p.org_id, p.mapping, p.key, p.action, p.state, p.payload, p.problems, p.attempts,
           p.fingerprint, p.refused_at
    from sync.plan p
    where p.mapping not in (select n.formerly from renamed n)
      and p.mapping not in (select k.mapping from rekeyed k)
    union all
    select p.org_id, p.mapping, coalesce(k.key, p.key), p.action, p.state, p.payload, p.problems,
           p.attempts, p.fingerprint, p.refused_at
    from sync.plan p
    left join rekeyed k on k.mapping = p.mapping and k.former = p.key
    where p.mapping in (select k.mapping from rekeyed k)
    union all
    select p.org_id, n.mapping, p.key, p.action, p.state, p.payload, p.problems, p.attempts,
           p.fingerprint, p.refused_at
    from sync.plan p join renamed n on n.formerly = p.mapping;

-- name: create_left_view
-- The records of `known_record` whose row is not in the source, as they stand. (offset 0: looked up
-- one by one. Nobody analyzes sync.record in time, and a join would read all of it for a few rows.)
create or replace temp view left_record as
    select r.* from (
        select k.org_id, k.mapping, k.key from known_record k
        where not exists (select from source_row s where s.mapping = k.mapping and s.key = k.key)
        offset 0
    ) k
    cross join lateral (
        select n.* from named_record n
        where n.org_id = k.org_id and n.mapping = k.mapping and n.key = k.key offset 0
    ) r;

-- name: at_hand
-- Mappings of which there is anything to be decided.
select m.mapping from unnest(%(order)s::text[]) as m(mapping)
where exists (select from source_row s where s.mapping = m.mapping)
   or exists (select from known_record k where k.mapping = m.mapping);

-- name: decide
-- Every source row that is not as Salesforce last confirmed it: create or update, and its state.
-- `before` is what Salesforce may hold: as last confirmed, or as it is in flight. `resolved_row` has
-- the rows with their parents (`mapping/parents.py`).
insert into plan_row (org_id, mapping, key, position, action, state, label, salesforce_id, payload,
                      before, changed, waits_for, parent, problems, attempts, fingerprint,
                      run_number, refused_at, bytes, by_composite)
select %(org)s, s.mapping, s.key,
    case a.action when 'create' then 0 else 1000 end + array_position(%(order)s::text[], s.mapping),
    a.action, d.state, s.label, case a.action when 'update' then r.salesforce_id end, s.payload,
    case a.action when 'update' then (
        select jsonb_object_agg(f, (r.payload || coalesce(r.in_flight, '{}')) -> f)
        from unnest(c.fields) f) end,
    c.fields, s.waits_for, s.parent,
    case d.state
        when 'held' then jsonb_build_array(r.problem)
        when 'refused' then o.problems
        else case when s.blocked is null and r.in_flight is null then e.problems
            else e.problems || coalesce(s.blocked, '[]') || case when r.in_flight is null then '[]'
                else jsonb_build_array(jsonb_build_object('code', 'UNKNOWN_OUTCOME',
                    'severity', 'note', 'mend', '',
                    'sentence', 'It was sent, and no answer came; it is sent again.')) end end
    end,
    coalesce(o.attempts, 0), %(fingerprint)s, %(run)s,
    case d.state when 'refused' then o.refused_at end,
    octet_length(t.line) + 64, t.line ~ '"#N/A"|\\r' or length(t.line) > 32000
from resolved_row s
left join known_record r on r.mapping = s.mapping and r.key = s.key
left join former_plan o
    on o.org_id = %(org)s and o.mapping = s.mapping and o.key = s.key
cross join lateral (
    select case when r.salesforce_id is null or (r.state = 'gone' and %(on_missing)s = 'recreate')
                then 'create' else 'update' end as action
) a
cross join lateral (
    -- A create leaves nulls out (Salesforce's defaults apply) unless a null must undo what is in
    -- flight. An update holds what differs; a field that was never sent and is null is left alone.
    -- A row that is back after its values were cleared is sent with every field.
    select case
        when a.action = 'create' and r.in_flight is null
            then array(select jsonb_object_keys(jsonb_strip_nulls(s.payload)))
        else array(
            select f.key from jsonb_each(s.payload) f
            where coalesce(r.in_flight ? f.key, false)
                  and (a.action = 'create' or f.key <> all(%(on_create)s))
               or case a.action
                    when 'create' then f.value <> 'null'::jsonb
                    else f.key <> all(%(on_create)s)
                         and (%(resend)s or r.cleared or (f.value is distinct from r.payload -> f.key
                              and not (r.payload -> f.key is null and f.value = 'null'::jsonb))) end)
        end as fields
    offset 0
) c
cross join lateral (
    -- What an update does not send, Salesforce cannot refuse.
    select case when a.action = 'create' or s.problems = '[]' then s.problems else coalesce((
        select jsonb_agg(p.problem order by p.number)
        from jsonb_array_elements(s.problems) with ordinality as p(problem, number)
        where coalesce(p.problem ->> 'field' <> all(%(on_create)s), true)
          and (coalesce(jsonb_typeof(p.problem -> 'sent') <> 'array', true)
               or p.problem -> 'sent' ?| c.fields)
          and coalesce(to_jsonb(c.fields) @> (p.problem -> 'together'), true)
    ), '[]') end as problems
    offset 0
) q
cross join lateral (
    select case a.action when 'create' then q.problems else q.problems || coalesce((
        select jsonb_agg(jsonb_build_object('code', 'REQUIRED_FIELD_MISSING', 'field', f,
            'severity', 'error', 'sentence', format('%%s is now empty, and it cannot be.', f),
            'mend', 'Fill its column.') order by f)
        from unnest(c.fields) f
        where f = any(%(not_null)s) and s.payload -> f = 'null'::jsonb
          and not q.problems @> jsonb_build_array(jsonb_build_object('field', f))
    ), '[]'::jsonb) end as problems
    offset 0
) e
-- A CSV cannot carry some rows: the text #N/A means null there, a carriage return in a value looks
-- like another line ending, and a value may hold 32,000 characters (Bulk API 2.0 and Bulk API
-- Developer Guide, Prepare CSV Files, and Limits). The JSON text is longer than the line of CSV.
cross join lateral (
    select concat_ws(' ', to_json(s.key), r.salesforce_id, s.payload) as line offset 0
) t
cross join lateral (
    select case
        when r.state = 'merged' or (r.state = 'gone' and %(on_missing)s = 'hold') then 'held'
        when e.problems @> '[{"severity": "error"}]' then 'invalid'
        when s.blocked is not null then 'blocked'
        when o.state = 'refused' and o.action = a.action and o.payload = s.payload
             and o.fingerprint = %(fingerprint)s and not %(retry_refused)s
             and o.refused_at > now() - interval '1 day'
             and not o.problems @> '[{"transient": true}]' then 'refused'
        else 'planned' end as state
) d
where not (a.action = 'update' and r.state = 'converted')
  and (a.action = 'create' or d.state = 'held' or cardinality(c.fields) > 0);

-- name: leave
-- Records whose row is gone from the source: deleted, marked with on_delete's values, or left alone.
-- A row that moved to a sibling mapping is deleted here whatever on_delete says.
insert into plan_row (org_id, mapping, key, position, action, state, label, salesforce_id, payload,
                      before, changed, parent, problems, attempts, fingerprint, run_number,
                      refused_at, pair, leaves, bytes, by_composite)
select %(org)s, r.mapping, r.key,
    case a.action when 'update' then 1000 + array_position(%(order)s::text[], r.mapping)
                  else 3000 - array_position(%(order)s::text[], r.mapping) end,
    a.action,
    case when r.salesforce_id is null then 'unknown'
         when o.state = 'refused' and o.action = a.action and o.fingerprint = %(fingerprint)s
              and not %(retry_refused)s and o.refused_at > now() - interval '1 day'
              and not o.problems @> '[{"transient": true}]' then 'refused'
         else 'planned' end,
    r.label, r.salesforce_id,
    case a.action when 'update' then r.payload || %(set)s::jsonb end,
    case a.action when 'update'
        then (select jsonb_object_agg(f, (r.payload || coalesce(r.in_flight, '{}')) -> f)
              from unnest(c.fields) f)
        else r.payload || coalesce(r.in_flight, '{}') end,
    c.fields,
    (select r.payload ->> f.name from unnest(%(lookups)s::text[]) with ordinality as f(name, number)
     where r.payload ->> f.name is not null order by f.number limit 1),
    case when r.salesforce_id is null then jsonb_build_array(jsonb_build_object(
            'code', 'UNKNOWN_OUTCOME', 'severity', 'note', 'mend', '',
            'sentence', 'Its creation was sent, no answer came, and the row is gone since.'))
         when o.state = 'refused' then o.problems else '[]'::jsonb end,
    coalesce(o.attempts, 0), %(fingerprint)s, %(run)s, o.refused_at, m.mapping, true,
    octet_length(t.line) + 64,
    a.action = 'update' and (t.line ~ '"#N/A"|\\r' or length(t.line) > 32000)
from known_record r
left join former_plan o on o.org_id = %(org)s and o.mapping = r.mapping and o.key = r.key
left join lateral (
    select t.mapping from source_row t
    where t.mapping = any(%(siblings)s) and t.key = r.key
    order by t.mapping limit 1
) m on true
cross join lateral (
    select case when m.mapping is not null or %(on_delete)s = 'delete' then 'delete'
                else 'update' end as action
) a
cross join lateral (
    select coalesce(array_agg(f.key order by f.key collate "C"), '{}') as fields
    from jsonb_each(%(set)s::jsonb) f
    where a.action = 'update'
      and (f.value is distinct from r.payload -> f.key or coalesce(r.in_flight ? f.key, false))
) c
cross join lateral (
    select concat_ws(' ', to_json(r.key), r.salesforce_id,
                     case a.action when 'update' then r.payload || %(set)s::jsonb end) as line offset 0
) t
where r.mapping = %(mapping)s and r.state = 'live'
  and not exists (select from source_row s where s.mapping = r.mapping and s.key = r.key)
  and (m.mapping is not null or %(on_delete)s = 'delete' or cardinality(c.fields) > 0)
  and not (r.salesforce_id is null and r.in_flight_at < now() - interval '15 minutes');

-- name: pair_moves
-- The two halves of a row that moves: the create knows where the row comes from, and the record it
-- leaves is deleted only after the new one was made, so that a refusal never loses it.
with pair as (
    select d.mapping as left_mapping, p.mapping, p.key, p.label, p.state
    from plan_row d
    join plan_row p on p.mapping = d.pair and p.key = d.key and p.action = 'create'
    where d.leaves
), arriving as (
    update plan_row p set pair = m.left_mapping
    from pair m where p.mapping = m.mapping and p.key = m.key
)
update plan_row d
set waits_for = d.waits_for || (m.mapping || ':' || m.key),
    state = case when m.state <> 'planned' and d.state = 'planned' then 'blocked' else d.state end,
    problems = case when m.state <> 'planned' and d.state = 'planned'
        then jsonb_build_array(jsonb_build_object(
            'code', 'PARENT_NOT_READY', 'severity', 'error', 'field', null, 'column', null,
            'sentence', format('Waits for the %%s %%s that takes its place, which is %%s.',
                               m.mapping, coalesce(m.label, m.key), m.state),
            'mend', format('Mend the %%s first; this row then goes by itself.', m.mapping)))
        else d.problems end
from pair m
where d.mapping = m.left_mapping and d.key = m.key;

-- name: differ_in_case
-- Two keys of a mapping that Salesforce takes for one where the external ID ignores case.
select min(s.key), max(s.key) from source_row s
where s.mapping = %(mapping)s group by lower(s.key collate "default") having count(*) > 1 limit 1;

-- name: claimed_twice
-- A row in the sources of two mappings of one group; their `where` must exclude each other.
select s.mapping, t.mapping, s.key
from source_row s
join source_row t on t.key = s.key and t.mapping = %(sibling)s
where s.mapping = %(mapping)s
limit 1;

-- name: counts
-- Rows by mapping, action and state, how many rows were compared, and how many of those are in the
-- plan. A row of the plan that does not leave has its row in the source.
select m.mapping, coalesce(s.number, 0), coalesce(p.staying, 0), coalesce(p.leaving, 0),
    coalesce(p.rows, '{}')
from unnest(%(order)s::text[]) with ordinality as m(mapping, number)
left join (select mapping, count(*) as number from source_row group by 1) s using (mapping)
left join (
    select g.mapping, sum(g.number) filter (where not g.leaves) as staying,
           sum(g.number) filter (where g.leaves and g.is_alone and g.state = 'planned') as leaving,
           jsonb_object_agg(g.name, g.total) as rows
    from (
        select p.mapping, p.leaves, p.pair is null as is_alone, p.state,
            case when p.state = 'planned' then p.action else p.state end as name,
            count(*) as number,
            sum(count(*)) over (partition by p.mapping,
                case when p.state = 'planned' then p.action else p.state end) as total
        from plan_row p group by 1, 2, 3, 4, 5) g
    group by g.mapping
) p using (mapping)
order by m.number;

-- name: digest
-- One value for the whole plan: two plans with the same digest do the same.
select left(md5(concat_ws(' ', count(*), sum(hash_record_extended(
    row(p.mapping, p.key, p.action, p.state, p.salesforce_id, p.payload, p.changed), 0)))), 16)
from plan_row p;

-- name: has_deletions
-- Whether the plan deletes anything.
select exists (select from plan_row where action = 'delete');

-- name: planned_actions
-- How many rows each action of a mapping would send, in the order of sending.
select mapping, action, count(*)
from plan_row
where state = 'planned'
group by mapping, action
order by min(position);

-- name: to_send
-- What a push of this plan would send by Composite, as `next_rows` of push.sql gives it.
select mapping, key, action, parent, salesforce_id,
    case action when 'delete' then waits_for else '{}' end, by_composite
from plan_row
where state = 'planned' and mapping || ':' || action <> all(%(bulk)s)
order by position, parent collate "C" nulls first, key;

-- name: rows
-- The plan in the order of sending, for reports.
select p.mapping, p.key, coalesce(p.label, p.key), p.action, p.state, p.salesforce_id, p.payload,
       p.before, p.changed, p.problems, p.pair, p.edited
from plan_row p
order by p.position, p.parent collate "C" nulls first, p.key;

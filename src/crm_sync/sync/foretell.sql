-- What of a refusal only the whole plan, or Salesforce, can tell. Runs after `decide` of plan.sql for
-- each mapping that it concerns, and makes rows of `plan_row` invalid. `mapping/refusals.py` has the
-- rules and who says so.

-- name: lead_with_what
-- Tasks and events that name a lead and another record. A lead that was converted counts no more:
-- Salesforce has moved its activities to the contact.
update plan_row p
set state = 'invalid',
    problems = p.problems || jsonb_build_array(jsonb_build_object(
        'code', %(code)s::text, 'severity', 'error', 'field', 'WhatId', 'column', %(column)s::text,
        'sentence', 'WhoId is a lead, and then WhatId must be empty.',
        'mend', format('Let %%s.yaml leave WhoId or WhatId of such rows empty.', %(mapping)s::text)))
where p.mapping = %(mapping)s and p.action in ('create', 'update') and not p.leaves
  and p.state in ('planned', 'blocked', 'refused')
  and (p.changed @> array['WhoId', 'WhatId']
       or p.action = 'update' and p.changed && array['WhoId', 'WhatId'])
  and p.payload -> 'WhatId' <> 'null'
  and (p.payload -> 'WhoId' ->> 'mapping' = any(%(leads)s)
       or p.payload ->> 'WhoId' like '00Q%%' and p.payload ->> 'WhoId' not in (
           select r.salesforce_id from parent_record r
           where r.state = 'converted' and r.salesforce_id is not null));

-- name: create_holders
-- Records that Salesforce was found to hold, with their value of a unique field.
create temp table if not exists found_holder (
    object text, field text, value text, salesforce_id text
) on commit drop;

-- name: unique_values
-- The values that a plan of this mapping may write into a unique field, each once.
select distinct s.payload ->> %(field)s
from source_row s
left join known_record r on r.org_id = %(org)s and r.mapping = s.mapping and r.key = s.key
where s.mapping = %(mapping)s and s.payload ->> %(field)s is not null
  and s.payload -> %(field)s is distinct from r.payload -> %(field)s;

-- name: count_records
-- How many records of an object we know of.
select count(*) from named_record r
where r.org_id = %(org)s and r.mapping = any(%(same)s) and r.state = 'live';

-- name: note_holder
-- One record that holds a value.
insert into found_holder values (%(object)s, %(field)s, %(value)s, %(id)s);

-- name: refuse_taken
-- Rows that write into a unique field what another record holds: one in Salesforce, or one that is
-- sent before in this plan. Creates go before updates, and deletions last; so a record that gives
-- the value up in this plan gives it up too late for a create. Between two updates the order of
-- writing decides: the row is sent, with a note.
with asked as materialized (
    select p.mapping, p.key, p.action, p.salesforce_id, v.value
    from plan_row p
    cross join lateral (select p.payload ->> %(field)s as text) t
    cross join lateral (
        select case when %(case_sensitive)s then t.text else lower(t.text) end as value
    ) v
    where p.mapping = any(%(same)s) and p.action in ('create', 'update') and not p.leaves
      and p.state = 'planned' and %(field)s = any(p.changed) and v.value is not null
), held as (
    select distinct on (a.mapping, a.key) a.mapping, a.key, h.salesforce_id,
           d.key is not null as is_late, coalesce(a.action = 'update' and d.action = 'update', false)
               as goes
    from asked a
    join found_holder h on h.object = %(object)s and h.field = %(field)s
        and case when %(case_sensitive)s then h.value else lower(h.value) end = a.value
        and h.salesforce_id is distinct from a.salesforce_id
    left join plan_row d on d.salesforce_id = h.salesforce_id
        and (d.action = 'delete' or %(field)s = any(d.changed))
    order by a.mapping, a.key, d.key is not null, d.action = 'update'
), ranked as (
    select a.mapping, a.key, row_number() over (
        partition by a.value
        order by a.action, array_position(%(order)s::text[], a.mapping), a.key) as number
    from asked a
    left join held h on h.mapping = a.mapping and h.key = a.key and not h.goes
    where h.key is null
), told as (
    select r.mapping, r.key, h.salesforce_id, r.number > 1 as twice, h.key is not null as goes,
           h.key is not null as is_late
    from ranked r
    left join held h on h.mapping = r.mapping and h.key = r.key
    where r.number > 1 or h.key is not null
    union all
    select h.mapping, h.key, h.salesforce_id, false, false, h.is_late from held h where not h.goes
)
update plan_row p
set state = case when t.goes and not t.twice then p.state else 'invalid' end,
    problems = p.problems || jsonb_build_array(jsonb_build_object(
        'code', case when t.goes and not t.twice then %(note)s::text else %(code)s::text end,
        'severity', case when t.goes and not t.twice then 'note' else 'error' end,
        'field', %(field)s::text, 'column', %(column)s::text,
        'sentence', case
            when t.twice then format('Another row of this plan has the same %%s, which is unique.',
                                     %(field)s::text)
            when t.is_late then format('Record %%s holds the value of %%s until this plan is sent.',
                                    t.salesforce_id, %(field)s::text)
            else format('Record %%s in Salesforce holds the value of %%s, which is unique.',
                        t.salesforce_id, %(field)s::text) end,
        'mend', case when t.is_late and not t.twice and not t.goes then 'The next run sends this row.'
            else format('Correct %%s, or clear the value of the other record.',
                        coalesce(%(column)s::text, 'what its SQL reads')) end))
from told t
where p.mapping = t.mapping and p.key = t.key;

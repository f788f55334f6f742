-- What hangs on the records that a plan deletes. Runs inside the plan's transaction, where the
-- plan deletes anything; writes temporary tables only.

-- name: find_children
-- Records that name a record which this plan deletes, or would be taken along with one, and whether
-- this plan moves them away before. A mapping that is not enabled is not planned: its records stay.
insert into child_record
with named as (
    select c.mapping, c.key, c.salesforce_id, e.field, c.payload ->> e.field as parent_id
    from unnest(%(children)s::text[], %(fields)s::text[]) as e(mapping, field)
    join naming_record c on c.org_id = %(org)s and c.mapping = e.mapping and c.state = 'live'
    union all
    select c.mapping, c.key, c.salesforce_id, v.key, v.value
    from naming_record c
    cross join lateral jsonb_each_text(c.payload) as v
    where c.org_id = %(org)s and c.mapping <> all(%(known)s) and c.state = 'live'
)
select n.mapping, n.key, n.salesforce_id, n.field, n.parent_id,
    coalesce(p.state = 'planned' and (p.action = 'delete' or n.field = any(p.changed)), false),
    s.key is not null or n.mapping <> all(%(selected)s) or coalesce(p.state = 'held', false)
from named n
left join plan_row p on p.mapping = n.mapping and p.key = n.key
left join source_row s on s.mapping = n.mapping and s.key = n.key
where length(n.parent_id) = 18;

-- name: find_taken_along
-- What Salesforce would delete along with each deletion of this plan, level by level; the way down
-- ends at a child that goes before.
insert into taken_along
with recursive below as (
    select d.mapping as root_mapping, d.key as root_key, null::text as mapping,
           null::text collate "C" as key, null::text as field, d.salesforce_id,
           false as goes, false as stays
    from plan_row d
    where d.action = 'delete' and d.salesforce_id is not null
    union
    select b.root_mapping, b.root_key, c.mapping, c.key, c.field, c.salesforce_id, c.goes, c.stays
    from below b
    join child_record c on c.parent_id = b.salesforce_id
    where not b.goes
)
select root_mapping, root_key, mapping, key, field, goes, stays from below where mapping is not null;

-- name: wait_for_children
-- A record is deleted only after its children were re-pointed or deleted; a child that stays with
-- it stops the deletion, since Salesforce would take the child along.
with gathered as (
    select root_mapping, root_key,
        array_agg(distinct mapping || ':' || key) filter (where goes) as waits_for,
        count(distinct (mapping, key)) filter (where stays and not goes) as staying,
        min(mapping) filter (where stays and not goes) as staying_mapping,
        min(field) filter (where stays and not goes) as field
    from taken_along
    group by root_mapping, root_key
)
update plan_row d
set waits_for = d.waits_for || coalesce(g.waits_for, '{}'),
    state = case when g.staying > 0 then 'blocked' else d.state end,
    problems = case when g.staying > 0 then jsonb_build_array(jsonb_build_object(
        'code', 'CHILDREN_REMAIN', 'severity', 'error', 'field', g.field, 'column', null,
        'sentence', format('%%s records of %%s still name it; Salesforce would delete them with it.',
                           g.staying, g.staying_mapping),
        'mend', 'Give them another parent in the database, or delete them there; a mapping that is '
                'not part of this run goes with a run of all mappings.'))
        else d.problems end
from gathered g
where d.mapping = g.root_mapping and d.key = g.root_key and d.action = 'delete';

-- name: cascaded
-- By mapping: records that Salesforce would delete along with the deletions of this plan.
select t.root_mapping, count(distinct (t.mapping, t.key))
from taken_along t
join plan_row d on d.mapping = t.root_mapping and d.key = t.root_key and d.state = 'planned'
where not t.goes
group by 1;

-- What hung on leads that people converted. Runs inside the plan's transaction; writes temporary tables
-- only.

-- name: keep
-- Records that name such a lead while their row, of which the database made the same as Salesforce, does
-- not any more: Salesforce has moved them to what it made of the lead, and they stay there. The lookup
-- that named the lead is no more known of them; others are known as they are to be, where they are to
-- name what the lead became and nothing was sent before. What names another parent is sent.
insert into found_record (org_id, mapping, key, salesforce_id, label, state, payload, in_flight,
                          in_flight_action, in_flight_at, run_number, sent_at, problem)
select r.org_id, r.mapping, r.key, r.salesforce_id, r.label, r.state,
    (r.payload - %(field)s) || coalesce((
        select jsonb_object_agg(o.name, e.id)
        from unnest(%(others)s::text[], %(numbers)s::integer[]) as o(name, number)
        cross join lateral (
            select coalesce(f.salesforce_id, n.salesforce_id) as id
            from (select s.lookups -> o.number ->> 'mapping' as mapping,
                         s.lookups -> o.number ->> 'key' as key) p
            left join found_record f on f.mapping = p.mapping and f.key = p.key
            left join named_record n
                on n.org_id = r.org_id and n.mapping = p.mapping and n.key = p.key
        ) e
        where r.payload ->> o.name is null and l.made ? e.id
    ), '{}'),
    r.in_flight, r.in_flight_action, r.in_flight_at, r.run_number, r.sent_at, r.problem
from source_row s
join named_record r on r.org_id = %(org)s and r.mapping = s.mapping and r.key = s.key
join unnest(%(leads)s::text[], %(made)s::jsonb[]) as l(id, made) on l.id = r.payload ->> %(field)s
where s.mapping = %(child)s and s.lookups -> %(number)s ->> 'key' is null
  and r.state = 'live' and not r.cleared and not coalesce(r.in_flight ? %(field)s, false)
  and not exists (select from found_record f where f.mapping = r.mapping and f.key = r.key);

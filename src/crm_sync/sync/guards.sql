-- What the guards must know of a plan besides its counts.

-- name: changing
-- Rows that this plan creates or changes, by mapping, without those that a plan before had already:
-- it was let through, and what it left behind goes on. None before a run of this org has ended by
-- itself and records of ours are there: what goes until then is the first load.
select p.mapping, count(*)
from plan_row p
where p.action in ('create', 'update') and not p.leaves and p.state in ('planned', 'blocked')
  and exists (select from sync.run r where r.org_id = %(org)s
              and r.status in ('finished', 'finished with problems')
              and r.mode is distinct from 'adopt')
  and exists (select from sync.record r where r.org_id = %(org)s)
  and not exists (select from former_plan f
                  where f.org_id = %(org)s and f.mapping = p.mapping and f.key = p.key
                    and f.action = p.action and f.state not in ('invalid', 'held'))
group by p.mapping;

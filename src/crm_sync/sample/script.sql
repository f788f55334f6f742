-- The parts of docs/sample-data.sql that are not rows. See script.py.

-- name: refuse_rows
do $$
declare
    occupied text := case
        when exists (select from public.accounts) then 'accounts'
        when exists (select from public.leads) then 'leads'
        when exists (select from public.projects) then 'projects'
        when exists (select from public.activities) then 'activities'
    end;
begin
    if occupied is not null then
        raise exception 'The table % holds rows already; sample data goes into an empty database.',
                        occupied
            using hint = 'Create another database for it. Nothing was loaded.';
    end if;
end
$$;

-- name: calendar
-- The practice's working time. The dates below are distances from today in quarter days of work:
-- 4 on a weekday, 2 in December, 1 in August, none on a weekend and from 24 December to 1 January.
-- So the rows fall on weekdays and are few in the quiet weeks, whatever today is. Negative: ahead.
create temporary table sample_workday on commit drop as
with worked as (
    select day::date as day,
           case when extract(isodow from day) > 5 then 0
                when extract(month from day) = 12 and extract(day from day) >= 24 then 0
                when extract(doy from day) = 1 then 0
                when extract(month from day) = 8 then 1
                when extract(month from day) = 12 then 2
                else 4 end as quarters
    from generate_series(current_date::timestamp - interval '1200 days',
                         current_date::timestamp + interval '400 days',
                         interval '1 day') as day
)
select day, quarters,
       case when day <= current_date
            then coalesce(sum(quarters) filter (where day <= current_date) over later, 0)
            else -sum(quarters) filter (where day > current_date) over until_here end as distance
from worked
window later as (order by day desc rows between unbounded preceding and 1 preceding),
       until_here as (order by day rows between unbounded preceding and current row);
delete from pg_temp.sample_workday where quarters = 0;
create index on pg_temp.sample_workday (distance, day);

create function pg_temp.on_day(away integer) returns date language sql stable as $$
    select case when away >= 0
                then (select max(day) from pg_temp.sample_workday
                      where day <= current_date and distance >= away)
                else (select min(day) from pg_temp.sample_workday
                      where day > current_date and distance <= away) end
$$;
create function pg_temp.at_time(away integer, clock time) returns timestamptz
    language sql stable as $$
    select (pg_temp.on_day(away) + clock) at time zone 'UTC'
$$;

-- name: end
drop function pg_temp.at_time(integer, time);
drop function pg_temp.on_day(integer);

-- @name audit/outside_hours
-- What: as audit/outside_range, for separate hours.
-- @param $hours VARCHAR[] hours since 1970-01-01T00:00:00Z
-- @returns one BIGINT
select count(*)
from {{staged}}
where {{event_time}} is null
  or floor(epoch({{event_time}}) / 3600)::bigint not in (select unnest($hours::bigint[]))

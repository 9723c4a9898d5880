-- @name audit/outside_hours
-- What: as audit/outside_range, for separate hours; of a day that is replaced, its first hour is always among them but in a first load.
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
-- @returns one BIGINT
select count(*)
from {{staged}}
where {{event_time}} is null
  or case
    when typeof({{event_time}}) = 'DATE' then floor(epoch({{event_time}}) / 86400)::bigint not in (select floor(unnest($hours) / 24)::bigint)
    else floor(epoch({{event_time}}) / 3600)::bigint not in (select unnest($hours))
  end

-- @name compile/within_hours
-- What: as compile/within_range, for separate hours. A date lies in every hour of its day.
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
select *
from (
{{query}}
) as computed
where coalesce(
  case
    when typeof({{event_time}}) = 'DATE' then floor(epoch({{event_time}}) / 86400)::bigint in (select floor(unnest($hours) / 24)::bigint)
      or floor(epoch({{event_time}}) / 86400)::bigint not in (select floor(hour / 24)::bigint from ({{hours_around}}) as around)
    else floor(epoch({{event_time}}) / 3600)::bigint in (select unnest($hours))
      or floor(epoch({{event_time}}) / 3600)::bigint not in (select hour from ({{hours_around}}) as around)
  end,
  true
)

-- @name compile/within_range
-- What: the process's own query without the rows of hours beside the session's: as far as a window reaches, the rows of the sources from which they were
--       computed are those of a part of their window, and the session that loads their hours has all. What lies further away, or nowhere, is kept: it is refused.
-- @param $range_start TIMESTAMP first instant of the session's hours
-- @param $range_end TIMESTAMP first instant after them
select *
from (
{{query}}
) as computed
where coalesce(
  not ({{event_time}} >= case when typeof({{event_time}}) = 'DATE' then date_trunc('day', $range_start - {{reach}}) else $range_start - {{reach}} end
    and {{event_time}} < $range_end + {{reach}})
  or ({{event_time}} >= case when typeof({{event_time}}) = 'DATE' then date_trunc('day', $range_start) else $range_start end
    and {{event_time}} < $range_end),
  true
)

-- @name landing/times_in_texts
-- What: whether every text of a column is a time or a date as ISO 8601 spells one, or as SQL does, and a cast reads it.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @returns are_times BOOLEAN
select
  count({{column}}) > 0
  and count(*) filter (
    {{column}} is not null
    and (
      try_cast({{column}} as timestamptz) is null
      or not regexp_full_match({{column}}, '\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?')
    )
  ) = 0 as are_times
from {{reader}}($files{{options}})

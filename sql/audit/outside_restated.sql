-- @name audit/outside_restated
-- What: rows that the process's query returns for rows of the restated hours of its sources, and that lie in other hours of the target, or in none: in which
--       hours of the target the row lies that a replaced row of a source has become, is not known then.
-- @param $range_start TIMESTAMP first instant of the hours (inside {{sources}}, {{in_hours}})
-- @param $range_end TIMESTAMP first instant after them (inside {{sources}}, {{in_hours}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are loaded (perhaps inside {{sources}}, {{in_hours}})
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @returns one BIGINT
select count(*)
from (
  with {{sources}}
  select * from (
{{query}}
  )
) as computed
where not coalesce({{in_hours}}, false)

-- @name audit/verdict
-- What: how many bad rows an audit found, with some of them. No row: the audit passed.
-- @param $kept_rows BIGINT how many
-- @param $psyberg_session_id VARCHAR (perhaps inside {{audit}})
-- @param $process_name VARCHAR (perhaps inside {{audit}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{audit}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{audit}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{audit}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{audit}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{audit}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{audit}})
-- @param $values VARCHAR[] accepted values (perhaps inside {{audit}})
-- @param $fresh_from TIMESTAMP the first instant that is new enough (perhaps inside {{audit}})
select count(*) over () as psyberg_bad_rows, bad.*
from (
{{audit}}
) as bad
limit $kept_rows

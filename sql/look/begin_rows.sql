-- @name look/begin_rows
-- What: a temporary table for the rows that a query returns: shaped like the target, as far as that has their columns.
-- @param $psyberg_session_id VARCHAR (perhaps inside {{shape}})
-- @param $process_name VARCHAR (perhaps inside {{shape}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{shape}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{shape}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{shape}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{shape}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{shape}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{shape}})
-- @param $previous_start TIMESTAMP start of the hour before, for `previous` (perhaps inside {{shape}})
create or replace temp table {{rows}} as
select * from (
{{shape}}
)
limit 0

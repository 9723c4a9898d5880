-- @name look/source_rows
-- What: the rows of one source as the process's query sees them, as many as are shown.
-- @param $row_limit BIGINT as many at most
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}})
with {{sources}}
select * from {{source}}
limit $row_limit

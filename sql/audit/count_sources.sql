-- @name audit/count_sources
-- What: rows that the session read from all its sources, file by file.
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}})
-- @returns alias VARCHAR, path VARCHAR, rows BIGINT, first_hour BIGINT NULL, last_hour BIGINT NULL
with {{sources}}
{{rows_read}}

-- @name look/empty_sources
-- What: the sources that have no row for the query to see.
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}})
-- @returns alias VARCHAR
with {{sources}}
{{each}}

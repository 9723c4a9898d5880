-- @name audit/source_to_target_count
-- What: how many rows the source has in this session, and how many were staged. They agree, or rows were lost or doubled.
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}})
-- @returns expected BIGINT, actual BIGINT
with {{sources}}
select
  (select count(*) from {{source}}) as expected,
  (select count(*) from {{staged}}) as actual

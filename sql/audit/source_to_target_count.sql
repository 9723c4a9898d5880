-- @name audit/source_to_target_count
-- What: how many rows the source has in this session, and how many were staged. They agree, or rows were lost or doubled.
-- @returns expected BIGINT, actual BIGINT
with {{sources}}
select
  (select count(*) from {{source}}) as expected,
  (select count(*) from {{staged}}) as actual

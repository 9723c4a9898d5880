-- @name load/null_rows
-- What: how many rows hold NULL where the target requires a value, and one of them.
-- @returns rows BIGINT, example VARCHAR
with written as (
{{query}}
)
select
  count(*) as rows,
  any_value(to_json(written)::varchar) as example
from written
where {{nulls}}

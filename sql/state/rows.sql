-- @name state/rows
-- What: the rows of a state table, in the types of its columns.
-- @param $rows VARCHAR JSON array; every value is a text
select
  {{columns}}
from (
  select unnest(from_json($rows::json, {{shape}}), recursive := true)
)

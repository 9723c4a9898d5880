-- @name state/rows
-- What: the rows of a state table, in the types of its columns.
-- @param $rows JSON an array; every value is a text
select
  {{columns}}
from (
  select unnest(from_json($rows, {{shape}}), recursive := true)
)

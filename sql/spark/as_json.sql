-- @name spark/as_json
-- What: the rows of a query, each as one text of JSON: Arrow has moments as numbers, and of some types nothing.
-- @returns psyberg_row VARCHAR
select to_json(struct(*), map('ignoreNullFields', 'false')) as psyberg_row
from (
{{query}}
)

-- @name run/copy_to_parquet
-- What: the rows of a user's query as a Parquet file. As a subquery its columns of one name become name, name_1.
copy (
from (
{{query}}
)
{{limit}}
) to {{file}} (format parquet)

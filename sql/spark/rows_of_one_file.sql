-- @name spark/rows_of_one_file
-- What: audit/rows_by_file of a relation that is known to be one file: nothing is grouped, and that the file is asked for keeps Spark from answering by its metadata.
-- @returns alias VARCHAR, path VARCHAR NULL, rows BIGINT, first_hour BIGINT NULL, last_hour BIGINT NULL
select {{alias}} as alias, any_value(path) as path, count(*) as rows, cast(null as bigint) as first_hour, cast(null as bigint) as last_hour
from {{rows}} as read

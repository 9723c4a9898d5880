-- @name engine/parse_query
-- What: a query as DuckDB's parser reads it, as JSON: its tree, or the error with its position. It is neither bound nor run.
--       json_serialize_sql takes a literal and no bound value, so the text is a fragment.
-- @returns tree VARCHAR
select json_serialize_sql({{query}})::varchar as tree

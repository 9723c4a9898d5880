-- @name engine/parse_queries
-- What: queries as DuckDB's parser reads them, as engine/parse_query gives one: a row each, in their order. 200 of them took 20 ms,
--       one by one 350 ms (2026-11-29). {{queries}} is `('…'), ('…')`.
-- @returns tree VARCHAR
select json_serialize_sql(asked.query)::varchar as tree
from (values {{queries}}) as asked(query)

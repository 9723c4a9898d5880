-- @name engine/plan_query
-- What: a query as DuckDB binds and plans it, as JSON: its plan, or {"error": true, …}. It is not run. json_serialize_plan takes a
--       literal and no bound value, so the text is a fragment.
-- @returns plan VARCHAR
select json_serialize_plan({{query}}, optimize := true)::varchar as plan
